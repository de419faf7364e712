// Tests the package as plain files without a bundler: `import { MobileNet } from '/pkg/index.js'`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  PHOTOS,
  heaviest,
  installHelpers,
  lightest,
  models,
  noWorkers,
  open,
  openBlank,
  trapNextFrame,
} from './harness.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.evaluate(installHelpers, lightest);
});
after(() => session?.close());

test('npm packs the licences and every file that the package refers to', () => {
  const root = new URL('../../target/package/', import.meta.url);
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--silent', '--dry-run', '--json'], { cwd: root, encoding: 'utf8' }),
  );
  const packed = new Set(files.map(({ path }) => new URL(path, root).href));
  const wanted = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md'].map((path) => new URL(path, root).href);
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  for (const [, path] of JSON.stringify(exports).matchAll(/:"([^"]+)"/g)) wanted.push(new URL(path, root).href);
  for (const file of packed) {
    if (!/\.[jt]s$/.test(file)) continue;
    const references = readFileSync(new URL(file), 'utf8').matchAll(
      /\b(?:from ?|import\(|new URL\()['"]([^'"]+\.(?:js|json|wasm))['"]/g,
    );
    for (const [, reference] of references) wanted.push(new URL(reference, file).href);
  }
  for (const build of ['relaxed-threads', 'relaxed', 'simd-threads', 'simd'])
    assert.ok(
      wanted.some((file) => file.endsWith(`/wasm/${build}/mobilenet_wasm_bg.wasm`)),
      build,
    );
  assert.deepEqual(
    wanted.filter((file) => !packed.has(file)),
    [],
  );
});

for (const model of models) {
  test(`${model.name} names the photos`, async () => {
    const found = await page.evaluate(
      async ([{ url: weights, config, preprocessorConfig, sha256 }, files]) => {
        const net = await MobileNet.load({ weights, config, preprocessorConfig, sha256 });
        const results = [];
        for (const file of files) results.push(await net.classify(await photo(file)));
        net.dispose();
        return { results, info: net.info };
      },
      [model, PHOTOS.map(({ file }) => file)],
    );
    assert.equal(found.info.version, model.version);
    assert.equal(found.info.trained, true);
    for (const [i, { predictions, timing }] of found.results.entries()) {
      assert.equal(predictions.length, 5);
      assert.equal(predictions[0].index, PHOTOS[i].index);
      assert.equal(predictions[0].label.split(',')[0], PHOTOS[i].label);
      for (let k = 1; k < 5; k++) assert.ok(predictions[k].probability <= predictions[k - 1].probability, 'best first');
      assert.ok(timing.read > 0 && timing.preprocess > timing.read && timing.inference > 0, JSON.stringify(timing));
      assert.ok(timing.total >= timing.preprocess + timing.inference, JSON.stringify(timing));
    }
  });
}

test('every kind of source gives the same answer, and stays usable', async () => {
  const results = await page.evaluate(async () => {
    const net = await load();
    const blob = await photo();
    const bitmap = await createImageBitmap(blob);
    const image = new Image();
    image.src = URL.createObjectURL(blob);
    await image.decode();
    const canvas = drawn(bitmap, document.createElement('canvas'));
    const offscreen = drawn(bitmap);
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = canvas.captureStream();
    const loaded = new Promise((resolve) => video.addEventListener('loadeddata', resolve));
    await video.play();
    await loaded;
    const sources = {
      Blob: blob,
      File: new File([blob], 'chelsea.png'),
      ImageBitmap: bitmap,
      HTMLImageElement: image,
      HTMLCanvasElement: canvas,
      OffscreenCanvas: offscreen,
      ImageData: offscreen.getContext('2d').getImageData(0, 0, offscreen.width, offscreen.height),
      VideoFrame: new VideoFrame(bitmap, { timestamp: 0 }),
      HTMLVideoElement: video,
    };
    const results = {};
    for (const [kind, source] of Object.entries(sources)) {
      const first = await net.classify(source);
      const second = await net.classify(source);
      results[kind] = [first.predictions[0], second.predictions[0]];
    }
    sources.VideoFrame.close();
    net.dispose();
    return results;
  });
  const reference = results.ImageData[0];
  assert.equal(reference.index, PHOTOS[0].index);
  for (const [kind, readings] of Object.entries(results)) {
    // A video stores brightness and colour separately, so its frames went through a colour conversion.
    const tolerance = kind === 'HTMLVideoElement' ? 0.02 : 0;
    for (const { index, probability } of readings) {
      assert.equal(index, reference.index, kind);
      assert.ok(
        Math.abs(probability - reference.probability) <= tolerance,
        `${kind}: ${probability}, ImageData: ${reference.probability}`,
      );
    }
  }
});

test('weights may be an address, bytes or a file, and stay the caller’s', async () => {
  const { tops, lengths } = await page.evaluate(async () => {
    const buffer = await (await fetch(options.weights)).arrayBuffer();
    const padded = new Uint8Array(buffer.byteLength + 16);
    padded.set(new Uint8Array(buffer), 8);
    const view = padded.subarray(8, 8 + buffer.byteLength);
    const config = options.config && (await (await fetch(options.config)).json());
    const tops = [];
    for (const more of [
      { weights: new URL(options.weights, document.baseURI) },
      { weights: buffer, config },
      { weights: view, config },
      { weights: new Blob([buffer]), config: config && new Blob([JSON.stringify(config)]) },
    ]) {
      const net = await load(more);
      tops.push((await net.classify(await photo())).predictions[0]);
      net.dispose();
    }
    return { tops, lengths: [buffer.byteLength, view.byteLength] };
  });
  assert.deepEqual(lengths, [lightest.bytes, lightest.bytes]);
  assert.equal(tops[0].index, PHOTOS[0].index);
  for (const top of tops) assert.deepEqual(top, tops[0]);
});

test('transparent pixels are read over white, whichever way they come', async () => {
  const rankings = await page.evaluate(async () => {
    const net = await load();
    const bitmap = await createImageBitmap(await photo());
    const onNothing = new OffscreenCanvas(320, 320);
    onNothing.getContext('2d').drawImage(bitmap, 60, 60, 200, 200);
    const onWhite = new OffscreenCanvas(320, 320);
    const context = onWhite.getContext('2d');
    context.fillStyle = 'white';
    context.fillRect(0, 0, 320, 320);
    context.drawImage(bitmap, 60, 60, 200, 200);
    const onBlack = new OffscreenCanvas(320, 320);
    onBlack.getContext('2d', { alpha: false }).drawImage(bitmap, 60, 60, 200, 200);
    const rankings = [];
    for (const source of [
      onWhite,
      onNothing,
      onNothing.getContext('2d').getImageData(0, 0, 320, 320),
      await onNothing.convertToBlob(),
      onBlack,
    ]) {
      rankings.push(
        (await net.classify(source)).predictions.map(({ index, probability }) =>
          [index, probability.toFixed(3)].join(' '),
        ),
      );
    }
    net.dispose();
    return rankings;
  });
  const [white, canvas, imageData, png, black] = rankings;
  assert.deepEqual(canvas, white);
  assert.deepEqual(imageData, white);
  assert.deepEqual(png, white);
  assert.notDeepEqual(black, white);
});

test('the numbers in a file are read as they are, whatever its colour profile', async () => {
  const { plain, tagged, converted } = await page.evaluate(async () => {
    const net = await load();
    const png = await drawn(await createImageBitmap(await photo())).convertToBlob();
    // This chunk says that the numbers are linear light. A reader that follows it brightens the picture.
    const linear = Uint8Array.of(
      0,
      0,
      0,
      4,
      ...new TextEncoder().encode('gAMA'),
      0,
      1,
      0x86,
      0xa0,
      0x31,
      0xe8,
      0x96,
      0x5f,
    );
    const signatureAndHeader = 8 + 25;
    const tagged = new Blob([png.slice(0, signatureAndHeader), linear, png.slice(signatureAndHeader)], {
      type: 'image/png',
    });
    const image = new Image();
    image.src = URL.createObjectURL(tagged);
    await image.decode();
    const top = async (source) => (await net.classify(source)).predictions[0];
    const tops = {
      plain: await top(png),
      tagged: [await top(tagged), await top(image)],
      converted: await top(await createImageBitmap(tagged)),
    };
    net.dispose();
    return tops;
  });
  for (const top of tagged) assert.deepEqual(top, plain);
  assert.notDeepEqual(converted, plain, 'this browser ignores the profile in any case');
});

test('the orientation in EXIF is followed', async () => {
  const { upright, turned, tagged } = await page.evaluate(async () => {
    const net = await load();
    const bitmap = await createImageBitmap(await photo());
    const canvas = new OffscreenCanvas(bitmap.height, bitmap.width);
    const context = canvas.getContext('2d');
    context.rotate(-Math.PI / 2);
    context.drawImage(bitmap, -bitmap.width, 0);
    const turned = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.98 });
    // This APP1 segment has one TIFF directory with orientation 6: "turn me by 90 degrees clockwise".
    const exif = [
      0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0,
      0, 0, 0,
    ];
    const segment = Uint8Array.of(0xff, 0xe1, 0, exif.length + 2, ...exif);
    const tagged = new Blob([turned.slice(0, 2), segment, turned.slice(2)], { type: 'image/jpeg' });
    const top = async (source) => (await net.classify(source)).predictions[0];
    const tops = { upright: await top(bitmap), turned: await top(turned), tagged: await top(tagged) };
    net.dispose();
    return tops;
  });
  assert.equal(tagged.index, upright.index);
  assert.ok(
    Math.abs(tagged.probability - upright.probability) < 0.1,
    `${tagged.probability}, upright ${upright.probability}`,
  );
  assert.ok(
    Math.abs(turned.probability - upright.probability) > 0.01 || turned.index !== upright.index,
    'turning the photo changes nothing: choose another',
  );
});

