// Writes keras/teachable-*.json, models as @teachablemachine/image 0.8.5 builds and saves them with TensorFlow.js, and
// keras/teachable.json, the logarithms of their probabilities.
//
//     python tests/goldens/make_keras.py --bases FOLDER && node tests/goldens/make_teachable.mjs FOLDER
//
// needs the npm package @tensorflow/tfjs, found from the working folder. FOLDER gets the networks that Teachable Machine
// fetches from its host, without weights. Weights follow from their names, as in make_keras.py.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const tf = createRequire(join(process.cwd(), 'x.js'))('@tensorflow/tfjs');
const FOLDER = new URL('./keras/', import.meta.url);
const GREY = [0.2989, 0.587, 0.114];

/** As uniform.py. */
function uniform(name, count) {
  const mask = (1n << 64n) - 1n;
  let state = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) state = ((state ^ BigInt(byte)) * 0x100000001b3n) & mask;
  return Float64Array.from({ length: count }, () => {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return Number((z ^ (z >> 31n)) >> 40n) / 2 ** 24;
  });
}

/** As `values` of make_keras.py. */
function values(name, shape, gain) {
  const spreads = { moving_variance: 0.5, moving_mean: 0.5, gamma: 0.5, beta: 1, bias: 1 };
  const parameter = name.split('/').at(-1);
  const inputs = shape.length === 4 && shape[3] === 1 ? shape.slice(0, 2) : shape.slice(0, -1);
  const spread = spreads[parameter] ?? Math.sqrt(gain / inputs.reduce((product, side) => product * side, 1));
  const centre = { moving_variance: 0.55, gamma: 1 }[parameter] ?? 0;
  const count = shape.reduce((product, side) => product * side, 1);
  return Float32Array.from(uniform(name, count), (value) => centre + spread * (2 * value - 1));
}

/** As `picture` of make_keras.py, and then `capture` of Teachable Machine. */
function picture(seed, side, grey) {
  const blocks = side / 8;
  const squares = uniform(seed, blocks * blocks * 3).map((value) => Math.floor(256 * value));
  const channels = grey ? 1 : 3;
  const pixels = new Float32Array(side * side * channels);
  for (let pixel = 0; pixel < side * side; pixel++) {
    const square = Math.floor(Math.floor(pixel / side) / 8) * blocks + Math.floor((pixel % side) / 8);
    const rgb = squares.subarray(3 * square, 3 * square + 3);
    const values = grey ? [rgb.reduce((sum, value, c) => sum + value * GREY[c], 0)] : rgb;
    values.forEach((value, c) => (pixels[pixel * channels + c] = value / 127 - 1));
  }
  return tf.tensor(pixels, [1, side, side, channels]);
}

/** What `loadTruncatedMobileNet` and `train` of Teachable Machine make of a network. */
function teachable(base, layer, classes) {
  const truncated = tf.model({ inputs: base.inputs, outputs: base.getLayer(layer).output });
  const body = tf.sequential();
  body.add(truncated);
  body.add(tf.layers.globalAveragePooling2d({}));
  const inputSize = tf.util.sizeFromShape(body.outputs[0].shape.slice(1));
  const head = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [inputSize], units: 100, activation: 'relu', useBias: true }),
      tf.layers.dense({ useBias: false, activation: 'softmax', units: classes }),
    ],
  });
  const joined = tf.sequential();
  joined.add(body);
  joined.add(head);
  return joined;
}

const outputs = {};
for (const [name, layer, gain, metadata] of [
  ['teachable-standard', 'out_relu', 2, { labels: ['cat', 'dog', 'no "animal"'], imageSize: 224 }],
  ['teachable-embedded', 'conv_pw_13_relu', 4, { labels: ['left', 'right'], imageSize: 96, grayscale: true }],
]) {
  const topology = JSON.parse(readFileSync(join(process.argv[2], `${name}.json`), 'utf8'));
  const base = await tf.models.modelFromJSON(topology);
  const model = teachable(base, layer, metadata.labels.length);
  for (const weight of model.weights) {
    weight.write(tf.tensor(values(weight.originalName, weight.shape, gain), weight.shape));
  }
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs }) => {
      const weightsManifest = [{ paths: ['./weights.bin'], weights: weightSpecs }];
      writeFileSync(new URL(`${name}.json`, FOLDER), JSON.stringify({ modelTopology, weightsManifest }) + '\n');
      return { modelArtifactsInfo: {} };
    }),
  );
  const rows = [0, 1].map((number) => {
    const input = picture(`picture ${number}`, metadata.imageSize, metadata.grayscale);
    return Array.from(model.predict(input).dataSync(), (value) => Math.log(value));
  });
  const about = { tfjsVersion: tf.version.tfjs, packageName: '@teachablemachine/image', packageVersion: '0.8.5' };
  outputs[name] = { metadata: { ...about, ...metadata }, rows };
}
writeFileSync(new URL('teachable.json', FOLDER), JSON.stringify(outputs, null, 1) + '\n');
