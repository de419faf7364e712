/** The cache of the downloads, which stay until the visitor deletes them. */
export const CACHE = 'mobilenet-wasm-weights';

/** Weights that are stored on the device. */
export interface Kept {
  /** The address that they were downloaded from. */
  url: string;
  bytes: number;
}

/** The stored file of an address; none if the browser refuses its storage. */
export async function keptFile(url: string): Promise<Response | undefined> {
  return (await openStore())?.match(url).catch(() => undefined);
}

export async function keptWeights(): Promise<Kept[]> {
  const store = await openStore();
  const requests = (await store?.keys().catch(() => undefined)) ?? [];
  const weights = requests.filter(({ url }) => url.endsWith('.safetensors'));
  return Promise.all(weights.map(async ({ url }) => ({ url, bytes: await sizeOf(await store?.match(url)) })));
}

/** Deletes files, and the others in their folders. */
export async function forget(urls: readonly string[]): Promise<void> {
  const store = await openStore();
  const folders = urls.map(folderOf);
  const requests = (await store?.keys().catch(() => undefined)) ?? [];
  const there = requests.filter(({ url }) => folders.includes(folderOf(url)));
  await Promise.allSettled(there.map((request) => store?.delete(request)));
}

const folderOf = (url: string): string => url.slice(0, url.lastIndexOf('/'));

async function sizeOf(response: Response | undefined): Promise<number> {
  return Number(response?.headers.get('content-length')) || ((await response?.blob())?.size ?? 0);
}

/** `null` if cookies are blocked or the page isn't secure. */
async function openStore(): Promise<Cache | null> {
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}