test('sources without a picture are rejected with BAD_INPUT', async () => {
  await page.route('http://elsewhere.test/cat.png', (route) =>
    route.fulfill({ path: new URL('../../www/public/samples/chelsea.png', import.meta.url).pathname }),
  );
  const results = await page.evaluate(async () => {
    const net = await load();
    const bitmap = await createImageBitmap(await photo());
    const closed = await createImageBitmap(bitmap);
    closed.close();
    const frame = new VideoFrame(bitmap, { timestamp: 0 });
    frame.close();
    const foreign = new Image();
    foreign.src = 'http://elsewhere.test/cat.png';
    await foreign.decode();
    const empty = document.createElement('canvas');
    empty.width = 0;
    const results = {};
    for (const [name, source] of Object.entries({
      address: '/samples/chelsea.png',
      nothing: undefined,
      'plain object': {},
      'unawaited bitmap': createImageBitmap(bitmap),
      'answer of fetch': new Response(),
      'image without a picture': new Image(),
      'video without a frame': document.createElement('video'),
      'empty canvas': empty,
      'closed ImageBitmap': closed,
      'closed VideoFrame': frame,
      'Blob that is no picture': new Blob(['no picture']),
      'image of another origin': foreign,
      'canvas tainted by it': drawn(foreign, document.createElement('canvas')),
    })) {
      results[name] = await net
        .classify(/** @type {HTMLVideoElement} */ (source))
        .catch(({ code, message }) => ({ code, message }));
    }
    results.afterwards = (await net.classify(bitmap)).predictions[0].index;
    net.dispose();
    return results;
  });
  const { afterwards, ...rejected } = results;
  for (const [name, { code, message }] of Object.entries(rejected))
    assert.equal(code, 'BAD_INPUT', `${name}: ${message}`);
  for (const name of ['image of another origin', 'canvas tainted by it'])
    assert.match(rejected[name].message, /another origin/);
  assert.match(rejected['unawaited bitmap'].message, /Promise \(is an `await` missing\?\): give/);
  assert.match(rejected['answer of fetch'].message, /Response \(await its blob\(\)\): give/);
  assert.equal(afterwards, PHOTOS[0].index);
});

