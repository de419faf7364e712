// Tests the build `convert`: `.tflite` files in every form in which weights can be passed, models of Keras, and `export`.
// tests/tflite.rs and tests/keras.rs compare the same files with their libraries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { noWorkers, open, openBlank } from './harness.js';
import { random } from './made-up.js';

const goldens = new URL('../goldens/tflite/', import.meta.url);
const fileOf = (name) => readFileSync(new URL(`${name}.tflite`, goldens));
const outputs = JSON.parse(readFileSync(new URL('outputs.json', goldens), 'utf8'));

let session;
/** @type {import('playwright-core').Page} */
let page;

before(async () => {
  session = await open();
  page = await openBlank(session);
  const { file } = random('v3-small', 3);
  await page.route('**/made-up.safetensors', (route) => route.fulfill({ body: file }));
  await page.route('**/*.tflite', (route) =>
    route.fulfill({ body: fileOf(new URL(route.request().url()).pathname.slice(1, -'.tflite'.length)) }),
  );
});
after(() => session?.close());

/** The same picture as `picture` of make_tflite.py. Its numbers fit only into a BigInt. */
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

test('a .safetensors file does without the build convert, export has it make one file of several', async () => {
  const found = await page.evaluate(async () => {
    const { MobileNet } = await import('/pkg/index.js');
    const config = { label_names: Array.from({ length: 1000 }, (_, i) => `class “${i}”`), mean: [0.5, 0.25, 0.125] };
    const net = await MobileNet.load({ weights: '/made-up.safetensors', config, threads: 1 });
    const input = Float32Array.from({ length: 224 * 224 * 3 }, (_, i) => Math.sin(i * i));
    const answer = async (net) => {
      // `vectors` is what the first runs found faster, and may differ on a busy machine.
      const { threads, speedup, memory, vectors, ...info } = net.info;
      return { info, labels: net.labels, logits: [...(await net.run(input))] };
    };
    const first = await answer(net);
    const asked = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/convert/'));
    const answers = [];
    for (const precision of /** @type {const} */ ([undefined, 'f16', 'int8'])) {
      const weights = await net.export({ precision });
      const again = await MobileNet.load({ weights, threads: 1 });
      answers.push({ length: weights.length, ...(await answer(again)) });
      // A network from an exported file can be exported again.
      const { length } = await again.export({ precision: 'f32' });
      answers.at(-1).again = length;
      again.dispose();
    }
    const aborted = await net.export({ signal: AbortSignal.abort() }).catch(({ code }) => code);
    // @ts-expect-error: there is no such precision
    const wrong = await net.export({ precision: 'f8' }).catch(({ code, message }) => [code, message]);
    net.dispose();
    const untrained = await MobileNet.untrained({ version: 'v1', width: 0.25, resolution: 96, threads: 1 });
    const random = await untrained.export().catch(({ code, message }) => [code, message]);
    untrained.dispose();
    return { asked, first, answers, aborted, wrong, random };
  });
  assert.deepEqual(found.asked, []);
  const { info, labels, logits } = found.first;
  const [whole, half, quarter] = found.answers;
  assert.deepEqual(whole.logits, logits);
  const largest = Math.max(...logits.map(Math.abs));
  for (const [answer, bound] of [
    [half, 0.01],
    [quarter, 0.2],
  ]) {
    // prettier-ignore
    assert.ok(answer.logits.every((logit, i) => Math.abs(logit - logits[i]) < bound * largest));
  }
  for (const answer of found.answers) {
    assert.deepEqual(answer.labels, labels);
    // `info` still has the warnings about guessed settings.
    assert.deepEqual(answer.info, info);
    assert.equal(answer.again, whole.length);
  }
  assert.ok(half.length < 0.52 * whole.length && quarter.length < 0.3 * whole.length);
  assert.equal(found.aborted, 'ABORTED');
  assert.deepEqual(found.wrong, ['BAD_INPUT', "precision is \"f8\": give 'f32', 'f16' or 'int8'"]);
  assert.equal(found.random[0], 'BAD_INPUT');
  assert.match(found.random[1], /its weights are random/);
  assert.ok(await noWorkers(page));
});

