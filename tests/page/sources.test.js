// Tests every form of a picture with a made-up checkpoint. Its features show whether the network saw the same pixels.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, openBlank } from './harness.js';
import { random } from './made-up.js';

let session;
/** @type {import('playwright-core').Page} */
let page;

before(async () => {
  session = await open();
  page = await openBlank(session);
  const { file } = random('v1', 5);
  await page.route('**/made-up.safetensors', (route) => route.fulfill({ body: file }));
  await page.evaluate(installHelpers);
});
after(() => session?.close());

/** Runs in the page. */
async function installHelpers() {
  const { MobileNet } = await import('/pkg/index.js');
  /** @type {typeof globalThis.canvasOf} */
  const canvasOf = (data, canvas = /** @type {any} */ (new OffscreenCanvas(data.width, data.height))) => {
    canvas.width = data.width;
    canvas.height = data.height;
    canvas.getContext('2d').putImageData(data, 0, 0);
    return canvas;
  };
  Object.assign(globalThis, {
    MobileNet,
    canvasOf,
    /** Makes a picture of odd size that is coarse enough for a video's colours. `alphaAt` gives the alpha of each pixel. */
    pictureOf: (alphaAt) => {
      const data = new ImageData(333, 251);
      for (let y = 0; y < data.height; y++) {
        for (let x = 0; x < data.width; x++) {
          const wave = (period, shift) => 127 * (1 + Math.sin((x + shift * y) / period));
          data.data.set([wave(40, 1), wave(60, -0.5), wave(90, 2), alphaAt(x, y)], 4 * (y * data.width + x));
        }
      }
      return data;
    },
    sourcesOf: async (data) => {
      const canvas = canvasOf(data, document.createElement('canvas'));
      const offscreen = canvasOf(data);
      const blob = await offscreen.convertToBlob();
      const image = new Image();
      image.src = URL.createObjectURL(blob);
      await image.decode();
      const { width: codedWidth, height: codedHeight } = data;
      return {
        HTMLCanvasElement: canvas,
        OffscreenCanvas: offscreen,
        'ImageBitmap of ImageData': await createImageBitmap(data),
        'ImageBitmap, not premultiplied': await createImageBitmap(data, { premultiplyAlpha: 'none' }),
        'ImageBitmap of a canvas': await createImageBitmap(canvas),
        'VideoFrame of RGBA': new VideoFrame(data.data, { format: 'RGBA', codedWidth, codedHeight, timestamp: 0 }),
        Blob: blob,
        HTMLImageElement: image,
      };
    },
    /** The distance of features: the largest difference, divided by the largest feature. */
    distance: (a, b) => Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / Math.max(...a),
  });
}

for (const threads of [1, 2]) {
  test(`an opaque picture is the same pixels in every form, by threads: ${threads}`, () => opaque(threads));
  test(`NV12 is the same pixels as I420, by threads: ${threads}`, () => planes(threads));
  test(`a photo that is read in strips is the same pixels in every form, by threads: ${threads}`, () =>
    strips(threads));
}

for (const instructions of /** @type {const} */ (['relaxed', 'simd'])) {
  test(`${instructions}: a picture is the same pixels for every number of threads`, () => shared(instructions));
}

/** @param {'relaxed' | 'simd'} instructions */
async function shared(instructions) {
  const differing = await page.evaluate(async (instructions) => {
    const data = pictureOf(() => 255);
    const large = new OffscreenCanvas(3000, 2600);
    large.getContext('2d').drawImage(canvasOf(data), 0, 0, large.width, large.height);
    const [codedWidth, codedHeight] = [642, 482];
    const planes = Uint8Array.from({ length: (codedWidth * codedHeight * 3) / 2 }, (_, i) => 60 + ((i * 7) % 120));
    const colorSpace = /** @type {const} */ ({ matrix: 'smpte170m', fullRange: true });
    const sources = {
      ImageData: data,
      ImageBitmap: await createImageBitmap(data),
      VideoFrame: new VideoFrame(planes, { format: 'I420', codedWidth, codedHeight, timestamp: 0, colorSpace }),
      'a photo in strips': large,
    };
    /** @type {Map<string, Uint32Array>} */
    const expected = new Map();
    const differing = [];
    for (const threads of [0, 1, 2, 4]) {
      // The Rust tests compare the builds without threads with Pillow's pixels.
      const build = threads === 0 ? instructions : /** @type {const} */ (`${instructions}-threads`);
      const net = await MobileNet.load({ weights: '/made-up.safetensors', build, threads: threads || 1 });
      for (const [name, source] of Object.entries(sources)) {
        const features = new Uint32Array((await net.embed(source)).buffer);
        if (!expected.has(name)) expected.set(name, features);
        if (!features.every((bits, i) => bits === expected.get(name)[i])) differing.push(`${name}, ${threads} threads`);
      }
      if (net.info.build !== build || net.info.threads !== (threads || 1)) differing.push(JSON.stringify(net.info));
      net.dispose();
    }
    sources.VideoFrame.close();
    return differing;
  }, instructions);
  assert.deepEqual(differing, []);
}

