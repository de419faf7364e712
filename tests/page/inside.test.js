// Tests how a page looks inside networks: features, tensors and activation maps. The checkpoints are made up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { COLUMNS, open, openBlank } from './harness.js';
import { random } from './made-up.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
/** @type {Map<string, ReturnType<typeof random>>} */
const checkpoints = new Map(COLUMNS.map((version, index) => [version, random(version, index + 1)]));

before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.route('**/made-up/*.safetensors', (route) => {
    const version = /made-up\/(.*)\.safetensors/.exec(route.request().url())[1];
    return route.fulfill({ body: checkpoints.get(version).file, contentType: 'application/octet-stream' });
  });
  await page.evaluate(installHelpers);
});
after(() => session?.close());

/** Runs in the page. */
async function installHelpers() {
  const { Engine, MobileNet, MobileNetError } = await import('/pkg/index.js');
  Object.assign(globalThis, {
    Engine,
    MobileNet,
    weightsOf: (version) => ({ weights: `/made-up/${version}.safetensors` }),
    input: (net) => Float32Array.from({ length: net.info.resolution ** 2 * 3 }, (_, i) => Math.sin(i * i)),
    /** A picture of one colour, which resizing and cropping don't change, and its input, which equals it up to rounding. */
    plain: (net, colour) => {
      const { mean, std } = net.info.preprocessing;
      const data = new ImageData(250, 240);
      for (let at = 0; at < data.data.length; at += 4) data.data.set([...colour, 255], at);
      const values = colour.map((value, channel) => (value / 255 - mean[channel]) / std[channel]);
      return { data, input: Float32Array.from({ length: net.info.resolution ** 2 * 3 }, (_, i) => values[i % 3]) };
    },
    same: (a, b) => a.length === b.length && a.every((value, index) => Object.is(value, b[index])),
    differ: (a, b) => Math.max(...a.map((value, index) => Math.abs(value - b[index]))),
    told: (promise) =>
      promise.then(
        () => ({ code: 'resolved' }),
        (error) => ({ code: error instanceof MobileNetError ? error.code : `${error}`, message: error.message }),
      ),
  });
}

for (const [version, features, last] of /** @type {const} */ ([
  ['v1', 1024, 'pool'],
  ['v2', 1280, 'pool'],
  ['v3-small', 1024, 'head'],
  ['v3-large', 1280, 'head'],
  ['v4-conv-small', 1280, 'head'],
])) {
  test(`${version}: embed gives the ${features} features that the classifier sees`, async () => {
    const outcome = await page.evaluate(
      async ({ version, last }) => {
        const net = await MobileNet.load({ ...weightsOf(version), threads: 1 });
        const values = input(net);
        const features = await net.embed(values);
        const tensors = await net.inspect(values, { layers: [last] });
        const { data, input: asInput } = plain(net, [200, 30, 90]);
        const ofPicture = await net.embed(data);
        const ofInput = await net.embed(asInput);
        const ofCanvas = new OffscreenCanvas(250, 240);
        ofCanvas.getContext('2d').putImageData(data, 0, 0);
        const outcome = {
          length: features.length,
          left: values.length,
          asInside: same(features, tensors.get(last).data),
          distance: differ(ofPicture, ofInput) / Math.max(...ofInput.map(Math.abs)),
          canvas: same(await net.embed(ofCanvas), ofPicture),
          other: differ(features, ofInput),
        };
        net.dispose();
        return outcome;
      },
      { version, last },
    );
    assert.equal(outcome.length, features);
    assert.equal(outcome.left, 224 ** 2 * 3, 'the input stays the caller’s');
    assert.ok(outcome.asInside);
    assert.ok(outcome.distance < 1e-3, `${outcome.distance}`);
    assert.ok(outcome.canvas);
    assert.ok(outcome.other > 0.01, 'another picture has the same features');
  });

  test(`${version}: inspect gives the tensors of one run`, async () => {
    const outcome = await page.evaluate(async (version) => {
      const net = await MobileNet.load({ ...weightsOf(version), threads: 1 });
      const values = input(net);
      const before = await net.run(values);
      const tensors = await net.inspect(values);
      /** @type {[name: string, shape: number[], whole: boolean][]} */
      const shapes = Array.from(tensors, ([name, { height, width, channels, data }]) => [
        name,
        [height, width, channels],
        data.length === height * width * channels && data.every(Number.isFinite),
      ]);
      const picked = await net.inspect(values, { layers: ['classifier', 'stem', 'block 1 project'] });
      const outcome = {
        shapes,
        classifier: same(tensors.get('classifier').data, before),
        picked: [...picked.keys()],
        pickedSame: Array.from(picked, ([name, { data }]) => same(data, tensors.get(name).data)),
        none: (await net.inspect(values, { layers: [] })).size,
        unknown: await told(net.inspect(values, { layers: ['stem', 'block 99 project'] })),
        after: same(await net.run(values), before),
        steps: (await net.profile(values, { runs: 1 })).steps.map(({ name }) => name),
      };
      net.dispose();
      return outcome;
    }, version);
    const names = outcome.shapes.map(([name]) => name);
    assert.equal(new Set(names).size, names.length);
    for (const [name, , whole] of outcome.shapes) assert.ok(whole, name);
    assert.deepEqual(outcome.shapes[0][0], 'stem');
    assert.deepEqual(outcome.shapes[0][1].slice(0, 2), [112, 112]);
    assert.deepEqual(outcome.shapes.at(-1).slice(0, 2), ['classifier', [1, 1, 1000]]);
    // `inspect` gives two tensors for a fused step, and no tensor is missing.
    for (const step of outcome.steps.flatMap((name) => name.replace('expand + depthwise', 'depthwise'))) {
      assert.ok(names.includes(step), step);
    }
    assert.ok(outcome.classifier, 'the logits are other bits than those of run');
    assert.deepEqual(outcome.picked, ['classifier', 'stem', 'block 1 project']);
    assert.deepEqual(outcome.pickedSame, [true, true, true]);
    assert.equal(outcome.none, 0);
    assert.equal(outcome.unknown.code, 'BAD_INPUT');
    assert.match(outcome.unknown.message, /block 99 project/);
    assert.ok(outcome.after, 'run gives other bits after inspect');
  });
}

