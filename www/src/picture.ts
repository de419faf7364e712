import { element, type Stage } from './stage';
import { text } from './text';

const SAMPLES = [
  { name: text.page.picture.chelsea, url: 'samples/chelsea.png' },
  { name: text.page.picture.coffee, url: 'samples/coffee.png' },
];

export interface PictureEvents {
  /** A still picture is on the stage. */
  onPicture: () => void;
  /** Weights were dropped, onto a card or beside the cards. */
  onWeights: (files: File[], card: Element | null) => void;
  report: (message: string) => void;
}

/** Still pictures: opened, dropped anywhere, pasted, or one of the samples. */
export class PicturePanel {
  /** Counts pictures asked for: one that is decoded late must not replace a newer one. */
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

  /** Forgets a picture that is still being decoded. */
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
      // The file's own numbers, as `MobileNet.classify` reads them.
      const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
      if (attempt !== this.#attempt) return bitmap.close();
      this.stage.showStill(bitmap, name);
      this.events.onPicture();
    } catch {
      if (attempt === this.#attempt) this.events.report(text.page.picture.undecodable(name));
    }
  }

  /** Offers the samples that lie beside the page, and shows the first. */
  async offerSamples(): Promise<void> {
    const attempt = this.#attempt;
    const loaded = await Promise.all(SAMPLES.map(async ({ name, url }) => ({ name, blob: await fetchPicture(url) })));
    for (const [i, { name, blob }] of loaded.entries()) {
      if (!blob) continue;
      element('samples').append(this.#sampleButton(name, blob));
      if (i === 0 && attempt === this.#attempt && !this.stage.picture) void this.#display(blob, name);
    }
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
      else if (files.some(({ name }) => name.endsWith('.safetensors'))) {
        this.events.onWeights(files, event.target instanceof Element ? event.target.closest('.card') : null);
      } else if (files.length > 0) {
        this.events.report(text.page.picture.unusable(files.map(({ name }) => name).join(', ')));
      }
    });
  }
}

function isPicture(file: File): boolean {
  return file.type.startsWith('image/');
}

async function fetchPicture(url: string): Promise<Blob | null> {
  const response = await fetch(url).catch(() => null);
  return response?.ok ? response.blob() : null;
}
