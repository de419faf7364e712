// Tests several networks in one engine. The checkpoints are made up, so that no trained weights are needed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noWorkers, open, openBlank } from './harness.js';
import { random } from './made-up.js';

/** @type {import('../../pkg/index.js').Version[]} */
const VERSIONS = ['v1', 'v2', 'v3-small'];

let session;
/** @type {import('playwright-core').Page} */
let page;
/** The versions whose checkpoints were requested. */
let asked = [];

before(async () => {
  session = await open();
  page = await openMadeUp();
});
after(() => session?.close());

/** @type {Map<string, Buffer>} */
const files = new Map(VERSIONS.map((version, index) => [version, random(version, index + 1).file]));

/** Opens a page with the package, for which the server has the made-up checkpoints. */
async function openMadeUp() {
  const fresh = await openBlank(session);
  await fresh.route('**/made-up/*.safetensors', (route) => {
    const version = /made-up\/(.*)\.safetensors/.exec(route.request().url())[1];
    asked.push(version);
    return route.fulfill({ body: files.get(version), contentType: 'application/octet-stream' });
  });
  await fresh.evaluate(installHelpers, VERSIONS);
  return fresh;
}

/** Runs in the page. */
async function installHelpers(VERSIONS) {
  const { Engine, MobileNet, MobileNetError } = await import('/pkg/index.js');
  Object.assign(globalThis, {
    Engine,
    MobileNet,
    MobileNetError,
    VERSIONS,
    weightsOf: (version) => ({ weights: `/made-up/${version}.safetensors` }),
    loadAll: (engine) => Promise.all(VERSIONS.map((version) => engine.load(weightsOf(version)))),
    input: (net, factor = 1) =>
      Float32Array.from({ length: net.info.resolution ** 2 * 3 }, (_, i) => Math.sin(factor * i * i)),
    bitsOf: (values) => Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length)),
    /** Makes a picture that is the same each time. */
    picture: (width, height, factor = 1) => {
      const data = new ImageData(width, height);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = 4 * (y * width + x);
          data.data.set(
            [x * factor, y, (x + y * factor) / 2, 255].map((value) => value & 255),
            at,
          );
        }
      }
      return data;
    },
    rankingOf: ({ predictions }) => predictions.map(({ index, probability }) => [index, probability]),
    codeOf: (promise) =>
      promise.then(
        (value) => `resolved: ${JSON.stringify(value)}`,
        (error) => (error instanceof MobileNetError ? error.code : `not a MobileNetError: ${error}`),
      ),
  });
}

for (const threads of [1, 2]) {
  test(`networks in one engine of ${threads} threads give the same bits as each alone`, async () => {
    const { together, alone, workers } = await page.evaluate(async (threads) => {
      const answersOf = async (net) => [
        bitsOf(await net.run(input(net))),
        rankingOf(await net.classify(picture(301, 257), { topK: 20 })),
      ];
      const engine = await Engine.create({ threads });
      const nets = await loadAll(engine);
      const together = [];
      // Each network answers twice in turns, so that a network that disturbs another would be noticed.
      for (const net of [...nets, ...nets]) together.push(await answersOf(net));
      const all = await engine.classify(picture(301, 257), nets, { topK: 20 });
      together.push(all.map(rankingOf));
      engine.dispose();
      const alone = [];
      for (const version of VERSIONS) {
        const net = await MobileNet.load({ ...weightsOf(version), threads });
        alone.push(await answersOf(net));
        net.dispose();
      }
      return { together, alone, workers: engine.info.threads };
    }, threads);
    assert.equal(workers, threads);
    const [first, second] = [together.slice(0, 3), together.slice(3, 6)];
    assert.deepEqual(first, alone);
    assert.deepEqual(second, alone);
    assert.deepEqual(
      together[6],
      alone.map(([, ranking]) => ranking),
    );
    assert.notDeepEqual(alone[0], alone[1], 'the networks are alike: nothing was tested');
    assert.ok(await noWorkers(page));
  });
}