test('wrong arguments are rejected with BAD_INPUT or BAD_CONFIG', async () => {
  const { codes, all } = await page.evaluate(async () => {
    const net = await load();
    const picture = await photo();
    const gone = new Float32Array(224 ** 2 * 3);
    structuredClone(gone, { transfer: [gone.buffer] });
    const codes = [
      await codeOf(net.classify(picture, { topK: 0 })),
      await codeOf(net.classify(picture, { topK: 2.5 })),
      await codeOf(net.run(new Float32Array(7))),
      // @ts-expect-error The type is wrong on purpose.
      await codeOf(net.run([1, 2, 3])),
      await codeOf(net.profile(new Float32Array(7))),
      // @ts-expect-error The type is wrong on purpose.
      await codeOf(net.profile([1, 2, 3])),
      await codeOf(net.profile(undefined, { runs: 0 })),
      await codeOf(net.profile(undefined, { runs: 2.5 })),
      await codeOf(net.profile(undefined, { runs: 1001 })),
      await codeOf(load({ weights: undefined })),
      await codeOf(load({ weights: 'http://' })),
      await codeOf(net.run(gone)),
      await codeOf(load({ labels: ['one', 'two'] })),
      // @ts-expect-error The type is wrong on purpose.
      await codeOf(MobileNet.untrained({})),
      await codeOf(MobileNet.untrained({ version: 'v1', resolution: 224.9 })),
      // @ts-expect-error The type is wrong on purpose.
      await codeOf(MobileNet.untrained({ version: 'v1', resolution: '224' })),
      await codeOf(MobileNet.untrained({ version: 'v1', resolution: 2 ** 32 + 224 })),
      await codeOf(MobileNet.untrained({ version: 'v1', classes: -1 })),
      // @ts-expect-error The type is wrong on purpose.
      await codeOf(MobileNet.untrained({ version: 'v1', width: '1' })),
    ];
    const { predictions } = await net.classify(picture, { topK: 2 ** 32 });
    net.dispose();
    return { codes, all: predictions.length };
  });
  assert.deepEqual(codes, [...Array(12).fill('BAD_INPUT'), ...Array(7).fill('BAD_CONFIG')]);
  assert.equal(all, 1000);
});

