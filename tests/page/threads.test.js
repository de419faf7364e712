// Tests several threads: their number, their answers and their end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHOTOS, firstModels, installHelpers, lightest, noWorkers, open, openBlank } from './harness.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.evaluate(installHelpers, lightest);
});
after(() => session?.close());

for (const model of firstModels) {
  test(`${model.name}: the logits are the same bits for every number of threads`, async () => {
    const differing = await page.evaluate(async ({ url: weights, config, preprocessorConfig }) => {
      const input = (size) => Float32Array.from({ length: size ** 2 * 3 }, (_, i) => Math.sin(i * i));
      const differing = [];
      for (const instructions of /** @type {const} */ (['relaxed', 'simd'])) {
        let expected;
        for (const threads of [0, 1, 2, 3, 4]) {
          const build = threads === 0 ? instructions : /** @type {const} */ (`${instructions}-threads`);
          const net = await MobileNet.load({ weights, config, preprocessorConfig, build, threads: threads || 1 });
          if (net.info.build !== build || net.info.threads !== (threads || 1))
            throw new Error(JSON.stringify(net.info));
          for (let run = 0; run < 3; run++) {
            // The test compares bits, since -0 equals 0.
            const logits = new Uint32Array((await net.run(input(net.info.resolution))).buffer);
            expected ??= logits;
            if (!logits.every((value, i) => value === expected[i]))
              differing.push(`${build}, ${threads} threads, run ${run}`);
          }
          net.dispose();
        }
      }
      return differing;
    }, model);
    assert.deepEqual(differing, []);
  });
}

test('a network gets a thread for each core, at most four, or as many as it is told', async () => {
  const found = await page.evaluate(async () => {
    const cores = navigator.hardwareConcurrency;
    const found = { cores, told: [] };
    for (const [pretended, threads] of [[cores], [1], [2], [16], [cores, 3], [cores, 1]]) {
      Object.defineProperty(navigator, 'hardwareConcurrency', { value: pretended, configurable: true });
      const net = await load(threads && { threads });
      found.told.push([net.info.build, net.info.threads, net.info.skipped.length]);
      net.dispose();
    }
    Reflect.deleteProperty(navigator, 'hardwareConcurrency');
    return found;
  });
  const expected = (threads) => (threads === 1 ? ['relaxed', 1, 1] : ['relaxed-threads', threads, 0]);
  assert.deepEqual(found.told, [Math.min(found.cores, 4), 1, 2, 4, 3, 1].map(expected));
});

test('a page that is not isolated gets one thread, and info says why', async () => {
  const bare = await openBlank(session, { isolated: false });
  await bare.evaluate(installHelpers, lightest);
  const { info, index, forced } = await bare.evaluate(async () => {
    const net = await load({ threads: 4 });
    const { predictions } = await net.classify(await photo());
    net.dispose();
    const forced = await load({ build: 'simd-threads' }).then(
      () => null,
      ({ code, message }) => ({ code, message }),
    );
    return { info: net.info, index: predictions[0].index, forced };
  });
  await bare.close();
  assert.equal(index, PHOTOS[0].index);
  assert.deepEqual(
    [info.build, info.threads, info.skipped.map(({ build }) => build)],
    ['relaxed', 1, ['relaxed-threads']],
  );
  assert.match(info.skipped[0].reason, /cross-origin isolated.*Cross-Origin-Opener-Policy/);
  assert.equal(forced.code, 'UNSUPPORTED');
  assert.match(forced.message, /simd-threads: threads need a page that is cross-origin isolated/);
});

test('threads and builds that can’t be are BAD_INPUT', async () => {
  const codes = await page.evaluate(() =>
    Promise.all(
      [{ threads: 0 }, { threads: 1.5 }, { threads: 65 }, { threads: NaN }, { threads: '2' }, { build: 'avx' }].map(
        // Some wishes have the wrong type on purpose.
        (wish) => codeOf(load(/** @type {Partial<typeof options>} */ (wish))),
      ),
    ),
  );
  assert.deepEqual(codes, Array(6).fill('BAD_INPUT'));
  assert.ok(await noWorkers(page));
});

test('dispose ends the threads, also during a call', async () => {
  const before = page.workers().length;
  const running = await page.evaluate(async () => {
    globalThis.nets = [await load({ threads: 4 }), await load({ threads: 2 })];
    await nets[0].classify(await photo());
  });
  assert.equal(running, undefined);
  assert.equal(page.workers().length - before, 6);
  const code = await page.evaluate(async () => {
    // This call takes more than a second.
    const call = codeOf(nets[1].profile(null, { runs: 1000 }));
    // The request is posted after a check that the network is ready.
    await new Promise((resolve) => setTimeout(resolve));
    for (const net of nets) net.dispose();
    return call;
  });
  assert.equal(code, 'DISPOSED');
  assert.ok(await noWorkers(page));
});

test('a thread that traps fails the call, and the next one is answered by a fresh network', async () => {
  const outcome = await page.evaluate(async () => {
    // The joining threads get code in which every multiply-add is a trap. They trap after they have taken a part of the work, for
    // which the others wait. `f32x4.relaxed_madd` is three bytes, and so is `unreachable nop nop`.
    const binary = new Uint8Array(
      await (await fetch('/pkg/wasm/relaxed-threads/mobilenet_wasm_bg.wasm')).arrayBuffer(),
    );
    let replaced = 0;
    for (let i = 0; i + 2 < binary.length; i++) {
      if (binary[i] !== 0xfd || binary[i + 1] !== 0x85 || binary[i + 2] !== 0x02) continue;
      binary.set([0x00, 0x01, 0x01], i);
      replaced++;
    }
    const sabotaged = await WebAssembly.compile(binary);
    // They join only after loading, which runs the network to warm it up. Until then nothing waits for them.
    const { postMessage } = Worker.prototype;
    const joins = [];
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.request?.type !== 'join') return postMessage.call(this, message, ...rest);
      joins.push(() => postMessage.call(this, { ...message, request: { ...message.request, module: sabotaged } }));
      setTimeout(() => this.onmessage(new MessageEvent('message', { data: { id: message.id, value: null } })));
    };
    const net = await load({ threads: 3 });
    Worker.prototype.postMessage = postMessage;
    for (const join of joins) join();
    const input = new Float32Array(net.info.resolution ** 2 * 3).fill(0.25);

    // A late thread finds no work left. It may take a few runs until one gets a part.
    let failure;
    const deadline = performance.now() + 15_000;
    while (!failure && performance.now() < deadline) await net.run(input).catch((error) => (failure = error));
    const states = [net.state];
    const bits = async (net) => new Uint32Array((await net.run(input)).buffer);
    const logits = await bits(net);
    states.push(net.state);
    const other = await load({ threads: 1 });
    const same = (await bits(other)).every((value, i) => value === logits[i]);
    const { predictions } = await net.classify(await photo());
    const threads = net.info.threads;
    for (const one of [net, other]) one.dispose();
    return {
      joined: joins.length,
      replaced,
      code: failure?.code,
      message: failure?.message,
      states,
      same,
      threads,
      index: predictions[0].index,
    };
  });
  assert.equal(outcome.joined, 2);
  assert.ok(outcome.replaced > 100, `${outcome.replaced} multiply-adds`);
  assert.equal(outcome.code, 'CRASHED');
  assert.match(outcome.message, /unreachable/);
  assert.deepEqual(outcome.states, ['crashed', 'ready']);
  assert.ok(outcome.same);
  assert.equal(outcome.threads, 3);
  assert.equal(outcome.index, PHOTOS[0].index);
  assert.ok(await noWorkers(page));
});
