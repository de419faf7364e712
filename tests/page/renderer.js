// Reads the memory of Chromium's renderers from Linux.
import { readFile } from 'node:fs/promises';

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** The process id of the renderer that shows the page and runs its workers. */
export async function rendererOf(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  return largestRenderer(processInfo);
}

/**
 * The renderer, in the list of `SystemInfo.getProcessInfo`, that has most memory, as Chromium also keeps an empty spare one.
 * @param {{ type: string, id: number }[]} processInfo
 */
export async function largestRenderer(processInfo) {
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const sizes = await Promise.all(renderers.map(async ({ id }) => ({ id, bytes: await privateBytes(id) })));
  return sizes.reduce((a, b) => (a.bytes > b.bytes ? a : b)).id;
}

/** The private memory of all renderers, because a small page's renderer can't be distinguished from the spare one. */
export async function privateBytesOfAll(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  return privateBytesOf(processInfo);
}

/**
 * The private memory of the renderers in the list of `SystemInfo.getProcessInfo`.
 * @param {{ type: string, id: number }[]} processInfo
 */
export async function privateBytesOf(processInfo) {
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const sizes = await Promise.all(renderers.map(({ id }) => privateBytes(id)));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** The memory that Linux counts as private to a process. */
export function privateBytes(pid) {
  return rollup(pid, ['Private_Clean', 'Private_Dirty']);
}

/** The private memory plus the process's share of shared memory, such as the browser's code. */
export function proportionalBytes(pid) {
  return rollup(pid, ['Pss']);
}

async function rollup(pid, keys) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return keys.reduce((sum, key) => sum + 1024 * Number(text.match(new RegExp(`^${key}:\\s+(\\d+)`, 'm'))[1]), 0);
}
