import { element } from './element';

/** Saves a file as a download of the browser. */
export function download(fileName: string, type: string, content: string | Blob): void {
  const link = document.createElement('a');
  link.download = fileName;
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.click();
  // The address must stay valid: the download begins after this task.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A time as part of a file name. */
export function fileTime(date = new Date()): string {
  // Some systems allow no colons.
  return date.toISOString().replace(/\..*/, '').replaceAll(':', '-');
}

/** @returns whether it was copied; if not, it is shown and selected, so that the visitor can copy it */
export async function copy(text: string): Promise<boolean> {
  const byHand = element('by-hand');
  try {
    // A page that isn't secure has no clipboard.
    await navigator.clipboard.writeText(text);
    byHand.hidden = true;
    return true;
  } catch {
    const area = element<HTMLTextAreaElement>('by-hand-text');
    area.value = text;
    byHand.hidden = false;
    area.select();
    return false;
  }
}
