// `.tflite` files in every form in which weights may come. tests/tflite.rs holds the same files to TensorFlow Lite.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { open, openBlank } from './harness.js';

const goldens = new URL('../goldens/tflite/', import.meta.url);
const fileOf = (name) => readFileSync(new URL(`${name}.tflite`, goldens));
const outputs = JSON.parse(readFileSync(new URL('outputs.json', goldens), 'utf8'));

let session;
/** @type {import('playwright-core').Page} */
let page;

before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.route('**/*.tflite', (route) =>
    route.fulfill({ body: fileOf(new URL(route.request().url()).pathname.slice(1, -'.tflite'.length)) }),
  );
});
after(() => session?.close());

/** `picture` of make_tflite.py, whose numbers fit no JavaScript number but a BigInt. */
function picture(name, side = 96) {
  const mask = (1n << 64n) - 1n;
  let state = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name)) state = ((state ^ BigInt(byte)) * 0x100000001b3n) & mask;
  const blocks = side / 8;
  const values = Array.from({ length: blocks * blocks * 3 }, () => {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let z = ((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return Number((z ^ (z >> 31n)) >> 56n);
  });
  return Array.from({ length: side * side * 3 }, (_, i) => {
    const [y, x] = [Math.floor(i / 3 / side), Math.floor(i / 3) % side];
    return values[((y >> 3) * blocks + (x >> 3)) * 3 + (i % 3)];
  });
}

test('an address, bytes and a Blob load without a config, and give the interpreter’s answer', async () => {
  for (const [name, version] of [
    ['v1-0.1-u8', 'v1'],
    ['v3-like-i8', null],
    ['v3-like-f16', null],
  ]) {
    const found = await page.evaluate(
      async ({ name, bytes }) => {
        const { MobileNet } = await import('/pkg/index.js');
        const file = await (await fetch(`/${name}.tflite`)).arrayBuffer();
        const answers = [];
        let info;
        for (const weights of [`/${name}.tflite`, file, new Uint8Array(file), new Blob([file])]) {
          const net = await MobileNet.load({ weights, threads: 1 });
          info = net.info;
          const { mean, std } = info.preprocessing;
          const input = Float32Array.from(bytes, (byte, i) => (byte / 255 - mean[i % 3]) / std[i % 3]);
          const powers = [...(await net.run(input))].map(Math.exp);
          const sum = powers.reduce((sum, power) => sum + power, 0);
          answers.push(powers.map((power) => power / sum));
          net.dispose();
        }
        return { answers, info };
      },
      { name, bytes: picture('picture 0') },
    );
    assert.equal(found.info.version, version, name);
    assert.equal(found.info.flavour, 'tflite');
    assert.equal(found.info.trained, true);
    assert.deepEqual(found.info.warnings, []);
    const [expected] = outputs[name];
    for (const answer of found.answers) {
      assert.equal(answer.length, expected.length);
      for (const [i, probability] of answer.entries())
        assert.ok(Math.abs(probability - expected[i]) < 0.01, `${name}: ${answer} instead of ${expected}`);
    }
  }
});

test('what is no MobileNet is refused with the name of the operator', async () => {
  const error = await page.evaluate(async () => {
    const { MobileNet } = await import('/pkg/index.js');
    const { code, message } = await MobileNet.load({ weights: '/no-max-pool.tflite' }).then(
      () => ({ code: 'none', message: '' }),
      (error) => error,
    );
    return { code, message };
  });
  assert.equal(error.code, 'UNKNOWN_NETWORK');
  assert.match(error.message, /operator 3, MAX_POOL_2D, which makes `/);
});
