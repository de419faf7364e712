// Tests a caller's own classes over a network's features: it compares them with plain calculations, and uses photos.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ridgeHead } from '../../pkg/ridge.js';
import { Teach } from '../../pkg/teaching.js';
import { installHelpers, lightest, open, openBlank } from './harness.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.evaluate(installHelpers, lightest);
});
after(() => session?.close());

/** Makes points around a place for each class, which are the same each time. */
function points(count, length, classes) {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
  const centres = Array.from({ length: classes }, () => Float32Array.from({ length }, next));
  const labels = Array.from({ length: count }, (_, i) => i % classes);
  return { labels, examples: labels.map((label) => centres[label].map((value) => value + 1.5 * next())) };
}

/** Solves the same equations by elimination. */
function byHand(examples, labels, classes, ridge) {
  const rows = examples.map((example) => [...example, 1]);
  const n = rows[0].length;
  const system = Array.from({ length: n }, (_, a) => {
    const left = Array.from({ length: n }, (_, b) =>
      rows.reduce((sum, row) => sum + row[a] * row[b], a === b ? ridge : 0),
    );
    const right = Array.from({ length: classes }, (_, k) =>
      rows.reduce((sum, row, i) => sum + (labels[i] === k ? row[a] : 0), 0),
    );
    return [...left, ...right];
  });
  for (let a = 0; a < n; a++) {
    const pivot = system[a][a];
    system[a] = system[a].map((value) => value / pivot);
    for (let b = 0; b < n; b++) {
      const factor = system[b][a];
      if (b !== a) system[b] = system[b].map((value, i) => value - factor * system[a][i]);
    }
  }
  return (features) =>
    Array.from({ length: classes }, (_, k) =>
      [...features, 1].reduce((sum, value, a) => sum + value * system[a][n + k], 0),
    );
}

const close = (actual, expected, what) => {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries()) {
    assert.ok(Math.abs(value - expected[i]) < 1e-5, `${what}: ${value}, by hand ${expected[i]}`);
  }
};

for (const [what, count, length] of /** @type {const} */ ([
  ['few examples of many features', 9, 20],
  ['many examples of few features', 40, 6],
])) {
  test(`ridge regression over ${what} is the solution of its equations, each example left out too`, () => {
    const { examples, labels } = points(count, length, 3);
    const head = ridgeHead(examples, labels, 3, 0.3);
    const expected = byHand(examples, labels, 3, 0.3);
    const { examples: others } = points(7, length, 2);
    for (const features of [...examples, ...others]) close(head.scores(features), expected(features), what);
    const left = head.leftOut();
    for (const [i, example] of examples.entries()) {
      const without = (list) => list.filter((_, j) => j !== i);
      close(left[i], byHand(without(examples), without(labels), 3, 0.3)(example), `${what}, without ${i}`);
    }
  });
}

test('nearest neighbours are judged with each example left out', async () => {
  const net = /** @type {any} */ ({
    embed: (/** @type {Float32Array} */ features) => Promise.resolve(features),
    info: {},
  });
  const teach = new Teach(net, { method: 'nearest' });
  // Next to each example lies only one of the other class.
  const examples = [[1, 0, 0], [1, 0.01, 0], [0, 0, 1], [0, 0.01, 1]].map((values) => Float32Array.from(values)); // prettier-ignore
  for (const [i, features] of examples.entries()) await teach.add(features, ['a', 'b'][i % 2]);
  const own = await Promise.all(examples.map(async (features) => (await teach.predict(features))[0].label));
  assert.deepEqual(own, ['a', 'b', 'a', 'b']);
  assert.equal(teach.accuracy().accuracy, 0);
});

test('photos are told apart after a few examples, by both methods, and from JSON', async () => {
  const outcome = await page.evaluate(async () => {
    const { Teach } = await import('/pkg/teach.js');
    const net = await load({ threads: 1 });
    const photos = {
      cat: await createImageBitmap(await photo('chelsea.png')),
      coffee: await createImageBitmap(await photo('coffee.png')),
    };
    const region = (x, y) => ({ x, y, width: 200, height: 200 });
    const outcome = [];
    for (const method of /** @type {const} */ (['ridge', 'nearest'])) {
      const teach = new Teach(net, { method, neighbours: 3 });
      const ids = [];
      for (const x of [0, 40, 80]) {
        for (const [label, picture] of Object.entries(photos)) {
          ids.push(await teach.add(picture, label, { region: region(x, 20) }));
        }
      }
      const predicted = [];
      const ask = async (teach) => {
        for (const picture of Object.values(photos))
          predicted.push(await teach.predict(picture, { region: region(120, 60) }));
      };
      await ask(teach);
      const json = JSON.parse(JSON.stringify(teach));
      await ask(Teach.fromJSON(net, json, { method, neighbours: 3 }));
      const { accuracy, byLabel } = teach.accuracy();
      const before = [...teach.counts];
      const removed = [teach.remove(ids[0]), teach.remove(ids[0]), teach.remove('coffee'), teach.remove('none')];
      const left = await teach.predict(photos.coffee);
      outcome.push({ predicted, accuracy, byLabel: [...byLabel], before, removed, left, labels: teach.labels });
    }
    net.dispose();
    return outcome;
  });
  for (const { predicted, accuracy, byLabel, before, removed, left, labels } of outcome) {
    assert.deepEqual(
      predicted.map(([{ label }]) => label),
      ['cat', 'coffee', 'cat', 'coffee'],
    );
    for (const predictions of predicted) {
      const sum = predictions.reduce((sum, { probability }) => sum + probability, 0);
      assert.ok(Math.abs(sum - 1) < 1e-9 && predictions[0].probability > predictions[1].probability);
    }
    for (const i of [0, 1]) {
      const [now, later] = [predicted[i], predicted[i + 2]];
      for (const [k, { probability }] of later.entries()) assert.ok(Math.abs(probability - now[k].probability) < 1e-6);
    }
    assert.equal(accuracy, 1);
    assert.deepEqual(byLabel, [
      ['cat', 1],
      ['coffee', 1],
    ]);
    assert.deepEqual(before, [
      ['cat', 3],
      ['coffee', 3],
    ]);
    assert.deepEqual(removed, [1, 0, 3, 0]);
    assert.deepEqual(left, [{ label: 'cat', probability: 1 }]);
    assert.deepEqual(labels, ['cat']);
  }
});

