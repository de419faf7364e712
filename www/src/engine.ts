import { Engine } from 'mobilenet-wasm';

let starting: Promise<Engine> | null = null;

/** The one engine in which all columns' networks live. It is started by the first call; one that failed, by the next. */
export function engine(): Promise<Engine> {
  starting ??= Engine.create().catch((error: unknown) => {
    starting = null;
    throw error;
  });
  return starting;
}