test('without the build convert a .tflite file is an error that says so', async () => {
  const fresh = await openBlank(session);
  try {
    await fresh.route('**/convert/**', (route) => route.fulfill({ status: 404 }));
    await fresh.route('**/*.tflite', (route) => route.fulfill({ body: fileOf('v2-like-f32') }));
    const error = await fresh.evaluate(async () => {
      const { MobileNet } = await import('/pkg/index.js');
      const load = MobileNet.load({ weights: '/a.tflite', threads: 1 });
      const { code, message } = await load.then(
        () => ({ code: 'none', message: '' }),
        (error) => error,
      );
      return { code, message };
    });
    assert.equal(error.code, 'FETCH_FAILED');
    assert.match(error.message, /the package's build convert, which does that, does not start: /);
  } finally {
    await fresh.close();
  }
});

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

test('the files of TensorFlow.js and Teachable Machine load from an address, as Files and as one', async () => {
  const model = readFileSync(new URL('../keras/teachable-standard.json', goldens), 'utf8');
  const { 'teachable-standard': standard } = JSON.parse(
    readFileSync(new URL('../keras/teachable.json', goldens), 'utf8'),
  );
  const found = await page.evaluate(
    async ({ model, metadata }) => {
      const { MobileNet } = await import('/pkg/index.js');
      const { weightsManifest } = JSON.parse(model);
      const shapes = weightsManifest.flatMap(({ weights }) => weights.map(({ shape }) => shape));
      const length = shapes.reduce((sum, shape) => sum + shape.reduce((product, n) => product * n, 1), 0);
      // The values must be positive, because some are variances.
      const bytes = Float32Array.from({ length }, (_, i) => 0.02 + 0.02 * Math.sin(i * i));
      const halves = [new Blob([bytes]).slice(0, 1000), new Blob([bytes]).slice(1000)];
      const sharded = JSON.parse(model);
      sharded.weightsManifest[0].paths = ['a.bin', 'b.bin'];
      const files = {
        '/one/model.json': model,
        '/one/metadata.json': metadata,
        [new URL(weightsManifest[0].paths[0], 'http://a/one/').pathname]: new Blob([bytes]),
        '/two/model.json': JSON.stringify(sharded),
        '/two/a.bin': halves[0],
        '/two/b.bin': halves[1],
        // The server answers with a page, because it doesn't have this file.
        '/two/metadata.json': '<!doctype html>',
      };
      const asked = [];
      const fetch = async (address) => {
        const { pathname, search } = new URL(address);
        asked.push(pathname + search);
        if (!(pathname in files)) return new Response('', { status: 404 });
        const body = new Blob([files[pathname]]);
        return new Response(body, { headers: { 'content-length': String(body.size) } });
      };
      const fileOf = (path) => new File([files[path]], path.split('/').at(-1));
      const folder = (prefix) =>
        Object.keys(files)
          .filter((path) => path.startsWith(prefix))
          .map(fileOf);
      const answers = [];
      const progress = [];
      const cache = 'folder';
      for (const options of [
        { weights: '/one/model.json?token=1', fetch, cache },
        { weights: '/one/model.json?token=1', fetch: () => Promise.reject(new Error('offline')), cache },
        { weights: folder('/one/') },
        { weights: '/two/model.json', fetch },
        { weights: folder('/two/').slice(0, 3) },
      ]) {
        const steps = [];
        const net = await MobileNet.load({ threads: 1, onProgress: (step) => steps.push(step), ...options });
        progress.push(steps);
        const { flavour, resolution } = net.info;
        const logits = await net.run(new Float32Array(resolution ** 2 * 3).fill(0.25));
        answers.push({ flavour, labels: net.labels?.length ?? 0, logits: [...logits] });
        net.dispose();
      }
      await caches.delete(cache);
      const refused = [];
      /** @type {any[]} */
      const wrong = [[], [new Blob()], folder('/one/').slice(0, 1), folder('/one/').slice(0, 2)];
      for (const weights of wrong) {
        refused.push(await MobileNet.load({ weights }).catch(({ code, message }) => `${code}: ${message}`));
      }
      const sha256 = '0'.repeat(64);
      refused.push(await MobileNet.load({ weights: folder('/one/'), sha256 }).catch(({ code }) => code));
      return { asked, answers, progress, length: 4 * length, refused };
    },
    { model, metadata: JSON.stringify(standard.metadata) },
  );
  const [one, ...others] = found.answers;
  assert.equal(one.flavour, 'teachable-machine');
  assert.ok(one.logits.every(Number.isFinite));
  for (const other of others) assert.deepEqual(other.logits, one.logits);
  assert.deepEqual(
    others.map(({ flavour, labels }) => [flavour, labels]),
    [...Array(2).fill(['teachable-machine', 3]), ...Array(2).fill(['keras', 0])],
  );
  for (const steps of [found.progress[0], found.progress[3]]) {
    // The topology comes first, then the files of weights together.
    const falls = steps.filter(({ loaded }, i) => i > 0 && loaded <= steps[i - 1].loaded);
    assert.ok(falls.length <= 1, JSON.stringify(steps));
    assert.deepEqual(steps.at(-1), { loaded: found.length, total: found.length });
  }
  assert.ok(found.asked.slice(0, 3).every((path) => path.startsWith('/one/') && path.endsWith('?token=1')));
  const [empty, blob, alone, withMetadata, digest] = found.refused;
  assert.match(empty, /^BAD_INPUT: weights is .*: give one File or more/);
  assert.match(blob, /^BAD_INPUT: weights\[0\] is .*: give a File/);
  for (const message of [alone, withMetadata]) assert.match(message, /it is missing: it must come along with/);
  assert.equal(digest, 'BAD_INPUT');
});

test('a digest is checked before a file is converted and before what it names is fetched, and a damaged copy is fetched again', async () => {
  const found = await page.evaluate(async () => {
    const { MobileNet } = await import('/pkg/index.js');
    const hexadecimal = (bytes) =>
      Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
    const file = await (await fetch('/v1-0.1-u8.tflite')).arrayBuffer();
    const sha256 = hexadecimal(await crypto.subtle.digest('SHA-256', file));
    // Workers compute the digests: the page would stand still.
    crypto.subtle.digest = () => Promise.reject(new Error('computed in the page'));
    const refusal = (options) =>
      MobileNet.load({ threads: 1, ...options }).then(
        () => 'none',
        ({ code, message }) => `${code}: ${message}`,
      );
    const wrong = await refusal({ weights: '/v1-0.1-u8.tflite', sha256: '0'.repeat(64) });
    const options = { weights: '/v1-0.1-u8.tflite', sha256, cache: 'digests', threads: 1 };
    const damage = async () => (await caches.open('digests')).put(options.weights, new Response(file.slice(0, 1000)));
    const lengths = [];
    const net = await MobileNet.load(options);
    await damage();
    // The files are read again.
    lengths.push((await net.export()).length);
    net.dispose();
    await damage();
    const again = await MobileNet.load(options);
    lengths.push((await again.export()).length);
    again.dispose();
    await caches.delete('digests');
    Reflect.deleteProperty(crypto.subtle, 'digest');
    const asked = [];
    const answer = async (address) => {
      asked.push(new URL(address).pathname);
      return new Response(JSON.stringify({ weightsManifest: [{ paths: ['a.bin'], weights: [] }] }));
    };
    const model = await refusal({ weights: '/other/model.json', sha256: '0'.repeat(64), fetch: answer });
    return { wrong, model, asked, lengths };
  });
  assert.match(found.wrong, /^CHECKSUM: the SHA-256 of .+v1-0\.1-u8\.tflite is [0-9a-f]{64}, expected 0{64}$/);
  assert.equal(found.lengths[0], found.lengths[1]);
  assert.match(found.model, /^CHECKSUM: /);
  assert.deepEqual(found.asked, ['/other/model.json']);
});

test('models of Keras and of Teachable Machine’s kind load, and what is none of these is named', async () => {
  const file = (name) => readFileSync(new URL(`../keras/${name}`, goldens));
  await page.route('**/model.keras', (route) => route.fulfill({ body: file('sequential-keras3.keras') }));
  await page.route('**/model.h5', (route) => route.fulfill({ body: file('transfer-keras2.h5') }));
  await page.route('**/empty.zip', (route) => route.fulfill({ body: Buffer.from(`PK\x05\x06${'\0'.repeat(18)}`) }));
  const found = await page.evaluate(async () => {
    const { MobileNet } = await import('/pkg/index.js');
    const flavours = [];
    for (const weights of ['/model.keras', '/model.h5']) {
      const net = await MobileNet.load({ weights, threads: 1 });
      const { flavour, resolution, classes } = net.info;
      const logits = await net.run(new Float32Array(resolution ** 2 * 3));
      flavours.push([flavour, classes, logits.length, logits.every(Number.isFinite)]);
      net.dispose();
    }
    const none = await MobileNet.load({ weights: '/empty.zip', threads: 1 }).catch(({ code }) => code);
    return { flavours, none };
  });
  for (const [flavour, classes, length, finite] of found.flavours) {
    assert.deepEqual([flavour, length, finite], ['keras', classes, true]);
  }
  assert.ok(['UNKNOWN_NETWORK', 'BAD_WEIGHTS'].includes(found.none), found.none);
});
