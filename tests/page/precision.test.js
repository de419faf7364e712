// Tests networks that a page loads on 8 bits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installHelpers, heaviest, open, openBlank } from './harness.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.evaluate(installHelpers, heaviest);
});
after(() => session?.close());

test('a trained network on 8 bits names the photo as on floats', async () => {
  const { floats, bytes } = await page.evaluate(async () => {
    const picture = await photo();
    const read = async (options) => {
      const net = await load(options);
      const { predictions } = await net.classify(picture, { topK: 1 });
      net.dispose();
      return { info: net.info, best: predictions[0] };
    };
    return { floats: await read({}), bytes: await read({ precision: 'int8' }) };
  });
  assert.equal(floats.info.precision, 'f32');
  assert.equal(bytes.info.precision, 'int8');
  assert.equal(bytes.info.speedup, null);
  assert.ok(bytes.info.memory.weights < 0.75 * floats.info.memory.weights, 'weights of a byte');
  assert.equal(bytes.best.index, floats.best.index);
  assert.notEqual(bytes.best.probability, floats.best.probability);
  assert.ok(Math.abs(bytes.best.probability - floats.best.probability) < 0.1);
});

test('the logits on 8 bits are the same for every number of threads, and a profile has the steps', async () => {
  const { logits, threads, kinds } = await page.evaluate(async () => {
    const input = Float32Array.from({ length: 224 ** 2 * 3 }, (_, i) => Math.sin(i * i));
    const [logits, threads] = [[], []];
    let kinds;
    for (const count of [1, 2]) {
      const net = await load({ precision: 'int8', threads: count });
      logits.push(Array.from(await net.run(input)));
      threads.push(net.info.threads);
      kinds = (await net.profile(input, { runs: 1 })).steps.map(({ kind }) => kind);
      net.dispose();
    }
    return { logits, threads, kinds };
  });
  assert.deepEqual(threads, [1, 2]);
  assert.ok(logits[0].every(Number.isFinite));
  assert.deepEqual(logits[0], logits[1]);
  assert.ok(kinds.includes('quantise'));
});

test('auto goes by what it times', async () => {
  const infos = await page.evaluate(async () => {
    const infos = [];
    for (const build of /** @type {const} */ (['relaxed', 'simd'])) {
      const net = await MobileNet.untrained({ version: 'v3-small', resolution: 96, precision: 'auto', build });
      await net.run(new Float32Array(96 * 96 * 3));
      infos.push(net.info);
      net.dispose();
    }
    return infos;
  });
  for (const { build, precision, speedup } of infos) {
    assert.ok(speedup > 0, build);
    assert.equal(precision, speedup >= 1.1 ? 'int8' : 'f32', build);
  }
});
