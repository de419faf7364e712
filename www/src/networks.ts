import type { Architecture, MobileNet, Version } from 'mobilenet-wasm';
import architectures from 'mobilenet-wasm/architectures.json';
import generations from './generations.json';

/** A column of the page. */
export interface Generation {
  /** The networks that can run in it, its own first. */
  versions: [Version, ...Version[]];
  name: string;
  year: number;
  paper: string;
}

export const GENERATIONS = generations as Generation[];

/** The versions that the columns are named after, one for each. */
export const COLUMNS: readonly Version[] = GENERATIONS.map(({ versions: [version] }) => version);

/** The engine's architecture of a version at width 1. */
export function architectureOf(version: Version): Architecture {
  const found = architectures.find((architecture) => architecture.version === version);
  if (!found) throw new Error(`no architecture of ${version}`);
  return found;
}

/** The architecture of a column's network, which always has a version. */
export function architectureIn({ info }: MobileNet): Architecture {
  if (!info.version) throw new Error('a network of no version is in a column');
  return architectureOf(info.version);
}

/** The name without `MobileNet`, which the page's title says: `V3-Small`. */
export function shortName(name: string): string {
  return name.replace(/^MobileNet ?/, '');
}
