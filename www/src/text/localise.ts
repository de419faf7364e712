import { ATTRIBUTES, textAt } from './keys';
import { LANGUAGES, type Language, language, text } from './index';

/** Puts the text into a part of the document, templates among it. */
export function fill(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>('[data-text]')) {
    element.replaceChildren(...withCode(textAt(text, element.dataset.text ?? '')));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[data-text-${name}]`)) {
      element.setAttribute(name, textAt(text, element.getAttribute(`data-text-${name}`) ?? ''));
    }
  }
  for (const template of root.querySelectorAll('template')) fill(template.content);
}

/** What stands between backticks is code. */
function withCode(words: string): (string | HTMLElement)[] {
  return words
    .split('`')
    .map((part, i) => (i % 2 ? Object.assign(document.createElement('code'), { textContent: part }) : part));
}

/** Makes the document one of the visitor's language, and offers the others. */
export function localise(): void {
  document.documentElement.lang = LANGUAGES[language].tag;
  fill(document);
  keepLanguage();
  document.getElementById('languages')?.replaceChildren(...(Object.keys(LANGUAGES) as Language[]).map(linkTo));
}

/** The page in another language, at the same place. */
function linkTo(other: Language): HTMLAnchorElement {
  const link = document.createElement('a');
  const { name, tag } = LANGUAGES[other];
  Object.assign(link, { textContent: name, lang: tag, hreflang: tag });
  if (other === language) link.setAttribute('aria-current', 'true');
  const follow = () => {
    const address = new URL(location.href);
    address.searchParams.set('lang', other);
    link.href = address.href;
  };
  follow();
  addEventListener('hashchange', follow);
  return link;
}

/** A language that was chosen goes along to the site's other pages. */
function keepLanguage(): void {
  if (!new URLSearchParams(location.search).has('lang')) return;
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href^="./"]')) {
    const address = new URL(link.href);
    address.searchParams.set('lang', language);
    link.href = address.href;
  }
}
