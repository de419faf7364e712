import { megabytes } from './format';
import { text } from './text';
import type { HubChoice } from './weights';

/** A line of the list of what the Hub has, with the button that fetches it. */
export function hubItem(choice: HubChoice, fetch: () => void): HTMLLIElement {
  const item = document.createElement('li');
  const title = document.createElement('span');
  const name = document.createElement('small');
  title.textContent = text.page.weights.wide(choice.width.toFixed(2), choice.top1?.toFixed(1) ?? null);
  // Names on the Hub are long: let them break where they are jointed.
  name.textContent = choice.title.replace(/[_.](?=\D)/g, '$&\u200b');
  title.append(name);
  const button = document.createElement('button');
  const size = megabytes(choice.bytes ?? 0);
  Object.assign(button, { type: 'button', className: 'small', textContent: text.page.weights.fetch(size) });
  button.setAttribute('aria-label', text.page.weights.fetchNamed(choice.title, size));
  button.addEventListener('click', fetch);
  item.append(title, button);
  return item;
}