/** @param {number} threads */
async function opaque(threads) {
  const { used, distances, other, left } = await page.evaluate(async (threads) => {
    // The Rust tests compare the builds for one thread with Pillow's pixels.
    const alone = await MobileNet.load({ weights: '/made-up.safetensors', threads: 1 });
    const net = await MobileNet.load({ weights: '/made-up.safetensors', threads });
    const data = pictureOf(() => 255);
    const expected = await alone.embed(data);
    alone.dispose();
    const sources = await sourcesOf(data);
    const distances = { ImageData: distance(expected, await net.embed(data)) };
    for (const [name, source] of Object.entries(sources)) {
      distances[name] = distance(expected, await net.embed(source));
      // The source still belongs to the caller.
      distances[`${name} again`] = distance(expected, await net.embed(source));
    }
    const left = [sources['ImageBitmap of a canvas'].width, sources['VideoFrame of RGBA'].codedWidth];
    sources['VideoFrame of RGBA'].close();
    const shifted = new ImageData(
      data.data.map((value, i) => (i % 4 === 3 ? value : Math.max(value, 4))),
      data.width,
    );
    const other = distance(expected, await net.embed(shifted));
    const used = net.info.threads;
    net.dispose();
    return { used, distances, other, left };
  }, threads);
  assert.equal(used, threads);
  assert.ok(other > 1e-4, `a hardly darker picture has the same features: ${other}`);
  for (const [name, distance] of Object.entries(distances)) assert.equal(distance, 0, name);
  assert.deepEqual(left, [333, 333]);
}

test('a picture in a video’s colours is nearly the same', async () => {
  const { video, wrong, partly } = await page.evaluate(async () => {
    const net = await MobileNet.load({ weights: '/made-up.safetensors', threads: 1 });
    // The sides are even, because an I420 frame halves them.
    const data = pictureOf(() => 255);
    const even = canvasOf(data).getContext('2d').getImageData(0, 0, 332, 250);
    const [width, height] = [even.width, even.height];
    const planes = new Uint8Array((width * height * 3) / 2);
    const clamp = (value) => Math.max(0, Math.min(255, Math.round(value)));
    // BT.709, video range.
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [r, g, b] = even.data.subarray(4 * (y * width + x));
        const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        planes[y * width + x] = clamp(16 + (219 / 255) * luma);
        if (x % 2 || y % 2) continue;
        const at = width * height + (y / 2) * (width / 2) + x / 2;
        planes[at] = clamp(128 + ((224 / 255) * (b - luma)) / 1.8556);
        planes[at + (width * height) / 4] = clamp(128 + ((224 / 255) * (r - luma)) / 1.5748);
      }
    }
    const expected = await net.embed(even);
    const distanceOf = async (planes, more, reference = expected) => {
      const frame = new VideoFrame(planes, {
        format: 'I420',
        codedWidth: width,
        codedHeight: height,
        timestamp: 0,
        colorSpace: { matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', fullRange: false },
        ...more,
      });
      const features = await net.embed(frame);
      frame.close();
      return distance(reference, features);
    };
    const video = await distanceOf(planes);
    const swapped = planes.slice();
    swapped.copyWithin(width * height, (width * height * 5) / 4);
    const wrong = await distanceOf(swapped);
    // A frame may show only a part of its pixels.
    const part = { x: 40, y: 20, width: width - 40, height: height - 20 };
    const shown = await net.embed(canvasOf(even).getContext('2d').getImageData(40, 20, part.width, part.height));
    const partly = await distanceOf(planes, { visibleRect: part }, shown);
    net.dispose();
    return { video, wrong, partly };
  });
  assert.ok(video < 0.03, `${video}`);
  assert.ok(partly < 0.03, `${partly}`);
  assert.ok(wrong > 2 * video, `${wrong} with its colours swapped, ${video} of the right ones`);
});

/**
 * Also tests that a picture with an unknown colour matrix is drawn.
 * @param {number} threads
 */
