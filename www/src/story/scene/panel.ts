import { percent } from '../../format';
import { text } from '../../text';
import { madeChoice } from '../../weights';
import { type Slider, line, make, slider } from '../elements';
import type { Surroundings } from '../figure';
import type { Applied } from '../fit-applied';
import type { Candidate } from '../fit-candidates';
import { RECORDING, keepShown } from '../fit-frames';
import { WorkBar, type Works } from '../fit-work';
import { otherPictures } from './other-pictures';
import { ScenePlot } from './plot';
import type { Progress, Step } from './shrink';

/** The number of crops of a still picture. It equals the number of the camera's frames, since crops need no waiting. */
const CROPS = RECORDING.frames;

/** Networks shrink until they take this share of their time. */
const TARGET = 0.5;

/** The steps of one network's shrinking. */
interface Trace {
  candidate: Candidate;
  /** The number of other pictures. */
  pictures: number;
  steps: Step[];
}

/** Shrinks a network for one scene, shows its agreement on the scene and on other pictures, and can apply it to the page. */
export class ScenePanel {
  readonly element: HTMLElement;
  readonly #bar = new WorkBar(text.figures.fit.scene.progress);
  readonly #network = make('select');
  readonly #stills = line();
  readonly #preview = make('canvas', 'preview');
  readonly #plot = new ScenePlot();
  readonly #control = make('div', 'scene-step');
  readonly #facts = make('dl', 'fit-facts');
  readonly #apply = make('button', 'primary', text.figures.fit.apply);
  readonly #undo = make('button', '', text.figures.fit.undo);
  readonly #told = line();
  readonly #result: HTMLElement;
  #candidates: readonly Candidate[] = [];
  #trace: Trace | null = null;
  #slider: Slider | null = null;

