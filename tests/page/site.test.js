// Tests the built site: below any path, from any host, offline, and under its own Content-Security-Policy.
import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { COLUMNS, PHOTOS, card, firstAnswer, firstModels, open } from './harness.js';

const dist = fileURLToPath(new URL('../../www/dist/', import.meta.url));
const [cat] = PHOTOS;

let session;
before(async () => (session = await open()));
after(() => session?.close());

/**
 * Starts a plain static host. It knows files and their types, sends none of our headers, and has the site in a folder.
 * @param {string} base the folder's path
 * @param {(name: string, body: Buffer) => Buffer | string} [edited] may change a file before it is served
 */
async function anyHost(base, edited = (_, body) => body) {
  let answers = true;
  const types = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.json': 'application/json',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.wasm': 'application/wasm',
  };
  /** @type {string[]} */
  const missing = [];
  const server = createServer(async (request, response) => {
    if (!answers) return;
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = path.startsWith(base) ? join(dist, path.slice(base.length) || 'index.html') : null;
    const body = file && (await readFile(file).catch(() => null));
    if (!body) missing.push(path);
    response.writeHead(body ? 200 : 404, { 'Content-Type': types[extname(file ?? '')] ?? 'application/octet-stream' });
    response.end(body ? edited(path.slice(base.length) || 'index.html', body) : 'not found');
  });
  await /** @type {Promise<void>} */ (new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}${base}`,
    missing,
    /** Goes on taking connections and requests, and answers none. */
    fallSilent: () => (answers = false),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Waits until the service worker has the files that the page uses. A failed registration would never become ready. */
async function keptForOffline(page) {
  const kept = () =>
    page.evaluate(async () => {
      for (const name of await caches.keys()) {
        const cache = name.startsWith('mobilenet-wasm-page-') && (await caches.open(name));
        if (cache && (await cache.keys()).some(({ url }) => url.endsWith('.wasm'))) return true;
      }
      return false;
    });
  for (let i = 0; i < 100; i++) {
    if (await kept()) return;
    await page.waitForTimeout(200);
  }
  assert.fail('the service worker keeps no wasm');
}

test('below any path of a host that sends no header, the page runs, then isolated, then offline', async (t) => {
  const host = await anyHost('/some/folder/');
  // An open host would keep this process alive after a failed test.
  t.after(() => host.close());
  const context = await session.browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.route(/^https:/, (route) => route.abort());
  const runs = async () => {
    for (const version of COLUMNS)
      await card(page, version).locator('.milliseconds').filter({ hasText: /\d ms/ }).waitFor();
  };
  await page.goto(host.url);
  await runs();
  assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  await keptForOffline(page);

  await page.reload();
  await runs();
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await page.locator('#engine', { hasText: /-threads|Not / }).waitFor();
  await page.waitForTimeout(1000);
  assert.deepEqual(
    host.missing.filter((path) => path !== '/some/folder/models/models.json'),
    [],
  );

  await host.close();
  await page.reload();
  await runs();
  await page.goto(`${host.url}bench.html?lang=zh`);
  await page.locator('h1').waitFor();
  await context.close();
});

test('a host that takes connections and never answers opens the stored page', async (t) => {
  const host = await anyHost('/');
  t.after(() => host.close());
  const context = await session.browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.route(/^https:/, (route) => route.abort());
  const runs = () => card(page, 'v1').locator('.milliseconds').filter({ hasText: /\d ms/ }).waitFor();
  await page.goto(host.url);
  await runs();
  await keptForOffline(page);
  host.fallSilent();
  await page.reload();
  await runs();
  // This file was never there, so no copy of it is.
  assert.equal(await page.evaluate(() => fetch('models/models.json').then(String, ({ name }) => name)), 'TypeError');
  await page.goto(`${host.url}bench.html?lang=zh`);
  await page.locator('h1').waitFor();
  await context.close();
});

test('weights that lie beside the page are there offline too', async (t) => {
  const own = await open();
  t.after(() => own.close());
  const context = await own.browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(own.url);
  const everyAnswer = async () => {
    for (const { version } of firstModels) await firstAnswer(page, version).filter({ hasText: cat.label }).waitFor();
  };
  await everyAnswer();
  await keptForOffline(page);
  await context.setOffline(true);
  await own.stop();
  await page.reload();
  await everyAnswer();
  await context.close();
});

test('what is kept of weights is listed with its size, and can be deleted', async () => {
  const context = await session.browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(session.url);
  for (const { version } of firstModels) await firstAnswer(page, version).filter({ hasText: cat.label }).waitFor();
  const total = firstModels.reduce((sum, { bytes }) => sum + bytes, 0);
  const files = firstModels.length === 1 ? '1 file' : `${firstModels.length} files`;
  await page.getByText(`Weights kept on this device: ${files}, ${(total / 1e6).toFixed(1)} MB`).click();
  const one = firstModels[0];
  const line = page.locator('#kept-list li').filter({ hasText: one.name });
  await line.filter({ hasText: `${(one.bytes / 1e6).toFixed(1)} MB` }).waitFor();
  const kept = () =>
    page.evaluate(async () => (await (await caches.open('mobilenet-wasm-weights')).keys()).map(({ url }) => url));
  await page.getByRole('button', { name: `Delete: ${one.name}` }).click();
  await line.waitFor({ state: 'detached' });
  assert.ok(!(await kept()).some((url) => url.includes(`/${one.name}/`)));
  assert.equal((await kept()).filter((url) => url.endsWith('.safetensors')).length, firstModels.length - 1);
  // The network still runs.
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await firstAnswer(page, one.version).filter({ hasText: 'espresso' }).waitFor();
  await context.close();
});

test('all that is kept of weights can be deleted at once', async () => {
  const context = await session.browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.route('**/models/models.json', (route) => route.fulfill({ json: { models: [] } }));
  await page.route(/^https:/, (route) => route.abort());
  await page.goto(session.url);
  const sizes = [1.5e6, 2.25e6, 4e6];
  await page.evaluate(async (sizes) => {
    const cache = await caches.open('mobilenet-wasm-weights');
    for (const [index, bytes] of sizes.entries()) {
      const folder = `https://huggingface.co/someone/network-${index}/resolve/main`;
      await cache.put(`${folder}/model.safetensors`, new Response(new Uint8Array(bytes)));
      await cache.put(`${folder}/config.json`, new Response('{}'));
    }
  }, sizes);
  await page.reload();
  await page.getByText('Weights kept on this device: 3 files, 7.8 MB').click();
  const lines = page.locator('#kept-list li');
  assert.equal(await lines.count(), 4);
  await lines.filter({ hasText: 'All of them' }).filter({ hasText: '7.8 MB' }).waitFor();
  await page.getByRole('button', { name: 'Delete: All of them' }).click();
  await page.locator('#kept').waitFor({ state: 'hidden' });
  const left = await page.evaluate(async () => (await (await caches.open('mobilenet-wasm-weights')).keys()).length);
  assert.equal(left, 0);
  await context.close();
});

