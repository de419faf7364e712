import catalogue from 'mobilenet-wasm/catalogue.json';
import { element } from './element';
import { megabytes } from './format';
import { type Kept, forget, keptWeights } from './kept';
import { text } from './text';

/** Lists the weights that are stored on the device, with their sizes, and deletes them. */
export class KeptPanel {
  readonly #panel = element<HTMLDetailsElement>('kept');
  readonly #summary = element('kept-summary');
  readonly #list = element('kept-list');

  async refresh(): Promise<void> {
    const kept = await keptWeights();
    this.#panel.hidden = kept.length === 0;
    const total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#summary.textContent = text.page.kept.summary(kept.length, megabytes(total));
    const lines = kept.map((one) => this.#line(nameOf(one), one.bytes, [one.url]));
    if (kept.length > 1) {
      lines.push(this.#line(text.page.kept.all, total, kept.map(({ url }) => url))); // prettier-ignore
    }
    this.#list.replaceChildren(...lines);
  }

  #line(name: string, bytes: number, urls: string[]): HTMLLIElement {
    const line = document.createElement('li');
    const [title, size] = [name, megabytes(bytes)].map((words) => {
      const part = document.createElement('span');
      part.textContent = words;
      return part;
    });
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', className: 'small', textContent: text.page.kept.delete });
    button.setAttribute('aria-label', text.page.kept.deleteNamed(name));
    button.addEventListener('click', () => {
      button.disabled = true;
      void forget(urls).then(() => this.refresh());
    });
    line.append(title, size, button);
    return line;
  }
}

function nameOf({ url }: Kept): string {
  const entry = catalogue.find(({ repository }) => url.includes(`/${repository}/`));
  return entry?.name ?? url.split('/').at(-2) ?? url;
}
