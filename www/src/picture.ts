import { element } from './element';
import { SAMPLES, type Sample, fetchSample } from './samples';
import type { Stage } from './stage';
import { list, text } from './text';
import { ENDINGS, isWeights } from './weights';

export interface PictureEvents {
  /** A still picture is on the stage. */
  onPicture: () => void;
  /** Weights were dropped, on a card or elsewhere. */
  onWeights: (files: File[], card: Element | null) => void;
  report: (message: string) => void;
}

/** Takes still pictures: opened, dropped anywhere, pasted, or one of the samples. */
export class PicturePanel {
  /** Counts the requested pictures, so that a late one doesn't replace a newer one. */
  #attempt = 0;

  constructor(
    private readonly stage: Stage,
    private readonly events: PictureEvents,
  ) {
    const file = element<HTMLInputElement>('picture-file');
    element('picture-open').addEventListener('click', () => file.click());
    file.addEventListener('change', () => {
      if (file.files?.[0]) void this.show(file.files[0], file.files[0].name);
      file.value = '';
    });
    document.addEventListener('paste', ({ clipboardData }) => {
      const picture = [...(clipboardData?.files ?? [])].find(isPicture);
      if (picture) void this.show(picture, text.page.picture.pasted);
    });
    this.#acceptDrops();
  }

  /** Drops a picture that is still being decoded. */
  cancel(): void {
    this.#attempt++;
  }

  /** Shows a picture that the visitor chose. */
  async show(blob: Blob, name: string): Promise<void> {
    this.events.report('');
    await this.#display(blob, name);
  }

  async #display(blob: Blob, name: string): Promise<void> {
    const attempt = ++this.#attempt;
    try {
      // The colours are not converted, as in `MobileNet.classify`.
      const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
      if (attempt !== this.#attempt) return bitmap.close();
      this.stage.showStill(bitmap, name);
      this.events.onPicture();
    } catch {
      if (attempt === this.#attempt) this.events.report(text.page.picture.undecodable(name));
    }
  }

  /** Shows the first sample, and offers those that lie beside the page. */
  async offerSamples(): Promise<void> {
    const attempt = this.#attempt;
    const [first, ...others] = SAMPLES;
    const blob = await fetchSample(first);
    if (blob && attempt === this.#attempt && !this.stage.picture) await this.#display(blob, first.name);
    // The others are fetched after the first, which the networks read.
    const blobs = [blob, ...(await Promise.all(others.map((sample) => fetchSample(sample))))];
    const there = SAMPLES.flatMap((sample, i) => (blobs[i] ? { sample, blob: blobs[i] } : []));
    element('samples').append(...there.map(({ sample, blob }) => this.#sampleButton(sample.name, blob)));
    element('credits').append(...credits(there.map(({ sample }) => sample)));
  }

  #sampleButton(name: string, blob: Blob): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'sample';
    button.title = name;
    const image = new Image();
    image.src = URL.createObjectURL(blob);
    image.alt = name;
    button.append(image);
    button.addEventListener('click', () => void this.show(blob, name));
    return button;
  }

  #acceptDrops(): void {
    const { body } = document;
    body.addEventListener('dragover', (event) => {
      event.preventDefault();
      body.classList.add('dragging');
    });
    body.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) body.classList.remove('dragging');
    });
    body.addEventListener('drop', (event) => {
      event.preventDefault();
      body.classList.remove('dragging');
      const files = [...(event.dataTransfer?.files ?? [])];
      const picture = files.find(isPicture);
      if (picture) void this.show(picture, picture.name);
      else if (files.some(isWeights)) {
        this.events.onWeights(files, event.target instanceof Element ? event.target.closest('.card') : null);
      } else if (files.length > 0) {
        const names = list(files.map(({ name }) => name));
        this.events.report(text.page.picture.unusable(names, ENDINGS));
      }
    });
  }
}

/** The authors and licences of the samples. */
function credits(samples: Sample[]): (string | HTMLAnchorElement)[] {
  const link = (words: string, href: string): HTMLAnchorElement =>
    Object.assign(document.createElement('a'), { textContent: words, href, target: '_blank', rel: 'noreferrer' });
  return samples.flatMap(({ name, author, source, licence }, i) => [
    i === 0 ? text.page.picture.credits : '; ',
    link(`${name}, ${author}`, source),
    ' (',
    link(licence.name, licence.url),
    ')',
  ]);
}

function isPicture(file: File): boolean {
  return file.type.startsWith('image/');
}
