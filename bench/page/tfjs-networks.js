// Builds the engine's networks from the operations that TensorFlow.js's converter leaves in a graph model. Batch
// normalisation is folded, bias and ReLU or ReLU6 are fused into the convolution, and h-swish and squeeze-and-excite
// consist of single operations.
import * as tf from '@tensorflow/tfjs-core';
import architectures from '../../pkg/wasm/architectures.json' with { type: 'json' };

/**
 * @typedef {(x: tf.Tensor4D) => tf.Tensor4D} Layer
 * @typedef {import('../../pkg/index.js').Architecture} Architecture
 * @typedef {import('../../pkg/index.js').ArchitectureLayer} ArchitectureLayer
 * @typedef {import('../../pkg/index.js').ArchitectureBlock} ArchitectureBlock
 */

/**
 * @param {string} version
 * @returns {Layer} with random weights
 */
export function networkOf(version) {
  const architecture = /** @type {Architecture[]} */ (architectures).find((one) => one.version === version);
  if (!architecture) throw new Error(`no network ${version}`);
  const { stem, blocks, last, head, classifier } = architecture;
  return chain(convolution(stem), ...blocks.map(blockOf), ...some(last), pool, ...some(head), convolution(classifier));
}

/**
 * @param {ArchitectureBlock} block
 * @returns {Layer}
 */
function blockOf({ start, expand, depthwise, squeezeExcite, project, residual }) {
  const block = chain(
    ...some(start),
    ...some(expand),
    ...some(depthwise),
    ...(squeezeExcite ? [squeezeAndExcite(squeezeExcite)] : []),
    convolution(project),
  );
  return residual ? (x) => tf.add(x, block(x)) : block;
}

/** @param {ArchitectureLayer | null} layer */
function some(layer) {
  return layer ? [convolution(layer)] : [];
}

/**
 * @param {...Layer} layers
 * @returns {Layer}
 */
function chain(...layers) {
  return (x) => layers.reduce((y, layer) => layer(y), x);
}

/**
 * Makes weights that keep the activations' magnitude, so that no layer computes with infinities.
 * @param {number[]} shape
 * @param {number} inputs the number of inputs of one sum
 */
function weights(shape, inputs) {
  return tf.keep(tf.randomNormal(shape, 0, Math.sqrt(2 / inputs)));
}

/**
 * @param {[number, number, number, number]} shape
 * @param {number} inputs the number of inputs of one sum
 */
function filters(shape, inputs) {
  return /** @type {tf.Tensor4D} */ (weights(shape, inputs));
}

/**
 * Makes a convolution of any kind. A dense layer is a 1x1 convolution of the pooled map.
 * @param {ArchitectureLayer} layer
 * @returns {Layer}
 */
function convolution({ kind, kernel, stride, inChannels, outChannels, activation }) {
  const { fused, then } = ACTIVATIONS[activation];
  const options = { strides: stride, pad: /** @type {const} */ ('same'), activation: fused };
  const bias = weights([outChannels], outChannels);
  if (kind === 'depthwise') {
    const filter = filters([kernel, kernel, inChannels, 1], kernel * kernel);
    return chain((x) => tf.fused.depthwiseConv2d({ x, filter, bias, ...options }), ...then);
  }
  const filter = filters([kernel, kernel, inChannels, outChannels], kernel * kernel * inChannels);
  return chain((x) => tf.fused.conv2d({ x, filter, bias, ...options }), ...then);
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
 * The part of an activation that is fused into the convolution, and the operations that follow.
 * @type {Record<ArchitectureLayer['activation'], { fused: 'linear' | 'relu' | 'relu6', then: Layer[] }>}
 */
const ACTIVATIONS = {
  linear: { fused: 'linear', then: [] },
  relu: { fused: 'relu', then: [] },
  relu6: { fused: 'relu6', then: [] },
  'hard-swish': { fused: 'linear', then: [hSwish] },
  'hard-sigmoid': { fused: 'linear', then: [hSigmoid] },
};

/**
 * @param {{ reduce: ArchitectureLayer, expand: ArchitectureLayer }} layers
 * @returns {Layer}
 */
function squeezeAndExcite({ reduce, expand }) {
  const scale = chain(pool, convolution(reduce), convolution(expand));
  return (x) => tf.mul(x, scale(x));
}
