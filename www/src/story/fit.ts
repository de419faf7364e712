import type { ClassifySource, Version } from 'mobilenet-wasm';
import type { FitChoice, FitMeasurements, FitProgress, FitSearch, searcher } from 'mobilenet-wasm/fit';
import { download, fileTime } from '../hand-over';
import { COLUMNS } from '../networks';
import { text } from '../text';
import { line, make } from './elements';
import type { Figure, Surroundings } from './figure';
import { type Candidate, candidatesOf, judgedBy, measure } from './fit-candidates';
import { Applied } from './fit-applied';
import { FitEffect } from './fit-effect';
import { CROPS, RECORDING, keepShown } from './fit-frames';
import { FitPlot } from './fit-plot';
import { FitResult } from './fit-result';
import { WorkBar, Works } from './fit-work';
import { ScenePanel } from './scene/panel';

/** The target that every set-up meets. */
const WITHOUT_BOUND = { latency: Number.MAX_VALUE };

/** Measurements, and the networks that they are of. */
interface Table {
  measured: FitMeasurements;
  candidates: readonly Candidate[];
}

/** Searches for the set-up that fits this device, on its camera's frames, and has the page run it. */
export class FitFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = COLUMNS;
  readonly showsMaps = false;
  changed = () => {};
  readonly #reference = make('select');
  readonly #works = new Works(() => this.#showState());
  readonly #bar = new WorkBar(text.figures.fit.progress);
  readonly #weightless = line();
  readonly #stills = line();
  readonly #preview = make('canvas', 'preview');
  readonly #plot;
  readonly #applied = new Applied();
  readonly #effect;
  readonly #result;
  readonly #scene;
  /** The package's function, which is imported when it is needed. */
  #searcher: typeof searcher | null = null;
  #table: Table | null = null;
  /** Chooses from the table, with the reference that the visitor chose. */
  #choose: ReturnType<typeof searcher> | null = null;
  /** The last result for the line's time. */
  #found: FitSearch | null = null;

  constructor(private readonly around: Surroundings) {
    const words = text.figures.fit;
    const names = around.columns.map(({ name }) => name);
    this.#plot = new FitPlot(names, () => this.#showChoice());
    this.#effect = new FitEffect(
      this.#applied,
      (told, work) => this.#works.do(this.#bar, told, work),
      () => this.changed(),
    );
    this.#scene = new ScenePanel(around, this.#works, this.#applied, () => this.#effect.refresh());
    this.#result = new FitResult(this.#effect.element, () => this.#save());
    const { start, cancel, progress, status } = this.#bar;
    this.#works.add(this.#bar);
    start.addEventListener('click', () => void this.#search());
    this.#reference.addEventListener('change', () => this.#judgeAnew());
    this.#preview.setAttribute('role', 'img');
    this.#preview.setAttribute('aria-label', words.preview);
    const toColumns = make('a', '', words.toColumns);
    toColumns.href = '#networks-heading';
    this.#weightless.append(words.needsWeights, ' ', toColumns);
    this.#stills.textContent = words.stills(CROPS);
    const reference = make('label', 'pick', make('span', '', words.reference), this.#reference);
    this.element = make(
      'div',
      'fit',
      make('div', 'row', reference, start, cancel),
      this.#weightless,
      this.#stills,
      this.#preview,
      progress,
      status,
      this.#plot.element,
      this.#result.element,
      this.#scene.element,
    );
    this.#preview.hidden = this.#plot.element.hidden = this.#result.element.hidden = true;
    this.#showState();
    // The columns' weights may still be loading.
    this.#weightless.hidden = true;
  }

  /** A running cascade answers each frame. Without one, only another picture changes anything. ms */
  get pause(): number {
    return this.#effect.live ? 0 : 1000;
  }

  look(source: ClassifySource): Promise<void> {
    this.#showState();
    return this.#effect.look(source);
  }

  redraw(): void {
    // The style sheet sets all colours.
  }

  async #search(): Promise<void> {
    const candidates = candidatesOf(this.around.columns);
    const reference = this.#judge(candidates);
    if (!reference) return;
    const words = text.figures.fit;
    const { status } = this.#bar;
    await this.#works.do(this.#bar, status, async (signal) => {
      this.#searcher = (await import('mobilenet-wasm/fit')).searcher;
      const frame = () => this.around.frame();
      const frames = await keepShown(CROPS, this.#bar, { frame, signal, canvas: this.#preview });
      this.#plot.begin();
      const measured = await this.around.alone(() =>
        measure(candidates, reference, frames, (...far) => this.#showProgress(...far), signal),
      );
      this.#table = { measured, candidates };
      const { points } = this.#searcher(measured)(WITHOUT_BOUND);
      const own = points.find(({ networks: [{ name }] }) => name === measured.reference) ?? points[0];
      // Half of the reference's time is a useful first target.
      this.#plot.aim(latenciesOf(points), own.latency / 2);
      status.textContent = words.measured(points.length, frames.length);
    });
    this.#preview.hidden = true;
    this.#judgeAnew();
  }

  #showProgress({ done, total }: FitProgress, measured: FitMeasurements | null): void {
    this.#bar.progress.value = done / total;
    const told = text.figures.fit.measuring(Math.min(Math.floor(done) + 1, total), total);
    // A screen reader speaks each change of the text, so the same text isn't set again.
    if (this.#bar.status.textContent === told) return;
    this.#bar.status.textContent = told;
    this.#result.element.hidden = true;
    if (!measured || !this.#searcher) return;
    this.#plot.draw(this.#searcher(measured)(WITHOUT_BOUND));
    this.#plot.element.hidden = false;
  }

  /** The reference, whose answers count as right: the visitor's choice, or the first candidate. */
  #judge(candidates: readonly Candidate[]): Candidate | undefined {
    return candidates.find(({ column }) => column.name === this.#reference.value) ?? candidates[0];
  }

  /** The measurements with the reference that the visitor chose; `null` before there are any. */
  get #judged(): FitMeasurements | null {
    const reference = this.#table && this.#judge(this.#table.candidates);
    return this.#table && reference ? judgedBy(reference, this.#table.measured) : null;
  }

  /** Takes another reference or another table into account. */
  #judgeAnew(): void {
    const measured = this.#judged;
    this.#choose = measured && (this.#searcher?.(measured) ?? null);
    // A cancelled search has removed the line.
    const before = this.#found?.target.latency;
    if (this.#choose && this.#plot.target === null && before !== undefined) {
      this.#plot.aim(latenciesOf(this.#choose(WITHOUT_BOUND).points), before);
    }
    this.#showChoice();
  }

  /** Chooses again for the line's time. */
  #showChoice(): void {
    const latency = this.#plot.target;
    const found = latency === null ? null : (this.#choose?.({ latency }) ?? null);
    this.#found = found;
    this.#plot.element.hidden = this.#result.element.hidden = found === null;
    if (!found || !this.#table) return;
    this.#plot.draw(found);
    this.#result.show(found);
    this.#effect.offer(found.chosen && { choice: found.chosen, candidates: this.#table.candidates });
    this.#showState();
  }

  #save(): void {
    download(`mobilenet-fit-${fileTime()}.json`, 'application/json', JSON.stringify(this.#judged));
  }

  /** Updates the controls to what the visitor can do now. */
  #showState(): void {
    const words = text.figures.fit;
    const candidates = candidatesOf(this.around.columns);
    const frame = this.around.frame();
    const working = this.#works.busy;
    const { start } = this.#bar;
    const weightless = candidates.length === 0;
    this.#listReferences(this.#table?.candidates ?? candidates);
    start.textContent = frame?.live ? words.record(RECORDING.seconds) : words.crops;
    start.disabled = working || !frame || weightless;
    this.#reference.disabled = working || this.#reference.options.length === 0;
    this.#effect.enable(!working);
    this.#works.show(this.#bar);
    this.#scene.showState(candidates);
    this.#weightless.hidden = !weightless;
    this.#stills.hidden = weightless || !frame || frame.live;
  }

  #listReferences(candidates: readonly Candidate[]): void {
    const names = candidates.map(({ column }) => column.name);
    // Replacing the options would close a list that the visitor has open.
    if (names.join() === Array.from(this.#reference.options, ({ value }) => value).join()) return;
    const chosen = this.#judge(candidates)?.column.name;
    this.#reference.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  }
}

function latenciesOf(points: readonly FitChoice[]): number[] {
  return points.map(({ latency }) => latency);
}
