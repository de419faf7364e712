// Tests the options of `classify`, and careless uses of networks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHOTOS, installHelpers, lightest, noWorkers, open, openBlank } from './harness.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.evaluate(installHelpers, lightest);
});
after(() => session?.close());

test('classes are chosen by their number, probability, index and name', async () => {
  const { all, few, likely, allowed, denied, none, labels } = await page.evaluate(async () => {
    const net = await load({ threads: 1 });
    const cat = await photo();
    const ask = async (options) => (await net.classify(cat, options)).predictions;
    const all = await ask({ topK: 1000 });
    const [first, second, third] = all;
    const answers = {
      all,
      few: await ask({ topK: 2 }),
      likely: await ask({ topK: 1000, threshold: third.probability }),
      allowed: await ask({ allow: [third.index, first.label, 'TENCH', 'goldfish, Carassius auratus'] }),
      denied: await ask({ deny: [first.index, second.label.split(', ')[0]], topK: 3 }),
      none: await ask({ threshold: 1 }),
      labels: net.labels,
    };
    net.dispose();
    return answers;
  });
  assert.equal(all.length, 1000);
  assert.deepEqual(few, all.slice(0, 2));
  assert.deepEqual(likely, all.slice(0, 3));
  const wanted = new Set([all[2].index, all[0].index, 0, 1]);
  assert.deepEqual(
    allowed,
    all.filter(({ index }) => wanted.has(index)),
  );
  const name = all[1].label.split(', ')[0].toLowerCase();
  const left = all.filter(({ index, label }) => {
    return index !== all[0].index && !label.toLowerCase().split(', ').includes(name);
  });
  assert.deepEqual(denied, left.slice(0, 3));
  assert.deepEqual(none, []);
  assert.equal(labels[0], 'tench, Tinca tinca');
});

test('a region and a rotation give what a picture cut and turned by hand gives', async () => {
  const found = await page.evaluate(async () => {
    const net = await load({ threads: 1 });
    const bitmap = await createImageBitmap(await photo());
    const region = { x: 20, y: 30, width: 200, height: 151 };
    const rankingOf = async (source, options) =>
      (await net.classify(source, options)).predictions.map(({ index, probability }) => `${index} ${probability}`);
    const upright = drawn(bitmap);
    const pixels = upright.getContext('2d').getImageData(0, 0, bitmap.width, bitmap.height);
    const { data, width, height } = pixels;
    const found = [];
    for (const rotation of /** @type {const} */ ([0, 90, 180, 270])) {
      const by = new OffscreenCanvas(
        rotation % 180 ? region.height : region.width,
        rotation % 180 ? region.width : region.height,
      );
      const context = by.getContext('2d');
      context.imageSmoothingEnabled = false;
      context.translate(by.width / 2, by.height / 2);
      context.rotate((rotation / 180) * Math.PI);
      context.drawImage(upright, -region.x - region.width / 2, -region.y - region.height / 2);
      // The canvas clips the parts outside of it.
      const expected = await rankingOf(context.getImageData(0, 0, by.width, by.height));
      const options = { region, rotation };
      const sources = { bitmap, pixels, upright, plain: { data: new Uint8Array(data), width, height } };
      for (const [kind, source] of Object.entries(sources)) {
        found.push([`${kind}, ${rotation}`, await rankingOf(source, options), expected]);
      }
      found.push([`file, ${rotation}`, await rankingOf(await upright.convertToBlob(), options), expected]);
      const features = (source, more) => net.embed(source, more).then((values) => String(values.slice(0, 20)));
      found.push([`embed, ${rotation}`, await features(bitmap, options), await features(by)]);
    }
    const whole = { x: 0, y: 0, width: bitmap.width, height: bitmap.height };
    found.push(['whole', await rankingOf(bitmap, { region: whole, rotation: 0 }), await rankingOf(bitmap)]);
    net.dispose();
    return found;
  });
  for (const [what, ranking, expected] of found) assert.deepEqual(ranking, expected, what);
  const rankings = new Set(found.map(([, , expected]) => String(expected)));
  assert.ok(rankings.size > 4, 'the rotations look alike: choose another picture');
});

