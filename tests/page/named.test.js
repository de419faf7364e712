// Networks by their names: from which host, what of a download is kept, and what becomes of one that breaks off.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { installHelpers, lightest, open, openBlank } from './harness.js';
import { madeUp } from './made-up.js';

const CONFIG = JSON.stringify({ architecture: 'mobilenetv3_small_100', num_classes: 1000 });
const HUB = 'https://huggingface.co';
const MODELSCOPE = 'https://www.modelscope.cn';
const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };

/** The only class that the made-up network knows. */
const ANSWER = 7;
const weights = madeUp('v3-small', ANSWER);

/** @type {import('../../pkg/index.js').CatalogueEntry[]} */
const catalogue = JSON.parse(readFileSync(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));
const entry = catalogue.find(({ version, default: first }) => version === 'v3-small' && first);
const real = structuredClone(entry);
const undigested = catalogue.find(({ version, sha256 }) => version === 'v3-small' && !sha256) ?? {
  ...entry,
  name: 'undigested',
  repository: 'timm/undigested',
  sha256: null,
  default: false,
};
// The weights are made up, so the digest is another.
Object.assign(entry, {
  sha256: createHash('sha256').update(weights).digest('hex'),
  bytes: weights.length,
});
if (!catalogue.includes(undigested)) catalogue.push(undigested);

let session;
before(async () => {
  session = await open();
});
after(() => session?.close());

/**
 * A page whose hosts answer as told.
 * @param {(url: URL) => { status?: number, body?: Buffer | string }} answer
 */
async function pageWith(answer) {
  const context = await session.browser.newContext();
  const page = await openBlank({ ...session, browser: context });
  await context.route('**/pkg/wasm/catalogue.js', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      headers: { 'cross-origin-resource-policy': 'same-origin' },
      body: `export default ${JSON.stringify(catalogue)};`,
    }),
  );
  /** @type {string[]} */
  const asked = [];
  await context.route(/^https:\/\/[^/]*(huggingface|modelscope|mirror)|\/own\//, (route) => {
    const url = new URL(route.request().url());
    asked.push(url.href);
    return route.fulfill({ headers: CORS, ...answer(url) });
  });
  await page.evaluate(installHelpers, lightest);
  return { page, asked, close: () => context.close() };
}

/** @param {URL} url */
const right = (url) => ({ body: url.pathname.endsWith('config.json') ? CONFIG : weights });

/**
 * Runs in the page: loads a network and says what came of it.
 * @param {any[]} call its name, and the options of `load`
 * @returns {Promise<any>}
 */
async function attempt([name, options]) {
  const progress = [];
  const outcome = await MobileNet.load(name, {
    threads: 1,
    onProgress: (step) => progress.push(step),
    ...options,
  }).then(
    async (net) => {
      const { predictions } = await net.classify(await photo());
      net.dispose();
      return { index: predictions[0].index, version: net.info.version };
    },
    ({ code, message }) => ({ code, message }),
  );
  const cache = await caches.open('mobilenet-wasm-weights');
  const kept = (await cache.keys()).map(({ url }) => url);
  return { ...outcome, kept, last: progress.at(-1) };
}

test('the catalogue that is packed is the one in JSON', async () => {
  const { page, close } = await pageWith(right);
  await page.context().unroute('**/pkg/wasm/catalogue.js');
  const packed = await page.evaluate(async () => (await import('/pkg/wasm/catalogue.js')).default);
  await close();
  assert.deepEqual(
    packed.find(({ name }) => name === real.name),
    real,
  );
});

test('a name is loaded from the Hub, at its revision, and from the cache the next time', async () => {
  const { page, asked, close } = await pageWith(right);
  const first = await page.evaluate(attempt, ['v3-small', {}]);
  const folder = `${HUB}/${entry.repository}/resolve/${entry.revision}`;
  const files = [`${folder}/config.json`, `${folder}/${entry.file}`];
  assert.deepEqual([...asked].sort(), files);
  assert.equal(first.index, ANSWER, first.message);
  assert.equal(first.version, 'v3-small');
  assert.deepEqual(first.kept.sort(), files);
  assert.deepEqual(first.last, { loaded: weights.length, total: weights.length });
  const second = await page.evaluate(attempt, [entry.name, {}]);
  assert.equal(second.index, ANSWER);
  assert.equal(asked.length, 2, 'nothing is asked for again');
  const withoutCache = await page.evaluate(attempt, ['v3-small', { cache: null }]);
  assert.equal(withoutCache.index, ANSWER);
  assert.equal(asked.length, 4);
  await close();
});

