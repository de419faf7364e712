import { MobileNetError, messageOf } from './errors.js';
import { MobileNet } from './index.js';

/**
 * The element `<mobilenet-camera>`. Documented in `camera.d.ts`.
 *
 * @typedef {import('./index.js').Classification} Classification
 */

const STYLE = `
  :host { display: block; position: relative; max-width: 40rem; font: 1rem/1.4 system-ui, sans-serif; }
  :host([hidden]) { display: none; }
  video { display: block; width: 100%; background: #000; }
  video.mirrored { transform: scaleX(-1); }
  ol { margin: 0; padding: 0.5rem 0; list-style: none; }
  li { display: flex; justify-content: space-between; gap: 1rem; overflow-wrap: anywhere; }
  p { margin: 0; padding: 0.5rem 0; }
  p:empty { display: none; }
  .spoken { position: absolute; width: 1px; height: 1px; padding: 0; overflow: hidden; clip-path: inset(50%); }
`;

/** How often a screen reader is told the label, if it has changed. ms */
const SPEAK = 2000;

/** The longest wait for a frame: a video that isn't painted has none. ms */
const LONGEST_WAIT = 1000;

/** A server has no elements: there this file can be imported but does nothing. @type {typeof HTMLElement} */
const Element = globalThis.HTMLElement ?? class {};

export class MobileNetCamera extends Element {
  static observedAttributes = ['model', 'weights', 'config', 'facing', 'assets'];

  /** @type {AbortController | null} Stops the camera and the network. */
  #running = null;
  /** @type {MobileNet | null} */
  #net = null;
  #parts;
  #spokenAt = -Infinity;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    /**
     * @template {keyof HTMLElementTagNameMap} Tag
     * @param {Tag} tag
     * @param {Record<string, string>} attributes
     */
    const add = (tag, attributes) => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      root.append(element);
      return element;
    };
    this.#parts = {
      video: add('video', { part: 'video', playsinline: '', 'aria-label': 'Camera' }),
      message: add('p', { part: 'message', role: 'alert' }),
      predictions: add('ol', { part: 'predictions', 'aria-hidden': 'true' }),
      spoken: add('p', { class: 'spoken', role: 'status' }),
    };
    // This must be set before anything plays: else some browsers show the video full screen, or not at all.
    this.#parts.video.muted = true;
  }

  /** The network, once it is loaded. */
  get net() {
    return this.#net;
  }

  connectedCallback() {
    this.start();
  }

  disconnectedCallback() {
    this.stop();
  }

  attributeChangedCallback() {
    // Another attribute may also remedy an error.
    if (this.isConnected) this.start();
  }

  /** Starts the camera and the network, or restarts them. */
  start() {
    this.stop();
    const running = (this.#running = new AbortController());
    // Several attributes that are set one after the other cause one start.
    queueMicrotask(() => {
      if (!running.signal.aborted) this.#run(running.signal).catch((error) => this.#fail(error, running));
    });
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
    this.#net = null;
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    const { video, message, predictions } = this.#parts;
    message.textContent = 'Loading…';
    predictions.replaceChildren();
    const [net] = await Promise.all([this.#load(signal), this.#open(signal)]);
    if (signal.aborted) return;
    message.textContent = '';
    this.#net = net;
    this.dispatchEvent(new CustomEvent('ready', { detail: net.info }));
    while (!signal.aborted) {
      await nextFrame(video, signal);
      if (signal.aborted || video.readyState < video.HAVE_CURRENT_DATA) continue;
      const answer = await net.classify(video, this.#options(signal));
      if (signal.aborted) break;
      this.#show(answer);
      this.dispatchEvent(new CustomEvent('prediction', { detail: answer }));
    }
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<MobileNet>} disposed of when the signal is aborted
   */
  async #load(signal) {
    const [weights, config, assets] = ['weights', 'config', 'assets'].map((name) => this.getAttribute(name));
    const onProgress = (/** @type {import('./index.js').Progress} */ detail) =>
      this.dispatchEvent(new CustomEvent('progress', { detail }));
    const options = { assets, signal, onProgress };
    const net = await (weights === null
      ? MobileNet.load(this.getAttribute('model') ?? 'v3-small', options)
      : MobileNet.load({ weights, config, ...options }));
    const dispose = () => net.dispose();
    if (signal.aborted) dispose();
    else signal.addEventListener('abort', dispose);
    return net;
  }

  /** @param {AbortSignal} signal */
  async #open(signal) {
    const { mediaDevices } = navigator;
    if (!mediaDevices) throw new MobileNetError('UNSUPPORTED', 'cameras need a secure page: https: or localhost');
    const facingMode = this.getAttribute('facing') === 'user' ? 'user' : 'environment';
    const stream = await mediaDevices.getUserMedia({ video: { facingMode } });
    const close = () => stream.getTracks().forEach((track) => track.stop());
    if (signal.aborted) return close();
    signal.addEventListener('abort', close);
    const { video } = this.#parts;
    const [track] = stream.getVideoTracks();
    // A camera that doesn't tell its direction is most likely above a computer's screen.
    video.classList.toggle('mirrored', track.getSettings().facingMode !== 'environment');
    track.addEventListener('ended', () => this.#fail(new Error('the camera was unplugged'), this.#running));
    video.srcObject = stream;
    await video.play();
  }

  /**
   * @param {AbortSignal} signal
   * @returns {import('./index.js').ClassifyOptions & { when?: 'queue' }}
   */
  #options(signal) {
    const number = (/** @type {string} */ name) => {
      const text = this.getAttribute(name);
      return text === null ? undefined : Number(text);
    };
    return { topK: number('top-k'), threshold: number('threshold'), signal };
  }

  /** @param {Classification} answer */
  #show({ predictions }) {
    const rows = predictions.map(({ index, label, probability }) => {
      const row = document.createElement('li');
      const [name, share] = [document.createElement('span'), document.createElement('span')];
      name.textContent = label ?? `class ${index}`;
      share.textContent = `${(100 * probability).toFixed(0)} %`;
      row.append(name, share);
      return row;
    });
    this.#parts.predictions.replaceChildren(...rows);
    const [first] = predictions;
    const spoken = first ? (first.label ?? `class ${first.index}`) : '';
    const now = performance.now();
    if (spoken === this.#parts.spoken.textContent || now - this.#spokenAt < SPEAK) return;
    this.#parts.spoken.textContent = spoken;
    this.#spokenAt = now;
  }

  /**
   * @param {unknown} error
   * @param {AbortController | null} running what failed
   */
  #fail(error, running) {
    // Whatever is stopped on purpose fails with an error too.
    if (running === null || running.signal.aborted) return;
    this.stop();
    const refused = error instanceof DOMException && error.name === 'NotAllowedError';
    this.#parts.message.textContent = refused ? 'This page may not use the camera.' : messageOf(error);
    this.dispatchEvent(new CustomEvent('error', { detail: error }));
  }
}

/**
 * @param {HTMLVideoElement} video
 * @param {AbortSignal} signal
 * @returns {Promise<void>} resolved when the video shows another frame or the signal is aborted
 */
function nextFrame(video, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, LONGEST_WAIT);
    signal.addEventListener('abort', done);
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });
}