test('a region of a VideoFrame gives what its pixels give, and takes no bitmap unless a side is odd', async () => {
  const { found, bitmaps } = await page.evaluate(async () => {
    const net = await load({ threads: 1 });
    const canvas = drawn(await createImageBitmap(await photo()));
    const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const rankingOf = async (source, options) =>
      (await net.classify(source, options)).predictions.map(({ index, probability }) => `${index} ${probability}`);
    const frame = new VideoFrame(data, { format: 'RGBX', codedWidth: width, codedHeight: height, timestamp: 0 });
    // A frame that shows a part of its pixels itself.
    const shown = new VideoFrame(frame, { visibleRect: { x: 40, y: 20, width: 300, height: 240 } });
    const real = /** @type {any} */ (globalThis.createImageBitmap);
    let bitmaps = 0;
    globalThis.createImageBitmap = (...given) => {
      bitmaps++;
      return real(...given);
    };
    const found = [];
    for (const [source, corner, region] of /** @type {const} */ ([
      [frame, [0, 0], { x: 20, y: 30, width: 200, height: 150 }],
      [shown, [40, 20], { x: 20, y: 30, width: 200, height: 150 }],
      [shown, [40, 20], { x: 21, y: 30, width: 200, height: 151 }],
    ])) {
      const cut = { ...region, x: region.x + corner[0], y: region.y + corner[1] };
      found.push([await rankingOf(source, { region }), await rankingOf({ data, width, height }, { region: cut })]);
    }
    globalThis.createImageBitmap = real;
    for (const one of [frame, shown]) one.close();
    net.dispose();
    return { found, bitmaps };
  });
  for (const [ranking, expected] of found) assert.deepEqual(ranking, expected);
  assert.equal(new Set(found.map(String)).size, 3, 'the regions look alike: choose others');
  assert.equal(bitmaps, 1);
});

test('a batch answers in order, decodes one file after the other, and fails with any of them', async () => {
  const { tops, most, code, message, next, empty } = await page.evaluate(async () => {
    const net = await load({ threads: 1 });
    const files = [await photo('chelsea.png'), await photo('coffee.png')];
    let open = 0;
    let most = 0;
    const real = /** @type {any} */ (globalThis.createImageBitmap);
    globalThis.createImageBitmap = async (...given) => {
      const bitmap = await real(...given);
      most = Math.max(most, ++open);
      const { close } = bitmap;
      bitmap.close = () => {
        open--;
        close.call(bitmap);
      };
      return bitmap;
    };
    const batch = Array.from({ length: 12 }, (_, i) => files[i % 2]);
    const answers = await net.classifyBatch(batch, { topK: 1 });
    const wrong = await net.classifyBatch([files[0], new Blob(['none']), files[1]]).catch((error) => error);
    const next = (await net.classify(files[1])).predictions[0].index;
    globalThis.createImageBitmap = real;
    const empty = await net.classifyBatch([]);
    net.dispose();
    return {
      tops: answers.map(({ predictions }) => predictions[0].index),
      most,
      code: wrong.code,
      message: wrong.message,
      next,
      empty,
    };
  });
  assert.deepEqual(
    tops,
    tops.map((_, i) => PHOTOS[i % 2].index),
  );
  assert.ok(most <= 2, `${most} pictures were decoded at once`);
  assert.equal(code, 'BAD_INPUT', message);
  assert.equal(next, PHOTOS[1].index);
  assert.deepEqual(empty, []);
});

test('the names of the classes can’t be changed', async () => {
  const outcome = await page.evaluate(async () => {
    const nets = [await load({ threads: 1 }), await load({ threads: 1, config: null })];
    const given = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
    nets.push(await load({ threads: 1, labels: given }));
    given.fill('changed');
    const frozen = [];
    for (const net of nets) {
      try {
        /** @type {string[]} */ (net.labels).fill('changed');
      } catch {
        // In a module, writing to a frozen array throws.
      }
      frozen.push((await net.classify(await photo())).predictions[0].label);
      net.dispose();
    }
    return frozen;
  });
  assert.ok(
    outcome.slice(0, 2).every((label) => label === PHOTOS[0].label),
    String(outcome),
  );
  assert.equal(outcome[2], `class ${PHOTOS[0].index}`);
});

test('networks and engines that were disposed of are collected', async () => {
  const fresh = await openBlank(session);
  await fresh.evaluate(installHelpers, lightest);
  await fresh.evaluate(async () => {
    const net = await load({ threads: 1 });
    const engine = await Engine.create({ threads: 1 });
    const inside = await engine.load(options);
    globalThis.references = [net, engine, inside].map((it) => new WeakRef(it));
    net.dispose();
    engine.dispose();
  });
  const left = () => fresh.evaluate(() => globalThis.references.filter((reference) => reference.deref()).length);
  for (let tries = 0; tries < 40 && (await left()) > 0; tries++) await fresh.requestGC();
  assert.equal(await left(), 0);
  await fresh.close();
});

