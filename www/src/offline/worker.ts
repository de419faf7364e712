// The service worker: the page opens offline, and is cross-origin isolated on hosts that send no such header.
import type { Used } from './message';

/** The build replaces this name. */
declare const __BUILD__: {
  version: string;
  /** Addresses below the page's. */
  assets: string[];
};

const scope = self as unknown as ServiceWorkerGlobalScope;
const { version, assets } = __BUILD__;
/** Other copies of the page on this origin have caches of their own. */
const PREFIX = `mobilenet-wasm-page-${new URL(scope.registration.scope).pathname}-`;
const CACHE = PREFIX + version;
/**
 * The wait for an answer from a host that takes the connection and then says nothing. A new connection needs four round trips: the
 * name, the connection, its encryption and the request. On the slowest mobile networks each takes 600 ms, together 2.4 s. ms
 */
const PATIENCE = 3000;

/** Whether the host has left a request unanswered. Then what is stored is given at once, until the host answers. */
let silent = false;

scope.addEventListener('install', (event) =>
  event.waitUntil(
    // This bypasses the browser's cache, which may still have the document of the version before.
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(assets.map((asset) => new Request(addressOf(asset), { cache: 'reload' })))),
  ),
);

scope.addEventListener('activate', (event) =>
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name)))),
  ),
);

scope.addEventListener('message', (event) => {
  const { used } = event.data as Used;
  event.waitUntil(
    caches.open(CACHE).then((cache) =>
      Promise.allSettled(
        used.filter(isOurs).map(async (url) => {
          if (!(isUnchanging(url) && (await cache.match(url)))) await cache.add(url);
        }),
      ),
    ),
  );
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && isOurs(request.url)) event.respondWith(answer(request).then(isolated));
});

/** Whether it is a file of the page. The page itself stores weights, which are large. */
function isOurs(url: string): boolean {
  return url.startsWith(scope.registration.scope) && !url.includes('.safetensors');
}

/** Files with a digest in their names never change. */
function isUnchanging(url: string): boolean {
  return url.startsWith(addressOf('assets/').href);
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept && isUnchanging(request.url)) return kept;
  const answered = fetch(request).finally(() => (silent = false));
  // A first visit may be slow.
  if (!kept && !silent) return answered;
  const other = kept ?? Response.error();
  return new Promise((resolve) => {
    const late = setTimeout(
      () => {
        silent = true;
        resolve(other);
      },
      kept && silent ? 0 : PATIENCE,
    );
    const end = (response: Response) => {
      clearTimeout(late);
      resolve(response);
    };
    answered.then(end, () => end(other));
  });
}

/** The response with the headers that shared memory and precise clocks need. The browser follows redirections itself. */
function isolated(response: Response): Response {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers });
}

function addressOf(asset: string): URL {
  return new URL(asset, scope.registration.scope);
}