test('one frame for several networks is taken once, and answered one by one', async () => {
  const before = page.workers().length;
  const outcome = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 2 });
    const nets = await loadAll(engine);
    const canvas = new OffscreenCanvas(400, 300);
    canvas.getContext('2d').putImageData(picture(400, 300), 0, 0);
    const each = [];
    for (const net of nets) each.push(rankingOf(await net.classify(canvas)));

    const { createImageBitmap } = globalThis;
    let taken = 0;
    globalThis.createImageBitmap = /** @type {typeof createImageBitmap} */ (
      (...args) => {
        taken++;
        return Reflect.apply(createImageBitmap, globalThis, args);
      }
    );
    const events = [];
    const order = [nets[2], nets[0], nets[1]];
    const results = [];
    const answers = await engine
      .classify(canvas, order, {
        onResult(network, result) {
          events.push(order.indexOf(network));
          results.push(result);
        },
      })
      .finally(() => events.push('all'));
    globalThis.createImageBitmap = createImageBitmap;
    globalThis.kept = engine;
    return {
      taken,
      events,
      same: results.every((result, index) => result === answers[index]),
      totals: answers.map(({ timing }) => timing.total),
      together: answers.map(rankingOf),
      each: [each[2], each[0], each[1]],
    };
  });
  assert.equal(page.workers().length - before, 2, 'one worker and its helper for three networks');
  await page.evaluate(() => kept.dispose());
  assert.equal(outcome.taken, 1);
  assert.deepEqual(outcome.events, [0, 1, 2, 'all']);
  assert.ok(outcome.same, 'what onResult gets is what the promise has');
  assert.deepEqual(outcome.together, outcome.each);
  const [first, second, third] = outcome.totals;
  assert.ok(first < second && second < third, `each has its own time: ${outcome.totals}`);
  assert.ok(await noWorkers(page));
});

test('onResult gets a single network’s answer as well', async () => {
  const { told, same } = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    const [net] = await loadAll(engine);
    const told = [];
    const [answer] = await engine.classify(picture(64, 64), [net], {
      onResult: (network, result) => told.push([network === net, result]),
    });
    engine.dispose();
    return { told: told.map(([own]) => own), same: told[0]?.[1] === answer };
  });
  assert.deepEqual(told, [true]);
  assert.ok(same, 'what onResult gets is what the promise has');
});

test('what onResult throws is an uncaught error of the page, and the call goes on', async () => {
  const { answers, errors } = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    const nets = await loadAll(engine);
    const errors = [];
    const listen = (event) => {
      errors.push(event.message);
      event.preventDefault();
    };
    addEventListener('error', listen);
    const answers = await engine.classify(picture(64, 64), nets, {
      onResult() {
        throw new Error('a fault of the page');
      },
    });
    removeEventListener('error', listen);
    engine.dispose();
    return { answers: answers.length, errors };
  });
  assert.equal(answers, 3);
  assert.equal(errors.length, 3);
  assert.match(errors[0], /a fault of the page/);
});

test('where the newest frame is to win, it does for the whole set', async () => {
  const { together, queued, single } = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    const nets = await loadAll(engine);
    const frames = [1, 2, 3, 4].map((factor) => picture(200, 200, factor));
    // A single network's frames don't compete with frames for a set.
    const calls = frames.map((frame) => engine.classify(frame, nets, { when: 'newest' }));
    const single = nets[0].classify(frames[0]);
    const together = (await Promise.all(calls)).map((answers) => answers && answers.map(rankingOf));
    const expected = [];
    for (const frame of frames) expected.push((await engine.classify(frame, nets)).map(rankingOf));
    const queued = (await Promise.all(frames.map((frame) => engine.classify(frame, nets)))).map((answers) =>
      answers.map(rankingOf),
    );
    const alone = rankingOf(await single);
    engine.dispose();
    return { together: [together, expected], queued, single: [alone, expected[0][0]] };
  });
  const [answers, expected] = together;
  assert.deepEqual(answers, [expected[0], null, null, expected[3]]);
  assert.deepEqual(queued, expected);
  assert.deepEqual(single[0], single[1]);
});

