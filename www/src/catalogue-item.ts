import type { CatalogueChoice } from './catalogue-choice';
import { megabytes } from './format';
import { text } from './text';

/** A line in the list of checkpoints, with its button. */
export function catalogueItem(choice: CatalogueChoice, fetch: () => void): HTMLLIElement {
  const item = document.createElement('li');
  const title = document.createElement('span');
  const name = document.createElement('small');
  title.textContent = text.page.weights.wide(choice.width.toFixed(2), choice.top1?.toFixed(1) ?? null);
  // Names on the Hub are long, so lines may break at their joints.
  name.textContent = choice.title.replace(/[_.](?=\D)/g, '$&\u200b');
  title.append(name);
  const button = document.createElement('button');
  labelFetch(button, choice);
  button.addEventListener('click', fetch);
  item.append(title, button);
  return item;
}

/** Labels a button with the checkpoint that it fetches. */
export function labelFetch(button: HTMLButtonElement, { title, bytes }: CatalogueChoice): void {
  const size = megabytes(bytes);
  Object.assign(button, { type: 'button', className: 'small fetch', textContent: text.page.weights.fetch(size) });
  button.setAttribute('aria-label', text.page.weights.fetchNamed(title, size));
}