async function planes(threads) {
  const { pairs, same, unknown } = await page.evaluate(async (threads) => {
    const alone = await MobileNet.load({ weights: '/made-up.safetensors', threads: 1 });
    const net = await MobileNet.load({ weights: '/made-up.safetensors', threads });
    const [width, height] = [322, 242];
    const half = (width / 2) * (height / 2);
    const luma = Uint8Array.from({ length: width * height }, (_, i) => 30 + ((i * 7) % 180));
    const [u, v] = [3, 5].map((step) => Uint8Array.from({ length: half }, (_, i) => 100 + ((i * step) % 60)));
    /** @type {(format: 'I420' | 'NV12', planes: number[], colorSpace?: VideoColorSpaceInit, by?: typeof net) => Promise<Float32Array>} */
    const embed = async (format, planes, colorSpace = { matrix: 'smpte170m', fullRange: true }, by = net) => {
      const init = { format, codedWidth: width, codedHeight: height, timestamp: 0, colorSpace };
      const frame = new VideoFrame(Uint8Array.from(planes), init);
      const features = await by.embed(frame);
      frame.close();
      return features;
    };
    const planar = await embed('I420', [...luma, ...u, ...v]);
    const interleaved = await embed('NV12', [...luma, ...[...u].flatMap((value, i) => [value, v[i]])]);
    const drawn = await embed('I420', [...luma, ...u, ...v], { matrix: null, fullRange: null });
    const expected = await embed('I420', [...luma, ...u, ...v], undefined, alone);
    for (const one of [alone, net]) one.dispose();
    return {
      pairs: distance(planar, interleaved),
      same: distance(planar, expected),
      unknown: distance(planar, drawn),
    };
  }, threads);
  assert.deepEqual([pairs, same], [0, 0]);
  assert.ok(unknown > 0 && unknown < 0.2, `${unknown}`);
}

/** @param {number} threads */
async function strips(threads) {
  const { distances, reads } = await page.evaluate(async (threads) => {
    const { Engine } = await import('/pkg/index.js');
    const alone = await MobileNet.load({ weights: '/made-up.safetensors', threads: 1 });
    const engine = await Engine.create({ threads });
    const net = await engine.load({ weights: '/made-up.safetensors' });
    // This network crops differently.
    const other = await engine.untrained({ version: 'v3-small', resolution: 96 });
    // This network has the first one's geometry.
    const alike = await engine.load({ weights: '/made-up.safetensors' });
    const data = pictureOf(() => 255);
    const large = new OffscreenCanvas(3000, 2600);
    const context = large.getContext('2d');
    context.drawImage(canvasOf(data), 0, 0, large.width, large.height);
    /** @returns {Promise<Record<string, number>>} the distances of the others from ImageData's features */
    const compare = async () => {
      const pixels = context.getImageData(0, 0, large.width, large.height);
      const expected = await alone.embed(pixels);
      const several = await engine.classify(large, [other, net]);
      const single = await net.classify(large);
      return {
        canvas: distance(expected, await net.embed(large)),
        bitmap: distance(expected, await net.embed(await createImageBitmap(large))),
        classified: several[1].predictions[0].probability - single.predictions[0].probability,
      };
    };
    const opaque = await compare();
    // A network reads the strips of a picture of this size only to resize them.
    const reads = (await engine.classify(large, [net, alike, other, net])).map(({ timing }) => timing.read);
    context.clearRect(1000, 1000, 50, 50);
    const { canvas, bitmap } = await compare();
    for (const one of [alone, engine]) one.dispose();
    return { distances: { opaque, transparent: { canvas, bitmap } }, reads };
  }, threads);
  assert.ok(reads[0] > 0 && reads[2] > 0, `the first of each geometry reads: ${reads}`);
  assert.deepEqual([reads[1], reads[3]], [0, 0], 'the others read again, and resize again');
  assert.deepEqual(distances.opaque, { canvas: 0, bitmap: 0, classified: 0 });
  for (const [name, distance] of Object.entries(distances.transparent)) {
    assert.ok(distance < 0.005, `${name}: ${distance}`);
  }
}

test('what is transparent is read over white, in every form', async () => {
  const { distances, black } = await page.evaluate(async () => {
    const net = await MobileNet.load({ weights: '/made-up.safetensors', threads: 1 });
    const data = pictureOf((x, y) => (x + 2 * y) & 255);
    const over = (background) => {
      const opaque = new ImageData(data.data.slice(), data.width);
      for (let at = 0; at < opaque.data.length; at++) {
        const alpha = data.data[at | 3] / 255;
        opaque.data[at] = at % 4 === 3 ? 255 : Math.round(data.data[at] * alpha + background * (1 - alpha));
      }
      return opaque;
    };
    const expected = await net.embed(over(255));
    const distances = { ImageData: distance(expected, await net.embed(data)) };
    const sources = await sourcesOf(data);
    for (const [name, source] of Object.entries(sources)) distances[name] = distance(expected, await net.embed(source));
    sources['VideoFrame of RGBA'].close();
    const black = distance(expected, await net.embed(over(0)));
    net.dispose();
    return { distances, black };
  });
  assert.ok(black > 0.1, `over black it is the same: ${black}`);
  // Each form rounds to bytes at another point.
  for (const [name, distance] of Object.entries(distances)) assert.ok(distance < 0.005, `${name}: ${distance}`);
});
