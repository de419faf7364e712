// The same in a program outside of a page.
import { Buffer } from 'node:buffer';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { Engine, MobileNet } from 'mobilenet-wasm';
import { Cascade, fit } from 'mobilenet-wasm/fit';
import { picture } from './picture.js';

/** @param {Partial<import('mobilenet-wasm').LoadOptions>} options */
async function classify(options) {
  const net = await MobileNet.load({ weights: 'public/model.safetensors', config: 'public/config.json', ...options });
  const { predictions } = await net.classify(picture());
  const logits = await net.run(new Float32Array(net.info.resolution ** 2 * 3).fill(0.25));
  const { build, threads } = net.info;
  net.dispose();
  return { build, threads, predictions, logits: [...logits.slice(0, 5)] };
}

const bytes = { weights: await readFile('public/model.safetensors'), threads: 1 };
const config = JSON.parse(await readFile('public/config.json', 'utf8'));
const answers = [
  await classify({ threads: 1 }),
  await classify({ threads: 2 }),
  await classify({ ...bytes, config }),
  await classify({ threads: 1, assets: new URL('node_modules/mobilenet-wasm/wasm', import.meta.url) }),
];
const net = await MobileNet.load({ ...bytes, config });
answers.push(await classify({ weights: await net.export(), config: null, threads: 1 }));
const code = await MobileNet.load({ weights: 'public/none.safetensors' }).catch((error) => error.code);

/** @param {import('mobilenet-wasm').ClassifySource} source */
async function predictionsOf(source, options = {}) {
  return (await net.classify(source, options)).predictions;
}

/**
 * Some pixels of a picture, in another order.
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => number[]} from where a pixel comes from
 */
function rearranged({ data, width: row }, width, height, from) {
  const pixels = Array.from({ length: width * height }, (_, i) => {
    const [x, y] = from(i % width, Math.floor(i / width));
    return [...data.subarray(4 * (y * row + x), 4 * (y * row + x + 1))];
  });
  return { data: Uint8Array.from(pixels.flat()), width, height };
}

const whole = picture();
const cut = rearranged(whole, 96, 100, (x, y) => [x + 20, y + 10]);
const turned = rearranged(whole, whole.height, whole.width, (x, y) => [y, whole.height - 1 - x]);
/** Answers that are to be the same, two by two. */
const pairs = {
  region: [await predictionsOf(whole, { region: { x: 20, y: 10, width: 96, height: 100 } }), await predictionsOf(cut)],
  rotation: [await predictionsOf(whole, { rotation: 90 }), await predictionsOf(turned)],
  classifyBatch: [
    (await net.classifyBatch([whole, cut])).map(({ predictions }) => predictions),
    [await predictionsOf(whole), await predictionsOf(cut)],
  ],
};

const input = new Float32Array(net.info.resolution ** 2 * 3).fill(0.25);
const features = await net.embed(input);
const tensors = await net.inspect(input, { layers: ['stem', 'pool'] });
const map = await net.activationMap(input, 3);
pairs.embed = [[...features], [...tensors.get('pool').data]];
// The class has no bias. Before its logit there is the background's.
const logit = map.data.reduce((sum, value) => sum + value, 0) / map.data.length;
const { height, width, channels, data } = tensors.get('stem');
const inside = { stem: [height, width, channels, data.length], logits: [(await net.run(input))[4], map.logit, logit] };

/** What is asked of the network, and of a cache on the disk. @type {string[]} */
const asked = [];
const kept = await mkdtemp('kept-');
const keptAt = (/** @type {string} */ key) => `${kept}/${encodeURIComponent(key)}`;
const options = {
  fetch: async (address) => {
    asked.push(address);
    return new Response(await readFile('public/named.safetensors'));
  },
  cache: {
    match: async (key) => new Response(await readFile(keptAt(key))),
    put: async (key, response) => writeFile(keptAt(key), Buffer.from(await response.arrayBuffer())),
  },
  threads: 1,
};
pairs.named = [];
for (let i = 0; i < 2; i++) {
  const named = await MobileNet.load('v4-small', options);
  pairs.named.push((await named.classify(whole)).predictions);
  named.dispose();
}

