import type { Classification } from 'mobilenet-wasm';
import type { CameraPanel } from './camera';
import type { Card } from './card';
import { element } from './element';
import { copy, download, fileTime } from './hand-over';
import { Recorder } from './recorder';
import type { Stage } from './stage';
import { text } from './text';

/** The time between updates of a recording's remaining time. ms */
const TICK = 500;

/** The tools for answers: the threshold, copying, recording and saving. */
export class Tools {
  readonly #threshold = element<HTMLInputElement>('threshold');
  readonly #record = element<HTMLButtonElement>('record');
  #recorder: Recorder | null = null;
  #ticking = 0;

  /** @param onThreshold called when the threshold has changed */
  constructor(
    private readonly cards: readonly Card[],
    private readonly stage: Stage,
    private readonly camera: CameraPanel,
    onThreshold: () => void,
    private readonly report: (message: string) => void,
  ) {
    const show = () => {
      element('threshold-value').textContent = `${this.#threshold.value} %`;
      for (const card of cards) card.threshold = this.#threshold.valueAsNumber / 100;
    };
    // A browser may restore the slider's position.
    show();
    this.#threshold.addEventListener('input', () => {
      show();
      onThreshold();
    });
    element('copy-json').addEventListener('click', () => void this.#copy());
    element('picture-save').addEventListener('click', () => void this.#save());
    this.#record.addEventListener('click', () => (this.#recorder ? this.#finish() : this.#start()));
    this.refresh();
  }

  /** Updates the buttons after a change of the picture, the camera or a network. */
  refresh(): void {
    const live = this.stage.picture?.kind === 'live';
    this.#record.disabled = !live && !this.#recorder;
    element<HTMLButtonElement>('picture-save').disabled = !this.stage.picture;
    if (this.#recorder && !this.camera.running) this.#finish();
  }

  /** Records an answer. */
  note(card: Card, answer: Classification): void {
    this.#recorder?.add(card.name, card.weights ?? '', answer);
  }

  #start(): void {
    const recorder = new Recorder();
    this.#recorder = recorder;
    const tick = () => {
      if (recorder.left === 0) return this.#finish();
      this.#record.textContent = text.page.tools.recording(Math.ceil(recorder.left / 1000));
    };
    tick();
    this.#ticking = window.setInterval(tick, TICK);
  }

  #finish(): void {
    clearInterval(this.#ticking);
    if (this.#recorder) download(`mobilenet-${fileTime()}.csv`, 'text/csv', this.#recorder.csv);
    this.#recorder = null;
    this.#record.textContent = text.page.tools.record;
    this.refresh();
  }

  async #copy(): Promise<void> {
    const json = JSON.stringify(
      {
        date: new Date().toISOString(),
        picture: this.stage.size && { ...this.stage.size, region: this.stage.region },
        threshold: this.#threshold.valueAsNumber / 100,
        networks: this.cards.flatMap((card) => card.report ?? []),
      },
      null,
      2,
    );
    this.report((await copy(json)) ? text.page.tools.copied : '');
  }

  /** Saves the picture, or the part of it that the networks look at. */
  async #save(): Promise<void> {
    const { picture, region, size } = this.stage;
    if (!picture || !size) return;
    const [width, height] = region ? [Math.round(region.side), Math.round(region.side)] : [size.width, size.height];
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const { source, release } = await this.stage.source(picture);
    try {
      canvas.getContext('2d')?.drawImage(source, 0, 0, width, height);
    } finally {
      release();
    }
    canvas.toBlob((blob) => blob && download(`mobilenet-${fileTime()}.png`, 'image/png', blob), 'image/png');
  }
}
