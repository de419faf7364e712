import type { Version } from 'mobilenet-wasm';
import catalogue from 'mobilenet-wasm/catalogue.json';
import { engine } from '../engine';
import { architectureOf, shortName } from '../networks';

/** A network of the catalogue, measured on this device. */
export interface Measured {
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
      measured.push({ name, top1, macs: net.info.macs, time });
    } finally {
      net.dispose();
    }
  }
  return measured;
}

/** The exponents of time that the searches used: MnasNet's, which V3-Large kept, and V3-Small's. */
export const EXPONENT = { mnasnet: -0.07, small: -0.15 };

/** A network's reward in MnasNet's search (arXiv 1807.11626): its accuracy times (time / target) to the power of `w`. */
export function reward({ top1, time }: Measured, target: number, w: number): number {
  return (top1 / 100) * (time / target) ** w;
}
