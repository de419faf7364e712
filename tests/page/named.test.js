// Tests networks by name: the hosts, what is kept of a download, and downloads that break off.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { installHelpers, lightest, open, openBlank } from './harness.js';
import { madeUp } from './made-up.js';

const HUB = 'https://huggingface.co';
const MODELSCOPE = 'https://www.modelscope.cn';
const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };

/** The class that the made-up network always gives. */
const ANSWER = 7;
const weights = madeUp('v3-small', ANSWER);

/** @type {import('../../pkg/index.js').CatalogueEntry[]} */
const catalogue = JSON.parse(readFileSync(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));
/** The names that people write for what the catalogue has no digest of. */
const unchecked = catalogue.filter(({ sha256 }) => !sha256).map(({ name, short }) => short ?? name);
const entry = catalogue.find(({ version, default: first }) => version === 'v3-small' && first);
const real = structuredClone(entry);
const undigested = catalogue.find(({ version, sha256 }) => version === 'v3-small' && !sha256) ?? {
  ...entry,
  name: 'mobilenetv3_small_100.undigested',
  repository: 'timm/mobilenetv3_small_100.undigested',
  sha256: null,
  default: false,
};
// The weights are made up, so they have another digest.
Object.assign(entry, {
  sha256: createHash('sha256').update(weights).digest('hex'),
  bytes: weights.length,
});
if (!catalogue.includes(undigested)) catalogue.push(undigested);
/** A checkpoint that other settings belong to than to those of its version. */
const special = {
  ...entry,
  name: 'mobilenetv3_small_100.special',
  repository: 'timm/mobilenetv3_small_100.special',
  default: false,
  config: { ...entry?.config, crop_pct: 0.5, interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] },
};
catalogue.push(special);

let session;
before(async () => {
  session = await open();
});
after(() => session?.close());

/** @typedef {{ status?: number, body?: Buffer | string }} Answer */

/**
 * Opens a page for which `answer` gives the answers of hosts.
 * @param {(url: URL) => Answer | Promise<Answer>} answer
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
  await context.route(/^https:\/\/[^/]*(huggingface|modelscope|mirror)|\/own\//, async (route) => {
    const url = new URL(route.request().url());
    asked.push(url.href);
    return route.fulfill({ headers: CORS, ...(await answer(url)) });
  });
  await page.evaluate(installHelpers, lightest);
  return { page, asked, close: () => context.close() };
}

const right = () => ({ body: weights });

/**
 * Runs in the page: loads a network and returns the outcome.
 * @param {any[]} call the network's name, and the options of `load`
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
  const files = [`${folder}/${entry.file}`];
  assert.deepEqual(asked, files);
  assert.equal(first.index, ANSWER, first.message);
  assert.equal(first.version, 'v3-small');
  assert.deepEqual(first.kept, files);
  assert.deepEqual(first.last, { loaded: weights.length, total: weights.length });
  const second = await page.evaluate(attempt, [entry.name, {}]);
  assert.equal(second.index, ANSWER);
  assert.equal(asked.length, 1, 'nothing is asked for again');
  const withoutCache = await page.evaluate(attempt, ['v3-small', { cache: null }]);
  assert.equal(withoutCache.index, ANSWER);
  assert.equal(asked.length, 2);
  await close();
});

for (const [what, answer] of /** @type {[string, () => object][]} */ ([
  ['does not answer', () => ({ status: 503 })],
  ['sends another file', () => ({ body: weights.subarray(0, -4) })],
  ['sends a page for all', () => ({ body: '<!doctype html>', contentType: 'text/html' })],
])) {
  test(`where the Hub ${what}, ModelScope is asked, then the caller's folder`, async () => {
    for (const last of [MODELSCOPE, 'own']) {
      const { page, asked, close } = await pageWith((url) => (url.href.includes(last) ? right() : answer()));
      const outcome = await page.evaluate(attempt, ['v3-small', { baseUrl: '/own' }]);
      const hosts = asked.map((url) => (url.startsWith(HUB) ? 0 : url.startsWith(MODELSCOPE) ? 1 : 2));
      await close();
      assert.equal(outcome.index, ANSWER, outcome.message);
      assert.deepEqual(hosts, [...hosts].sort(), 'one after the other');
      assert.equal(new Set(hosts).size, last === 'own' ? 3 : 2);
      if (last === 'own') assert.ok(asked.some((url) => url.endsWith(`/own/${entry.name}/${entry.file}`)));
      // The cache's keys are the Hub's addresses, also for files from other hosts.
      for (const url of outcome.kept) assert.ok(url.startsWith(HUB), url);
      assert.equal(outcome.kept.length, 1);
    }
    const { page, close } = await pageWith(answer);
    const outcome = await page.evaluate(attempt, ['v3-small', {}]);
    await close();
    assert.ok(['FETCH_FAILED', 'CHECKSUM'].includes(outcome.code), outcome.message);
    assert.match(outcome.message, /no host has it: .*huggingface.*modelscope/);
    assert.deepEqual(outcome.kept, []);
  });
}