test('a call that is aborted, or whose network is disposed of, is rejected, and the engine goes on', async () => {
  const outcome = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    const nets = await loadAll(engine);
    const frame = picture(200, 200);
    const controller = new AbortController();
    const { signal } = controller;
    const told = [];
    const aborted = [0, 1].map(() => codeOf(engine.classify(frame, nets, { signal, onResult: () => told.push(1) })));
    await Promise.resolve();
    controller.abort();
    const codes = await Promise.all([...aborted, codeOf(engine.classify(frame, nets, { signal }))]);
    const next = await engine.classify(frame, nets);

    const running = codeOf(engine.classify(frame, nets));
    const run = codeOf(nets[1].run(input(nets[1])));
    const other = nets[0].run(input(nets[0]));
    nets[1].dispose();
    const disposed = [await running, await run, await codeOf(engine.classify(frame, nets)), nets[1].state];
    const rest = (await engine.classify(frame, [nets[0], nets[2]])).length;
    const logits = (await other).length;
    const states = [engine.state, nets[0].state];
    const under = [codeOf(engine.classify(frame, [nets[0]])), codeOf(nets[0].run(input(nets[0])))];
    engine.dispose();
    engine.dispose();
    const ended = await Promise.all([
      ...under,
      codeOf(engine.classify(frame, [nets[0]])),
      codeOf(nets[2].classify(frame)),
      codeOf(engine.load(weightsOf('v1'))),
      codeOf(engine.untrained({ version: 'v1' })),
      codeOf(MobileNet.load({ ...weightsOf('v1'), engine })),
    ]);
    return {
      codes,
      told: told.length,
      next: next.length,
      disposed,
      rest,
      logits,
      states,
      ended,
      after: [engine.state, ...nets.map(({ state }) => state)],
    };
  });
  assert.deepEqual(outcome.codes, ['ABORTED', 'ABORTED', 'ABORTED']);
  assert.equal(outcome.told, 0);
  assert.equal(outcome.next, 3);
  assert.deepEqual(outcome.disposed, ['DISPOSED', 'DISPOSED', 'DISPOSED', 'disposed']);
  assert.deepEqual([outcome.rest, outcome.logits], [2, 1000]);
  assert.deepEqual(outcome.states, ['ready', 'ready']);
  assert.deepEqual(outcome.ended, Array(7).fill('DISPOSED'));
  assert.deepEqual(outcome.after, Array(4).fill('disposed'));
  assert.ok(await noWorkers(page));
});

test('a load into an engine that fails or is aborted leaves its networks alone', async () => {
  const outcome = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    const net = await engine.load(weightsOf('v2'));
    const before = bitsOf(await net.run(input(net)));
    const controller = new AbortController();
    const late = codeOf(engine.untrained({ version: 'v1', signal: controller.signal }));
    // After this the request is on its way to the worker.
    await Promise.resolve();
    controller.abort();
    const codes = [
      await codeOf(engine.load({ weights: new ArrayBuffer(3) })),
      await codeOf(engine.load({ weights: '/made-up/none' })),
      await codeOf(engine.load({ ...weightsOf('v1'), signal: AbortSignal.abort() })),
      await codeOf(engine.load({ ...weightsOf('v1'), labels: ['one'] })),
      // @ts-expect-error The type is wrong on purpose.
      await codeOf(engine.untrained({ version: 'v9' })),
      await late,
    ];
    const after = bitsOf(await net.run(input(net)));
    const state = engine.state;
    engine.dispose();
    return { codes, same: String(after) === String(before), state };
  });
  assert.deepEqual(outcome.codes, [
    'BAD_WEIGHTS',
    'FETCH_FAILED',
    'ABORTED',
    'BAD_CONFIG',
    'UNKNOWN_NETWORK',
    'ABORTED',
  ]);
  assert.ok(outcome.same);
  assert.equal(outcome.state, 'ready');
});

test('aborting the start of an engine leaves no worker', async () => {
  const codes = await page.evaluate(async () => {
    const controller = new AbortController();
    const starting = codeOf(Engine.create({ signal: controller.signal, threads: 2 }));
    await new Promise((resolve) => setTimeout(resolve));
    controller.abort();
    return [await starting, await codeOf(Engine.create({ signal: AbortSignal.abort() }))];
  });
  assert.deepEqual(codes, ['ABORTED', 'ABORTED']);
  assert.ok(await noWorkers(page));
});

