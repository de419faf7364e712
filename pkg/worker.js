import { checkDigest } from './digest.js';
import { MobileNetError, messageOf } from './errors.js';
import { MAX_RUNS, RESEND, closeFrame } from './protocol.js';
import { describe, hold } from './worker-answers.js';

/**
 * @typedef {import('./protocol.js').Request} Request
 * @typedef {import('./protocol.js').Answer} Answer
 * @typedef {import('./protocol.js').Look} Look
 * @typedef {import('./protocol.js').Reading} Reading
 *
 * @typedef {object} Threads the threads that run the networks, as `src/wasm` exports them
 *
 * @typedef {object} Picture a picture in wasm memory, as `src/wasm` exports it
 * @property {number} whole the most bytes of a rectangle that is read at once, as RGBA
 * @property {(width: number, height: number, keep: boolean) => void} begin begins another picture; `keep`: several networks look at
 *   it, or it is read in strips
 * @property {(image: ImageBitmap | VideoFrame | Uint8ClampedArray, rect: Uint32Array) => Promise<void> | false | undefined} read
 *   takes the rectangle `[x, y, width, height]`, over white; `false` if it must be drawn instead. Nothing else may be called before a
 *   promise is settled
 * @property {() => boolean} translucent whether the pixels are not opaque, so that the picture must be drawn instead
 * @property {(image: ImageBitmap | VideoFrame, rect: Uint32Array) => void} draw copies the pixels through a canvas
 *
 * @typedef {object} Network one network in wasm memory, as `src/wasm` exports it
 * @property {string} info JSON
 * @property {() => void} settle takes the shape of tiles that is faster in this engine, which the first two calls find out
 * @property {(threads: Threads) => void} [setThreads] in the builds with shared memory
 * @property {(width: number, height: number) => Uint32Array} source the rectangle that it sees of a picture of that size
 * @property {(picture: Picture) => Uint32Array | undefined} nextStrip the rectangle to read next; `undefined` when the network can
 *   use the picture
 * @property {(picture: Picture) => void} resize resizes the rows that were read
 * @property {(picture: Picture) => void} prepare
 * @property {(topK: number) => Float64Array} predict runs it on the prepared picture: `[index, probability, index, probability, ...]`
 * @property {(input: Float32Array) => Float32Array} run
 * @property {(input: Float32Array, runs: number) => string} profile JSON
 * @property {(picture: Picture, input: Float32Array | undefined) => Float32Array} embed
 * @property {(picture: Picture, input: Float32Array | undefined, layers: string[] | undefined,
 *   openGates: boolean) => import('./protocol.js').NamedTensor[]} inspect
 * @property {(picture: Picture, input: Float32Array | undefined, classIndex: number | undefined) =>
 *   import('./protocol.js').ActivationMap} activationMap
 * @property {(layer: string) => import('./index.js').Filters} filters
 * @property {() => void} dropInspector frees the plan that `inspect` and `activationMap` keep for their next call
 * @property {() => void} free
 *
 * @typedef {object} Glue the module that wasm-bindgen writes
 * @property {(options: { module_or_path: WebAssembly.Module, memory?: WebAssembly.Memory, thread_stack_size?: number }) =>
 *   Promise<{ memory: WebAssembly.Memory }>} default
 * @property {() => void} [joinThreads] in the builds with shared memory
 * @property {new (count: number) => Threads} [Threads] in the builds with shared memory
 * @property {new () => Picture} Frame
 * @property {{
 *   load(bytes: Uint8Array, config: string | undefined, preprocessorConfig: string | undefined, precision: string,
 *     resolution: number | undefined, trim: boolean): Network,
 *   untrained(version: string, minimalistic: boolean, width: number, resolution: number, classes: number,
 *     precision: string): Network,
 * }} Network
 * @property {(kind: string, kernel: number, inChannels: number, outChannels: number, height: number,
 *   width: number) => Float64Array} timeLayer
 *   `[multiply-accumulates, ms]`
 * @property {(name: string) => number} timeActivation of a million values. ms
 *
 * @typedef {{ value: unknown, transfer?: Transferable[] }} Outcome
 */

/**
 * How long a network warms up when it is loaded, while the browser optimises its code. Without this V3-Small's first frame took 29 ms
 * instead of 2.2, and the next six took 4 to 8. ms
 */
const WARM_UP = 100;

/** How long it warms up before a profile. ms */
const LONG_WARM_UP = 500;

/** How long the plan of `inspect` and `activationMap` is kept for another call. ms */
const INSPECTOR_LIFE = 10_000;

/** Thrown for a picture that can't be read here, but that the page can send in another form. */
const UNREADABLE = new Error('the picture is to be sent again');