test('weights that can’t be used say why', async () => {
  const codes = await page.evaluate(async (sha256) => {
    const whole = await (await fetch(options.weights)).arrayBuffer();
    const resizable = Reflect.construct(ArrayBuffer, [whole.byteLength, { maxByteLength: 2 * whole.byteLength }]);
    new Uint8Array(resizable).set(new Uint8Array(whole));
    const header = JSON.stringify({ 'other.weight': { dtype: 'F32', shape: [1], data_offsets: [0, 4] } });
    const other = new Blob([BigUint64Array.of(BigInt(header.length)), header, new Uint8Array(4)]);
    return {
      empty: await codeOf(load({ weights: new ArrayBuffer(0) })),
      truncated: await codeOf(load({ weights: whole.slice(0, whole.byteLength - 1000) })),
      'no safetensors': await codeOf(load({ weights: await photo() })),
      'another network': await codeOf(load({ weights: other, config: null, preprocessorConfig: null })),
      'no such file': await codeOf(load({ weights: 'models/none.safetensors' })),
      'another digest': await codeOf(load({ sha256: '0'.repeat(64) })),
      'a buffer that can be resized': await load({ weights: resizable, sha256 }).then(
        (net) => net.dispose(),
        ({ code }) => code,
      ),
      'broken config': await codeOf(load({ config: new Blob(['{']) })),
    };
  }, lightest.sha256);
  assert.deepEqual(codes, {
    empty: 'BAD_WEIGHTS',
    truncated: 'BAD_WEIGHTS',
    'no safetensors': 'BAD_WEIGHTS',
    'another network': 'UNKNOWN_NETWORK',
    'no such file': 'FETCH_FAILED',
    'another digest': 'CHECKSUM',
    'a buffer that can be resized': undefined,
    'broken config': 'BAD_CONFIG',
  });
});

test('a load that fails or is aborted leaves no worker, and other networks alone', async () => {
  const fresh = await openBlank(session);
  await fresh.evaluate(installHelpers, lightest);
  const { codes, top } = await fresh.evaluate(async () => {
    const net = await load();
    const codes = [];
    codes.push(await codeOf(load({ weights: new ArrayBuffer(3) })));
    codes.push(await codeOf(load({ signal: AbortSignal.abort() })));
    // The load is aborted during the download, and after it, when the worker may already read the file.
    const duringFetch = new AbortController();
    codes.push(await codeOf(load({ signal: duringFetch.signal, onProgress: () => duringFetch.abort() })));
    const atTheEnd = new AbortController();
    codes.push(
      await codeOf(
        load({
          signal: atTheEnd.signal,
          onProgress: ({ loaded, total }) => loaded === total && setTimeout(() => atTheEnd.abort()),
        }),
      ),
    );
    const top = (await net.classify(await photo())).predictions[0].index;
    net.dispose();
    return { codes, top };
  });
  assert.deepEqual(codes, ['BAD_WEIGHTS', 'ABORTED', 'ABORTED', 'ABORTED']);
  assert.equal(top, PHOTOS[0].index);
  assert.ok(await noWorkers(fresh));
  await fresh.close();
});

test('progress rises to the size of the file', async () => {
  const steps = await page.evaluate(async ({ url: weights, config, preprocessorConfig }) => {
    const steps = [];
    const net = await load({ weights, config, preprocessorConfig, onProgress: (step) => steps.push(step) });
    net.dispose();
    return steps;
  }, heaviest);
  assert.ok(steps.length > 1, 'told once only');
  for (let i = 1; i < steps.length; i++) assert.ok(steps[i].loaded > steps[i - 1].loaded);
  assert.deepEqual(steps.at(-1), { loaded: heaviest.bytes, total: heaviest.bytes });
});

test('calls that overlap all have their answers, unless the newest is to win', async () => {
  const { queued, newest, mixed, blobs } = await page.evaluate(async () => {
    const net = await load();
    const cat = await createImageBitmap(await photo('chelsea.png'));
    const coffee = await createImageBitmap(await photo('coffee.png'));
    await net.classify(cat);
    /** @param {[import("/pkg/index.js").ClassifySource, ('newest' | 'queue')?][]} calls */
    const indices = async (...calls) => {
      const results = await Promise.all(calls.map(([frame, when]) => net.classify(frame, { when })));
      return results.map((result) => result && result.predictions[0].index);
    };
    const files = [await photo('chelsea.png'), await photo('coffee.png')];
    const answers = {
      queued: await indices([cat], [coffee], [cat, 'queue'], [coffee]),
      newest: await indices([cat, 'newest'], [coffee, 'newest'], [cat, 'newest'], [coffee, 'newest']),
      mixed: await indices([cat], [coffee], [cat, 'newest'], [coffee, 'newest'], [cat]),
      blobs: await indices([files[0]], [files[1]], [files[0]], [files[1]], [files[1]]),
    };
    net.dispose();
    return answers;
  });
  const [cat, coffee] = PHOTOS.map(({ index }) => index);
  assert.deepEqual(queued, [cat, coffee, cat, coffee]);
  assert.deepEqual(newest, [cat, null, null, coffee]);
  assert.deepEqual(mixed, [cat, coffee, null, coffee, cat]);
  assert.deepEqual(blobs, [cat, coffee, cat, coffee, coffee]);
});

