import type { Fit, FitCandidate, FitChoice, FitMeasurements, FitPoint, FitProgress } from 'mobilenet-wasm/fit';
import { type Choice, type Files, type Setup, isResizable, resized } from '../weights';
import type { Column } from './figure';

/** Input sizes on which networks are tried, besides their own. Pixels. */
const SMALLER = [192, 160, 128];

/** The measurement needs a bound but doesn't depend on it. The visitor chooses one afterwards. ms */
const ANY_BOUND = 1000 / 30;

/** The weights of a column, from which several sizes can be loaded. */
export interface Candidate {
  column: Column;
  /** The weights with the input size that they were trained on. */
  choice: Choice;
  files: () => Promise<Files>;
  /** The side of that input. Pixels. */
  side: number;
  sides: number[];
  classes: number;
  macs: number;
  /** The number of its column, which decides the mark of its points. */
  place: number;
}

/** The columns that have weights. The default reference comes first: the most accurate, or else the one with the most work. */
export function candidatesOf(columns: readonly Column[]): Candidate[] {
  const all = columns.flatMap((column, place) => candidateOf(column, place) ?? []);
  return all.sort((a, b) => (b.choice.top1 ?? 0) - (a.choice.top1 ?? 0) || b.macs - a.macs);
}

function candidateOf(column: Column, place: number): Candidate | null {
  const { loaded, setup } = column;
  const choice = setup?.choice.asked?.weights ?? setup?.choice;
  if (!loaded?.info.trained || !choice?.files) return null;
  const side = choice.side ?? loaded.info.resolution;
  const smaller = isResizable(loaded.info.flavour) ? SMALLER.filter((other) => other < side) : [];
  const { classes, macs } = loaded.info;
  return { column, choice, files: choice.files.bind(choice), side, sides: [side, ...smaller], classes, macs, place };
}

/**
 * Measures all candidates that can agree with the reference. They have their own engine, so that nothing that happens changes the
 * page's.
 * @param reference one of the candidates
 * @param onProgress takes the progress, and the measurements that can be searched so far
 */
export async function measure(
  candidates: readonly Candidate[],
  reference: Candidate,
  frames: ImageData[],
  onProgress: (progress: FitProgress, measured: FitMeasurements | null) => void,
  signal: AbortSignal,
): Promise<FitMeasurements> {
  const { fit } = await import('mobilenet-wasm/fit');
  const others = candidates.filter((one) => one !== reference && one.classes === reference.classes);
  const complete = (measured: FitMeasurements) => judgedBy(reference, withPublished(measured, candidates));
  const { measurements }: Fit = await fit({
    // The reference comes first, because the others' agreement is counted against its answers.
    candidates: await Promise.all([reference, ...others].map(asked)),
    frames,
    latency: ANY_BOUND,
    steps: false,
    onProgress: (progress) => onProgress(progress, progress.measurements && complete(progress.measurements)),
    signal,
  });
  return complete(measurements);
}

async function asked({ column, sides, files }: Candidate): Promise<FitCandidate> {
  // If 8 bits aren't faster, `auto` loads the network on floats again, and it isn't measured twice.
  return { ...(await files()), name: column.name, resolutions: sides, precisions: ['f32', 'auto'] };
}

/** The same measurements with another reference: a network's answers, on its own input size, count as right. */
export function judgedBy(reference: Candidate, measured: FitMeasurements): FitMeasurements {
  const point = measured.points.find((point) => isOwn(point, reference));
  return point ? { ...measured, reference: point.name } : measured;
}

/** Adds the published accuracies of weights. They were published only for the input size that the weights were trained on. */
function withPublished(measured: FitMeasurements, candidates: readonly Candidate[]): FitMeasurements {
  const points = measured.points.map((point) => ({
    ...point,
    published: candidates.find((one) => isOwn(point, one))?.choice.top1 ?? null,
  }));
  return { ...measured, points };
}

function isOwn({ model, options }: FitPoint, { column, side }: Candidate): boolean {
  return model === column.name && options?.resolution === side && options.precision === 'f32';
}

/** The set-up with which a column runs the network of a choice. */
export function setupOf({ options }: FitChoice['networks'][number], { choice, side }: Candidate): Setup {
  const asked = options?.resolution ?? side;
  return { choice: asked === side ? choice : resized(choice, asked), precision: options?.precision ?? 'f32' };
}
