import { element } from './element';

/** Hands a file to the browser's downloads. */
export function download(fileName: string, type: string, content: string | Blob): void {
  const link = document.createElement('a');
  link.download = fileName;
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.click();
  // The download begins after this task.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A moment as a part of a file's name. */
export function fileTime(date = new Date()): string {
  // Colons can't be part of it everywhere.
  return date.toISOString().replace(/\..*/, '').replaceAll(':', '-');
}

/** @returns whether the clipboard took it; else it is shown, selected, to be copied by hand */
export async function copy(text: string): Promise<boolean> {
  const byHand = element('by-hand');
  try {
    // There is no clipboard in pages that came by http: from elsewhere than localhost.
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
