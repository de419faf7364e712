// Bundles the peers as a page would ship them: minified, without unused code.
import { join } from 'node:path';
import { build } from 'esbuild';
import { made, root } from './browser.js';

export async function bundlePeers() {
  await build({
    entryPoints: ['litert', 'mediapipe', 'ort', 'tfjs', 'transformers'].map((name) =>
      join(root, `bench/page/${name}.js`),
    ),
    outdir: join(made, 'peers'),
    bundle: true,
    minify: true,
    format: 'esm',
    // ONNX Runtime's threads start from a separate file, which must not be bundled.
    conditions: ['onnxruntime-web-use-extern-wasm'],
    logLevel: 'warning',
  });
}
