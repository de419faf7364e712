// Tests faults outside of a call: of memory, storage, ended workers, servers and headers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  PHOTOS,
  configured,
  installHelpers,
  lightest,
  models,
  noWorkers,
  open,
  openBlank,
  policies,
  serveFromCdn,
} from './harness.js';

/** A host that Chromium takes for this machine, but, unlike localhost, for none whose pages are secure. */
const INSECURE = 'insecure.test';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open([`--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`]);
  page = await openBlank(session);
  await page.evaluate(installHelpers, lightest);
});
after(() => session?.close());

/**
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {import('playwright-core').Page} Page
 * @typedef {(context: BrowserContext, fresh: Page) => Promise<unknown>} Prepare
 */

/**
 * Opens a blank page in its own context, whose requests `prepare` may answer.
 * @param {Prepare} prepare
 */
async function freshPage(prepare = async () => {}) {
  const context = await session.browser.newContext();
  const fresh = await openBlank({ ...session, browser: context });
  await prepare(context, fresh);
  await fresh.evaluate(installHelpers, lightest);
  return fresh;
}

test('what does not fit the engine’s memory is OUT_OF_MEMORY, and the network goes on', async () => {
  const outcome = await page.evaluate(async () => {
    const told = (promise) =>
      promise.then(
        () => 'accepted',
        ({ code, message }) => ({ code, message }),
      );
    // The classifier alone takes more than a gigabyte.
    const huge = /** @type {const} */ ({ version: 'v2', classes: 65536, threads: 2 });
    const untrained = [];
    for (const build of /** @type {const} */ (['relaxed-threads', 'simd-threads'])) {
      for (const width of [3, 4]) untrained.push(await told(MobileNet.untrained({ ...huge, width, build })));
    }
    const net = await load({ build: 'relaxed-threads', threads: 2 });
    const picture = new ImageData(16384, 16384);
    const classified = await told(net.classify(picture));
    const canvas = await told(net.classify(new OffscreenCanvas(16384, 16384)));
    const state = net.state;
    const { predictions } = await net.classify(await photo());
    net.dispose();
    return { untrained, classified, canvas, state, index: predictions[0].index };
  });
  // The crop needs 0.8 of the gigabyte, and the browser may have no memory for a copy of the canvas.
  for (const answer of [outcome.classified, outcome.canvas]) {
    const told = answer === 'accepted' || ['BAD_INPUT', 'OUT_OF_MEMORY'].includes(answer.code);
    assert.ok(told, JSON.stringify(answer));
  }
  for (const error of outcome.untrained) {
    assert.equal(error.code, 'OUT_OF_MEMORY', JSON.stringify(error));
    assert.match(error.message, /no memory for (1006632960|1342177280) bytes/);
  }
  assert.equal(outcome.state, 'ready');
  assert.equal(outcome.index, PHOTOS[0].index);
});

test('the engine itself looks at the length of an input before it copies it', async () => {
  const outcome = await page.evaluate(async () => {
    const { default: init, Network } = await import('/pkg/wasm/relaxed/mobilenet_wasm.js');
    await init();
    const network = Network.untrained('v3-small', false, 1, 96, 10, 'f32');
    const errors = [];
    for (const call of [() => network.run(new Float32Array(3e8)), () => network.profile(new Float32Array(3e8), 3)]) {
      try {
        errors.push(call());
      } catch (thrown) {
        const error = /** @type {{ code: string, message: string }} */ (thrown);
        errors.push({ code: error.code, message: error.message });
      }
    }
    const logits = network.run(new Float32Array(96 * 96 * 3));
    network.free();
    return { errors, logits: logits.length };
  });
  for (const { code, message } of outcome.errors) {
    assert.equal(code, 'BAD_INPUT');
    assert.match(message, /27648 values, 300000000/);
  }
  assert.equal(outcome.logits, 10);
});