test('the README names every checkpoint that has no digest', () => {
  const readme = readFileSync(new URL('../../pkg/README.md', import.meta.url), 'utf8');
  const [said] = /(?:`[^`]+`(?:,| and)?\s+)+have neither:/.exec(readme);
  const names = Array.from(said.matchAll(/`([^`]+)`/g), ([, name]) => name);
  assert.deepEqual(names.sort(), unchecked.sort());
});

test('what has no digest comes from the Hub alone, or from a host that the caller names', async () => {
  const { page, asked, close } = await pageWith((url) => (url.origin === HUB ? { status: 503 } : right()));
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
  const outcomes = await page.evaluate(
    async ([source, undigested]) => {
      const attempt = new Function(`return ${source}`)();
      /** Makes a caller's fetch that breaks off: each of its answers has only `size` bytes of the weights. */
      const cutting = (size, rest) => {
        const ranges = [];
        const answer = async (address, options) => {
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
      /** As a server of another origin answers that lets pages see neither header. */
      const hidden = ({ stream, headers }) => new Response(stream, { status: 206, headers });
      const outcomes = {};
      for (const [name, size, rest, entry = 'v3-small'] of [
        ['further and further', 4e6, partial],
        ['further, as the digest tells', 4e6, hidden],
        ['further, as the range tells', 4e6, (part) => partial(part, ''), undigested],
        ['further, as the tag tells', 4e6, (part) => partial({ ...part, range: '' }), undigested],
        ['nothing tells', 4e6, hidden, undigested],
        ['another file', 4e6, (part) => partial(part, '"b"')],
        ['another part', 4e6, (part) => partial({ ...part, range: 'bytes 1-2/3' })],
        ['all of it again', 4e6, ({ stream, headers }) => new Response(stream, { headers })],
        ['no further', 0, partial],
      ]) {
        const { answer, ranges } = cutting(size, rest);
        const options = { fetch: answer, hosts: ['https://mirror.test/{name}/{file}'] };
        outcomes[name] = { ...(await attempt([entry, options])), ranges };
        await caches.delete('mobilenet-wasm-weights');
      }
      const controller = new AbortController();
      const options = { signal: controller.signal, onProgress: () => controller.abort() };
      outcomes.aborted = await attempt(['v3-small', options]);
      return outcomes;
    },
    [attempt.toString(), undigested.name],
  );
  await close();
  const { aborted, ...others } = outcomes;
  for (const [name, outcome] of Object.entries(others)) {
    if (name.startsWith('further')) {
      assert.equal(outcome.index, ANSWER, `${name}: ${outcome.message}`);
      assert.deepEqual(outcome.ranges, [null, 'bytes=4000000-', 'bytes=8000000-'], name);
      assert.equal(outcome.kept.length, 1, name);
      assert.deepEqual(outcome.last, { loaded: weights.length, total: weights.length }, name);
      continue;
    }
    assert.equal(outcome.code, 'FETCH_FAILED', `${name}: ${outcome.message}`);
    assert.match(outcome.message, /broke off after/);
    assert.deepEqual(outcome.kept, [], name);
  }
  assert.equal(aborted.code, 'ABORTED');
  assert.deepEqual(aborted.kept, []);
  assert.ok(asked.length > 0);
});

test('a cache of the caller’s gets whole files that the engine has accepted, and is asked before the hosts', async () => {
  const { page, asked, close } = await pageWith((url) =>
    url.pathname.endsWith('config.json') ? { body: '{"architecture": "mobilenetv3_small_100"}' } : right(),
  );
  const found = await page.evaluate(
    async ([source, undigested]) => {
      const attempt = new Function(`return ${source}`)();
      const kept = new Map();
      const cache = {
        match: (key) => kept.has(key) && new Response(kept.get(key)),
        put: async (key, response) => void kept.set(key, await response.arrayBuffer()),
      };
      const outcomes = {};
      /** @type {(what: string, name: string, options: object) => Promise<void>} */
      const add = async (what, name, options) => {
        const { index, code } = await attempt([name, { cache, ...options }]);
        outcomes[what] = {
          index,
          code,
          kept: Object.fromEntries([...kept].map(([key, { byteLength }]) => [key, byteLength])),
        };
      };
      const refusing = () => Promise.resolve(new Response('', { status: 500 }));
      const cut = async (address, options) => {
        const response = await fetch(address, options);
        const bytes = new Uint8Array(await response.arrayBuffer());
        let pulls = 0;
        const pull = (controller) =>
          pulls++ ? controller.error(new TypeError('cut')) : controller.enqueue(bytes.slice(0, 4e6));
        return new Response(new ReadableStream({ pull }), { headers: { 'content-encoding': 'x' } });
      };
      await add('cut', 'v3-small', { fetch: cut, hosts: ['https://mirror.test/{name}/{file}'] });
      await add('first', 'v3-small', {});
      await add('again', 'v3-small', { fetch: refusing });
      // A cache without `delete` keeps a damaged file until it is replaced.
      for (const key of kept.keys()) kept.set(key, kept.get(key).slice(0, -1));
      await add('damaged', 'v3-small', {});
      await add('mended', 'v3-small', { fetch: refusing });
      kept.clear();
      await add('without a digest', undigested, {});
      for (const key of kept.keys()) kept.set(key, new ArrayBuffer(100));
      await add('without a digest, damaged', undigested, {});
      kept.clear();
      const throwing = () => {
        throw new Error('no');
      };
      await add('throwing', 'v3-small', { cache: { match: throwing, put: throwing } });
      await add('rejecting', 'v3-small', { cache: { match: async () => throwing(), put: async () => throwing() } });
      const net = await MobileNet.load({
        weights: '/own/a.safetensors',
        config: '/own/config.json',
        cache,
        threads: 1,
      });
      net.dispose();
      const wrong = [];
      for (const value of [{}, { match() {} }, { put() {} }, () => {}]) {
        await MobileNet.load('v3-small', { cache: /** @type {any} */ (value) }).catch(({ code, message }) =>
          wrong.push(`${code}: ${message}`),
        );
      }
      return { outcomes, byAddress: [...kept.keys()], wrong, storages: await caches.keys() };
    },
    [attempt.toString(), undigested.name],
  );
  await close();
  const { cut, ...others } = found.outcomes;
  assert.equal(cut.code, 'FETCH_FAILED');
  assert.deepEqual(cut.kept, {});
  const files = ({ repository, revision, file }) => ({
    [`${HUB}/${repository}/resolve/${revision}/${file}`]: weights.length,
  });
  for (const [what, { index, kept }] of Object.entries(others)) {
    assert.equal(index, ANSWER, what);
    const wanted = what.endsWith('ing') ? {} : files(what.startsWith('without') ? undigested : entry);
    assert.deepEqual(kept, wanted, what);
  }
  assert.deepEqual(found.byAddress.map((address) => new URL(address).pathname).sort(), [
    '/own/a.safetensors',
    '/own/config.json',
  ]);
  assert.equal(found.wrong.length, 4);
  for (const message of found.wrong)
    assert.match(message, /^BAD_INPUT: cache is an? \w+: give .* object with match\(\)/);
  // `attempt` itself opens this cache.
  assert.deepEqual(found.storages, ['mobilenet-wasm-weights']);
  assert.ok(asked.length > 0);
});

test('the settings are the catalogue’s, whatever config.json a host has', async () => {
  const { mean, std, interpolation, crop_pct } = special.config;
  const { page, asked, close } = await pageWith(right);
  const [usual, other] = await page.evaluate(
    async (names) => {
      const nets = await Promise.all(names.map((name) => MobileNet.load(name, { threads: 1 })));
      return nets.map(({ info: { preprocessing, warnings } }) => ({ ...preprocessing, warnings }));
    },
    [entry.name, special.name],
  );
  await close();
  assert.deepEqual(
    asked.filter((url) => !url.endsWith('.safetensors')),
    [],
  );
  const { resolution } = special;
  assert.deepEqual(other, {
    ...usual,
    mean,
    std,
    interpolation,
    resizeShortSide: Math.floor(resolution / crop_pct),
  });
  assert.deepEqual([usual.crop, usual.interpolation, usual.warnings], [resolution, 'bicubic', []]);
  assert.notDeepEqual(usual.mean, mean);
});

/** The checkpoint of each version, and of each short name. */
const USUAL = Object.fromEntries(
  catalogue.flatMap(({ name, version, short, default: usual }) => [
    ...(usual ? [[version, name]] : []),
    ...(short ? [[short, name]] : []),
  ]),
);

test('each short name asks for its checkpoint, and so does the name of each entry', async () => {
  const { page, asked, close } = await pageWith(() => ({ status: 404 }));
  const names = [...Object.entries(USUAL), ...catalogue.map(({ name }) => [name, name])];
  for (const [name, wanted] of names) {
    const { code } = await page.evaluate(attempt, [name, { hosts: ['https://mirror.test/{name}/{file}'] }]);
    assert.equal(code, 'FETCH_FAILED', name);
    const file = catalogue.find(({ name }) => name === wanted).file;
    assert.deepEqual(asked.splice(0), [`https://mirror.test/${wanted}/${file}`], name);
  }
  await close();
});

test('an unknown name is an error that lists the known ones, and that and a wrong size ask no host', async () => {
  const { page, asked, close } = await pageWith(right);
  const { code, message } = await page.evaluate(attempt, ['v9', {}]);
  assert.equal(code, 'UNKNOWN_NETWORK');
  assert.match(message, /"v9": give one of v1, v2, v3-small, v3-large, v4-small, v4-medium, .*mobilenetv1_100/);
  const sizes = [100, 64, 352];
  for (const resolution of sizes) {
    const { code, message } = await page.evaluate(attempt, ['v3-small', { resolution }]);
    assert.equal(code, 'BAD_CONFIG');
    assert.match(message, new RegExp(`resolution is ${resolution}: give a multiple of 32 from 96 to 320`));
  }
  await close();
  assert.deepEqual(asked, []);
});
