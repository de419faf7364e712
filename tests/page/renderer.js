// The memory of Chromium's renderer, as Linux counts it.
import { readFile } from 'node:fs/promises';

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** The process id of the renderer that shows the page; its workers run in it as well. */
export async function rendererOf(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const sizes = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => ({ id, bytes: await privateBytes(id) })),
  );
  // Chromium keeps a spare renderer, which is empty.
  return sizes.reduce((a, b) => (a.bytes > b.bytes ? a : b)).id;
}

/** What all renderers have alone: of a page that is small, nothing tells its renderer from the spare one. */
export async function privateBytesOfAll(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  return privateBytesOf(processInfo);
}

/**
 * The same, of the renderers among what `SystemInfo.getProcessInfo` lists.
 * @param {{ type: string, id: number }[]} processInfo
 */
export async function privateBytesOf(processInfo) {
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const sizes = await Promise.all(renderers.map(({ id }) => privateBytes(id)));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** Memory that belongs to a process alone, by Linux's count. */
export function privateBytes(pid) {
  return rollup(pid, ['Private_Clean', 'Private_Dirty']);
}

/** The same, and of what it shares with others, such as the browser's own code, its share. */
export function proportionalBytes(pid) {
  return rollup(pid, ['Pss']);
}

async function rollup(pid, keys) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return keys.reduce((sum, key) => sum + 1024 * Number(text.match(new RegExp(`^${key}:\\s+(\\d+)`, 'm'))[1]), 0);
}