test('a Cache Storage that refuses stops no load', async () => {
  const states = await page.evaluate(async () => {
    const refuse = () => Promise.reject(new DOMException('The operation is insecure.', 'SecurityError'));
    const { open } = CacheStorage.prototype;
    const { match, put } = Cache.prototype;
    const states = [];
    const attempt = async () => {
      const net = await load({ cache: 'refused' });
      states.push(net.state);
      net.dispose();
    };
    CacheStorage.prototype.open = refuse;
    await attempt();
    CacheStorage.prototype.open = open;
    Cache.prototype.match = refuse;
    Cache.prototype.put = refuse;
    await attempt();
    Object.assign(Cache.prototype, { match, put });
    // `caches` throws as in a sandboxed frame.
    const usual = Object.getOwnPropertyDescriptor(globalThis, 'caches');
    Object.defineProperty(globalThis, 'caches', {
      configurable: true,
      get() {
        throw new DOMException('Cache storage is disabled.', 'SecurityError');
      },
    });
    await attempt();
    Object.defineProperty(globalThis, 'caches', usual);
    await caches.delete('refused');
    return states;
  });
  assert.deepEqual(states, ['ready', 'ready', 'ready']);
});

test('only files that the engine has accepted are kept', async () => {
  for (const [file, code] of [
    ['**/*.safetensors', 'BAD_WEIGHTS'],
    ['**/config.json', 'BAD_CONFIG'],
  ]) {
    const fresh = await freshPage();
    await fresh.evaluate(installHelpers, configured);
    await fresh.route(file, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Please sign in</title>' }),
    );
    const first = await fresh.evaluate(async () => {
      const code = await codeOf(load({ cache: 'strict' }));
      return { code, kept: (await (await caches.open('strict')).keys()).map(({ url }) => url) };
    });
    await fresh.unroute(file);
    const asked = [];
    fresh.on('request', (request) => /models/.test(request.url()) && asked.push(request.url()));
    const states = await fresh.evaluate(async () => {
      const states = [];
      for (let visit = 0; visit < 2; visit++) {
        const net = await load({ cache: 'strict' });
        states.push(net.state);
        net.dispose();
      }
      return states;
    });
    await fresh.context().close();
    assert.deepEqual(first, { code, kept: [] });
    assert.deepEqual(states, ['ready', 'ready']);
    assert.equal(new Set(asked).size, asked.length, `the second visit has all in the cache: ${asked}`);
  }
});

test('a kept file that the engine refuses is fetched once more', async () => {
  const { states, code } = await page.evaluate(async () => {
    const cache = await caches.open('damaged');
    const { href } = new URL(options.weights, document.baseURI);
    const states = [];
    for (const url of [options.weights, options.config].filter(Boolean)) {
      await cache.put(new URL(url, document.baseURI).href, new Response('<!doctype html>', { status: 200 }));
      const net = await load({ cache: 'damaged' });
      states.push(net.state);
      net.dispose();
    }
    const size = (await (await cache.match(href)).arrayBuffer()).byteLength;
    states.push(size);
    // It is fetched once more, but not for ever, since the new answer may be wrong too.
    await cache.put(href, new Response('<!doctype html>'));
    const { fetch } = globalThis;
    globalThis.fetch = (url, init) =>
      url === href ? Promise.resolve(new Response('<!doctype html>')) : fetch(url, init);
    const code = await codeOf(load({ cache: 'damaged' }));
    globalThis.fetch = fetch;
    await caches.delete('damaged');
    return { states, code };
  });
  assert.deepEqual(new Set(states), new Set(['ready', lightest.bytes]));
  assert.equal(code, 'BAD_WEIGHTS');
});

/** Runs in a blank page before the package: collects every worker that a script of the page starts in `ended`. */
function catchWorkers() {
  const Original = globalThis.Worker;
  globalThis.caught = [];
  globalThis.Worker = class extends Original {
    /** @param {ConstructorParameters<typeof Worker>} args */
    constructor(...args) {
      super(...args);
      caught.push(this);
    }
  };
}

