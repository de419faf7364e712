import type { Plugin } from 'vite';
import { text } from '../src/text/en/index.ts';
import { ATTRIBUTES, textAt } from '../src/text/keys.ts';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const withCode = (text: string): string => text.replace(/`([^`]*)`/g, '<code>$1</code>');

/** Writes the English text into the documents, so that it can be read before the script runs or without it, and nothing moves. */
export const englishText: Plugin = {
  name: 'english-text',
  transformIndexHtml: {
    order: 'pre',
    handler(html) {
      const attribute = new RegExp(`data-text-(${ATTRIBUTES.join('|')})="([^"]+)"`, 'g');
      return html
        .replace(/ data-text="([^"]+)"[^>]*>(?=<\/)/g, (tag, key: string) => tag + withCode(escape(textAt(text, key))))
        .replace(attribute, (all, name: string, key: string) => `${all} ${name}="${escape(textAt(text, key))}"`);
    },
  },
};