/** More than a thread's kernels need. Bytes, a multiple of 64 KiB. */
const HELPER_STACK = 256 * 1024;

/**
 * The body of a dedicated worker: instantiates one wasm build, then either owns networks and answers the requests of
 * `protocol.js`, or is a thread of another worker's networks.
 * @param {Glue} glue
 */
export function serve(glue) {
  /** @type {Promise<boolean> | undefined} whether the lock that tells the page of this worker's end is held */
  let held;
  /** @type {Networks} */
  let networks;
  /** @type {Promise<unknown>} Settled when all requests so far are done. */
  let last = Promise.resolve();

  /**
   * Does some work after all earlier work: wasm must not be called while a picture is copied to its memory.
   * @param {() => Promise<void> | void} work
   */
  function enqueue(work) {
    last = last.then(work).catch((error) => {
      // Errors of requests are answered. Any other error is thrown from a timer: it becomes the worker's `error` event for the page.
      setTimeout(() => {
        throw error;
      });
    });
  }

  /**
   * @param {Request} request
   * @param {(part: unknown) => void} tell sends a part of the answer
   * @returns {Promise<Outcome>}
   */
  async function answer(request, tell) {
    switch (request.type) {
      case 'watch':
        held = hold(request.lock);
        return { value: await held };
      case 'start': {
        // From here on the page must notice the end of this worker.
        await held;
        if (request.threads > 1 && !globalThis.crossOriginIsolated) {
          throw new MobileNetError(
            'BLOCKED',
            'the page is cross-origin isolated, but its workers are not: send their scripts with Cross-Origin-Embedder-Policy: require-corp as well',
          );
        }
        const { memory } = await glue.default({ module_or_path: request.module });
        networks = new Networks(glue, request.threads, enqueue);
        return { value: request.threads > 1 ? memory : null };
      }
      case 'join':
        await held;
        await glue.default({ module_or_path: request.module, memory: request.memory, thread_stack_size: HELPER_STACK });
        return { value: null };
      default:
        return networks.answer(request, tell);
    }
  }

  addEventListener('message', ({ data: { id, request } }) => {
    enqueue(async () => {
      try {
        const { value, transfer = [] } = await answer(request, (part) => postMessage({ id, part }));
        postMessage({ id, value }, { transfer });
      } catch (error) {
        postMessage(error === UNREADABLE ? { id, value: RESEND } : { id, error: describe(error) });
        return;
      }
      if (request.type !== 'join') return;
      // This call doesn't return. From a timer, a trap in it becomes the worker's `error` event for the page.
      setTimeout(() => glue.joinThreads?.());
    });
  });
}

/** The networks of one worker, and the picture that they look at. */
class Networks {
  #glue;
  #enqueue;
  #picture;
  #threads;
  /** @type {Map<number, Network>} */
  #networks = new Map();
  /** @type {Map<Network, ReturnType<typeof setTimeout>>} The networks that keep an inspector's plan, and the timers that drop it. */
  #inspected = new Map();

  /**
   * @param {Glue} glue an instantiated one
   * @param {number} threads
   * @param {(work: () => void) => void} enqueue
   */
  constructor(glue, threads, enqueue) {
    this.#glue = glue;
    this.#enqueue = enqueue;
    this.#picture = new glue.Frame();
    // All networks share the threads: only one runs at a time.
    this.#threads = glue.Threads && new glue.Threads(threads);
  }

