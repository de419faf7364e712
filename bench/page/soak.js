// A camera's stream, each of whose frames is classified, and a watch over the main thread.
import { MobileNet } from '/pkg/index.js';

/**
 * @typedef {object} Watched
 * @property {number} seconds
 * @property {number} frames that the camera gave
 * @property {number[]} totals ms of each call that was answered
 * @property {number} dropped calls whose frame a newer one overtook
 * @property {number} longestCall the longest that `classify` kept the main thread before it gave its promise. ms
 * @property {number} lateTicks how often the main thread was kept for more than `LATE`, by anything
 * @property {number} latestTick the longest. ms
 * @property {number} longTasks as the browser counts them: of 50 ms and more
 */

/** How long the main thread may be kept. ms */
const LATE = 8;

const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'));
/** @type {MobileNet} */
let net;

const soak = {
  /**
   * @param {{ version: import('../../pkg/index.js').Version, camera: { width: number, height: number, fps: number } }} options
   * @returns {Promise<{ build: string, threads: number, width: number, height: number, fps: number }>} what really runs
   */
  async open({ version, camera: { width, height, fps } }) {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { width: { exact: width }, height: { exact: height }, frameRate: { ideal: fps } },
    });
    await video.play();
    net = await MobileNet.untrained({ version });
    const { build, threads } = net.info;
    const [track] = video.srcObject.getVideoTracks();
    const settings = track.getSettings();
    return {
      build,
      threads,
      width: settings.width ?? 0,
      height: settings.height ?? 0,
      fps: settings.frameRate ?? 0,
    };
  },

  /**
   * @param {number} seconds
   * @param {boolean} classify whether frames are classified, or only shown
   * @returns {Promise<Watched>}
   */
  async watch(seconds, classify) {
    const thread = watchThread();
    const played = await play(seconds, classify);
    return { seconds, ...played, ...thread.end() };
  },
};
/** @typedef {typeof soak} Soak */
globalThis.soak = soak;

/**
 * @param {number} seconds
 * @param {boolean} classify
 */
async function play(seconds, classify) {
  // Laid out beforehand: what grows must not be the measurement.
  const totals = new Float64Array(Math.ceil(seconds * 120));
  let answered = 0;
  let frames = 0;
  let dropped = 0;
  let longestCall = 0;
  const end = performance.now() + 1e3 * seconds;
  /** @type {Promise<void> | null} */
  let newest = null;
  /** @type {unknown} */
  let failure = null;

  const read = async () => {
    const began = performance.now();
    const promise = net.classify(video, { topK: 5 });
    longestCall = Math.max(longestCall, performance.now() - began);
    const result = await promise;
    if (!result) dropped++;
    else if (answered < totals.length) totals[answered++] = result.timing.total;
  };
  await new Promise((resolve) => {
    // Also where the camera gives no more frames.
    setTimeout(resolve, 1e3 * seconds);
    const painted = () => {
      if (performance.now() >= end || failure) return resolve(undefined);
      video.requestVideoFrameCallback(painted);
      frames++;
      if (classify) newest = read().catch((error) => (failure = error));
    };
    video.requestVideoFrameCallback(painted);
  });
  await newest;
  if (failure) throw failure;
  if (frames === 0) throw new Error('the camera gave no frame');
  return { frames, totals: Array.from(totals.subarray(0, answered)), dropped, longestCall };
}

/** Counts when the main thread was kept for long. */
function watchThread() {
  let lateTicks = 0;
  let latestTick = 0;
  let longTasks = 0;
  let heard = 0;
  const ticks = new Worker('/bench/ticks.js', { type: 'module' });
  ticks.onmessage = ({ data: sent }) => {
    const now = performance.timeOrigin + performance.now();
    // What was sent while the thread was kept comes in a bunch: its first tells how long it was.
    if (sent > heard && now - sent > LATE) lateTicks++;
    latestTick = Math.max(latestTick, now - sent);
    heard = now;
  };
  const observer = new PerformanceObserver((list) => (longTasks += list.getEntries().length));
  observer.observe({ type: 'longtask' });
  return {
    end() {
      ticks.terminate();
      longTasks += observer.takeRecords().length;
      observer.disconnect();
      return { lateTicks, latestTick, longTasks };
    },
  };
}
