import { megabytes } from './format';
import type { HubChoice } from './weights';

/** A line of the list of what the Hub has, with the button that fetches it. */
export function hubItem(choice: HubChoice, fetch: () => void): HTMLLIElement {
  const item = document.createElement('li');
  const title = document.createElement('span');
  const name = document.createElement('small');
  title.textContent = `${choice.width.toFixed(2)} wide${choice.top1 === null ? '' : `, ${choice.top1.toFixed(1)} % top-1`}`;
  // Names on the Hub are long: let them break where they are jointed.
  name.textContent = choice.title.replace(/[_.](?=\D)/g, '$&\u200b');
  title.append(name);
  const button = document.createElement('button');
  const size = megabytes(choice.bytes ?? 0);
  Object.assign(button, { type: 'button', className: 'small', textContent: `Fetch ${size}` });
  button.setAttribute('aria-label', `Fetch ${choice.title} from the Hub, ${size}`);
  button.addEventListener('click', fetch);
  item.append(title, button);
  return item;
}