test('the next version of the site takes the place of the one before, and of what was kept of it', async (t) => {
  let edition = 'first';
  const host = await anyHost('/', (name, body) => {
    if (edition === 'first') return body;
    if (name === 'service-worker.js') return String(body).replace(/"version":"[^"]+"/, '"version":"the next one"');
    return name === 'index.html' ? String(body).replace('<html', `<html data-edition="${edition}"`) : body;
  });
  t.after(() => host.close());
  const context = await session.browser.newContext();
  const visit = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.route(/^https:/, (route) => route.abort());
    await page.goto(host.url);
    await card(page, 'v1').locator('.milliseconds').filter({ hasText: /\d ms/ }).waitFor();
    return page;
  };
  const editionOf = (page) => page.evaluate(() => document.documentElement.dataset.edition ?? 'first');
  const cached = (page) =>
    page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('mobilenet-wasm-page-')));

  const before = await visit();
  await keptForOffline(before);
  assert.equal((await cached(before)).length, 1);
  const [old] = await cached(before);

  edition = 'second';
  const during = await visit();
  // Documents come from the host if it answers.
  assert.equal(await editionOf(during), 'second');
  await during.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 100));
  });
  assert.equal((await cached(during)).length, 2, 'what is in use was thrown away');
  await before.close();
  await during.close();

  const after = await visit();
  // The new worker begins when the old one has finished its work.
  for (let i = 0; i < 100 && (await cached(after)).includes(old); i++) await after.waitForTimeout(200);
  assert.deepEqual(await cached(after), [old.replace(/[^-]+$/, 'the next one')]);
  await host.close();
  await after.reload();
  assert.equal(await editionOf(after), 'second');
  await card(after, 'v1').locator('.milliseconds').filter({ hasText: /\d ms/ }).waitFor();
  await context.close();
});

