// Makes the folder that is published, target/package: the entries of pkg, minified, in few files that pages load without a bundler, with
// source maps that hold the sources; and beside them what pkg/wasm and pkg have for everyone.
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../', import.meta.url));
const pkg = join(root, 'pkg');
const staged = join(root, 'target/package');

/** The scripts that users, or Node for its workers, ask for by these names. */
const ENTRIES = ['index', 'node', 'node-worker', 'teach', 'fit', 'node-fit', 'camera'];
const input = Object.fromEntries(ENTRIES.map((name) => [name, join(pkg, `${name}.js`)]));

/** Files beside the entries stay what they are, since tools copy them, and labels are only fetched when they are needed. */
const external = [/^node:/, /^\.\/wasm\//];

/** @returns {Promise<Set<string>>} the files of the modules that `index.js` consists of, which all other entries need as well */
async function core() {
  const bundled = await rolldown({ input: input.index, external });
  const { output } = await bundled.generate({ format: 'es' });
  await bundled.close();
  return new Set(output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])));
}

/**
 * Bundlers look for addresses that are plain strings, and minifying makes template literals of them.
 * @param {string} code
 */
const withPlainAddresses = (code) => code.replace(/`(\.\/[\w./-]+)`/g, "'$1'");

/** @returns {Promise<string[]>} the names of the scripts */
async function writeScripts() {
  const modules = await core();
  const bundled = await rolldown({ input, external, platform: 'neutral' });
  const { output } = await bundled.generate({
    dir: staged,
    format: 'es',
    // The names of classes show in consoles.
    minify: { mangle: { keepNames: { class: true, function: false } } },
    sourcemap: true,
    sourcemapPathTransform: (path) => `pkg/${basename(path)}`,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared-[name].js',
    codeSplitting: { groups: [{ name: 'core', test: (id) => modules.has(id) }] },
  });
  await bundled.close();
  for (const file of output) {
    const content = file.type === 'chunk' ? withPlainAddresses(file.code) : file.source;
    await writeFile(join(staged, file.fileName), content);
  }
  return output.flatMap((file) => (file.type === 'chunk' ? [`./${file.fileName}`] : []));
}

/** @param {string[]} scripts */
async function writeManifest(scripts) {
  const manifest = JSON.parse(await readFile(join(pkg, 'package.json'), 'utf8'));
  // Only this folder is to be published.
  delete manifest.private;
  const wasm = manifest.sideEffects.filter((/** @type {string} */ path) => path.startsWith('./wasm/'));
  manifest.sideEffects = [...scripts, ...wasm];
  await writeFile(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Copies the files of the folder `wasm` without those that wasm-bindgen makes for other uses. */
async function copyBuilds() {
  const made = /(^|\/)(worker\.js|mobilenet_wasm_bg\.wasm)$/;
  for (const entry of await readdir(join(pkg, 'wasm'), { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name).slice(pkg.length);
    const wanted = /^\/wasm\/[^/]+$/.test(path) || made.test(path);
    if (entry.isFile() && wanted) await cp(join(pkg, path), join(staged, path));
  }
}

await rm(staged, { recursive: true, force: true });
await mkdir(staged, { recursive: true });
await writeManifest(await writeScripts());
await copyBuilds();
for (const name of await readdir(pkg)) {
  if (/\.d\.ts$|^README\.md$|^(catalogue|labels)\.json$/.test(name)) await cp(join(pkg, name), join(staged, name));
}
for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) await cp(join(root, name), join(staged, name));
