// A checkpoint with made-up weights: V1 of width 0.25 under the names of transformers.

/** Output channels of the stem and of the blocks. */
const STEM = 8;
const BLOCKS = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256];
/** ImageNet's classes and the background. */
const CLASSES = 1001;

/** The `config.json` that belongs to it. */
export const CONFIG = { model_type: 'mobilenet_v1', depth_multiplier: 0.25, image_size: 96 };

/** @returns {Buffer} the `.safetensors` file, always the same bytes */
export function checkpoint() {
  /** @type {Record<string, { dtype: 'F32', shape: number[], data_offsets: [number, number] }>} */
  const header = {};
  /** @type {Float32Array[]} */
  const data = [];
  let end = 0;
  /** @type {(name: string, shape: number[], value: (index: number) => number) => void} */
  const add = (name, shape, value) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, index) => value(index));
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += values.byteLength)] };
    data.push(values);
  };
  /** @type {(fanIn: number) => (index: number) => number} values with which activations neither vanish nor overflow */
  const noise = (fanIn) => (index) => Math.sin(index * index + fanIn) * Math.sqrt(4 / fanIn);
  /** @type {(name: string, shape: number[]) => void} */
  const conv = (name, shape) => {
    add(`${name}.convolution.weight`, shape, noise(shape[1] * shape[2] * shape[3]));
    add(`${name}.normalization.weight`, [shape[0]], () => 1);
    add(`${name}.normalization.bias`, [shape[0]], (index) => 0.1 * Math.sin(index));
    add(`${name}.normalization.running_mean`, [shape[0]], () => 0);
    add(`${name}.normalization.running_var`, [shape[0]], () => 1);
  };

  conv('mobilenet_v1.conv_stem', [STEM, 3, 3, 3]);
  let inputs = STEM;
  for (const [block, outputs] of BLOCKS.entries()) {
    conv(`mobilenet_v1.layer.${2 * block}`, [inputs, 1, 3, 3]);
    conv(`mobilenet_v1.layer.${2 * block + 1}`, [outputs, inputs, 1, 1]);
    inputs = outputs;
  }
  add('classifier.weight', [CLASSES, inputs], noise(inputs));
  add('classifier.bias', [CLASSES], () => 0);

  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...data.map((values) => Buffer.from(values.buffer))]);
}
