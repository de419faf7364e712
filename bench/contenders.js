// The contenders and their settings.
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} build its name in tables; for ours also the package's option
 * @property {number} threads
 * @property {string} adapter address of the module that runs it, see `page/contender.js`
 * @property {boolean} ours
 * @property {'f32' | 'int8'} type the type of its weights and sums
 */

/** @type {import('../pkg/index.js').Architecture[]} */
const architectures = JSON.parse(readFileSync(new URL('../pkg/wasm/architectures.json', import.meta.url), 'utf8'));

/** The engine's MobileNets, without their relatives. */
export const NETWORKS = architectures
  .filter(({ name }) => name.startsWith('MobileNet'))
  .map(({ version, name }) => ({ version, title: name }));

/**
 * @param {string} build
 * @param {number} threads
 * @param {'f32' | 'int8'} [type]
 * @returns {Contender}
 */
function ours(build, threads, type = 'f32') {
  return { name: 'mobilenet-wasm', build, threads, adapter: '/bench/ours.js', ours: true, type };
}

/**
 * @param {string} name
 * @param {string} adapter
 * @param {string} build
 * @param {number} threads
 * @param {'f32' | 'int8'} [type]
 * @returns {Contender}
 */
function peer(name, adapter, build, threads, type = 'f32') {
  return { name, build, threads, adapter: `/peers/${adapter}`, ours: false, type };
}

/** The contender with which all others are compared. */
export const OURS = ours('relaxed', 1);

const OURS_THREADED = ours('relaxed-threads', 2);
const OURS_INT8 = ours('relaxed', 1, 'int8');
const LITERT = peer('LiteRT.js', 'litert.js', 'relaxed', 1);
const LITERT_INT8 = peer('LiteRT.js', 'litert.js', 'relaxed', 1, 'int8');
const LITERT_THREADED = peer('LiteRT.js', 'litert.js', 'relaxed, threads', 2);
const TFJS = peer('TensorFlow.js', 'tfjs.js', 'simd, threads', 1);
const ORT = peer('ONNX Runtime Web', 'ort.js', 'simd, threads', 1);
const ORT_THREADED = peer('ONNX Runtime Web', 'ort.js', 'simd, threads', 2);

export const CONTENDERS = [
  OURS,
  ours('simd', 1),
  OURS_THREADED,
  OURS_INT8,
  ours('relaxed-threads', 2, 'int8'),
  LITERT,
  LITERT_THREADED,
  LITERT_INT8,
  TFJS,
  ORT,
  ORT_THREADED,
];

/** The contenders that make labels of a frame. */
export const LABELLERS = [
  OURS,
  OURS_THREADED,
  LITERT,
  LITERT_THREADED,
  TFJS,
  peer('TensorFlow.js', 'tfjs.js', 'simd, threads', 2),
  ORT,
  ORT_THREADED,
  peer('Transformers.js', 'transformers.js', 'simd, threads', 1),
  peer('Transformers.js', 'transformers.js', 'simd, threads', 2),
  peer('MediaPipe', 'mediapipe.js', 'simd', 1),
];

/** The contenders that 256-bit vectors could help most. */
export const REVECTORIZED = [OURS, OURS_INT8, LITERT, LITERT_INT8];

/**
 * Whether it is `OURS`, or a copy of it from a file.
 * @param {Contender} contender
 */
export function isReference({ ours, build, threads, type }) {
  return ours && build === OURS.build && threads === OURS.threads && type === OURS.type;
}

/** @param {Contender} contender */
export function labelOf({ name, build, threads, type }) {
  const how = type === 'f32' ? build : `${build}, ${type}`;
  return `${name}, ${how}, ${threads === 1 ? '1 thread' : `${threads} threads`}`;
}