// Another worker reads it.
const lite = await MobileNet.load({ weights: 'public/model.tflite', threads: 1 });
const { version, classes } = lite.info;
const tflite = { version, classes, predictions: (await lite.classify(whole)).predictions };
lite.dispose();

/** PNG files of the three kinds that there are of 8 bits, and their pixels. */
const PNGS = [
  {
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAGElEQVR42mP4z8DA8J+BgeE/I5eIHAQAADEzA+9208NpAAAAAElFTkSuQmCC',
    rgba: [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 10, 20, 30, 255, 40, 50, 60, 255, 70, 80, 90, 255],
  },
  {
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAHUlEQVR42mP4z8BgzPCfIY2B4f9/FijD+D8DgwkAb0YIZKb3sckAAAAASUVORK5CYII=',
    rgba: [255, 0, 0, 51, 0, 255, 0, 102, 0, 0, 255, 255, 255, 255, 0, 153, 0, 255, 255, 204, 255, 0, 255, 51],
  },
  {
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR42mNkMDJimHbiFwAGggK+xjX0EgAAAABJRU5ErkJggg==',
    rgba: [0, 50, 100, 150, 200, 250].flatMap((grey) => [grey, grey, grey, 255]),
  },
];
const outcome = (source) => predictionsOf(source).catch(({ code, message }) => ({ code, message }));
/** What becomes of each file, and of its pixels. */
const pictures = [];
for (const { file, rgba } of PNGS) {
  const blob = new Blob([Buffer.from(file, 'base64')], { type: 'image/png' });
  pictures.push({
    kind: 'png',
    blob: await outcome(blob),
    pixels: await outcome({ data: Uint8Array.from(rgba), width: 3, height: 2 }),
  });
}
/** A JPEG and a WebP file of two colours side by side. Decoders may round JPEG's. */
const HALVES = {
  jpeg: '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAARCAAQACADAREAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAkG/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/EABYBAQEBAAAAAAAAAAAAAAAAAAAKCf/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AM+yvbYAJjq+Ep4CnCQdVgAmOr4SngP/2Q==',
  webp: 'UklGRioAAABXRUJQVlA4TB0AAAAvH8ADAA9wBa2jgN6Pdv6jBQKBJH/pARaI6H8UKwA=',
};
const halves = Array.from({ length: 16 * 32 }, (_, i) => (i % 32 < 16 ? [200, 100, 50, 255] : [40, 90, 180, 255]));
const coloured = await outcome({ data: Uint8Array.from(halves.flat()), width: 32, height: 16 });
for (const [kind, file] of Object.entries(HALVES)) {
  const blob = new Blob([Buffer.from(file, 'base64')], { type: `image/${kind}` });
  pictures.push({ kind, blob: await outcome(blob), pixels: coloured });
}
const broken = await outcome(new Blob(['no picture']));
net.dispose();

const { weights } = bytes;
const { chosen, measurements } = await fit({
  candidates: [{ name: 'v1', weights, config, resolutions: [96, 128] }],
  frames: [whole, cut, turned],
  agreement: 1,
});
// JSON keeps the choice.
const setup = JSON.parse(JSON.stringify(chosen));
const cascade = await Cascade.load(setup, { files: { v1: { weights, config } }, threads: 1 });
const fitted = {
  points: measurements.points.map(({ name, runs, answers }) => [name, runs, answers.length]),
  chosen: setup.networks[0].name,
  best: (await cascade.classify(whole)).predictions[0].index,
  wanted: measurements.points[1].answers[0][0],
};
cascade.dispose();

// What is left open must not keep the process from its end.
const engine = await Engine.create({ threads: 2 });
await engine.untrained({ version: 'v3-small', width: 0.5, resolution: 96 });
console.log(JSON.stringify({ answers, code, pairs, inside, asked, tflite, pictures, broken, fitted }));
