// Classifies each frame of a camera's stream, and watches the main thread.
import { MobileNet } from '/pkg/index.js';

/**
 * @typedef {object} Watched
 * @property {number} seconds
 * @property {number} frames number of the camera's frames
 * @property {number[]} totals the times of the answered calls. ms
 * @property {number} dropped number of calls that a newer frame replaced
 * @property {number} longestCall the longest time for which `classify` blocked the main thread. ms
 * @property {number} lateTicks how often anything blocked the main thread for more than `LATE`
 * @property {number} latestTick the longest of these. ms
 * @property {number} longTasks the browser's count of tasks of 50 ms and more
 */

/** How long the main thread may be blocked. ms */
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
  // Allocated beforehand, so that the measurement itself doesn't grow.
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
    // This ends the measurement even if the camera gives no more frames.
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

/** Counts how often the main thread was blocked for long. */
function watchThread() {
  let lateTicks = 0;
  let latestTick = 0;
  let longTasks = 0;
  let heard = 0;
  const ticks = new Worker('/bench/ticks.js', { type: 'module' });
  ticks.onmessage = ({ data: sent }) => {
    const now = performance.timeOrigin + performance.now();
    // Messages of a blocked period arrive together, and the first of them tells its length.
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
