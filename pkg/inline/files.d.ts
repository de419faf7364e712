/** Made by `www/bundle-package.js`: the builds of the entry in one file. `wasm`: gzip, in base64. */
export declare const FILES: Record<'relaxed' | 'simd' | 'convert', { worker: string; wasm: string }>;