test('open gates change a network that has gates, and no other', async () => {
  const outcome = await page.evaluate(async () => {
    const outcome = {};
    for (const version of /** @type {const} */ (['v3-small', 'v2'])) {
      const net = await MobileNet.load({ ...weightsOf(version), threads: 1 });
      const values = input(net);
      const learned = await net.inspect(values, { gates: 'learned' });
      const open = await net.inspect(values, { gates: 'open' });
      const again = await net.inspect(values);
      const scale = version === 'v3-small' && {
        leftOut: [...learned.keys()].filter((name) => !open.has(name)),
        gates: same(open.get('block 0 excite').data, learned.get('block 0 excite').data),
        scales: !same(learned.get('block 0 scale').data, learned.get('block 0 depthwise').data),
      };
      outcome[version] = {
        scale,
        logits: same(open.get('classifier').data, learned.get('classifier').data),
        again: same(again.get('classifier').data, learned.get('classifier').data),
      };
      net.dispose();
    }
    return outcome;
  });
  const scales = outcome['v3-small'].scale.leftOut;
  assert.equal(scales.length, 9, 'one for each block but two');
  for (const name of scales) assert.match(name, /^block \d+ scale$/);
  assert.deepEqual(outcome['v3-small'], {
    scale: { leftOut: scales, gates: true, scales: true },
    logits: false,
    again: true,
  });
  assert.deepEqual(outcome.v2, { scale: false, logits: true, again: true });
});

for (const version of COLUMNS) {
  test(`${version}: an activation map tells what speaks for a class`, async () => {
    const outcome = await page.evaluate(async (version) => {
      const net = await MobileNet.load({
        ...weightsOf(version),
        threads: 1,
        labels: Array.from({ length: 1000 }, (_, i) => `class ${i}`),
      });
      const values = input(net);
      const logits = await net.run(values);
      const top = logits.indexOf(Math.max(...logits));
      const ofTop = await net.activationMap(values);
      const ofNull = await net.activationMap(values, null);
      const given = await net.activationMap(values, 7, { signal: new AbortController().signal });
      const { data, input: asInput } = plain(net, [0, 128, 255]);
      const pictures = [await net.activationMap(data, 7), await net.activationMap(asInput, 7)];
      net.dispose();
      const mean = ({ data }) => data.reduce((sum, value) => sum + value, 0) / data.length;
      return {
        top: [top, logits[top]],
        shape: [given.height, given.width, given.data.length],
        found: [ofTop.classIndex, ofTop.label, ofTop.logit],
        sameAsNull: same(ofTop.data, ofNull.data),
        given: [given.classIndex, given.label, given.logit === logits[7]],
        means: [ofTop, given].map((map) => [map.classIndex, mean(map), map.logit]),
        pictures: differ(pictures[0].data, pictures[1].data) / Math.max(...pictures[1].data.map(Math.abs)),
      };
    }, version);
    const [top, logit] = outcome.top;
    assert.deepEqual(outcome.found, [top, `class ${top}`, logit]);
    assert.deepEqual(outcome.shape, [7, 7, 49]);
    assert.ok(outcome.sameAsNull);
    assert.deepEqual(outcome.given, [7, 'class 7', true]);
    assert.ok(outcome.pictures < 0.01, `${outcome.pictures}`);
    if (version === 'v1' || version === 'v2') {
      const { classifierBias } = checkpoints.get(version);
      for (const [index, mean, logit] of outcome.means) {
        const sum = mean + classifierBias[index];
        assert.ok(Math.abs(sum - logit) < 1e-4 * Math.max(1, Math.abs(logit)), `${sum}, the logit is ${logit}`);
      }
    }
  });
}

