/**
 * @typedef {{ label: string, probability: number }} Ranked
 */

/** The number of classes in each contender's answer. */
export const TOP = 5;

/** The networks are untrained, so their classes have no names. */
export const LABELS = Array.from({ length: 1000 }, (_, index) => `class ${index}`);

/**
 * @param {Float32Array} logits
 * @returns {Float32Array} probabilities
 */
export function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/**
 * @param {Float32Array} probabilities
 * @returns {Ranked[]} the most probable classes, best first
 */
export function topOf(probabilities) {
  /** @type {number[]} */
  const best = [];
  probabilities.forEach((probability, index) => {
    if (best.length === TOP && probability <= probabilities[best[TOP - 1]]) return;
    const place = best.findIndex((other) => probabilities[other] < probability);
    best.splice(place < 0 ? best.length : place, 0, index);
    best.length = Math.min(best.length, TOP);
  });
  return best.map((index) => ({ label: LABELS[index], probability: probabilities[index] }));
}