test('a trap fails the calls of all networks of the engine, which come back one by one', async () => {
  const fresh = await openMadeUp();
  asked = [];
  const outcome = await fresh.evaluate(async () => {
    // As in threads.test.js, the joining thread traps in its first multiply-add.
    const binary = new Uint8Array(
      await (await fetch('/pkg/wasm/relaxed-threads/mobilenet_wasm_bg.wasm')).arrayBuffer(),
    );
    for (let i = 0; i + 2 < binary.length; i++) {
      if (binary[i] === 0xfd && binary[i + 1] === 0x85 && binary[i + 2] === 0x02) binary.set([0x00, 0x01, 0x01], i);
    }
    const sabotaged = await WebAssembly.compile(binary);
    const { postMessage } = Worker.prototype;
    const joins = [];
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.request?.type !== 'join') return postMessage.call(this, message, ...rest);
      joins.push(() => postMessage.call(this, { ...message, request: { ...message.request, module: sabotaged } }));
      setTimeout(() => this.onmessage(new MessageEvent('message', { data: { id: message.id, value: null } })));
    };
    const other = await MobileNet.load({ ...weightsOf('v1'), threads: 1 });
    const engine = await Engine.create({ threads: 2 });
    const nets = await loadAll(engine);
    const expected = await Promise.all(nets.map((net) => net.run(input(net))));
    Worker.prototype.postMessage = postMessage;
    for (const join of joins) join();

    // A late thread finds no work left. It may take a few runs until it gets a part.
    let outcomes;
    const deadline = performance.now() + 15_000;
    do {
      outcomes = await Promise.all([
        codeOf(engine.classify(picture(300, 300), nets).then(() => 0)),
        ...nets.map((net) => codeOf(net.run(input(net)).then(() => 0))),
      ]);
    } while (!outcomes.includes('CRASHED') && performance.now() < deadline);
    const crashed = [engine.state, other.state, ...nets.map(({ state }) => state)];
    const same = async (index) =>
      String(bitsOf(await nets[index].run(input(nets[index])))) === String(bitsOf(expected[index]));
    const back = [await same(1)];
    const oneBack = [engine.state, ...nets.map(({ state }) => state)];
    // Two calls need the same network, and a set needs all of them.
    back.push(...(await Promise.all([same(0), same(0)])));
    const answers = await engine.classify(picture(300, 300), nets);
    back.push(await same(2));
    const allBack = [engine.state, other.state, ...nets.map(({ state }) => state)];
    await other.run(input(other));
    engine.dispose();
    other.dispose();
    return { outcomes, crashed, back, oneBack, answers: answers.length, allBack };
  });
  // Calls that ended before the trap have answers.
  const failed = outcome.outcomes.indexOf('CRASHED');
  assert.ok(failed >= 0, JSON.stringify(outcome.outcomes));
  assert.deepEqual(outcome.outcomes.slice(failed), Array(4 - failed).fill('CRASHED'));
  assert.deepEqual(outcome.crashed, ['crashed', 'ready', 'crashed', 'crashed', 'crashed']);
  assert.deepEqual(outcome.back, Array(4).fill(true));
  assert.deepEqual(outcome.oneBack, ['ready', 'crashed', 'ready', 'crashed']);
  assert.equal(outcome.answers, 3);
  assert.deepEqual(outcome.allBack, Array(5).fill('ready'));
  assert.deepEqual(asked.sort(), ['v1', 'v1', 'v1', 'v2', 'v2', 'v3-small', 'v3-small'], 'each was loaded again once');
  assert.ok(await noWorkers(fresh));
  await fresh.close();
});

/** Runs in the page: collects the shared memory of each new worker in `memories`. */
function catchMemories() {
  globalThis.memories = [];
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    /** @param {ConstructorParameters<typeof Worker>} args */
    constructor(...args) {
      super(...args);
      this.addEventListener(
        'message',
        ({ data }) => data.value instanceof WebAssembly.Memory && memories.push(data.value),
      );
    }
  };
}

