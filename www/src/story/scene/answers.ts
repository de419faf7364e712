import type { ClassifySource, MobileNet } from 'mobilenet-wasm';

/** A network's answer for a frame. */
export interface Answer {
  /** The most probable class. */
  best: number;
  /** By class index; 0 for a class that the network doesn't report. */
  probabilities: Float64Array;
  /** The time of the network without preprocessing. ms */
  time: number;
}

/** @param onFrame called after each frame with the number of frames so far */
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

/** The share of frames for which both give the same class. */
export function agreement(a: readonly Answer[], b: readonly Answer[]): number {
  return a.filter(({ best }, index) => best === b[index].best).length / a.length;
}

/** Smaller probabilities count as this, since the logarithm of 0 is infinite. */
const LEAST = 1e-9;

/** The mean Kullback-Leibler divergence of other answers from the right ones. nats */
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

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
