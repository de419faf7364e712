// Runs the package outside of pages: in Node, Bun and Deno.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NAMED_ANSWER, heavy, project, withoutHeavy } from './project.js';

/** @type {import('../../pkg/index.js').CatalogueEntry[]} */
const CATALOGUE = JSON.parse(await readFile(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));

/** @type {Awaited<ReturnType<typeof project>>} */
let consumer;
before(async () => {
  consumer = await project();
});
after(() => consumer?.remove());

/**
 * @param {string} program
 * @param {string[]} args
 */
function run(program, ...args) {
  const options = /** @type {const} */ ({ cwd: consumer.folder, encoding: 'utf8', timeout: 60_000 });
  return JSON.parse(execFileSync(program, args, options));
}

const bin = (name) => join(heavy, 'node_modules/.bin', name);

for (const [name, skip, ...command] of /** @type {const} */ ([
  ['Node', false, process.execPath, 'program.js'],
  ['Bun', withoutHeavy, bin('bun'), 'program.js'],
  ['Deno', withoutHeavy, bin('deno'), 'run', '--allow-all', '--node-modules-dir=manual', 'program.js'],
])) {
  test(`${name}: all that a network does, on one thread and two`, { skip }, async () => {
    const [program, ...args] = command;
    const { answers, code, pairs, inside, asked, tflite, pictures, broken, fitted } = run(program, ...args);
    const labels = JSON.parse(await readFile(new URL('../../pkg/labels.json', import.meta.url), 'utf8'));
    const [one, two, bytes, assets] = answers;
    assert.deepEqual([one.threads, two.threads], [1, 2]);
    assert.match(one.build, /^(relaxed|simd)$/);
    assert.equal(two.build, `${one.build}-threads`);
    for (const { predictions, logits } of answers) {
      assert.equal(predictions.length, 5);
      for (const { index, label } of predictions) assert.equal(label, labels[index]);
      assert.deepEqual(predictions, one.predictions);
      assert.deepEqual(logits, one.logits);
    }
    assert.equal(bytes.build, one.build);
    assert.equal(assets.build, one.build);
    assert.equal(code, 'FETCH_FAILED');

    assert.deepEqual(Object.keys(pairs), ['region', 'rotation', 'classifyBatch', 'embed', 'named']);
    for (const [what, [given, wanted]] of Object.entries(pairs)) assert.deepEqual(given, wanted, what);
    assert.notDeepEqual(pairs.region[0], one.predictions);
    assert.equal(pairs.named[0][0].index, NAMED_ANSWER);
    assert.equal(pairs.embed[0].length, 256);
    assert.deepEqual(inside.stem, [48, 48, 8, 48 * 48 * 8]);
    const [logit, ...ofMap] = inside.logits;
    for (const other of ofMap) assert.ok(Math.abs(other - logit) < 1e-4, `${inside.logits}`);
    const { repository, revision, file } = CATALOGUE.find(({ version }) => version === 'v4-conv-small');
    const folder = `https://huggingface.co/${repository}/resolve/${revision}`;
    assert.deepEqual(asked, [`${folder}/${file}`]);
    assert.deepEqual([tflite.version, tflite.classes, tflite.predictions.length], ['v1', 5, 5]);
    const sum = tflite.predictions.reduce((sum, { probability }) => sum + probability, 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `${sum}`);

    const refused = {
      code: 'BAD_INPUT',
      message: 'nothing gives the pixels of this Blob here: give { data, width, height }, RGBA',
    };
    assert.deepEqual(
      pictures.map(({ kind }) => kind),
      ['png', 'png', 'png', 'jpeg', 'webp'],
    );
    for (const { kind, blob, pixels } of pictures) {
      assert.equal(pixels.length, 5);
      if (name === 'Deno' && kind === 'jpeg') assertClose(blob, pixels);
      else assert.deepEqual(blob, name === 'Deno' ? pixels : refused, kind);
    }
    assert.deepEqual(fitted.points, [
      ['v1, 96', 20, 3],
      ['v1, 128', 20, 3],
    ]);
    // The larger size is the reference, so what agrees in all frames gives its answers.
    assert.equal(fitted.best, fitted.wanted);
    assert.match(fitted.chosen, /^v1, (96|128)$/);
    assert.equal(broken.code, 'BAD_INPUT');
    assert.match(broken.message, name === 'Deno' ? /^no picture could be taken from this Blob: / : /^nothing gives/);
  });
}

/**
 * @param {import('../../pkg/index.js').Prediction[]} found
 * @param {import('../../pkg/index.js').Prediction[]} wanted
 */
function assertClose(found, wanted) {
  for (const [i, { index, probability }] of wanted.entries()) {
    assert.equal(found[i].index, index);
    // The bound for photos that another decoder has read.
    assert.ok(Math.abs(found[i].probability - probability) < 0.02, `${found[i].probability}, not ${probability}`);
  }
}

test('to import it on a server throws nothing, whichever entry it is', () => {
  const entries = ['mobilenet-wasm', 'mobilenet-wasm/inline', './node_modules/mobilenet-wasm/index.js'];
  const code = `const names = [];
    for (const entry of ${JSON.stringify(entries)}) names.push(Object.keys(await import(entry)));
    console.log(JSON.stringify(names));`;
  for (const names of run(process.execPath, '--input-type=module', '--eval', code)) {
    assert.deepEqual(names, ['Engine', 'MobileNet', 'MobileNetError']);
  }
  const others = `await import('mobilenet-wasm/camera');
    const { MobileNet } = await import('mobilenet-wasm');
    const { Teach } = await import('mobilenet-wasm/teach');
    const net = await MobileNet.untrained({ version: 'v3-small', width: 0.5, resolution: 96, threads: 1 });
    const teach = new Teach(net);
    await teach.add(new Float32Array(96 * 96 * 3).fill(0.5), 'grey');
    const { Cascade } = await import('mobilenet-wasm/fit');
    const cascade = Cascade.of([net], { margin: 0.5 });
    const { asked } = await cascade.classify({ data: new Uint8Array(96 * 96 * 4), width: 96, height: 96 });
    const predictions = await teach.predict(new Float32Array(96 * 96 * 3));
    console.log(JSON.stringify({ predictions, asked }));`;
  const { predictions, asked } = run(process.execPath, '--input-type=module', '--eval', others);
  assert.deepEqual(predictions, [{ label: 'grey', probability: 1 }]);
  assert.equal(asked, 1);
});
