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
  // In Chinese the last "and" would have no space between it and a Latin name. American English would have another comma.
  return language === 'zh' ? items.join('、') : new Intl.ListFormat('en-GB').format(items);
}

/** One sentence after the other; empty ones are left out. */
export function paragraph(...sentences: readonly string[]): string {
  // A Chinese full stop has its own room.
  return sentences.filter(Boolean).join(language === 'zh' ? '' : ' ');
}

function chosen(): Language {
  const asked = new URLSearchParams(location.search).get('lang');
  const wanted = [asked, ...navigator.languages].map((tag) => tag?.split('-')[0]);
  return wanted.find(isLanguage) ?? 'en';
}

function isLanguage(tag: string | undefined): tag is Language {
  return tag !== undefined && Object.hasOwn(LANGUAGES, tag);
}