test('a worker that is ended from outside is CRASHED, idle or busy, owner or helper', { timeout: 60_000 }, async () => {
  const fresh = await freshPage((_, fresh) => fresh.evaluate(catchWorkers));
  const outcomes = await fresh.evaluate(async () => {
    const outcomes = [];
    for (const [what, threads, index] of /** @type {const} */ ([
      ['idle', 1, 0],
      ['in a profile', 1, 0],
      ['in a profile, owner of two', 2, 0],
      ['in a profile, helper of two', 2, 1],
      ['helper of an idle network', 2, 1],
    ])) {
      caught.length = 0;
      const net = await load({ threads });
      const profile = what.startsWith('in') && net.profile(null, { runs: 1000 });
      if (profile) await new Promise((resolve) => setTimeout(resolve, 300));
      caught[index].terminate();
      const began = performance.now();
      let failure = null;
      if (profile) failure = await profile.catch(({ code, message }) => ({ code, message }));
      while (net.state === 'ready' && performance.now() - began < 10_000) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const time = performance.now() - began;
      const { state } = net;
      const { predictions } = await net.classify(await photo());
      outcomes.push({ what, failure, state, time, index: predictions[0].index, after: net.state });
      net.dispose();
    }
    return outcomes;
  });
  for (const { what, failure, state, time, index, after } of outcomes) {
    console.log(`${what}: noticed after ${time.toFixed(0)} ms`);
    if (what.startsWith('in')) {
      assert.equal(failure?.code, 'CRASHED', what);
      assert.match(failure.message, /ended from outside/);
    }
    assert.deepEqual([state, index, after], ['crashed', PHOTOS[0].index, 'ready'], what);
    assert.ok(time < 8000, `${what}: ${time} ms`);
  }
  assert.ok(await noWorkers(fresh));
  const locks = await fresh.evaluate(async () => (await navigator.locks.query()).pending.length);
  assert.equal(locks, 0, 'a network that was disposed of waits for no lock');
  await fresh.context().close();
});

test('where locks are refused everything else works', async () => {
  const states = await page.evaluate(async () => {
    const states = [];
    const { locks } = navigator;
    for (const value of [undefined, { request: () => Promise.reject(new DOMException('denied', 'SecurityError')) }]) {
      Object.defineProperty(navigator, 'locks', { configurable: true, value });
      const net = await load({ threads: 2 });
      await net.classify(await photo());
      states.push(net.state);
      net.dispose();
    }
    Object.defineProperty(navigator, 'locks', { configurable: true, value: locks });
    return states;
  });
  assert.deepEqual(states, ['ready', 'ready']);
  assert.ok(await noWorkers(page));

  // Only the workers refuse locks. The page must not conclude from a free lock that a worker has ended.
  const fresh = await freshPage((context) =>
    context.route('**/wasm/*/worker.js', async (route) => {
      const response = await route.fetch();
      const refuse = `LockManager.prototype.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));`;
      await route.fulfill({ response, body: `${await response.text()}\n${refuse}` });
    }),
  );
  const state = await fresh.evaluate(async () => {
    const net = await load({ threads: 2 });
    await net.classify(await photo());
    await new Promise((resolve) => setTimeout(resolve, 300));
    return net.state;
  });
  await fresh.context().close();
  assert.equal(state, 'ready');
});

/** Runs in a blank page before the package: `pass` lets the seconds of all intervals pass at once, which else stand still. */
function stopIntervals() {
  /** @type {Map<number, () => void>} */
  const intervals = new Map();
  let last = 0;
  Object.assign(globalThis, {
    setInterval: (run) => (intervals.set(++last, run), last),
    clearInterval: (number) => intervals.delete(number),
    intervals,
    pass(seconds) {
      for (let i = 0; i < seconds; i++) for (const run of [...intervals.values()]) run();
    },
  });
}