test('a photo of 12 megapixels leaves the memory as frames of a camera do', async () => {
  const fresh = await openMadeUp();
  await fresh.evaluate(catchMemories);
  const sizes = await fresh.evaluate(async () => {
    const engine = await Engine.create({ threads: 2 });
    const nets = await loadAll(engine);
    const of = async (width, height) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      context.fillRect(0, 0, width / 2, height);
      const opaque = await canvas.convertToBlob({ type: 'image/jpeg' });
      const { data } = context.getImageData(0, 0, width, height);
      for (const source of [opaque, canvas, { data, width, height }]) {
        await engine.classify(source, nets);
        await nets[0].embed(source);
      }
      return memories[0].buffer.byteLength;
    };
    const sizes = [await of(1920, 1080), await of(4000, 3000)];
    engine.dispose();
    return sizes;
  });
  await fresh.close();
  const grown = sizes[1] - sizes[0];
  console.log(`wasm memory: ${sizes[0]} bytes, and ${grown} more after 4000x3000`);
  // As RGBA the photo takes 48 MB and its crop 37.
  assert.ok(grown < 8e6, `${grown} bytes more`);
});

test('frames of changing sizes, and networks that come and go, leave the memory as it was', async () => {
  const fresh = await openMadeUp();
  await fresh.evaluate(catchMemories);
  const { frames, networks } = await fresh.evaluate(async () => {
    const engine = await Engine.create({ threads: 2 });
    const nets = await loadAll(engine);
    const size = () => memories[0].buffer.byteLength;
    const frames = [];
    const sizes = [[640, 480], [1280, 720], [223, 501], [1920, 1080], [96, 96], [1000, 1000]]; // prettier-ignore
    const canvases = sizes.map(([width, height]) => {
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext('2d').fillRect(0, 0, width / 2, height);
      return canvas;
    });
    const read = async (canvas) => {
      await engine.classify(canvas, nets);
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      await nets[0].classify(frame);
      frame.close();
      await nets[1].classify(await createImageBitmap(canvas));
      frames.push(size());
    };
    for (let i = 0; i < 60; i++) await read(canvases[i % canvases.length]);
    const networks = [];
    for (let i = 0; i < 12; i++) {
      const another = await engine.load(weightsOf('v2'));
      await another.run(input(another));
      another.dispose();
      networks.push(size());
    }
    engine.dispose();
    return { frames, networks };
  });
  await fresh.close();
  assert.ok(frames.at(-1) <= frames[2 * 6], `${frames[12]} bytes, then ${frames.at(-1)}`);
  assert.ok(networks.at(-1) <= networks[2], `${networks}`);
});

test('run gives its buffer away where it is told to, and copies it at once where it isn’t', async () => {
  const outcome = await page.evaluate(async () => {
    const net = await MobileNet.load({ ...weightsOf('v2'), threads: 1 });
    const expected = String(bitsOf(await net.run(input(net))));
    const kept = input(net);
    const copied = net.run(kept);
    kept.fill(0.5);
    const given = input(net);
    const transferred = net.run(given, { transfer: true });
    const lengths = [kept.length, given.length];
    const shared = new Float32Array(new SharedArrayBuffer(input(net).byteLength));
    shared.set(input(net));
    const same = [];
    for (const call of [copied, transferred, net.run(shared, { transfer: true })]) {
      same.push(String(bitsOf(await call)) === expected);
    }
    // To transfer a part of a buffer is to transfer all of it.
    const whole = new Float32Array(input(net).length + 4);
    await net.run(whole.subarray(4), { transfer: true });
    lengths.push(whole.length);
    const code = await codeOf(net.run(given, { transfer: true }));
    net.dispose();
    return { same, lengths, code };
  });
  assert.deepEqual(outcome.same, [true, true, true]);
  assert.deepEqual(outcome.lengths, [224 ** 2 * 3, 0, 0]);
  assert.equal(outcome.code, 'BAD_INPUT');
});

test('networks run in the engine that is given to load', async () => {
  const { same, count, info, threads } = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 2, build: 'simd-threads' });
    const first = await MobileNet.load({ ...weightsOf('v2'), engine });
    const second = await MobileNet.untrained({ version: 'v3-small', resolution: 96, engine });
    const answers = await engine.classify(picture(300, 200), [first, second, first]);
    const same = String(rankingOf(answers[0])) === String(rankingOf(answers[2]));
    const { info } = engine;
    engine.dispose();
    return { same, count: answers.length, info, threads: [first.info.threads, second.info.build] };
  });
  assert.ok(same);
  assert.equal(count, 3);
  assert.deepEqual([info.build, info.threads], ['simd-threads', 2]);
  assert.deepEqual(threads, [2, 'simd-threads']);
});
