import { MobileNetError, messageOf } from './errors.js';
import { MAX_RUNS, RESEND, closeFrame } from './protocol.js';
import { describe, hold } from './worker-answers.js';

/**
 * @typedef {import('./protocol.js').Request} Request
 * @typedef {import('./protocol.js').Answer} Answer
 * @typedef {import('./protocol.js').Look} Look
 * @typedef {import('./protocol.js').Reading} Reading
 *
 * @typedef {object} Threads those that run the networks, as `src/wasm` exports them
 *
 * @typedef {object} Picture a picture in wasm memory, as `src/wasm` exports it
 * @property {number} whole the most bytes, as RGBA, of a rectangle that is read at once
 * @property {(width: number, height: number, keep: boolean) => void} begin begins another picture; `keep`: for several networks, or
 *   to be read in strips
 * @property {(image: ImageBitmap | VideoFrame | Uint8ClampedArray, rect: Uint32Array) => Promise<void> | false | undefined} read
 *   takes the rectangle `[x, y, width, height]`, over white; `false`: it has to be drawn. A promise is to be awaited before anything
 *   else is called
 * @property {() => boolean} translucent whether what was read has to be drawn instead
 * @property {(image: ImageBitmap | VideoFrame, rect: Uint32Array) => void} draw reads by way of a canvas
 *
 * @typedef {object} Network one network in wasm memory, as `src/wasm` exports it
 * @property {string} info JSON
 * @property {(threads: Threads) => void} [setThreads] in the builds with shared memory
 * @property {(width: number, height: number) => Uint32Array} source the rectangle of pictures of that size that it sees
 * @property {(picture: Picture) => Uint32Array | undefined} nextStrip the rectangle that is to be read next; none when the network
 *   can have the picture
 * @property {(picture: Picture) => void} resize takes what was read
 * @property {(picture: Picture) => void} prepare
 * @property {(topK: number) => Float64Array} predict runs it on what was prepared: `[index, probability, index, probability, ...]`
 * @property {(input: Float32Array) => Float32Array} run
 * @property {(input: Float32Array, runs: number) => string} profile JSON
 * @property {(picture: Picture, input: Float32Array | undefined) => Float32Array} embed
 * @property {(picture: Picture, input: Float32Array | undefined, layers: string[] | undefined,
 *   openGates: boolean) => import('./protocol.js').NamedTensor[]} inspect
 * @property {(picture: Picture, input: Float32Array | undefined, classIndex: number | undefined) =>
 *   import('./protocol.js').ActivationMap} activationMap
 * @property {(layer: string) => import('./index.js').Filters} filters
 * @property {() => void} dropInspector gives back what `inspect` and `activationMap` keep for their next call
 * @property {() => void} free
 *
 * @typedef {object} Glue the module that wasm-bindgen writes
 * @property {(options: { module_or_path: WebAssembly.Module, memory?: WebAssembly.Memory, thread_stack_size?: number }) =>
 *   Promise<{ memory: WebAssembly.Memory }>} default
 * @property {() => void} [joinThreads] in the builds with shared memory
 * @property {new (count: number) => Threads} [Threads] likewise
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
 * How long a network runs before it is handed over. Its first runs take longer, until the engine has optimised the code:
 * without this V3-Small's first frame took 29 ms in place of 2.2, and six more took 4 to 8. ms
 */
const WARM_UP = 100;

/** How long it does before a profile. ms */
const LONG_WARM_UP = 500;

/** How long the plan behind `inspect` and `activationMap` is kept for another call. ms */
const INSPECTOR_LIFE = 10_000;

/** Thrown for a picture that the page has in another form too. */
const UNREADABLE = new Error('the picture is to be sent again');

/** What a thread's kernels need, and then some. Bytes, a multiple of 64 KiB. */
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
  /** @type {Promise<unknown>} Done when all requests so far are. */
  let last = Promise.resolve();

  /**
   * Does some work when all that came before is done: wasm must not be called while a picture is copied to its memory.
   * @param {() => Promise<void> | void} work
   */
  function enqueue(work) {
    last = last.then(work).catch((error) => {
      // A request's own errors are answered. From a timer, any other becomes the worker's `error` event, which the page hears.
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
        // From here on the page is to hear of this worker's end.
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
      // It does not return. From a timer, a trap in it becomes the worker's `error` event, which the page hears.
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
  /** @type {Map<Network, ReturnType<typeof setTimeout>>} Those that keep a plan for looking inside, and the timers that end it. */
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
    // The same for all networks: only one runs at a time.
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
        const { weights, config, preprocessorConfig, precision, resolution, trim, giveBack } = request;
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
        const runs = warmUp(network, request.input, LONG_WARM_UP);
        // A second's worth.
        const some = Math.min(Math.max(2 * runs, 20), MAX_RUNS);
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
      const info = JSON.parse(network.info);
      warmUp(network, new Float32Array(info.resolution ** 2 * 3), WARM_UP);
      return info;
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
          // The first one's time has what all have of it.
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
   * @returns {Promise<[Picture, Float32Array | undefined]>} the picture counts where there is no input
   */
  async #look(network, look) {
    if ('input' in look) return [this.#picture, look.input];
    await this.#show(look.frame, [network], async (prepare) => void (await prepare(network)));
    return [this.#picture, undefined];
  }

  /**
   * Reads a frame for networks: at once what all of them see of it, or in strips what each one does, where that is large.
   * @template T
   * @param {import('./protocol.js').Frame} frame closed by this call
   * @param {Network[]} networks
   * @param {(prepare: (network: Network) => Promise<number>) => Promise<T>} use has each network prepared before it looks; that
   *   tells how long pixels were read since the last one, ms
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
   * @param {ImageBitmap | VideoFrame | Uint8ClampedArray} image what is copied, if it can be copied as it is
   * @param {ImageBitmap | VideoFrame | undefined} other the same picture, which is drawn otherwise, if the worker has it
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
   * Has a network give back the memory of its plan for looking inside, unless it is needed again soon.
   * @param {Network} network
   */
  #dropLater(network) {
    clearTimeout(this.#inspected.get(network));
    const timer = setTimeout(() => {
      this.#enqueue(() => {
        // It may have been looked into again, or freed, by what came before.
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
 * @returns {[width: number, height: number]} what it shows, in pixels
 */
function sizeOf(frame) {
  if ('pixels' in frame) return [frame.width, frame.height];
  const { image } = frame;
  return 'displayWidth' in image ? [image.displayWidth, image.displayHeight] : [image.width, image.height];
}

/**
 * Of a bitmap's pixels, 1280x720, a canvas gave the crop in 6 ms; as a frame they are copied in 0.4.
 * @param {ImageBitmap} bitmap
 */
function frameOf(bitmap) {
  try {
    return new VideoFrame(bitmap, { timestamp: 0 });
  } catch {
    // There are none in Firefox for Android, and none that are larger than a video may be.
    return undefined;
  }
}

/**
 * @param {Uint32Array[]} rects `[x, y, width, height]` each
 * @returns {Uint32Array} the smallest that holds them all
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
 * @returns {number} how often
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
