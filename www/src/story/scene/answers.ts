import type { ClassifySource, MobileNet } from 'mobilenet-wasm';

/** What a network says of a frame. */
export interface Answer {
  /** The most probable class. */
  best: number;
  /** Of each class that has one. */
  probabilities: Float64Array;
  /** The network alone, ms. */
  time: number;
}

/** @param onFrame is called after each */
export async function answersOf(
  net: MobileNet,
  frames: readonly ClassifySource[],
  signal: AbortSignal,
  onFrame: (done: number) => void = () => {},
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const frame of frames) {
    answers.push(await answerOf(net, frame, signal));
    onFrame(answers.length);
  }
  return answers;
}

export async function answerOf(net: MobileNet, frame: ClassifySource, signal: AbortSignal): Promise<Answer> {
  const { predictions, timing } = await net.classify(frame, { topK: net.info.classes, signal });
  const probabilities = new Float64Array(net.info.classes);
  for (const { index, probability } of predictions) probabilities[index] = probability;
  return { best: predictions[0].index, probabilities, time: timing.inference };
}

/** The share of frames of which both name the same class. */
export function agreement(a: readonly Answer[], b: readonly Answer[]): number {
  return a.filter(({ best }, index) => best === b[index].best).length / a.length;
}

/** Less than any probability that matters, in place of 0. */
const LEAST = 1e-9;

/** By how much other answers differ from those that are right, on average: the Kullback-Leibler divergence. nats */
export function divergence(right: readonly Answer[], others: readonly Answer[]): number {
  let sum = 0;
  for (const [index, { probabilities }] of right.entries()) {
    const other = others[index].probabilities;
    for (const [place, p] of probabilities.entries()) {
      if (p > LEAST) sum += p * Math.log(p / Math.max(other[place], LEAST));
    }
  }
  return sum / right.length;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