/** Makes a network of one layer whose weights follow from `seed`. */
function made(seed, noise = 0) {
  const embed = async (/** @type {Float32Array} */ input) =>
    Float32Array.from({ length: 24 }, (_, k) =>
      Math.max(0, input.reduce((sum, value, i) => sum + value * Math.sin(seed + k * i * i), 0) + noise * Math.cos(k)),
    );
  const info = { version: 'v2', width: 1, resolution: 32, flavour: 'timm', parameters: 24, minimalistic: false };
  return /** @type {any} */ ({ embed, info });
}

test('examples of other weights of the same architecture are noticed', async () => {
  const [mine, rounded, other] = [made(1), made(1, 0.1), made(2)];
  const picture = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => Math.cos(i));
  const taught = new Teach(mine);
  await taught.add(picture, 'waves');
  const json = JSON.parse(JSON.stringify(taught));
  const known = [{ label: 'waves', probability: 1 }];
  for (const net of [mine, rounded]) assert.deepEqual(await Teach.fromJSON(net, json).predict(picture), known);
  const wrong = { name: 'MobileNetError', code: 'BAD_CONFIG', message: /other weights of the same architecture/ };
  await assert.rejects(Teach.fromJSON(other, json).predict(picture), wrong);
  await assert.rejects(Teach.fromJSON(other, json).add(picture, 'others'), wrong);
  // What is made of it keeps the first network's features.
  assert.deepEqual(JSON.parse(JSON.stringify(Teach.fromJSON(other, json))), json);
  // An older file says nothing about the weights.
  const { sample, ...old } = json;
  assert.ok(sample);
  const unknown = Teach.fromJSON(other, old);
  assert.deepEqual(await unknown.predict(picture), known);
  assert.deepEqual(JSON.parse(JSON.stringify(unknown)), old);
  assert.throws(() => Teach.fromJSON(mine, { ...json, sample: '!' }), { code: 'BAD_CONFIG' });
});

test('a network that failed once is asked again', async () => {
  const net = made(1);
  const { embed } = net;
  const picture = new Float32Array(32 * 32 * 3).fill(0.5);
  net.embed = async (input) => (input === picture ? embed(input) : Promise.reject(new Error('it crashed')));
  const teach = new Teach(net);
  await assert.rejects(teach.add(picture, 'grey'), /it crashed/);
  assert.deepEqual(teach.labels, []);
  net.embed = embed;
  await teach.add(picture, 'grey');
  assert.deepEqual(teach.labels, ['grey']);
});

test('what can’t be taught says why', async () => {
  const codes = await page.evaluate(async () => {
    const { Teach } = await import('/pkg/teach.js');
    const net = await MobileNet.untrained({ version: 'v3-small', width: 0.5, resolution: 96, threads: 1 });
    const other = await MobileNet.untrained({ version: 'v3-small', width: 0.75, resolution: 96, threads: 1 });
    const picture = { data: new Uint8Array(96 * 96 * 4).fill(99), width: 96, height: 96 };
    const teach = new Teach(net);
    const nothing = codeOf(teach.predict(picture));
    await teach.add(picture, 'grey');
    const json = JSON.parse(JSON.stringify(teach));
    const sync = async (call) => call();
    const wrong = /** @type {any} */ ({});
    const calls = {
      nothing,
      'no network': codeOf(sync(() => new Teach(wrong))),
      'a method': codeOf(sync(() => new Teach(net, { method: wrong }))),
      neighbours: codeOf(sync(() => new Teach(net, { neighbours: 0 }))),
      ridge: codeOf(sync(() => new Teach(net, { ridge: 0 }))),
      'no label': codeOf(teach.add(picture, wrong)),
      'no picture': codeOf(teach.add(wrong, 'x')),
      'one example': codeOf(sync(() => teach.accuracy())),
      'another network': codeOf(sync(() => Teach.fromJSON(other, json))),
      'no JSON': codeOf(sync(() => Teach.fromJSON(net, wrong))),
      'no features': codeOf(sync(() => Teach.fromJSON(net, { ...json, examples: [{ label: 0, features: '!' }] }))),
      'no such label': codeOf(
        sync(() => Teach.fromJSON(net, { ...json, examples: [{ ...json.examples[0], label: 1 }] })),
      ),
      'two lengths': codeOf(
        sync(() =>
          Teach.fromJSON(net, { ...json, examples: [json.examples[0], { label: 0, features: btoa('1234') }] }),
        ),
      ),
    };
    const codes = {};
    for (const [name, code] of Object.entries(calls)) codes[name] = await code;
    net.dispose();
    other.dispose();
    codes['a network that is gone'] = await codeOf(teach.predict(picture));
    return codes;
  });
  for (const [name, code] of Object.entries(codes)) {
    const inJson = ['another network', 'no JSON', 'no features', 'no such label', 'two lengths'].includes(name);
    assert.equal(code, name === 'a network that is gone' ? 'DISPOSED' : inJson ? 'BAD_CONFIG' : 'BAD_INPUT', name);
  }
});