  /**
   * @param {Exclude<Request, { type: 'watch' | 'start' | 'join' }>} request
   * @param {(part: unknown) => void} tell
   * @returns {Promise<Outcome>}
   */
  async answer(request, tell) {
    switch (request.type) {
      case 'load': {
        const { weights, expected, config, preprocessorConfig, precision, resolution, trim, giveBack } = request;
        if (expected) await checkDigest(weights, expected);
        const network = this.#glue.Network.load(weights, config, preprocessorConfig, precision, resolution, trim);
        const info = this.#add(request.network, network);
        const value = { info, weights: giveBack ? weights : null };
        return { value, transfer: giveBack ? [weights.buffer] : [] };
      }
      case 'untrained': {
        const { version, minimalistic, width, resolution, classes, precision } = request;
        const { Network } = this.#glue;
        const network = Network.untrained(version, minimalistic, width, resolution, classes, precision);
        return { value: { info: this.#add(request.network, network), weights: null } };
      }
      case 'classify':
        return { value: await this.#classify(request, tell) };
      case 'run': {
        const logits = this.#get(request.network).run(request.input);
        return { value: logits, transfer: [logits.buffer] };
      }
      case 'profile': {
        const network = this.#get(request.network);
        const began = performance.now();
        const runs = warmUp(network, request.input, request.warmUp ?? LONG_WARM_UP);
        // As many as take about a second.
        const some = Math.min(Math.max(Math.round((1000 * runs) / (performance.now() - began)), 20), MAX_RUNS);
        return { value: JSON.parse(network.profile(request.input, request.runs ?? some)) };
      }
      case 'embed': {
        const network = this.#get(request.network);
        const features = network.embed(...(await this.#look(network, request.look)));
        return { value: features, transfer: [features.buffer] };
      }
      case 'inspect': {
        const network = this.#get(request.network);
        const look = await this.#look(network, request.look);
        this.#dropLater(network);
        const tensors = network.inspect(...look, request.layers, request.openGates);
        return { value: tensors, transfer: tensors.map(({ data }) => data.buffer) };
      }
      case 'filters': {
        const filters = this.#get(request.network).filters(request.layer);
        return { value: filters, transfer: [filters.data.buffer, filters.biases.buffer] };
      }
      case 'time-layer': {
        const { kind, kernel, inChannels, outChannels, height, width } = request.layer;
        const [macs, time] = this.#glue.timeLayer(kind, kernel, inChannels, outChannels, height, width);
        return { value: { macs, microseconds: time * 1e3, gflops: time > 0 ? (2 * macs) / (time * 1e6) : null } };
      }
      case 'time-activation':
        return { value: this.#glue.timeActivation(request.name) * 1e3 };
      case 'activation-map': {
        const network = this.#get(request.network);
        const look = await this.#look(network, request.look);
        this.#dropLater(network);
        const map = network.activationMap(...look, request.classIndex);
        return { value: map, transfer: [map.data.buffer] };
      }
      case 'free':
        this.#free(request.network);
        return { value: null };
    }
  }

  /**
   * @param {number} number
   * @param {Network} network
   */
  #add(number, network) {
    this.#networks.set(number, network);
    try {
      if (this.#threads) network.setThreads?.(this.#threads);
      const { resolution } = JSON.parse(network.info);
      network.settle();
      warmUp(network, new Float32Array(resolution ** 2 * 3), WARM_UP);
      network.settle();
      return JSON.parse(network.info);
    } catch (error) {
      this.#free(number);
      throw error;
    }
  }

  /** @param {number} number */
  #get(number) {
    const network = this.#networks.get(number);
    if (!network) throw new Error(`network ${number} is not here`);
    return network;
  }

  /** @param {number} number */
  #free(number) {
    const network = this.#networks.get(number);
    if (!network) return;
    this.#networks.delete(number);
    clearTimeout(this.#inspected.get(network));
    this.#inspected.delete(network);
    network.free();
  }

  /**
   * @param {import('./protocol.js').ClassifyRequest} request
   * @param {(part: import('./protocol.js').ReadingPart) => void} tell
   * @returns {Promise<Reading[]>}
   */
  async #classify({ frame, networks: asked, until = Infinity, tell: wanted }, tell) {
    const networks = asked.map(({ network, topK }) => ({ network: this.#get(network), topK }));
    let began = performance.now();
    return this.#show(
      frame,
      networks.map(({ network }) => network),
      async (prepare) => {
        const readings = [];
        for (const [index, { network, topK }] of networks.entries()) {
          const read = await prepare(network);
          network.prepare(this.#picture);
          const prepared = performance.now();
          const pairs = network.predict(topK);
          const ended = performance.now();
          const ranking = [];
          for (let i = 0; i < pairs.length; i += 2) ranking.push({ index: pairs[i], probability: pairs[i + 1] });
          // The first network's time includes the work that all share.
          const reading = { ranking, read, preprocess: prepared - began, inference: ended - prepared };
          began = ended;
          readings.push(reading);
          if (wanted) tell({ index, reading });
          if (ranking[0].probability - (ranking[1]?.probability ?? 0) >= until) break;
        }
        return readings;
      },
    );
  }

  /**
   * @param {Network} network
   * @param {Look} look
   * @returns {Promise<[Picture, Float32Array | undefined]>} the picture is used if there is no input
   */
  async #look(network, look) {
    if ('input' in look) return [this.#picture, look.input];
    await this.#show(look.frame, [network], async (prepare) => void (await prepare(network)));
    return [this.#picture, undefined];
  }

  /**
   * Reads a frame for networks: the part that any of them sees at once, or, if that is large, in strips for each network.
   * @template T
   * @param {import('./protocol.js').Frame} frame this call closes it
   * @param {Network[]} networks
   * @param {(prepare: (network: Network) => Promise<number>) => Promise<T>} use must call `prepare` before a network
   *   looks; it returns how long pixels were read since the last call, ms
   * @returns {Promise<T>}
   */
  async #show(frame, networks, use) {
    const began = performance.now();
    /** @type {VideoFrame | undefined} */
    let copy;
    try {
      const [width, height] = sizeOf(frame);
      const seen = union(networks.map((network) => network.source(width, height)));
      const image = 'image' in frame ? frame.image : undefined;
      if (globalThis.ImageBitmap && image instanceof ImageBitmap) copy = frameOf(image);
      const copied = copy ?? ('image' in frame ? frame.image : frame.pixels);
      const drawn = 'resend' in frame ? undefined : image;
      const large = seen[2] * seen[3] * 4 > this.#picture.whole;
      this.#picture.begin(width, height, large || networks.length > 1);
      let time = performance.now() - began;
      if (!large) time += await this.#read(copied, drawn, seen);
      return await use(async (network) => {
        for (let strip; (strip = network.nextStrip(this.#picture));) {
          if (large) time += await this.#read(copied, drawn, strip);
          network.resize(this.#picture);
        }
        const read = time;
        time = 0;
        return read;
      });
    } finally {
      copy?.close();
      closeFrame(frame);
    }
  }

  /**
   * @param {ImageBitmap | VideoFrame | Uint8ClampedArray} image the picture, which is copied if it can be copied as it is
   * @param {ImageBitmap | VideoFrame | undefined} other the same picture, which is drawn if `image` can't be copied; `undefined` if the worker doesn't have it
   * @param {Uint32Array} rect
   * @returns {Promise<number>} how long it took, ms
   */
  async #read(image, other, rect) {
    const began = performance.now();
    try {
      try {
        const copy = this.#picture.read(image, rect);
        if (copy !== false) {
          await copy;
          if (!this.#picture.translucent()) return performance.now() - began;
        }
      } catch (cause) {
        // This browser can't copy such a frame; a canvas can.
        const refused = cause instanceof DOMException || cause instanceof TypeError;
        if (!refused || image instanceof Uint8ClampedArray) throw cause;
      }
      if (other === undefined) throw UNREADABLE;
      this.#picture.draw(other, rect);
      return performance.now() - began;
    } catch (cause) {
      if (!(cause instanceof DOMException)) throw cause;
      const reason = `the pixels of this picture can't be read here: ${messageOf(cause)}`;
      throw new MobileNetError('BAD_INPUT', reason, { cause });
    }
  }

  /**
   * Frees the memory of a network's inspector unless it is needed again soon.
   * @param {Network} network
   */
  #dropLater(network) {
    clearTimeout(this.#inspected.get(network));
    const timer = setTimeout(() => {
      this.#enqueue(() => {
        // Earlier work may have inspected the network again, or freed it.
        if (this.#inspected.get(network) !== timer) return;
        this.#inspected.delete(network);
        network.dropInspector();
      });
    }, INSPECTOR_LIFE);
    this.#inspected.set(network, timer);
  }
}

/**
 * @param {import('./protocol.js').Frame} frame
 * @returns {[width: number, height: number]} its size in pixels
 */
function sizeOf(frame) {
  if ('pixels' in frame) return [frame.width, frame.height];
  const { image } = frame;
  return 'displayWidth' in image ? [image.displayWidth, image.displayHeight] : [image.width, image.height];
}

/**
 * Makes a VideoFrame of a bitmap. To read the crop of 1280x720 pixels by way of a canvas took 6 ms, from a VideoFrame 0.4.
 * @param {ImageBitmap} bitmap
 */
function frameOf(bitmap) {
  try {
    return new VideoFrame(bitmap, { timestamp: 0 });
  } catch {
    // Firefox for Android has no VideoFrame, and no browser has one of more pixels than a video may have.
    return undefined;
  }
}

/**
 * @param {Uint32Array[]} rects `[x, y, width, height]` each
 * @returns {Uint32Array} the smallest rectangle that contains them all
 */
function union(rects) {
  const x = Math.min(...rects.map((rect) => rect[0]));
  const y = Math.min(...rects.map((rect) => rect[1]));
  const right = Math.max(...rects.map((rect) => rect[0] + rect[2]));
  const bottom = Math.max(...rects.map((rect) => rect[1] + rect[3]));
  return Uint32Array.of(x, y, right - x, bottom - y);
}

/**
 * Runs a network for a while, at least once.
 * @param {Network} network
 * @param {Float32Array} input
 * @param {number} time ms
 * @returns {number} the number of runs
 */
function warmUp(network, input, time) {
  const end = performance.now() + time;
  let runs = 0;
  do {
    network.run(input);
    runs++;
  } while (performance.now() < end);
  return runs;
}
