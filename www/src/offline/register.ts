import type { Used } from './message';

/** Has the browser keep the page for a visit without a network. Weights are kept where they are fetched. */
export async function keepForOffline(): Promise<void> {
  // The development server's files change under the same names.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('service-worker.js');
    const { active } = await navigator.serviceWorker.ready;
    const used = performance.getEntriesByType('resource').map(({ name }) => name);
    active?.postMessage({ used } satisfies Used);
  } catch {
    // Where the browser refuses, the page needs the network the next time, as any other does.
  }
}