test('a call about the inside can be aborted, and ends with the network', async () => {
  const outcome = await page.evaluate(async () => {
    const net = await MobileNet.load({ ...weightsOf('v2'), threads: 1 });
    const values = input(net);
    const { data } = plain(net, [9, 9, 9]);
    const controller = new AbortController();
    const { signal } = controller;
    const calls = (signal) => [
      told(net.embed(data, { signal })),
      told(net.inspect(values, { signal })),
      told(net.activationMap(data, 3, { signal })),
    ];
    const underWay = calls(signal);
    await createImageBitmap(data);
    controller.abort();
    const aborted = (await Promise.all([...underWay, ...calls(signal)])).map(({ code }) => code);
    const next = (await net.embed(data)).length;
    const ending = calls();
    net.dispose();
    const disposed = (await Promise.all([...ending, ...calls()])).map(({ code }) => code);
    return { aborted, next, disposed };
  });
  assert.deepEqual(outcome.aborted, Array(6).fill('ABORTED'));
  assert.equal(outcome.next, 1280);
  assert.deepEqual(outcome.disposed, Array(6).fill('DISPOSED'));
});

test('the plan for looking inside is given up when it isn’t used', async () => {
  const context = await session.browser.newContext();
  const fresh = await openBlank({ ...session, browser: context });
  // Timers run 20 times as fast, so 10 s take half a second.
  await context.route('**/wasm/*/worker.js', async (route) => {
    const response = await route.fetch();
    const hurry = 'const { setTimeout: wait } = globalThis; globalThis.setTimeout = (f, ms) => wait(f, ms / 20);\n';
    await route.fulfill({ response, body: `${hurry}${await response.text()}` });
  });
  await fresh.route('**/made-up/*.safetensors', (route) => route.fulfill({ body: checkpoints.get('v1').file }));
  await fresh.evaluate(installHelpers);
  const outcome = await fresh.evaluate(async () => {
    // The page can see the memory of builds with threads.
    let memory;
    const Original = globalThis.Worker;
    globalThis.Worker = class extends Original {
      /** @param {ConstructorParameters<typeof Worker>} args */
      constructor(...args) {
        super(...args);
        this.addEventListener(
          'message',
          ({ data }) => data.value instanceof WebAssembly.Memory && (memory = data.value),
        );
      }
    };
    const grownAfter = async (wait) => {
      const engine = await Engine.create({ threads: 2 });
      const net = await engine.load(weightsOf('v1'));
      const values = input(net);
      const expected = await net.inspect(values, { layers: ['classifier'] });
      await net.activationMap(values);
      const before = memory.buffer.byteLength;
      await new Promise((resolve) => setTimeout(resolve, wait));
      // This network's weights and tensors fit into the memory of a dropped plan, which keeps all tensors.
      await engine.untrained({ version: 'v3-small' });
      const grown = memory.buffer.byteLength - before;
      const again = await net.inspect(values, { layers: ['classifier'] });
      engine.dispose();
      return { grown, same: same(expected.get('classifier').data, again.get('classifier').data) };
    };
    return { kept: await grownAfter(0), dropped: await grownAfter(1500) };
  });
  await context.close();
  assert.ok(outcome.kept.grown > 2 ** 20, `the memory tells nothing: ${outcome.kept.grown}`);
  assert.equal(outcome.dropped.grown, 0);
  assert.ok(outcome.dropped.same && outcome.kept.same);
});