  /** @param onChange called when another set-up runs, which may end the search's pair; an undo may bring it back */
  constructor(
    private readonly around: Surroundings,
    private readonly works: Works,
    private readonly applied: Applied,
    private readonly onChange: () => void,
  ) {
    const words = text.figures.fit.scene;
    const { start, cancel, progress, status } = this.#bar;
    works.add(this.#bar);
    start.addEventListener('click', () => void this.#shrink());
    for (const button of [this.#apply, this.#undo]) button.type = 'button';
    this.#apply.addEventListener('click', () => void this.#run());
    this.#undo.addEventListener('click', () => void this.#takeBack());
    this.#told.setAttribute('role', 'status');
    this.#preview.setAttribute('role', 'img');
    this.#preview.setAttribute('aria-label', text.figures.fit.preview);
    this.#preview.hidden = true;
    this.#stills.textContent = text.figures.fit.stills(CROPS);
    this.#result = make(
      'div',
      'fit-result',
      this.#plot.element,
      this.#control,
      this.#facts,
      make('div', 'fit-effect', make('div', 'row', this.#apply, this.#undo), this.#told),
    );
    this.#result.hidden = true;
    const network = make('label', 'pick', make('span', '', words.network), this.#network);
    this.element = make(
      'div',
      'scene',
      make('h3', '', words.title),
      ...words.prose.map((paragraph) => make('p', 'scene-words', paragraph)),
      make('div', 'row', network, start, cancel),
      this.#stills,
      this.#preview,
      progress,
      status,
      this.#result,
    );
  }

  /** @param candidates the networks that can be shrunk */
  showState(candidates: readonly Candidate[]): void {
    const words = text.figures.fit.scene;
    this.#candidates = candidates;
    this.#listNetworks();
    const frame = this.around.frame();
    const { busy } = this.works;
    const { start } = this.#bar;
    start.textContent = frame?.live ? words.record(RECORDING.seconds) : words.crops;
    start.disabled = busy || !frame || candidates.length === 0;
    this.#network.disabled = busy || candidates.length === 0;
    this.#apply.disabled = busy;
    this.#undo.disabled = busy || !this.applied.undoable;
    this.#stills.hidden = candidates.length === 0 || !frame || frame.live;
    this.works.show(this.#bar);
  }

  async #shrink(): Promise<void> {
    const words = text.figures.fit.scene;
    const { progress, status } = this.#bar;
    const candidate = this.#candidate;
    const frame = this.around.frame();
    if (!candidate || !frame) return;
    await this.works.do(this.#bar, status, async (signal) => {
      const frame = () => this.around.frame();
      const frames = await keepShown(CROPS, this.#bar, { frame, signal, canvas: this.#preview });
      const { crops, pictures } = await otherPictures(frame.name, signal);
      const trace: Trace = { candidate, pictures, steps: [] };
      try {
        await this.#find(trace, frames, crops, signal);
      } catch (error) {
        // The steps that were found before the visitor cancelled stay.
        if (!signal.aborted || trace !== this.#trace) throw error;
        status.textContent = words.stopped(trace.steps.length - 1);
        return;
      }
      if (trace !== this.#trace) throw new Error(words.nothing);
      status.textContent = words.done(trace.steps.length - 1, frames.length);
    });
    this.#preview.hidden = true;
    progress.removeAttribute('value');
  }

  async #find(trace: Trace, frames: ImageData[], others: ImageData[], signal: AbortSignal): Promise<void> {
    const { candidate, steps } = trace;
    const files = await candidate.files();
    const { shrink } = await import('./shrink');
    await this.around.alone(() =>
      shrink({
        files,
        side: candidate.side,
        frames,
        others,
        target: TARGET,
        onProgress: (progress) => this.#showProgress(progress, steps.length),
        onStep: (step) => {
          steps.push(step);
          // The first step is the whole network. The last trace stays on show until there is a second step.
          if (step.change) this.#showTrace(trace);
        },
        signal,
      }),
    );
  }

  #showProgress({ doing, done }: Progress, step: number): void {
    const words = text.figures.fit.scene;
    const { progress, status } = this.#bar;
    progress.value = done;
    const told = doing === 'removing' ? words.removing(step) : words[doing];
    // A screen reader speaks each change of the text, so the same text isn't set again.
    if (status.textContent !== told) status.textContent = told;
  }

  /** Shows a trace. The slider follows the last step unless the visitor has chosen another. */
  #showTrace(trace: Trace): void {
    const words = text.figures.fit.scene;
    const last = trace.steps.length - 1;
    const chosen = this.#slider?.value ?? last;
    const follows = trace !== this.#trace || chosen === last - 1;
    const focused = this.#control.contains(document.activeElement);
    this.#trace = trace;
    const values = trace.steps.map((_, index) => index);
    const written = (index: number) => words.stepOf(index, last);
    this.#slider = slider(words.step, values, follows ? last : chosen, () => this.#showStep(), written);
    this.#control.replaceChildren(this.#slider.element);
    if (focused) this.#slider.element.querySelector('input')?.focus({ preventScroll: true });
    this.#result.hidden = false;
    this.#showStep();
  }

  #showStep(): void {
    const step = this.#step;
    const trace = this.#trace;
    if (!step || !trace) return;
    this.#plot.draw(trace.steps, trace.steps.indexOf(step));
    this.#facts.replaceChildren(...factsOf(step, trace.pictures));
  }

  async #run(): Promise<void> {
    const step = this.#step;
    const trace = this.#trace;
    if (!step || !trace) return;
    const { applied, applying, refused } = text.figures.fit;
    const { column, choice, side } = trace.candidate;
    await this.works.do(this.#bar, this.#told, async (signal) => {
      this.#told.textContent = applying;
      const title = text.figures.fit.scene.weights(choice.title, percent(step.measured));
      const made = step.change ? madeChoice(title, step.file(), choice, side) : choice;
      const runs = await this.applied.run(column, { choice: made, precision: 'f32' }, signal);
      if (!runs) signal.throwIfAborted();
      this.#told.textContent = runs ? applied(column.name) : refused(column.name);
    });
    this.onChange();
  }

  async #takeBack(): Promise<void> {
    const { notUndone, undone } = text.figures.fit;
    await this.works.do(this.#bar, this.#told, async (signal) => {
      const runs = await this.applied.undo(signal);
      if (!runs) signal.throwIfAborted();
      this.#told.textContent = runs ? undone : notUndone;
    });
    this.onChange();
  }

  /** The chosen step. */
  get #step(): Step | null {
    return this.#trace?.steps[this.#slider?.value ?? 0] ?? null;
  }

  /** The network that the visitor chose. The default is V2, whose blocks are widest inside. */
  get #candidate(): Candidate | undefined {
    const named = (name: string) => this.#candidates.find(({ column }) => column.name === name);
    return named(this.#network.value) ?? named('V2') ?? this.#candidates[0];
  }

  #listNetworks(): void {
    const names = this.#candidates.map(({ column }) => column.name);
    // Replacing the options would close a list that the visitor has open.
    if (names.join() === Array.from(this.#network.options, ({ value }) => value).join()) return;
    const chosen = this.#candidate?.column.name;
    this.#network.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  }
}

/** The facts about a step. */
function factsOf({ change, predicted, measured, scene, others, frames }: Step, pictures: number): HTMLElement[] {
  const { marks } = text.figures.fit;
  const words = text.figures.fit.scene;
  const removed = change ? words.removed(change.block + 1, change.from, change.to) : words.none;
  const facts: [term: string, value: string, mark: string][] = [
    [words.facts.removed, removed, ''],
    [words.facts.time, words.times(percent(measured), percent(predicted)), marks.here],
    [words.lines.scene, words.onScene(percent(scene), frames.scene), marks.here],
  ];
  if (others !== null) {
    facts.push([words.lines.others, words.onOthers(percent(others), frames.others, pictures), marks.here]);
  }
  return facts.map(([term, value, mark]) =>
    make('div', '', make('dt', '', term), make('dd', '', value, ' ', make('small', '', mark))),
  );
}
