import { text as en } from './en';
import { text as zh } from './zh';

/** What the page can be read in. */
export const LANGUAGES = {
  en: { name: 'English', tag: 'en', text: en },
  zh: { name: '中文', tag: 'zh-Hans', text: zh },
};

export type Language = keyof typeof LANGUAGES;

/** The language of the visitor's choice: that of the address, else the browser's first that there is here. */
export const language: Language = chosen();

/** Everything that the page says, in {@link language}. */
export const text = LANGUAGES[language].text;

/** "a", "a and b", "a, b and c". */
export function list(items: readonly string[]): string {
  // American English would have another comma.
  return new Intl.ListFormat(language === 'en' ? 'en-GB' : LANGUAGES[language].tag).format(items);
}

function chosen(): Language {
  const asked = new URLSearchParams(location.search).get('lang');
  const wanted = [asked, ...navigator.languages].map((tag) => tag?.split('-')[0]);
  return wanted.find(isLanguage) ?? 'en';
}

function isLanguage(tag: string | undefined): tag is Language {
  return tag !== undefined && Object.hasOwn(LANGUAGES, tag);
}