test('an aborted call is rejected, wherever it is, and the next one goes on', async () => {
  const outcome = await page.evaluate(async () => {
    const net = await load();
    const cat = await createImageBitmap(await photo());
    await net.classify(cat);
    const controller = new AbortController();
    const running = codeOf(net.classify(cat, { signal: controller.signal }));
    const waiting = codeOf(net.classify(cat, { signal: controller.signal }));
    // After this both frames are taken, and one is being read.
    await createImageBitmap(cat);
    controller.abort('enough');
    const codes = await Promise.all([running, waiting, codeOf(net.classify(cat, { signal: controller.signal }))]);
    const cause = await net.classify(cat, { signal: controller.signal }).catch((error) => error.cause);
    const next = (await net.classify(cat)).predictions[0].index;
    net.dispose();
    return { codes, cause, next };
  });
  assert.deepEqual(outcome, { codes: ['ABORTED', 'ABORTED', 'ABORTED'], cause: 'enough', next: PHOTOS[0].index });
});

test('dispose rejects calls under way and all later ones', async () => {
  const fresh = await openBlank(session);
  await fresh.evaluate(installHelpers, lightest);
  const { codes, states } = await fresh.evaluate(async () => {
    const net = await load();
    const cat = await createImageBitmap(await photo());
    const input = new Float32Array(net.info.resolution ** 2 * 3);
    await net.classify(cat);
    const underWay = [net.classify(cat), net.classify(cat), net.run(input)].map(codeOf);
    await createImageBitmap(cat);
    const states = [net.state];
    net.dispose();
    net.dispose();
    states.push(net.state);
    const later = [net.classify(cat), net.run(input), net.profile()].map(codeOf);
    return { codes: await Promise.all([...underWay, ...later]), states };
  });
  assert.deepEqual(codes, Array(6).fill('DISPOSED'));
  assert.deepEqual(states, ['ready', 'disposed']);
  assert.ok(await noWorkers(fresh));
  await fresh.close();
});

