// The four networks in the operations that TensorFlow.js's converter leaves in a graph model: batch normalisation folded,
// bias and ReLU or ReLU6 fused into the convolution, h-swish and squeeze-and-excite out of single operations.
import * as tf from '@tensorflow/tfjs-core';

/** @typedef {(x: tf.Tensor4D) => tf.Tensor4D} Layer */

/** Each row: output channels, stride. */
const V1 = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array(5).fill([512, 1]),
  [1024, 2],
  [1024, 1],
];

/** Each row: expansion, output channels, repeats, stride of the first. */
const V2 = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/** Each row: kernel, expanded channels, output channels, squeeze-and-excite, h-swish instead of ReLU, stride. */
const V3_LARGE = [
  [3, 16, 16, false, false, 1],
  [3, 64, 24, false, false, 2],
  [3, 72, 24, false, false, 1],
  [5, 72, 40, true, false, 2],
  [5, 120, 40, true, false, 1],
  [5, 120, 40, true, false, 1],
  [3, 240, 80, false, true, 2],
  [3, 200, 80, false, true, 1],
  [3, 184, 80, false, true, 1],
  [3, 184, 80, false, true, 1],
  [3, 480, 112, true, true, 1],
  [3, 672, 112, true, true, 1],
  [5, 672, 160, true, true, 2],
  [5, 960, 160, true, true, 1],
  [5, 960, 160, true, true, 1],
];

const V3_SMALL = [
  [3, 16, 16, true, false, 2],
  [3, 72, 24, false, false, 2],
  [3, 88, 24, false, false, 1],
  [5, 96, 40, true, true, 2],
  [5, 240, 40, true, true, 1],
  [5, 240, 40, true, true, 1],
  [5, 120, 48, true, true, 1],
  [5, 144, 48, true, true, 1],
  [5, 288, 96, true, true, 2],
  [5, 576, 96, true, true, 1],
  [5, 576, 96, true, true, 1],
];

/**
 * @param {string} version
 * @returns {Layer} with random weights
 */
export function networkOf(version) {
  switch (version) {
    case 'v1':
      return v1();
    case 'v2':
      return v2();
    case 'v3-large':
      return v3(V3_LARGE, 960, 1280);
    case 'v3-small':
      return v3(V3_SMALL, 576, 1024);
    default:
      throw new Error(`no network ${version}`);
  }
}

function v1() {
  const layers = [convolution(3, 3, 32, 2, 'relu6')];
  let channels = 32;
  for (const [out, stride] of V1) {
    layers.push(depthwise(3, channels, stride, 'relu6'), convolution(1, channels, out, 1, 'relu6'));
    channels = out;
  }
  return chain(...layers, pool, convolution(1, channels, 1000, 1));
}

function v2() {
  const layers = [convolution(3, 3, 32, 2, 'relu6')];
  let channels = 32;
  for (const [expansion, out, repeats, firstStride] of V2) {
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? firstStride : 1;
      const expanded = channels * expansion;
      const block = chain(
        ...(expansion > 1 ? [convolution(1, channels, expanded, 1, 'relu6')] : []),
        depthwise(3, expanded, stride, 'relu6'),
        convolution(1, expanded, out, 1),
      );
      layers.push(stride === 1 && channels === out ? residual(block) : block);
      channels = out;
    }
  }
  return chain(...layers, convolution(1, channels, 1280, 1, 'relu6'), pool, convolution(1, 1280, 1000, 1));
}

/**
 * @param {typeof V3_LARGE} table
 * @param {number} last channels of the last convolution
 * @param {number} hidden channels of the layer before the classes
 */
function v3(table, last, hidden) {
  const layers = [convolution(3, 3, 16, 2), hSwish];
  let channels = 16;
  for (const [kernel, expanded, out, excite, swish, stride] of table) {
    /** @param {(activation?: 'relu') => Layer} make */
    const activated = (make) => (swish ? [make(), hSwish] : [make('relu')]);
    const block = chain(
      ...(expanded === channels ? [] : activated((activation) => convolution(1, channels, expanded, 1, activation))),
      ...activated((activation) => depthwise(kernel, expanded, stride, activation)),
      ...(excite ? [squeezeAndExcite(expanded)] : []),
      convolution(1, expanded, out, 1),
    );
    layers.push(stride === 1 && channels === out ? residual(block) : block);
    channels = out;
  }
  layers.push(convolution(1, channels, last, 1), hSwish, pool);
  layers.push(convolution(1, last, hidden, 1), hSwish, convolution(1, hidden, 1000, 1));
  return chain(...layers);
}

/**
 * @param {...Layer} layers
 * @returns {Layer}
 */
function chain(...layers) {
  return (x) => layers.reduce((y, layer) => layer(y), x);
}

/**
 * @param {Layer} block
 * @returns {Layer}
 */
function residual(block) {
  return (x) => tf.add(x, block(x));
}

/**
 * Weights that keep the activations' size, so that no layer computes with infinities.
 * @param {number[]} shape
 * @param {number} inputs of one sum
 */
function weights(shape, inputs) {
  return tf.keep(tf.randomNormal(shape, 0, Math.sqrt(2 / inputs)));
}

/**
 * @param {number} kernel
 * @param {number} channels
 * @param {number} out
 * @param {number} stride
 * @param {'linear' | 'relu' | 'relu6'} [activation]
 * @returns {Layer}
 */
function convolution(kernel, channels, out, stride, activation = 'linear') {
  const filter = weights([kernel, kernel, channels, out], kernel * kernel * channels);
  const bias = weights([out], out);
  return (x) => tf.fused.conv2d({ x, filter, bias, strides: stride, pad: 'same', activation });
}

/**
 * @param {number} kernel
 * @param {number} channels
 * @param {number} stride
 * @param {'linear' | 'relu' | 'relu6'} [activation]
 * @returns {Layer}
 */
function depthwise(kernel, channels, stride, activation = 'linear') {
  const filter = weights([kernel, kernel, channels, 1], kernel * kernel);
  const bias = weights([channels], channels);
  return (x) => tf.fused.depthwiseConv2d({ x, filter, bias, strides: stride, pad: 'same', activation });
}

/** @type {Layer} */
function pool(x) {
  return tf.mean(x, [1, 2], true);
}

/** @type {Layer} */
function hSigmoid(x) {
  return tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6);
}

/** @type {Layer} */
function hSwish(x) {
  return tf.mul(x, hSigmoid(x));
}

/**
 * @param {number} channels
 * @returns {Layer}
 */
function squeezeAndExcite(channels) {
  const squeezed = roundToEight(channels / 4);
  const scale = chain(
    pool,
    convolution(1, channels, squeezed, 1, 'relu'),
    convolution(1, squeezed, channels, 1),
    hSigmoid,
  );
  return (x) => tf.mul(x, scale(x));
}

/**
 * The papers' rounding to a multiple of 8 that loses at most a tenth.
 * @param {number} channels
 */
function roundToEight(channels) {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}
