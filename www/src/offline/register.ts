import type { Used } from './message';

/** Has the browser keep the page for a visit without a network. Weights are kept where they are fetched. */
export async function keepForOffline(): Promise<void> {
  // The development server's files change under the same names.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register('service-worker.js');
    // Each version keeps what this page uses: a new one is active from the next visit on, which may be without a network.
    const tell = (worker: ServiceWorker | null) => {
      const used = performance.getEntriesByType('resource').map(({ name }) => name);
      worker?.postMessage({ used } satisfies Used);
    };
    registration.addEventListener('updatefound', () => tell(registration.installing));
    const { active, waiting, installing } = await navigator.serviceWorker.ready;
    for (const worker of [active, waiting, installing]) tell(worker);
  } catch {
    // Where the browser refuses, the page needs the network the next time, as any other does.
  }
}
