// Serves the built page, its public files and the package's plain files on one origin:
//   npm run serve -- --host 127.0.0.1 --port 8080
// The tests import it too, and let the system choose the port.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * @typedef {{ prefix: string, folder: string }} Mount addresses that begin with `prefix` are files in `folder`
 */

/**
 * The folders that are served. The first one that has the file wins. Weights are served in place, without copies.
 * @type {Mount[]}
 */
const MOUNTS = [
  { prefix: '/pkg/', folder: join(here, '../pkg') },
  { prefix: '/', folder: join(here, 'dist') },
  { prefix: '/', folder: join(here, 'public') },
];

/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.safetensors': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

const HEADERS = {
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Headers for cross-origin isolation, which shared memory and precise timers need. */
export const ISOLATING_HEADERS = {
  ...HEADERS,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * @param {{ host?: string, port?: number, mounts?: Mount[], isolated?: boolean }} [options] port 0: any free one; mounts:
 *   more than the page's own; isolated: whether pages are cross-origin isolated
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve({ host = '127.0.0.1', port = 0, mounts = [], isolated = true } = {}) {
  const all = [...mounts, ...MOUNTS];
  const headers = isolated ? ISOLATING_HEADERS : HEADERS;
  const server = createServer((request, response) => {
    respond(request, response, all, headers).catch((error) => {
      if (!response.headersSent) response.writeHead(500, headers);
      response.end(String(error));
    });
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    })
  );
  const { address, family, port: bound } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Mount[]} mounts
 * @param {Record<string, string>} common headers of every response
 */
async function respond(request, response, mounts, common) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...common, Allow: 'GET, HEAD' }).end();
    return;
  }
  const file = await find(request.url ?? '/', mounts);
  if (!file) {
    response.writeHead(404, { ...common, 'Content-Type': 'text/plain' }).end('not found\n');
    return;
  }
  /** @type {Record<string, string>} */
  const headers = {
    ...common,
    ...(extname(file.path) === '.html' && (await policyOf(file.path))),
    'Content-Type': TYPES[extname(file.path)] ?? 'application/octet-stream',
    // Files with a digest in their names never change; others are revalidated and answered by 304.
    'Cache-Control': file.path.includes(`${sep}dist${sep}assets${sep}`)
      ? 'public, max-age=31536000, immutable'
      : 'no-cache',
    ETag: `"${file.size.toString(16)}-${Math.trunc(file.mtimeMs).toString(16)}"`,
  };
  if (request.headers['if-none-match'] === headers.ETag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Length': file.size });
  if (request.method === 'HEAD') {
    response.end();
  } else {
    createReadStream(file.path)
      .on('error', (error) => response.destroy(error))
      .pipe(response);
  }
}

/**
 * A document's Content-Security-Policy as a header, which unlike a `<meta>` can also forbid frames.
 * @param {string} path of the document
 * @returns {Promise<Record<string, string>>}
 */
async function policyOf(path) {
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(await readFile(path, 'utf8')) ?? [];
  if (!policy) return {};
  return { 'Content-Security-Policy': `${policy.replaceAll('&#39;', "'")}; frame-ancestors 'none'` };
}

/**
 * @param {string} target of the request
 * @param {Mount[]} mounts
 * @returns {Promise<{ path: string, size: number, mtimeMs: number } | null>}
 */
async function find(target, mounts) {
  let pathname;
  try {
    pathname = decodeURIComponent(new URL(target, 'http://localhost').pathname);
  } catch {
    return null;
  }
  if (pathname.includes('\0')) return null;
  if (pathname.endsWith('/')) pathname += 'index.html';
  for (const { prefix, folder } of mounts) {
    if (!pathname.startsWith(prefix)) continue;
    const path = normalize(join(folder, pathname.slice(prefix.length)));
    if (!path.startsWith(folder + sep)) continue;
    const found = await stat(path).catch(() => null);
    if (found?.isFile()) return { path, size: found.size, mtimeMs: found.mtimeMs };
  }
  return null;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { host: { type: 'string' }, port: { type: 'string', default: '8080' } } });
  const { url } = await serve({ host: values.host, port: Number(values.port) });
  console.log(`serving ${url}`);
}