for (const [what, answer] of /** @type {[string, (url: URL) => object][]} */ ([
  ['does not answer', () => ({ status: 503 })],
  ['sends another file', (url) => ({ body: right(url).body === CONFIG ? CONFIG : weights.subarray(0, -4) })],
  ['sends a page for all', () => ({ body: '<!doctype html>', contentType: 'text/html' })],
])) {
  test(`where the Hub ${what}, ModelScope is asked, then the caller's folder`, async () => {
    for (const last of [MODELSCOPE, 'own']) {
      const { page, asked, close } = await pageWith((url) => (url.href.includes(last) ? right(url) : answer(url)));
      const outcome = await page.evaluate(attempt, ['v3-small', { baseUrl: '/own' }]);
      const hosts = asked.map((url) => (url.startsWith(HUB) ? 0 : url.startsWith(MODELSCOPE) ? 1 : 2));
      await close();
      assert.equal(outcome.index, ANSWER, outcome.message);
      assert.deepEqual(hosts, [...hosts].sort(), 'one after the other');
      assert.equal(new Set(hosts).size, last === 'own' ? 3 : 2);
      if (last === 'own') assert.ok(asked.some((url) => url.endsWith(`/own/${entry.name}/${entry.file}`)));
      // Kept under the Hub's address, whoever sent it.
      for (const url of outcome.kept) assert.ok(url.startsWith(HUB), url);
      assert.equal(outcome.kept.length, 2);
    }
    const { page, close } = await pageWith(answer);
    const outcome = await page.evaluate(attempt, ['v3-small', {}]);
    await close();
    assert.ok(['FETCH_FAILED', 'CHECKSUM', 'BAD_CONFIG'].includes(outcome.code), outcome.message);
    assert.match(outcome.message, /no host has it: .*huggingface.*modelscope/);
    assert.deepEqual(outcome.kept, []);
  });
}

test('what has no digest comes from the Hub alone, or from a host that the caller names', async () => {
  const { page, asked, close } = await pageWith((url) => (url.origin === HUB ? { status: 503 } : right(url)));
  const refused = await page.evaluate(attempt, [undigested.name, {}]);
  assert.equal(refused.code, 'FETCH_FAILED');
  assert.ok(asked.length > 0 && asked.every((url) => url.startsWith(HUB)), String(asked));
  const named = await page.evaluate(attempt, [
    undigested.name,
    { hosts: ['https://mirror.test/{repository}/{revision}/{name}/{file}'] },
  ]);
  const { repository, revision, name, file } = undigested;
  await close();
  assert.equal(named.index, ANSWER, named.message);
  assert.ok(asked.includes(`https://mirror.test/${repository}/${revision}/${name}/${file}`));
});

test('a download that breaks off goes on by Range; what can’t go on, or is aborted, is not kept', async () => {
  const { page, asked, close } = await pageWith(right);
  const outcomes = await page.evaluate(async (source) => {
    const attempt = new Function(`return ${source}`)();
    /** What a caller's fetch gives of the weights: so many bytes, and then nothing more. */
    const cutting = (size, rest) => {
      const ranges = [];
      const answer = async (address, options) => {
        if (address.endsWith('config.json')) return fetch(address, options);
        const range = new Headers(options.headers).get('range');
        ranges.push(range);
        const body = new Uint8Array(await (await fetch(address)).arrayBuffer());
        const from = Number(/\d+/.exec(range ?? '0')[0]);
        const end = Math.min(from + size, body.length);
        let sent = false;
        const stream = new ReadableStream({
          pull(controller) {
            if (sent) controller.error(new TypeError('cut'));
            else controller.enqueue(body.slice(from, end));
            sent = true;
            if (end === body.length) controller.close();
          },
        });
        const headers = { 'content-length': String(body.length - from) };
        if (range === null) return new Response(stream, { headers: { ...headers, etag: '"a"' } });
        return rest({ stream, headers, range: `bytes ${from}-${body.length - 1}/${body.length}` });
      };
      return { answer, ranges };
    };
    const partial = ({ stream, headers, range }, etag = '"a"') =>
      new Response(stream, { status: 206, headers: { ...headers, etag, 'content-range': range } });
    const outcomes = {};
    for (const [name, size, rest] of [
      ['further and further', 4e6, partial],
      ['another file', 4e6, (part) => partial(part, '"b"')],
      ['another part', 4e6, (part) => partial({ ...part, range: 'bytes 1-2/3' })],
      ['all of it again', 4e6, ({ stream, headers }) => new Response(stream, { headers })],
      ['no further', 0, partial],
    ]) {
      const { answer, ranges } = cutting(size, rest);
      const options = { fetch: answer, hosts: ['https://mirror.test/{name}/{file}'] };
      outcomes[name] = { ...(await attempt(['v3-small', options])), ranges };
      await caches.delete('mobilenet-wasm-weights');
    }
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    outcomes.aborted = await attempt(['v3-small', options]);
    return outcomes;
  }, attempt.toString());
  await close();
  const { 'further and further': further, aborted, ...failed } = outcomes;
  assert.equal(further.index, ANSWER, further.message);
  assert.deepEqual(further.ranges, [null, 'bytes=4000000-', 'bytes=8000000-']);
  assert.equal(further.kept.length, 2);
  assert.deepEqual(further.last, { loaded: weights.length, total: weights.length });
  for (const [name, outcome] of Object.entries(failed)) {
    assert.equal(outcome.code, 'FETCH_FAILED', `${name}: ${outcome.message}`);
    assert.match(outcome.message, /broke off after/);
    assert.deepEqual(outcome.kept, [], name);
  }
  assert.equal(aborted.code, 'ABORTED');
  assert.deepEqual(aborted.kept, []);
  assert.ok(asked.length > 0);
});

test('a name that is none says which there are', async () => {
  const { page, asked, close } = await pageWith(right);
  const { code, message } = await page.evaluate(attempt, ['v9', {}]);
  await close();
  assert.equal(code, 'UNKNOWN_NETWORK');
  assert.match(message, /"v9": give one of v1, v2, v3-small, v3-large, v4-small, v4-medium, .*mobilenetv1_100/);
  assert.deepEqual(asked, []);
});
