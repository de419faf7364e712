// Deals frames that were measured to the two halves of a search anew, to see what its choices promise and keep.
import { halves, searcher } from '../pkg/search.js';

/**
 * @typedef {import('../pkg/fit.js').FitMeasurements} FitMeasurements
 * @typedef {import('../pkg/fit.js').FitTarget} FitTarget
 *
 * @typedef {object} Deal frames in their order, as many to choose by as to verify
 * @property {number[]} choosing
 * @property {number[]} verifying
 *
 * @typedef {object} Kept how choices agreed on the frames that verified them
 * @property {number} choices
 * @property {number} expected the share of them that agreed in over so many points less than expected
 * @property {number} counted the share that did so than where they were chosen
 * @property {number} mean what they agreed in more than expected, in the mean
 */

/**
 * @param {FitMeasurements} measurements
 * @param {Deal} deal
 * @returns {FitMeasurements} of the dealt frames alone, in an order in which a search chooses and verifies by them as dealt
 */
export function dealt(measurements, { choosing, verifying }) {
  const frames = choosing.length + verifying.length;
  const places = halves(frames);
  if (places.choosing.length !== choosing.length) {
    throw new Error(`${frames} frames can't be dealt: a search chooses by ${places.choosing.length} of them`);
  }
  /** @type {number[]} */
  const order = [];
  places.choosing.forEach((place, i) => (order[place] = choosing[i]));
  places.verifying.forEach((place, i) => (order[place] = verifying[i]));
  const points = measurements.points.map((point) => ({
    ...point,
    answers: order.map((frame) => point.answers[frame]),
  }));
  return { ...measurements, frames, points };
}

/**
 * Deals runs of neighbours to the two halves by chance, since frames resemble their neighbours.
 * @param {readonly number[]} frames
 * @param {() => number} random from 0 to 1
 * @returns {Deal}
 */
export function byChance(frames, random) {
  const { choosing, verifying } = halves(frames.length);
  const runs = [...runsOf(choosing), ...runsOf(verifying)];
  for (let last = runs.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [runs[last], runs[other]] = [runs[other], runs[last]];
  }
  const half = runs.length / 2;
  const inOrder = (/** @type {number[][]} */ some) =>
    some
      .flat()
      .sort((a, b) => a - b)
      .map((place) => frames[place]);
  return { choosing: inOrder(runs.slice(0, half)), verifying: inOrder(runs.slice(half)) };
}

/**
 * @param {readonly number[]} places ascending
 * @returns {number[][]} the same, in runs of neighbours
 */
function runsOf(places) {
  /** @type {number[][]} */
  const runs = [];
  for (const place of places) {
    const last = runs[runs.length - 1];
    if (last && last[last.length - 1] === place - 1) last.push(place);
    else runs.push([place]);
  }
  return runs;
}

/**
 * @param {readonly number[][]} scenes the frames of each scene
 * @returns {Deal[]} all in which two scenes choose, and two others verify
 */
export function byScenes(scenes) {
  const pairs = scenes.flatMap((one, a) =>
    scenes.slice(a + 1).map((other, b) => ({ of: [a, a + 1 + b], frames: [...one, ...other] })),
  );
  return pairs.flatMap(({ of, frames }) =>
    pairs
      .filter((other) => !other.of.some((scene) => of.includes(scene)))
      .map((other) => ({ choosing: frames, verifying: other.frames })),
  );
}

/**
 * Makes numbers from 0 to 1, the same ones each time.
 * @returns {() => number}
 */
export function numbers() {
  let state = 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/**
 * @param {FitMeasurements} measurements
 * @param {readonly Deal[]} deals
 * @param {readonly FitTarget[]} targets
 * @param {number} tolerance the points, as a share
 * @returns {Kept}
 */
export function kept(measurements, deals, targets, tolerance) {
  const found = deals.flatMap((deal) => targets.map(searcher(dealt(measurements, deal))));
  const changes = found.flatMap(({ chosen, verified }) =>
    chosen && verified
      ? { expected: verified.agreement - chosen.expected, counted: verified.agreement - chosen.agreement }
      : [],
  );
  const shareOf = (/** @type {'expected' | 'counted'} */ of) =>
    changes.filter((change) => change[of] < -tolerance).length / changes.length;
  const mean = changes.reduce((sum, { expected }) => sum + expected, 0) / changes.length;
  return { choices: changes.length, expected: shareOf('expected'), counted: shareOf('counted'), mean };
}