test(
  'without locks, a worker that is ended from outside is CRASHED after two minutes of silence',
  { timeout: 120_000 },
  async () => {
    const fresh = await session.browser.newPage();
    // No page has this address. A made-up answer wouldn't do: Chromium knows of no server of this machine behind it, and lets it load none.
    await fresh.goto(`${session.url.replace('127.0.0.1', INSECURE)}nothing`);
    await fresh.evaluate(stopIntervals);
    await fresh.evaluate(catchWorkers);
    await fresh.evaluate(installHelpers, lightest);
    const outcome = await fresh.evaluate(async () => {
      const settled = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]);
      const asked = async () => {
        while (intervals.size === 0) await new Promise((resolve) => setTimeout(resolve));
      };
      const net = await load();
      const secure = isSecureContext || 'locks' in navigator;
      const picture = await photo();
      // A worker that works may be silent for longer if it has much to do, and nothing is asked of an idle one.
      const profile = net.profile(null, { runs: 50 });
      await asked();
      pass(120 + 5 * 50 - 1);
      const { runs } = await profile;
      const idle = intervals.size;
      pass(1000);

      caught.at(-1).terminate();
      const call = net.classify(picture).then(
        () => 'answered',
        ({ code, message }) => ({ code, message }),
      );
      await asked();
      pass(119);
      const before = [await settled(call), net.state];
      pass(1);
      const error = await settled(call);
      const { state } = net;
      const { predictions } = await net.classify(picture);
      net.dispose();
      return { secure, runs, idle, before, error, state, index: predictions[0].index, left: intervals.size };
    });
    assert.deepEqual(outcome, {
      secure: false,
      runs: 50,
      idle: 0,
      before: ['waits', 'ready'],
      error: { code: 'CRASHED', message: 'the worker has been silent for 120 s: it was ended from outside, or hangs' },
      state: 'crashed',
      index: PHOTOS[0].index,
      left: 0,
    });
    assert.ok(await noWorkers(fresh));
    await fresh.close();
  },
);

test('each message of a worker without locks begins its silence anew', async () => {
  const fresh = await openBlank(session);
  await fresh.evaluate(stopIntervals);
  const states = await fresh.evaluate(async () => {
    const { Connection } = await import('/pkg/connection.js');
    const sent = [];
    /** @type {any} */
    const worker = { postMessage: ({ id, request }) => sent.push({ id, request }), terminate() {} };
    const connection = new Connection(worker);
    const answer = async (more) => {
      worker.onmessage({ data: more });
      await new Promise((resolve) => setTimeout(resolve));
    };
    await answer({ id: sent[0].id, value: false });
    for (let i = 0; i < 2; i++) connection.request({ type: 'free', network: i }).catch(() => {});
    const states = [];
    for (const more of [{ part: 1 }, { part: 2 }, { value: null }]) {
      pass(119);
      states.push(connection.closed?.code ?? 'open');
      await answer({ id: sent[1].id, ...more });
    }
    // The second request waits from here on.
    pass(119);
    states.push(connection.closed?.code ?? 'open');
    pass(1);
    states.push(connection.closed?.code ?? 'open', intervals.size);
    return states;
  });
  assert.deepEqual(states, [...Array(4).fill('open'), 'CRASHED', 0]);
  await fresh.close();
});

test('a length that a server tells wrongly does no harm', async () => {
  const { same, progress } = await page.evaluate(async () => {
    const original = await load({ threads: 1 });
    const input = new Float32Array(original.info.resolution ** 2 * 3).fill(0.25);
    /** Returns the bits, which differ between 0 and -0. */
    const bitsOf = async (net) => String(new Uint32Array((await net.run(input)).buffer));
    const expected = await bitsOf(original);
    original.dispose();
    const { href } = new URL(options.weights, document.baseURI);
    const body = await (await fetch(href)).arrayBuffer();
    const { fetch: real } = globalThis;
    const same = [];
    const progress = [];
    for (const length of [body.byteLength, 3 * body.byteLength, Math.floor(body.byteLength / 2), 1, 1e15, 'x', null]) {
      globalThis.fetch = (url, init) => {
        if (url !== href) return real(url, init);
        const headers = length === null ? {} : { 'content-length': String(length) };
        return Promise.resolve(new Response(new Blob([body]).stream(), { headers }));
      };
      let last;
      const net = await load({ threads: 1, onProgress: (step) => (last = step) });
      same.push((await bitsOf(net)) === expected);
      progress.push([last.loaded === body.byteLength, last.total]);
      net.dispose();
    }
    globalThis.fetch = real;
    return { same, progress };
  });
  assert.deepEqual(same, Array(7).fill(true));
  const { bytes } = lightest;
  const totals = [bytes, 3 * bytes, null, null, 1e15, null, null];
  assert.deepEqual(
    progress,
    totals.map((total) => [true, total]),
  );
});

