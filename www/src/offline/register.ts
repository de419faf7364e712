import type { Used } from './message';

/** Has the browser store the page for visits without a network. The code that fetches weights stores them. */
export async function keepForOffline(): Promise<void> {
  // The development server's files change without changing their names.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register('service-worker.js');
    // Each version stores the files of this page. A new one is active from the next visit on, which may be without a network.
    const tell = (worker: ServiceWorker | null) => {
      const used = performance.getEntriesByType('resource').map(({ name }) => name);
      worker?.postMessage({ used } satisfies Used);
    };
    registration.addEventListener('updatefound', () => tell(registration.installing));
    const { active, waiting, installing } = await navigator.serviceWorker.ready;
    for (const worker of [active, waiting, installing]) tell(worker);
  } catch {
    // If the browser refuses, the page needs the network next time.
  }
}
