import { listOf, wholeNumber, wrong } from './arguments.js';
import { MobileNetError, shown } from './errors.js';

/**
 * Chooses the classes of an answer.
 *
 * @typedef {import('./index.js').Prediction} Prediction
 *
 * @typedef {object} Choice
 * @property {number} topK
 * @property {number} threshold
 * @property {readonly (number | string)[] | undefined} allow
 * @property {readonly (number | string)[] | undefined} deny
 *
 * @typedef {{ index: number, probability: number }} Ranked
 */

/** The default number of predictions. */
const TOP_K = 5;

/**
 * @param {Partial<Record<'topK' | 'threshold' | 'allow' | 'deny', unknown>>} given
 * @returns {Choice}
 */
export function choiceOf({ topK = TOP_K, threshold = 0, allow, deny }) {
  if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1)) {
    throw wrong('BAD_INPUT', 'threshold', threshold, 'a probability, 0 to 1');
  }
  return {
    topK: wholeNumber('topK', topK, 1, Infinity),
    threshold,
    allow: classesOf('allow', allow),
    deny: classesOf('deny', deny),
  };
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {(number | string)[] | undefined}
 */
function classesOf(name, value) {
  if (value === undefined || value === null) return undefined;
  const classes = listOf(name, value, "an array of classes' indices or names");
  const index = classes.findIndex((one) => typeof one !== 'string' && typeof one !== 'number');
  if (index >= 0) throw wrong('BAD_INPUT', `${name}[${index}]`, classes[index], "a class's index or name");
  return /** @type {(number | string)[]} */ (classes);
}

/**
 * Applies a choice to the classes of one network.
 * @param {Choice} choice
 * @param {number} classes number of the network's classes
 * @param {readonly string[] | null} labels their names
 * @returns {{ topK: number, pick: (ranking: Ranked[]) => Ranked[] }} `topK`: how many classes the engine must rank
 */
export function chosen({ topK, threshold, allow, deny }, classes, labels) {
  const allowed = allow && indicesOf('allow', allow, classes, labels);
  const denied = deny && indicesOf('deny', deny, classes, labels);
  return {
    topK: Math.min(classes, allowed ? classes : topK + (denied?.size ?? 0)),
    pick: (ranking) =>
      ranking
        .filter(({ index, probability }) => {
          return probability >= threshold && (allowed?.has(index) ?? true) && !denied?.has(index);
        })
        .slice(0, topK),
  };
}

/**
 * @param {string} name
 * @param {readonly (number | string)[]} list
 * @param {number} classes
 * @param {readonly string[] | null} labels
 * @returns {Set<number>}
 */
function indicesOf(name, list, classes, labels) {
  const indices = new Set();
  for (const one of list) {
    if (typeof one === 'number') {
      indices.add(wholeNumber(`an index in ${name}`, one, 0, classes - 1));
      continue;
    }
    const wanted = one.toLowerCase();
    const found = labels?.flatMap((label, index) => {
      const names = label.toLowerCase();
      return names === wanted || names.split(', ').includes(wanted) ? [index] : [];
    });
    if (!found?.length) {
      const why = labels ? 'which no class is called' : "but this network's classes have no names";
      throw new MobileNetError('BAD_INPUT', `${name} has ${shown(one)}, ${why}`);
    }
    for (const index of found) indices.add(index);
  }
  return indices;
}