test('networks and engines that are forgotten end their workers, but not under a call', async () => {
  const fresh = await openBlank(session);
  await fresh.evaluate(installHelpers, lightest);
  const cdp = await fresh.context().newCDPSession(fresh);
  const collected = async (wanted) => {
    for (let tries = 0; tries < 40 && fresh.workers().length !== wanted; tries++) {
      await cdp.send('HeapProfiler.collectGarbage');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return fresh.workers().length;
  };
  await fresh.evaluate(async () => {
    for (let i = 0; i < 3; i++) await (await load({ threads: 1 })).run(new Float32Array(224 ** 2 * 3));
  });
  assert.equal(await collected(0), 0, 'workers of forgotten networks');

  // An engine lives as long as one of its networks.
  await fresh.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    globalThis.net = await engine.load(options);
    await engine.load(options);
  });
  assert.equal(await collected(0), 1, 'the engine of a network that is used');
  const length = await fresh.evaluate(async () => {
    const { length } = await net.run(new Float32Array(224 ** 2 * 3));
    globalThis.net = undefined;
    return length;
  });
  assert.ok(length >= 1000);
  assert.equal(await collected(0), 0, 'the worker of a forgotten engine');

  // Only the calls refer to the network.
  await fresh.evaluate(async () => {
    const cat = await photo();
    const net = await load({ threads: 1 });
    globalThis.codes = Promise.all([codeOf(net.profile(null, { runs: 400 })), codeOf(net.classify(cat))]);
  });
  for (let i = 0; i < 5; i++) await cdp.send('HeapProfiler.collectGarbage');
  const codes = await fresh.evaluate(() => codes);
  for (const code of codes) assert.match(code, /^resolved/);
  await fresh.close();
});

test('in a worker made from a blob, relative addresses are the origin’s', async () => {
  const outcome = await page.evaluate(
    async ({ origin, options }) => {
      const code = `
        const { MobileNet } = await import('${origin}/pkg/index.js');
        const net = await MobileNet.load({ ...${JSON.stringify(options)}, threads: 1 });
        const picture = { data: new Uint8Array(64 * 64 * 4).fill(128), width: 64, height: 64 };
        const { predictions } = await net.classify(picture);
        postMessage([net.info.build, predictions.length]);`;
      const whole = `try {${code}} catch (error) { postMessage([error.message]) }`;
      const script = URL.createObjectURL(new Blob([whole], { type: 'text/javascript' }));
      const worker = new Worker(script, { type: 'module' });
      const told = await new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve([message]);
      });
      worker.terminate();
      return told;
    },
    {
      origin: new URL(session.url).origin,
      options: { weights: lightest.url, config: lightest.config, preprocessorConfig: lightest.preprocessorConfig },
    },
  );
  assert.deepEqual(outcome, ['relaxed', 5]);
});

test('weights and pictures may be another window’s, shared memory, or a String', async () => {
  for (const isolated of [true, false]) {
    const fresh = await openBlank(session, { isolated });
    await fresh.evaluate(installHelpers, lightest);
    const tops = await fresh.evaluate(async () => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const other = /** @type {typeof globalThis} */ (/** @type {unknown} */ (frame.contentWindow));
      const bytes = new Uint8Array(await (await fetch(options.weights)).arrayBuffer());
      const inOther = new other.Uint8Array(bytes);
      const pages = Math.ceil(bytes.length / 65536);
      const shared = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
      new Uint8Array(shared).set(bytes);
      const cat = await photo();
      const catInOther = new other.Blob([await cat.arrayBuffer()]);
      const tops = [];
      for (const weights of [
        inOther,
        inOther.buffer,
        new other.Blob([bytes]),
        new Uint8Array(shared, 0, bytes.length),
        // The memory's pages are longer than the file, unless the file ends at a page's end.
        bytes.length % 65536 === 0 ? shared : inOther,
        // This is a string as an object, which TypeScript refuses.
        /** @type {string} */ (new String(options.weights)),
        new other.URL(options.weights, document.baseURI),
      ]) {
        const net = await load({ weights, threads: 1 });
        for (const source of [cat, catInOther]) tops.push((await net.classify(source)).predictions[0].index);
        net.dispose();
      }
      const code = await codeOf(load({ weights: shared.slice(0, 0), threads: 1 }));
      return [...tops, code];
    });
    await fresh.close();
    const code = tops.pop();
    assert.equal(code, 'BAD_WEIGHTS', 'an empty SharedArrayBuffer is read');
    assert.equal(tops.length, 14);
    for (const top of tops) assert.equal(top, PHOTOS[0].index);
  }
});

test('a network can be disposed of by `using`', async () => {
  const outcome = await page.evaluate(async () => {
    if (!Symbol.dispose) return null;
    const engine = await Engine.create({ threads: 1 });
    const net = await engine.untrained({ version: 'v3-small', width: 0.5, resolution: 96 });
    net[Symbol.dispose]();
    const states = [net.state, engine.state];
    engine[Symbol.dispose]();
    return [...states, engine.state];
  });
  assert.deepEqual(outcome, ['disposed', 'ready', 'disposed']);
  assert.ok(await noWorkers(page));
});
