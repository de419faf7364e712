import { fieldsOf, wholeNumber, wrong } from './arguments.js';
import { MobileNetError } from './errors.js';
import { dot, ridgeHead } from './ridge.js';

/**
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').LookOptions} LookOptions
 * @typedef {import('./index.js').MobileNet} MobileNet
 * @typedef {import('./teach.js').Accuracy} Accuracy
 * @typedef {import('./teach.js').TaughtPrediction} TaughtPrediction
 * @typedef {import('./teach.js').TeachJson} TeachJson
 * @typedef {import('./teach.js').TeachOptions} TeachOptions
 *
 * @typedef {{ id: number, label: string, features: Float32Array }} Example `features` have the length 1
 */

const METHODS = /** @type {const} */ (['nearest', 'ridge']);

/** The format's name in examples as JSON. */
const FORMAT = 'mobilenet-wasm/teach';

/**
 * The largest squared distance of two networks' features of the same picture, scaled to the length 1, that have the same weights: on 8
 * bits, or after an export, features differ a little.
 */
const SAME = 0.2;

/** Classes of the user's own, over a network's features. Documented in `teach.d.ts`. */
export class Teach {
  #net;
  /** @type {TeachOptions['method']} */
  #method;
  #neighbours;
  #ridge;
  /** @type {Example[]} */
  #examples = [];
  #nextId = 0;
  /** @type {import('./ridge.js').Head | null} Fitted when it is needed. */
  #head = null;
  /** @type {Promise<Float32Array> | null} The network's features of {@link sample}, which tell its weights from others. */
  #own = null;
  /** @type {Float32Array | null | undefined} Those of the network that taught the examples; `null` if they didn't come along. */
  #taughtBy;

  /**
   * @param {MobileNet} net
   * @param {TeachOptions} [options]
   */
  constructor(net, options = {}) {
    // The network may come from any entry of the package, so `instanceof` would be too strict.
    if (typeof net?.embed !== 'function') throw wrong('BAD_INPUT', 'net', net, 'a MobileNet');
    const {
      method = 'ridge',
      neighbours = 5,
      ridge = 0.1,
    } = fieldsOf('Teach', options, ['method', 'neighbours', 'ridge']);
    if (!METHODS.includes(/** @type {any} */ (method))) {
      throw wrong('BAD_INPUT', 'method', method, `one of ${METHODS.join(', ')}`);
    }
    if (typeof ridge !== 'number' || !(ridge > 0 && ridge < Infinity)) {
      throw wrong('BAD_INPUT', 'ridge', ridge, 'a number more than 0');
    }
    this.#net = net;
    this.#method = /** @type {TeachOptions['method']} */ (method);
    this.#neighbours = wholeNumber('neighbours', neighbours, 1, Infinity);
    this.#ridge = ridge;
  }

