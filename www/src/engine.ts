import { Engine } from 'mobilenet-wasm';

let starting: Promise<Engine> | null = null;

/** The engine of all columns' networks. The first call starts it; if that fails, the next call tries again. */
export function engine(): Promise<Engine> {
  starting ??= Engine.create().catch((error: unknown) => {
    starting = null;
    throw error;
  });
  return starting;
}