test('run and profile take a signal', async () => {
  const outcome = await page.evaluate(async () => {
    const net = await load();
    const input = new Float32Array(net.info.resolution ** 2 * 3);
    const before = Array.from(await net.run(input));
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [net.profile(null, { runs: 20, signal }), net.run(input, { signal })];
    const told = calls.map((call) => call.catch(({ code, cause }) => ({ code, cause })));
    setTimeout(() => controller.abort('enough'), 100);
    const began = performance.now();
    const errors = await Promise.all(told);
    const time = performance.now() - began;
    errors.push(await net.run(input, { signal }).catch(({ code, cause }) => ({ code, cause })));
    const timeout = await codeOf(net.profile(null, { signal: AbortSignal.timeout(50) }));
    const after = Array.from(await net.run(input, { signal: new AbortController().signal }));
    net.dispose();
    return { errors, time, timeout, same: after.every((logit, i) => Object.is(logit, before[i])) };
  });
  assert.deepEqual(outcome.errors, Array(3).fill({ code: 'ABORTED', cause: 'enough' }));
  assert.ok(outcome.time < 450, `${outcome.time} ms: a profile warms up for 500`);
  assert.equal(outcome.timeout, 'ABORTED');
  assert.ok(outcome.same);
});

test('what onProgress throws is an uncaught error of the page, and the load goes on', async () => {
  const { state, errors, called } = await page.evaluate(async () => {
    const errors = [];
    const listen = (event) => {
      errors.push(event.message);
      event.preventDefault();
    };
    addEventListener('error', listen);
    let called = 0;
    const net = await load({
      onProgress() {
        called++;
        throw new Error('a fault of the page');
      },
    });
    removeEventListener('error', listen);
    const { state } = net;
    net.dispose();
    return { state, errors, called };
  });
  assert.equal(state, 'ready');
  assert.ok(called > 0);
  assert.equal(errors.length, called);
  assert.match(errors[0], /a fault of the page/);
});

test('after a crash, a buffer that was transferred meanwhile is named', async () => {
  const fresh = await freshPage((_, fresh) => fresh.evaluate(catchWorkers));
  const outcome = await fresh.evaluate(async () => {
    const weights = await (await fetch(options.weights)).arrayBuffer();
    const net = await load({ weights });
    const crash = async () => {
      caught.at(0).terminate();
      while (net.state === 'ready') await new Promise((resolve) => setTimeout(resolve, 5));
      caught.length = 0;
    };
    await crash();
    const { predictions } = await net.classify(await photo());
    await crash();
    structuredClone(weights, { transfer: [weights] });
    const told = ({ code, message }) => ({ code, message });
    const gone = await net.classify(await photo()).then(() => null, told);
    const { state } = net;
    net.dispose();

    // The buffer is transferred while the network loads from it.
    const during = await (await fetch(options.weights)).arrayBuffer();
    const loading = load({ weights: during }).then(() => null, told);
    structuredClone(during, { transfer: [during] });
    return { index: predictions[0].index, gone, state, during: await loading };
  });
  await fresh.context().close();
  assert.equal(outcome.index, PHOTOS[0].index);
  assert.equal(outcome.gone.code, 'CRASHED');
  assert.match(outcome.gone.message, /`weights` was transferred/);
  assert.equal(outcome.state, 'crashed');
  assert.equal(outcome.during.code, 'BAD_INPUT');
  assert.match(outcome.during.message, /`weights` was transferred/);
});

const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Gives the blank page a Content-Security-Policy. */
const withPolicy = (policy) => async (_, fresh) => {
  const headers = { ...isolated, 'Content-Security-Policy': policy };
  await fresh.route(`${session.url}blank`, (route) => route.fulfill({ contentType: 'text/html', headers, body: '' }));
  await fresh.goto(`${session.url}blank`);
};

/** Answers requests for files with a page, as servers with one page for all addresses do. */
const withPage = (files, contentType) => (context) =>
  context.route(files, (route) => route.fulfill({ contentType, body: '<!doctype html><title>App</title>' }));