  /** @returns {string[]} */
  get labels() {
    return [...new Set(this.#examples.map(({ label }) => label))];
  }

  /** @returns {Map<string, number>} */
  get counts() {
    const counts = new Map();
    for (const { label } of this.#examples) counts.set(label, (counts.get(label) ?? 0) + 1);
    return counts;
  }

  /**
   * @param {ClassifySource | Float32Array} source
   * @param {string} label
   * @param {LookOptions} [options]
   * @returns {Promise<number>}
   */
  async add(source, label, options) {
    if (typeof label !== 'string' || label === '') throw wrong('BAD_INPUT', 'label', label, 'a name');
    const features = await this.#net.embed(source, options);
    await this.#checkWeights();
    return this.#keep(features, label);
  }

  /**
   * @param {number | string} what
   * @returns {number}
   */
  remove(what) {
    const before = this.#examples.length;
    this.#examples = this.#examples.filter(({ id, label }) => id !== what && label !== what);
    this.#head = null;
    return before - this.#examples.length;
  }

  /**
   * @param {ClassifySource | Float32Array} source
   * @param {LookOptions} [options]
   * @returns {Promise<TaughtPrediction[]>}
   */
  async predict(source, options) {
    this.#mustKnow(1);
    const features = unit(await this.#net.embed(source, options));
    await this.#checkWeights();
    this.#mustKnow(1);
    const labels = this.labels;
    const shares = this.#method === 'ridge' ? sharesOf(this.#ridgeHead().scores(features)) : this.#votes(features);
    return labels
      .map((label, index) => ({ label, probability: shares[index] }))
      .sort((a, b) => b.probability - a.probability);
  }

  /** @returns {Accuracy} */
  accuracy() {
    this.#mustKnow(2);
    const labels = this.labels;
    const scores =
      this.#method === 'ridge'
        ? this.#ridgeHead().leftOut()
        : this.#examples.map((example) => this.#votes(example.features, example));
    /** @type {Map<string, { right: number, all: number }>} */
    const byLabel = new Map(labels.map((label) => [label, { right: 0, all: 0 }]));
    for (const [i, { label }] of this.#examples.entries()) {
      const best = labels[scores[i].indexOf(Math.max(...scores[i]))];
      const count = /** @type {{ right: number, all: number }} */ (byLabel.get(label));
      count.all++;
      if (best === label) count.right++;
    }
    const right = [...byLabel.values()].reduce((sum, { right }) => sum + right, 0);
    return {
      accuracy: right / this.#examples.length,
      byLabel: new Map(Array.from(byLabel, ([label, { right, all }]) => [label, right / all])),
    };
  }

  /** @returns {TeachJson} */
  toJSON() {
    const labels = this.labels;
    return {
      format: FORMAT,
      network: networkOf(this.#net),
      ...(this.#taughtBy && { sample: textOf(this.#taughtBy) }),
      labels,
      examples: this.#examples.map(({ label, features }) => ({
        label: labels.indexOf(label),
        features: textOf(features),
      })),
    };
  }

  /**
   * @param {MobileNet} net
   * @param {TeachJson} json
   * @param {TeachOptions} [options]
   * @returns {Teach}
   */
  static fromJSON(net, json, options) {
    const teach = new Teach(net, options);
    const { format, network, sample, labels, examples } = fieldsOf('fromJSON', json, [
      'format',
      'network',
      'sample',
      'labels',
      'examples',
    ]);
    if (format !== FORMAT || !Array.isArray(labels) || !Array.isArray(examples)) {
      throw new MobileNetError('BAD_CONFIG', 'this is nothing that was taught: give what toJSON gave');
    }
    if (network !== networkOf(net)) {
      throw new MobileNetError('BAD_CONFIG', `this was taught with ${String(network)}, not with ${networkOf(net)}`);
    }
    if (sample !== undefined) {
      teach.#taughtBy = featuresOf(sample);
      if (!teach.#taughtBy) throw new MobileNetError('BAD_CONFIG', 'its sample is none');
    } else if (examples.length > 0) {
      teach.#taughtBy = null;
    }
    for (const [index, example] of examples.entries()) {
      const label = labels[example?.label];
      const features = typeof label === 'string' && label !== '' ? featuresOf(example.features) : null;
      const first = teach.#examples[0]?.features ?? features;
      if (!features || features.length !== first?.length) {
        throw new MobileNetError('BAD_CONFIG', `examples[${index}] is none`);
      }
      teach.#keep(features, label);
    }
    return teach;
  }

  /**
   * @param {Float32Array} features
   * @param {string} label
   * @returns {number}
   */
  #keep(features, label) {
    const id = this.#nextId++;
    this.#examples.push({ id, label, features: unit(features) });
    this.#head = null;
    return id;
  }

  /** Throws if the examples are another network's. The features of a network of other weights mean something else. */
  async #checkWeights() {
    if (this.#taughtBy === null) return;
    this.#own ??= this.#net.embed(sample(this.#net.info.resolution)).then(unit);
    // The next call tries again.
    const own = await this.#own.catch((error) => ((this.#own = null), Promise.reject(error)));
    this.#taughtBy ??= own;
    const [a, b] = [this.#taughtBy, own];
    if (a.length !== b.length || dot(a, a) + dot(b, b) - 2 * dot(a, b) > SAME) {
      throw new MobileNetError('BAD_CONFIG', 'this was taught with other weights of the same architecture');
    }
  }

  /** @param {number} least */
  #mustKnow(least) {
    if (this.#examples.length >= least) return;
    throw new MobileNetError('BAD_INPUT', `${this.#examples.length} examples are too few: add ${least} at least`);
  }

  #ridgeHead() {
    const labels = this.labels;
    const classes = this.#examples.map(({ label }) => labels.indexOf(label));
    const features = this.#examples.map(({ features }) => features);
    return (this.#head ??= ridgeHead(features, classes, labels.length, this.#ridge));
  }

  /**
   * @param {Float32Array} features
   * @param {Example} [except] an example without a vote
   * @returns {number[]} each label's share of the votes of the nearest examples; nearer ones count more
   */
  #votes(features, except) {
    const labels = this.labels;
    const nearest = this.#examples
      .filter((example) => example !== except)
      .map(({ label, features: other }) => ({ label, distance: Math.max(2 - 2 * dot(features, other), 0) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, this.#neighbours);
    const votes = labels.map(() => 0);
    for (const { label, distance } of nearest) votes[labels.indexOf(label)] += 1 / (distance + 1e-6);
    return sharesOf(votes);
  }
}

/**
 * @param {number[]} scores
 * @returns {number[]} the positive scores, scaled to the sum 1; 0 for the others
 */
function sharesOf(scores) {
  const sum = scores.reduce((sum, score) => sum + Math.max(score, 0), 0);
  return scores.map((score) => (sum > 0 ? Math.max(score, 0) / sum : 1 / scores.length));
}

/**
 * @param {Float32Array} features
 * @returns {Float32Array} scaled to the length 1: the magnitude of the features says little about what a picture shows
 */
function unit(features) {
  const length = Math.sqrt(dot(features, features));
  return length > 0 ? features.map((value) => value / length) : features.slice();
}

/**
 * @param {number} side
 * @returns {Float32Array} a picture of coloured squares, as `embed` takes it
 */
function sample(side) {
  return Float32Array.from({ length: side * side * 3 }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const [x, y] = [(pixel % side) >> 4, Math.floor(pixel / side) >> 4];
    return ((x * 37 + y * 59 + channel * 83 + x * y * 11) % 101) / 50 - 1;
  });
}

/**
 * @param {MobileNet} net
 * @returns {string} identifies the architecture of the network that made the features
 */
function networkOf({ info }) {
  const { version, minimalistic, width, resolution, flavour, parameters } = info;
  return `${version}${minimalistic ? ' minimalistic' : ''}, ${width} wide, ${resolution} pixels, ${flavour}, ${parameters} parameters`;
}

/**
 * @param {Float32Array} features
 * @returns {string} their little-endian bytes in base64
 */
function textOf(features) {
  const view = new DataView(new ArrayBuffer(features.length * 4));
  features.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return btoa(Array.from(new Uint8Array(view.buffer), (byte) => String.fromCharCode(byte)).join(''));
}

/**
 * @param {unknown} text
 * @returns {Float32Array | null} `null` if the text holds no features
 */
function featuresOf(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(String(text)), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
  if (bytes.length === 0 || bytes.length % 4 !== 0) return null;
  const view = new DataView(bytes.buffer);
  const features = Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  return features.every(Number.isFinite) ? features : null;
}
