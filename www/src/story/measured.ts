import type { Version } from 'mobilenet-wasm';
import catalogue from 'mobilenet-wasm/catalogue.json';
import { engine } from '../engine';
import { architectureOf, shortName } from '../networks';

/** A network of the catalogue, measured on this device. */
export interface Measured {
  version: Version;
  /** Width multiplier. */
  width: number;
  name: string;
  /** Published accuracy on ImageNet of its best checkpoint, per cent. */
  top1: number;
  macs: number;
  /** The time of an inference. ms */
  time: number;
}

/** Number of runs, of which the fastest counts: it is the least disturbed. */
const RUNS = 7;

/** Lists each network (version, width, input size) once, with the accuracy of its best checkpoint. */
export function catalogued(): { version: Version; width: number; resolution: number; top1: number }[] {
  const found = new Map<string, { version: Version; width: number; resolution: number; top1: number }>();
  for (const { version, width, resolution, top1 } of catalogue) {
    if (top1 === null) continue;
    const key = `${version} ${width} ${resolution}`;
    const best = Math.max(top1, found.get(key)?.top1 ?? 0);
    found.set(key, { version: version as Version, width, resolution, top1: best });
  }
  return [...found.values()];
}

/**
 * Times each network of the catalogue in turn. The weights are random: the time doesn't depend on them.
 * @param onProgress called before each network with the number of those done
 */
export async function measureCatalogue(onProgress: (done: number, of: number) => void): Promise<Measured[]> {
  const networks = catalogued();
  const measured: Measured[] = [];
  const picture = new ImageData(224, 224);
  for (const { top1, ...options } of networks) {
    onProgress(measured.length, networks.length);
    const net = await (await engine()).untrained(options);
    try {
      let time = Infinity;
      for (let run = 0; run < RUNS; run++) {
        time = Math.min(time, (await net.classify(picture)).timing.inference);
      }
      const name = `${shortName(architectureOf(options.version).name)}${options.width === 1 ? '' : ` ×${options.width}`}`;
      measured.push({ version: options.version, width: options.width, name, top1, macs: net.info.macs, time });
    } finally {
      net.dispose();
    }
  }
  return measured;
}

/** The exponents of time that the searches used: MnasNet's, which V3-Large kept, and V3-Small's. */
export const EXPONENT = { mnasnet: -0.07, small: -0.15 };

/** A network's reward in MnasNet's search (arXiv 1807.11626): its accuracy times (time / target) to the power of `w`. */
export function reward({ top1, time }: Pick<Measured, 'top1' | 'time'>, target: number, w: number): number {
  return (top1 / 100) * (time / target) ** w;
}

/** The accuracies in V3's own paper (arXiv 1905.02244, tables 3 and 4), per cent. The catalogue's later weights have others. */
const PAPER: Partial<Record<Version, number>> = { 'v3-large': 75.2, 'v3-small': 67.4 };

/** A network of V3's paper among the measured ones. */
export interface Placed extends Measured {
  reward: number;
  /** 1 for the highest reward. */
  rank: number;
}

/** Where the paper's networks stand with the times of this device, each with the paper's accuracy in place of the catalogue's. */
export function placesOfPaper(measured: readonly Measured[], target: number, w: number): Placed[] {
  return measured.flatMap((one) => {
    const top1 = one.width === 1 ? PAPER[one.version] : undefined;
    if (top1 === undefined) return [];
    const own = reward({ top1, time: one.time }, target, w);
    const rank = 1 + measured.filter((other) => other !== one && reward(other, target, w) > own).length;
    return { ...one, top1, reward: own, rank };
  });
}