test('the policy allows nothing inline and no eval, in the document as in the header', async () => {
  for (const path of ['', 'bench.html']) {
    const response = await fetch(`${session.url}${path}`);
    const header = response.headers.get('content-security-policy') ?? '';
    const meta = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(await response.text())?.[1] ?? '';
    for (const policy of [header, meta.replaceAll('&#39;', "'")]) {
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'(;|$)/);
      assert.match(policy, /style-src 'self'(;|$)/);
      assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*(;| |$)/);
    }
    assert.match(header, /frame-ancestors 'none'/);
  }
});

test('nothing that the page does is against its policy', async () => {
  const page = await session.browser.newPage({ serviceWorkers: 'block' });
  page.setDefaultTimeout(60_000);
  await page.addInitScript(() => {
    globalThis.spoken = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, sourceFile }) =>
      spoken.push(`${violatedDirective} ${sourceFile}`),
    );
  });
  await page.goto(session.url);
  for (const { version } of firstModels) await firstAnswer(page, version).filter({ hasText: cat.label }).waitFor();
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await firstAnswer(page, firstModels[0].version).filter({ hasText: 'espresso' }).waitFor();
  assert.deepEqual(await page.evaluate(() => spoken), []);
  await page.close();
});

test('the page can be installed', async () => {
  const manifest = await (await fetch(`${session.url}manifest.webmanifest`)).json();
  assert.equal(manifest.start_url, './');
  assert.equal(manifest.display, 'standalone');
  for (const { src, type } of manifest.icons)
    assert.equal((await fetch(new URL(src, session.url))).headers.get('content-type'), type);
  // Android and desktops ask for these sizes. A mask may cut off the edge of the maskable one.
  for (const [sizes, purpose] of /** @type {const} */ ([
    ['192x192', 'any'],
    ['512x512', 'any'],
    ['512x512', 'maskable'],
  ]))
    assert.ok(
      manifest.icons.some((icon) => icon.type === 'image/png' && icon.sizes === sizes && icon.purpose === purpose),
      `${sizes} ${purpose}`,
    );
  const page = await session.browser.newPage({ serviceWorkers: 'block' });
  await page.goto(session.url);
  assert.equal(
    await page.evaluate(() => /** @type {HTMLLinkElement} */ (document.querySelector('link[rel=manifest]')).href),
    `${session.url}manifest.webmanifest`,
  );
  // iOS uses this icon.
  const touch = await page.locator('link[rel=apple-touch-icon]').getAttribute('href');
  assert.equal((await fetch(new URL(touch ?? '', session.url))).headers.get('content-type'), 'image/png');
  const devtools = await page.context().newCDPSession(page);
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  assert.deepEqual(
    installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'),
    [],
  );
  await page.close();
});

test('a build holds what its documents name, and little script', async () => {
  const files = await readdir(dist, { recursive: true });
  for (const name of ['index.html', 'bench.html']) {
    const html = await readFile(join(dist, name), 'utf8');
    const named = [...html.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path]) => path);
    assert.ok(named.length > 3);
    for (const path of named) assert.ok((await stat(join(dist, path))).isFile(), `${name}: ${path}`);
    assert.doesNotMatch(html, /(?:src|href)="\//);
  }
  assert.ok(files.includes('service-worker.js'));
  // The samples must be there for a host that has only this folder.
  for (const name of ['astronaut.png', cat.file, 'china.jpg', 'coffee.png', 'flower.jpg', 'rocket.jpg'])
    assert.ok(files.includes(`samples/${name}`), name);
  // The pattern has the names of the package's own parts, except its names of classes.
  const scripts = files.filter((file) => file.endsWith('.js') && !/^assets.(pkg|fit|worker|catalogue)-/.test(file));
  const sizes = await Promise.all(scripts.map(async (file) => gzipSync(await readFile(join(dist, file))).length));
  const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1e3;
  assert.ok(kilobytes <= 140, `${kilobytes} kB of scripts, gzipped, without the package's own`);
});
