// Makes the generated scripts in pkg/wasm: a worker for each build, without imports, so that any tool can copy it; the JSON files as
// modules, which any tool can import; and the entry that has everything in one file.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { rolldown } from 'rolldown';

const pkg = fileURLToPath(new URL('../pkg/', import.meta.url));
const BUILDS = ['relaxed-threads', 'relaxed', 'simd-threads', 'simd', 'convert'].filter((build) =>
  existsSync(join(pkg, 'wasm', build, 'mobilenet_wasm.js')),
);

/** The builds in the entry of one file: the best two that any page can run, and the one that converts files for them. */
const INLINE = ['relaxed', 'simd', 'convert'];

/**
 * @param {string} entry the path of a module below `pkg`
 * @param {'iife' | 'es'} format
 * @param {Record<string, string>} madeUp the code of modules without a file, by path
 * @returns {Promise<string>}
 */
async function bundle(entry, format, madeUp) {
  const modules = new Map(Object.entries(madeUp).map(([path, code]) => [join(pkg, path), code]));
  const bundled = await rolldown({
    input: join(pkg, entry),
    // wasm-bindgen's module derives a default address from this, which is not used here.
    transform: { define: { 'import.meta.url': 'undefined' } },
    plugins: [
      {
        name: 'made-up',
        resolveId(id, importer) {
          const path = join(importer ? dirname(importer) : '', id);
          return modules.has(path) ? path : null;
        },
        load: (id) => modules.get(id) ?? null,
      },
    ],
  });
  const { output } = await bundled.generate({ format, minify: true, codeSplitting: false });
  await bundled.close();
  if (output.length !== 1 || output[0].type !== 'chunk') throw new Error(`${output.length} files in place of one`);
  return output[0].code;
}

/** @param {string} build */
function worker(build) {
  const entry = `wasm/${build}/entry.js`;
  const body = build === 'convert' ? 'convert-worker' : 'worker';
  const code = `import * as glue from './mobilenet_wasm.js'; import { serve } from '../../${body}.js'; serve(glue);`;
  return bundle(entry, 'iife', { [entry]: code });
}

const workers = new Map(await Promise.all(BUILDS.map(async (build) => [build, await worker(build)])));
for (const [build, code] of workers) await writeFile(join(pkg, 'wasm', build, 'worker.js'), code);

for (const name of ['labels', 'catalogue']) {
  const value = JSON.parse(await readFile(join(pkg, `${name}.json`), 'utf8'));
  await writeFile(join(pkg, 'wasm', `${name}.js`), `export default ${JSON.stringify(value)};\n`);
}

if (INLINE.every((build) => workers.has(build))) {
  const builds = await Promise.all(
    INLINE.map(async (build) => {
      const wasm = await readFile(join(pkg, 'wasm', build, 'mobilenet_wasm_bg.wasm'));
      const packed = await promisify(gzip)(wasm, { level: 9 });
      return [build, { worker: workers.get(build), wasm: packed.toString('base64') }];
    }),
  );
  const files = `export const FILES = ${JSON.stringify(Object.fromEntries(builds))};`;
  await writeFile(join(pkg, 'wasm/inline.js'), await bundle('inline/entry.js', 'es', { 'inline/files.js': files }));
}
