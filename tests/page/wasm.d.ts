// What wasm-bindgen makes of `src/wasm`, as far as a test calls it; a build writes it.
declare module '*/mobilenet_wasm.js' {
  export default function init(): Promise<unknown>;
  export class Network {
    static untrained(
      version: string,
      minimalistic: boolean,
      width: number,
      resolution: number,
      classes: number,
      precision: string,
    ): Network;
    run(input: Float32Array): Float32Array;
    profile(input: Float32Array, runs: number): string;
    free(): void;
  }
}

// The package once more, as the tests see it.
declare module '*/wasm/inline.js' {
  export const MobileNet: typeof globalThis.MobileNet;
}

declare module '*/wasm/catalogue.js' {
  const catalogue: import('/pkg/index.js').CatalogueEntry[];
  export default catalogue;
}