test('a worker that crashes while idle is started afresh by the next call, and no other network notices', async () => {
  await page.evaluate(async () => {
    globalThis.healthy = await load({ threads: 1 });
    globalThis.doomed = await load({ threads: 1 });
  });
  await page
    .workers()
    .at(-1)
    .evaluate(() => {
      setTimeout(() => {
        throw new Error('broken on purpose');
      });
    });
  const outcome = await page.evaluate(async () => {
    const cat = await createImageBitmap(await photo());
    while (doomed.state === 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
    const states = [doomed.state];
    const calls = await Promise.all([
      doomed.classify(cat),
      doomed.run(new Float32Array(224 ** 2 * 3)),
      healthy.classify(cat),
    ]);
    states.push(doomed.state);
    for (const net of [healthy, doomed]) net.dispose();
    return { states, answers: [calls[0].predictions[0].index, calls[2].predictions[0].index], logits: calls[1].length };
  });
  assert.deepEqual(outcome.states, ['crashed', 'ready']);
  assert.deepEqual(outcome.answers, [PHOTOS[0].index, PHOTOS[0].index]);
  assert.ok(outcome.logits >= 1000);
  assert.ok(await noWorkers(page));
});

test('a trap inside the engine rejects the call that met it, and the next call starts afresh', async () => {
  await page.evaluate(async () => {
    globalThis.net = await load({ threads: 1 });
  });
  await trapNextFrame(page.workers().at(-1));
  const outcome = await page.evaluate(async () => {
    const cat = await photo();
    const { code, message } = await net.classify(cat).catch((error) => error);
    const states = [net.state];
    const { predictions } = await net.classify(cat);
    states.push(net.state);
    net.dispose();
    return { code, message, states, index: predictions[0].index };
  });
  assert.equal(outcome.code, 'CRASHED');
  assert.match(outcome.message, /unreachable/);
  assert.deepEqual(outcome.states, ['crashed', 'ready']);
  assert.equal(outcome.index, PHOTOS[0].index);
});

test('a fresh start that fails is that call’s error; the next one tries again, and dispose ends it', async () => {
  const context = await session.browser.newContext();
  const fresh = await openBlank({ ...session, browser: context });
  await fresh.evaluate(installHelpers, lightest);
  await fresh.evaluate(async () => {
    globalThis.net = await load({ threads: 1 });
  });
  const crash = async () => {
    await fresh
      .workers()
      .at(-1)
      .evaluate(() => {
        setTimeout(() => {
          throw new Error('broken on purpose');
        });
      });
    await fresh.waitForFunction(() => net.state === 'crashed');
  };
  await crash();
  await context.route('**/*.safetensors', (route) => route.fulfill({ status: 503 }));
  assert.equal(await fresh.evaluate(async () => codeOf(net.classify(await photo()))), 'FETCH_FAILED');
  assert.equal(await fresh.evaluate(() => net.state), 'crashed');
  await context.unroute('**/*.safetensors');
  assert.equal(
    await fresh.evaluate(async () => (await net.classify(await photo())).predictions[0].index),
    PHOTOS[0].index,
  );
  await crash();
  const code = await fresh.evaluate(async () => {
    const cat = await createImageBitmap(await photo());
    const call = codeOf(net.classify(cat));
    await createImageBitmap(cat);
    net.dispose();
    return call;
  });
  assert.equal(code, 'DISPOSED');
  assert.ok(await noWorkers(fresh));

  // This download never ends by itself. Only `dispose` can end it.
  await fresh.evaluate(async () => {
    globalThis.net = await load({ threads: 1 });
  });
  await crash();
  await context.route('**/*.safetensors', () => {});
  const asked = fresh.waitForRequest('**/*.safetensors');
  const failed = fresh.waitForEvent('requestfailed');
  await fresh.evaluate(() => {
    globalThis.stuck = codeOf(net.run(new Float32Array(net.info.resolution ** 2 * 3)));
  });
  await asked;
  assert.equal(
    await fresh.evaluate(() => {
      net.dispose();
      return stuck;
    }),
    'DISPOSED',
  );
  await failed;
  assert.ok(await noWorkers(fresh));
  await context.close();
});

test('untrained networks run, and name nothing', async () => {
  const found = await page.evaluate(async () => {
    const found = [];
    for (const version of /** @type {const} */ (['v1', 'v2', 'v3-small', 'v3-large'])) {
      const net = await MobileNet.untrained({ version, width: 0.5, resolution: 96, classes: 10 });
      const logits = await net.run(new Float32Array(96 * 96 * 3).fill(0.5));
      const { predictions } = await net.classify(await photo(), { topK: 3 });
      found.push({ info: net.info, logits: Array.from(logits), predictions });
      net.dispose();
    }
    // @ts-expect-error The type is wrong on purpose.
    return { found, unknown: await codeOf(MobileNet.untrained({ version: 'v9' })) };
  });
  for (const { info, logits, predictions } of found.found) {
    assert.equal(info.trained, false);
    assert.equal(info.resolution, 96);
    assert.equal(logits.length, 10);
    assert.ok(logits.every(Number.isFinite));
    assert.ok(new Set(logits).size > 1, 'all logits are the same');
    assert.equal(predictions.length, 3);
    for (const { label } of predictions) assert.equal(label, null);
  }
  assert.equal(found.unknown, 'UNKNOWN_NETWORK');
});

test('run gives the logits that classify ranks', async () => {
  const { rankings, info } = await page.evaluate(async () => {
    const net = await load();
    const { mean, std, crop } = net.info.preprocessing;
    const rankings = [];
    for (const colour of [
      [200, 30, 90],
      [0, 128, 255],
    ]) {
      // Resizing and cropping don't change a picture of one colour.
      const canvas = new OffscreenCanvas(300, 260);
      const context = canvas.getContext('2d');
      context.fillStyle = `rgb(${colour})`;
      context.fillRect(0, 0, 300, 260);
      const { predictions } = await net.classify(canvas, { topK: net.info.classes });
      const input = Float32Array.from(
        { length: crop ** 2 * 3 },
        (_, i) => (colour[i % 3] / 255 - mean[i % 3]) / std[i % 3],
      );
      const logits = await net.run(input);
      rankings.push({ predictions, logits: Array.from(logits), left: input.length });
    }
    net.dispose();
    return { rankings, info: net.info };
  });
  assert.notEqual(rankings[0].predictions[0].index, rankings[1].predictions[0].index, 'choose other colours');
  for (const { predictions, logits, left } of rankings) {
    assert.equal(left, info.resolution ** 2 * 3, 'the input stays the caller’s');
    assert.equal(logits.length, info.logits);
    assert.equal(predictions.length, info.classes);
    // Some networks have a first class "none of these".
    const background = info.logits - info.classes;
    const sum = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const ranked = predictions.map(({ index }) => logits[index + background]);
    for (let k = 1; k < ranked.length; k++) {
      // They are equal up to the rounding of (byte / 255 - mean) / std.
      assert.ok(ranked[k] <= ranked[k - 1] + 1e-3, `${ranked[k]} comes after ${ranked[k - 1]}`);
    }
    for (const [k, { probability }] of predictions.entries()) {
      assert.ok(Math.abs(probability - Math.exp(ranked[k]) / sum) < 1e-4, `${probability} of the logit ${ranked[k]}`);
    }
  }
});

test('a profile names each layer with its work and its time', async () => {
  const { profile, short, macs, before, after } = await page.evaluate(async () => {
    // There is one thread, because the peak is that of one core.
    const net = await MobileNet.untrained({ version: 'v3-small', threads: 1 });
    const input = new Float32Array(net.info.resolution ** 2 * 3).fill(0.25);
    const before = Array.from(await net.run(input));
    const profile = await net.profile();
    const short = await net.profile(input, { runs: 3 });
    const after = Array.from(await net.run(input));
    net.dispose();
    return { profile, short, macs: net.info.macs, before, after };
  });
  assert.deepEqual(after, before);
  const { steps, total, runs, peak } = profile;
  assert.deepEqual(
    steps.filter(({ name }) => !/^block [1-9]/.test(name)).map(({ name, kind, shape }) => [name, kind, shape]),
    [
      ['stem', 'stem', '224x224x3 -> 112x112x16, 3x3 stride 2'],
      ['block 0 depthwise', 'depthwise', '112x112x16 -> 56x56x16, 3x3 stride 2'],
      ['block 0 pool', 'pool', '56x56x16 -> 1x1x16'],
      ['block 0 squeeze', 'dense', '1x1x16 -> 1x1x8'],
      ['block 0 excite', 'dense', '1x1x8 -> 1x1x16'],
      ['block 0 scale', 'scale', '56x56x16 -> 56x56x16'],
      ['block 0 project', 'pointwise', '56x56x16 -> 56x56x16'],
      ['last pointwise', 'pointwise', '7x7x96 -> 7x7x576'],
      ['pool', 'pool', '7x7x576 -> 1x1x576'],
      ['head', 'dense', '1x1x576 -> 1x1x1024'],
      ['classifier', 'dense', '1x1x1024 -> 1x1x1000'],
    ],
  );
  const { input, output, kernel, stride } = steps[0];
  assert.deepEqual(
    { input, output, kernel, stride },
    { input: [224, 224, 3], output: [112, 112, 16], kernel: 3, stride: 2 },
  );
  assert.ok(runs >= 20);
  assert.ok(peak > 1 && peak < 1000, `${peak} GFLOP/s`);
  const sum = (key) => steps.reduce((sum, step) => sum + step[key], 0);
  assert.equal(sum('macs'), macs);
  assert.equal(total.macs, macs);
  assert.ok(Math.abs(sum('microseconds') - total.microseconds) < 1e-6 * total.microseconds);
  assert.ok(total.gflops > 0 && total.gflops < peak, `${total.gflops} of ${peak} GFLOP/s`);
  for (const { name, microseconds, minimum, median, gflops } of [...steps, { ...total, name: 'total' }]) {
    assert.ok(microseconds >= 0 && minimum >= 0 && minimum <= median, name);
    assert.equal(gflops === null, microseconds === 0, name);
  }
  assert.equal(short.runs, 3);
  assert.deepEqual(
    short.steps.map(({ name }) => name),
    steps.map(({ name }) => name),
  );
});

test('labels given by the caller are used', async () => {
  const label = await page.evaluate(async () => {
    const net = await load({ labels: Array.from({ length: 1000 }, (_, i) => `class ${i}`) });
    const { predictions } = await net.classify(await photo());
    net.dispose();
    return predictions[0].label;
  });
  assert.equal(label, `class ${PHOTOS[0].index}`);
});

test('downloads are kept where asked, and checked again', async () => {
  const asked = [];
  const listen = (request) => request.url().endsWith('.safetensors') && asked.push(request.url());
  page.on('request', listen);
  const { first, second, third } = await page.evaluate(async (sha256) => {
    const top = async () => {
      const net = await load({ cache: 'test', sha256 });
      const { predictions } = await net.classify(await photo());
      net.dispose();
      return predictions[0];
    };
    const first = await top();
    const second = await top();
    // A full or broken disk may leave such a file.
    await (await caches.open('test')).put(new URL(options.weights, document.baseURI).href, new Response('damaged'));
    const third = await top();
    await caches.delete('test');
    return { first, second, third };
  }, lightest.sha256);
  page.off('request', listen);
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
  assert.equal(asked.length, 2, 'once at first, and once for the damaged copy');
});

test('the engine is fetched and compiled once for all networks of a page', async () => {
  const fresh = await openBlank(session);
  const asked = [];
  fresh.on('request', (request) => request.url().endsWith('.wasm') && asked.push(request.url()));
  await fresh.evaluate(installHelpers, lightest);
  await fresh.evaluate(async () => {
    const nets = [await load(), await load(), await MobileNet.untrained({ version: 'v2', resolution: 96 })];
    for (const net of nets) net.dispose();
  });
  await fresh.close();
  assert.equal(asked.length, 1);
});

test('a server that does not know wasm’s MIME type will do', async () => {
  const fresh = await openBlank(session);
  await fresh.route('**/*.wasm', async (route) =>
    route.fulfill({ response: await route.fetch(), contentType: 'application/octet-stream' }),
  );
  await fresh.evaluate(installHelpers, lightest);
  const skipped = await fresh.evaluate(async () => {
    const net = await load();
    net.dispose();
    return net.info.skipped;
  });
  await fresh.close();
  assert.deepEqual(skipped, []);
});

test('the best build runs; one that is refused or does not start gives way to the next, and info says why', async () => {
  const infoWith = async (prepare) => {
    const context = await session.browser.newContext();
    const fresh = await openBlank({ ...session, browser: context });
    await prepare(context, fresh);
    await fresh.evaluate(installHelpers, lightest);
    const { build, skipped, index } = await fresh.evaluate(async () => {
      const net = await load();
      const { predictions } = await net.classify(await photo());
      net.dispose();
      return { ...net.info, index: predictions[0].index };
    });
    await context.close();
    assert.equal(index, PHOTOS[0].index);
    return { build, skipped };
  };
  assert.deepEqual(await infoWith(() => {}), { build: 'relaxed-threads', skipped: [] });

  const relaxedMadd = [0xfd, 0x85, 0x02];
  const refused = await infoWith((_, fresh) =>
    fresh.evaluate((opcode) => {
      const { validate } = WebAssembly;
      WebAssembly.validate = (bytes) => validate(bytes) && !String(bytes).includes(String(opcode));
    }, relaxedMadd),
  );
  const reason = 'this browser has no relaxed SIMD';
  assert.deepEqual(refused, {
    build: 'simd-threads',
    skipped: ['relaxed-threads', 'relaxed'].map((build) => ({ build, reason })),
  });

  for (const [file, answer, reason] of /** @type {const} */ ([
    ['**/wasm/relaxed-threads/*.wasm', { status: 503 }, /answered 503/],
    ['**/wasm/relaxed-threads/*.wasm', { contentType: 'application/wasm', body: 'no wasm' }, /magic word/],
    ['**/wasm/relaxed-threads/*.js', { status: 404 }, /could not be loaded/],
  ])) {
    const { build, skipped } = await infoWith((context) => context.route(file, (route) => route.fulfill(answer)));
    assert.equal(build, 'relaxed');
    assert.deepEqual(
      skipped.map(({ build }) => build),
      ['relaxed-threads'],
    );
    assert.match(skipped[0].reason, reason);
  }
});

test('an engine that can’t be fetched is FETCH_FAILED, and is tried again', async () => {
  for (const missing of ['**/*.wasm', '**/wasm/*/worker.js']) {
    const context = await session.browser.newContext();
    const fresh = await openBlank({ ...session, browser: context });
    await context.route(missing, (route) => route.fulfill({ status: 503 }));
    await fresh.evaluate(installHelpers, lightest);
    const code = await fresh.evaluate(() => codeOf(load()));
    await context.unroute(missing);
    const state = await fresh.evaluate(async () => (await load()).state);
    await context.close();
    assert.equal(code, 'FETCH_FAILED', missing);
    assert.equal(state, 'ready', missing);
  }
});

test('without WebAssembly SIMD, or any WebAssembly, loading is UNSUPPORTED', async () => {
  for (const breakIt of [
    () => void (WebAssembly.validate = () => false),
    () => void Reflect.deleteProperty(globalThis, 'WebAssembly'),
  ]) {
    const fresh = await openBlank(session);
    await fresh.evaluate(installHelpers, lightest);
    await fresh.evaluate(breakIt);
    const error = await fresh.evaluate(() =>
      load().then(
        () => null,
        ({ code, message }) => ({ code, message }),
      ),
    );
    await fresh.close();
    assert.equal(error.code, 'UNSUPPORTED', error.message);
    assert.match(error.message, /WebAssembly/);
  }
});

test('the package works inside a worker of the page’s own', async () => {
  const index = await page.evaluate(async () => {
    const script = `
      import { MobileNet } from '${new URL('/pkg/index.js', document.baseURI)}';
      onmessage = async ({ data: { options, picture } }) => {
        const net = await MobileNet.load(options);
        const { predictions } = await net.classify(picture);
        net.dispose();
        postMessage(predictions[0].index);
      };`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' });
    const absolute = Object.fromEntries(
      Object.entries(options).map(([key, url]) => [key, url && new URL(url, document.baseURI).href]),
    );
    const index = await new Promise(async (resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ options: absolute, picture: await photo() });
    });
    worker.terminate();
    return index;
  });
  assert.equal(index, PHOTOS[0].index);
});