for (const [what, prepare, code, ...messages] of /** @type {[string, Prepare, string, ...RegExp[]][]} */ ([
  [
    'a page in place of wasm',
    withPage('**/*.wasm', 'text/html'),
    'FETCH_FAILED',
    /is a page \(text\/html/,
    /folder wasm/,
  ],
  ['the same, called wasm', withPage('**/*.wasm', 'application/wasm'), 'FETCH_FAILED', /not the package's file/],
  [
    'a page in place of workers',
    withPage('**/wasm/*/worker.js', 'text/html'),
    'FETCH_FAILED',
    /script of the worker/,
    /own name/,
  ],
  [
    'a policy without wasm',
    withPolicy("script-src 'self'"),
    'BLOCKED',
    /Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval'/,
  ],
  [
    'a policy without workers',
    withPolicy(policies.own.replace(/worker-src [^;]+/, "worker-src 'none'")),
    'BLOCKED',
    /Content-Security-Policy forbids the workers .* add 'self' to worker-src/,
  ],
  [
    'an isolated page whose workers come without the header',
    (context) =>
      context.route('**/wasm/*/worker.js', async (route) => {
        const response = await route.fetch();
        const { 'cross-origin-embedder-policy': _, ...headers } = response.headers();
        await route.fulfill({ response, headers });
      }),
    'FETCH_FAILED',
    /Cross-Origin-Embedder-Policy: require-corp/,
  ],
])) {
  test(`deployment: ${what}`, async () => {
    const fresh = await freshPage(prepare);
    const error = await fresh.evaluate(() =>
      load().then(
        () => null,
        ({ code, message }) => ({ code, message }),
      ),
    );
    assert.ok(await noWorkers(fresh));
    await fresh.context().close();
    assert.equal(error.code, code, error.message);
    for (const message of messages) assert.match(error.message, message);
  });
}

test('deployment: workers that are not isolated in an isolated page', async () => {
  const fresh = await freshPage((context) =>
    context.route('**/wasm/*/worker.js', async (route) => {
      const response = await route.fetch();
      const notIsolated = `Object.defineProperty(globalThis, 'crossOriginIsolated', { value: false });`;
      await route.fulfill({ response, body: `${notIsolated}\n${await response.text()}` });
    }),
  );
  const { info, forced } = await fresh.evaluate(async () => {
    const net = await load({ threads: 2 });
    net.dispose();
    const forced = await load({ threads: 2, build: 'relaxed-threads' }).then(
      () => null,
      ({ code, message }) => ({ code, message }),
    );
    return { info: net.info, forced };
  });
  await fresh.context().close();
  assert.equal(info.build, 'relaxed');
  assert.match(info.skipped[0].reason, /workers are not: send their scripts with Cross-Origin-Embedder-Policy/);
  assert.equal(forced.code, 'BLOCKED');
});

test('deployment: the package beside the page, with the policy that the README has for that', async () => {
  const fresh = await freshPage(withPolicy(policies.own));
  const { build, top } = await fresh.evaluate(async () => {
    const net = await load({ threads: 2 });
    const top = (await net.classify(await photo())).predictions[0].index;
    net.dispose();
    return { ...net.info, top };
  });
  await fresh.context().close();
  assert.deepEqual([build, top], ['relaxed-threads', PHOTOS[0].index]);
});

test('deployment: the package on another origin, with the policy that the README has for that', async () => {
  const elsewhere = 'https://cdn.example/';
  const fresh = await freshPage(async (context, page) => {
    await serveFromCdn(context, session.url);
    await withPolicy(policies.foreign)(context, page);
  });
  const { info, top, assets } = await fresh.evaluate(async (elsewhere) => {
    const { MobileNet } = await import(`${elsewhere}pkg/index.js`);
    // The policy allows connections only to the other origin.
    const there = (address) => address && new URL(address, elsewhere);
    const { weights, config, preprocessorConfig } = options;
    const files = { weights: there(weights), config: there(config), preprocessorConfig: there(preprocessorConfig) };
    const net = await MobileNet.load({ ...files, threads: 2 });
    const picture = await (await fetch(`${elsewhere}samples/chelsea.png`)).blob();
    const top = (await net.classify(picture)).predictions[0].index;
    net.dispose();
    // The other way round: the page's own package, with files from the other origin.
    const other = await load({ ...files, assets: `${elsewhere}pkg/wasm`, threads: 1 });
    const assets = (await other.classify(picture)).predictions[0].index;
    other.dispose();
    return { info: net.info, top, assets };
  }, elsewhere);
  assert.ok(await noWorkers(fresh));
  await fresh.context().close();
  assert.deepEqual([info.build, info.threads, info.skipped], ['relaxed-threads', 2, []]);
  assert.deepEqual([top, assets], [PHOTOS[0].index, PHOTOS[0].index]);
});

test('deployment: the package in one file, with the policy that the README has for that', async () => {
  const fresh = await freshPage(withPolicy(policies.inline));
  const { build, skipped, top } = await fresh.evaluate(async () => {
    const { MobileNet } = await import('/pkg/wasm/inline.js');
    const net = await MobileNet.load(options);
    const top = (await net.classify(await photo())).predictions[0].index;
    net.dispose();
    return { ...net.info, top };
  });
  await fresh.context().close();
  assert.equal(build, 'relaxed');
  assert.deepEqual(
    skipped.map(({ build }) => build),
    ['relaxed-threads'],
  );
  assert.equal(top, PHOTOS[0].index);
});

test('deployment: a folder of assets that is elsewhere, and one that is nowhere', async () => {
  const fresh = await freshPage((context) =>
    context.route('**/moved/engine/**', async (route) =>
      route.fulfill({
        response: await route.fetch({ url: route.request().url().replace('moved/engine/', 'pkg/wasm/') }),
      }),
    ),
  );
  const asked = [];
  fresh.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const { top, code } = await fresh.evaluate(async () => {
    const engine = await Engine.create({ assets: 'moved/engine', threads: 1 });
    const net = await engine.load(options);
    const top = (await net.classify(await photo())).predictions[0].index;
    engine.dispose();
    return { top, code: await codeOf(load({ assets: '/nowhere/' })) };
  });
  await fresh.context().close();
  assert.equal(top, PHOTOS[0].index);
  assert.equal(code, 'FETCH_FAILED');
  assert.ok(asked.includes('/moved/engine/relaxed/worker.js'));
  assert.ok(asked.includes('/moved/engine/relaxed/mobilenet_wasm_bg.wasm'));
  assert.ok(!asked.some((path) => path.startsWith('/pkg/wasm/relaxed')));
});

test('deployment: a policy with trusted types', async () => {
  const policy = "'wasm-unsafe-eval'; require-trusted-types-for 'script'; trusted-types";
  for (const [names, expected] of [
    ['mobilenet-wasm', String(PHOTOS[0].index)],
    ['other', 'BLOCKED'],
  ]) {
    const fresh = await freshPage(withPolicy(`${policy} ${names}`));
    const outcome = await fresh.evaluate(() =>
      load({ threads: 1 }).then(
        async (net) => ({ code: String((await net.classify(await photo())).predictions[0].index), message: '' }),
        ({ code, message }) => ({ code, message }),
      ),
    );
    await fresh.context().close();
    assert.equal(outcome.code, expected, outcome.message);
    if (expected === 'BLOCKED') assert.match(outcome.message, /add mobilenet-wasm to .*trusted-types/);
  }
});

test('a checkpoint without a config that may be guessed wrongly is warned of', async () => {
  const told = await page.evaluate(async (models) => {
    const told = [];
    for (const { url: weights, config, preprocessorConfig } of models) {
      for (const more of [{ config, preprocessorConfig }, {}]) {
        const net = await MobileNet.load({ weights, ...more, threads: 1 });
        const { flavour, minimalistic, warnings } = net.info;
        told.push({ flavour, minimalistic, config: Boolean(more.config), warnings });
        net.dispose();
      }
    }
    const untrained = await MobileNet.untrained({ version: 'v2', resolution: 96, threads: 1 });
    told.push({ flavour: 'untrained', config: false, warnings: untrained.info.warnings });
    untrained.dispose();
    return told;
  }, models);
  for (const { flavour, minimalistic, config, warnings } of told) {
    const guessed = !config && ((flavour === 'timm' && !minimalistic) || flavour === 'transformers');
    assert.equal(warnings.length, guessed ? 1 : 0, `${flavour}, config: ${config}: ${warnings}`);
    if (guessed) assert.match(warnings[0], /config\.json/);
  }
});
