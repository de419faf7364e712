// Makes checkpoints with timm's names, for columns whose trained weights aren't here.
import { readFileSync } from 'node:fs';

/** @typedef {import('../../pkg/index.js').Architecture} Architecture */

/** @type {Architecture[]} */
const architectures = JSON.parse(readFileSync(new URL('../../pkg/wasm/architectures.json', import.meta.url), 'utf8'));

/**
 * Makes a checkpoint of `version` that gives the same answer for every picture: all weights are 0 except one class's bias.
 * @param {import('../../pkg/index.js').Version} version
 * @param {number} answer the index of that class
 * @returns {Buffer} a safetensors file
 */
export function madeUp(version, answer) {
  const { file, data, tensors } = empty(version);
  tensors.get('classifier.bias').values[answer] = 20;
  return packed(file, data);
}

/**
 * Makes a checkpoint of `version` with random weights, which are the same for the same seed. Its answers mean nothing, but differ
 * between pictures. Its input is timm's, since it has no config.
 * @param {import('../../pkg/index.js').Version} version
 * @param {number} seed
 * @returns {{ file: Buffer, classifierBias: Float32Array }}
 */
export function random(version, seed) {
  const { file, data, tensors } = empty(version);
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
  for (const [name, { shape, values }] of tensors) {
    if (name.endsWith('running_var') || /(bn\d|norm|bn)\S*\.weight$/.test(name)) values.fill(1);
    else if (shape.length === 1) for (let i = 0; i < values.length; i++) values[i] = 0.1 * next();
    else {
      // This scale keeps the magnitude of activations. The uniform distribution's variance is a third.
      const scale = Math.sqrt(6 / shape.slice(1).reduce((product, side) => product * side, 1));
      for (let i = 0; i < values.length; i++) values[i] = scale * next();
    }
  }
  return { file: packed(file, data), classifierBias: tensors.get('classifier.bias').values.slice() };
}

/** @param {import('../../pkg/index.js').Version} version */
function empty(version) {
  const architecture = architectures.find((one) => one.version === version);
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: [number, number] }>} */
  const header = {};
  let bytes = 0;
  const add = (name, shape) => {
    const begin = bytes;
    bytes += 4 * shape.reduce((product, side) => product * side, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, bytes] };
  };
  for (const [layer, name, norm] of layers(architecture)) {
    const { kind, kernel, inChannels, outChannels } = layer;
    const shape = [outChannels, kind === 'depthwise' ? 1 : inChannels];
    add(`${name}.weight`, name === 'classifier' ? shape : [...shape, kernel, kernel]);
    if (!norm) add(`${name}.bias`, [outChannels]);
    else for (const part of ['weight', 'bias', 'running_mean', 'running_var']) add(`${norm}.${part}`, [outChannels]);
  }
  const data = new ArrayBuffer(bytes);
  const tensors = new Map(
    Object.entries(header).map(
      ([
        name,
        {
          shape,
          data_offsets: [begin, end],
        },
      ]) => [name, { shape, values: new Float32Array(data, begin, (end - begin) / 4) }],
    ),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return { file: [length, text], data, tensors };
}

/**
 * @param {Buffer[]} head
 * @param {ArrayBuffer} data
 */
function packed(head, data) {
  return Buffer.concat([...head, Buffer.from(data)]);
}

/**
 * Yields each layer with its name in timm, and that of its batch normalisation if it has one.
 * @param {Architecture} architecture
 */
function* layers({ version, stages, stem, blocks, last, head, classifier }) {
  const isV4 = version.startsWith('v4');
  yield [stem, 'conv_stem', 'bn1'];
  let index = 0;
  for (const [stage, count] of stages.entries()) {
    for (let i = 0; i < count; i++) {
      const block = `blocks.${stage}.${i}`;
      const names = isV4 ? v4Names(blocks[index]) : names3(blocks[index]);
      for (const [layer, name, norm] of names) yield [layer, `${block}.${name}`, norm && `${block}.${norm}`];
      index++;
    }
  }
  // If a layer follows the pooling, timm counts this one as a block.
  const lastBlock = `blocks.${stages.length}.0`;
  if (last) yield head ? [last, `${lastBlock}.conv`, `${lastBlock}.bn1`] : [last, 'conv_head', 'bn2'];
  if (head) yield [head, 'conv_head', isV4 && 'norm_head'];
  yield [classifier, 'classifier', null];
}

/** The names in a block of V1, V2, V3 or MnasNet. */
function names3({ expand, depthwise, squeezeExcite, project }) {
  const names = expand
    ? [[expand, 'conv_pw', 'bn1'], [depthwise, 'conv_dw', 'bn2'], [project, 'conv_pwl', 'bn3']] // prettier-ignore
    : [[depthwise, 'conv_dw', 'bn1'], [project, 'conv_pw', 'bn2']]; // prettier-ignore
  if (squeezeExcite) names.push([squeezeExcite.reduce, 'se.conv_reduce', null]);
  if (squeezeExcite) names.push([squeezeExcite.expand, 'se.conv_expand', null]);
  return names;
}

/** The names in a block of V4. */
function v4Names({ start, expand, depthwise, project }) {
  if (!expand) return [[project, 'conv', 'bn1']];
  if (expand.kind === 'convolution') return [[expand, 'conv_exp', 'bn1'], [project, 'conv_pwl', 'bn2']]; // prettier-ignore
  const names = { dw_start: start, pw_exp: expand, dw_mid: depthwise, pw_proj: project };
  return Object.entries(names).flatMap(([name, layer]) => (layer ? [[layer, `${name}.conv`, `${name}.bn`]] : []));
}
