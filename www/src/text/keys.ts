/** Ties the document to the text: `data-text="page.title"` is an element's text, `data-text-aria-label="…"` an attribute's. */

/** Attributes whose text has a key. */
export const ATTRIBUTES = ['aria-label', 'content'] as const;

/** The string with a key such as `page.camera.start`. */
export function textAt(text: object, key: string): string {
  const found = key
    .split('.')
    .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], text);
  if (typeof found !== 'string') throw new Error(`no text ${key}`);
  return found;
}
