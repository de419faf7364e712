// The tarball: its files, its types, and the bytes that a page loads of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as vite from 'vite';
import { here, project } from './project.js';

/** @type {Awaited<ReturnType<typeof project>>} */
let consumer;
before(async () => {
  consumer = await project();
});
after(() => consumer?.remove());

/** @param {string} program below `node_modules` */
function run(program, ...args) {
  try {
    return execFileSync(process.execPath, [join(here, program), ...args], { cwd: consumer.folder, encoding: 'utf8' });
  } catch (/** @type {any} */ error) {
    throw new Error(`${program} failed:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

test('the tarball has these files and no others', async () => {
  const wanted = (await readFile(join(here, 'packed.txt'), 'utf8')).trimEnd().split('\n');
  assert.deepEqual([...consumer.packed].sort(), wanted);
});

test('publint and Are the Types Wrong have nothing to say', () => {
  const tarball = readdirSync(consumer.folder).find((name) => name.endsWith('.tgz'));
  run('node_modules/publint/src/cli.js', tarball, '--strict');
  run('node_modules/@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only', '--no-color');
});

const STRICT = { strict: true, noEmit: true, resolveJsonModule: true, target: 'es2020' };

for (const [name, compiler, file, options] of /** @type {const} */ ([
  ['5.0', 'node_modules/typescript-5.0/lib/tsc.js', 'strict.ts', { lib: ['es2020', 'dom'] }],
  ['of today', '../../www/node_modules/typescript/bin/tsc', 'strict.ts', { lib: ['es2020', 'dom'] }],
  [
    'of today, in Node',
    '../../www/node_modules/typescript/bin/tsc',
    'strict-node.ts',
    { lib: ['es2022'], types: ['node'] },
  ],
])) {
  test(`the types hold in strict TypeScript ${name}`, async () => {
    const types = join(consumer.folder, 'node_modules/@types');
    if (!existsSync(types)) await symlink(join(here, '../../www/node_modules/@types'), types);
    for (const [module, moduleResolution] of [
      ['esnext', 'bundler'],
      ['nodenext', 'nodenext'],
    ]) {
      // Node's modules need import attributes for JSON, whose syntax differs between versions of TypeScript.
      if (module === 'nodenext' && file === 'strict.ts') continue;
      const compilerOptions = { ...STRICT, types: [], ...options, module, moduleResolution };
      await writeFile(join(consumer.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
      run(compiler, '-p', 'tsconfig.json');
    }
  });
}

test('a page loads at most 250 kB, gzipped: one build, and all JavaScript', async () => {
  const outDir = join(consumer.folder, 'sized');
  const build = { outDir, assetsInlineLimit: 0, modulePreload: { polyfill: false } };
  await vite.build({ root: consumer.folder, configFile: false, logLevel: 'warn', build });
  const files = readdirSync(join(outDir, 'assets'));
  const packed = await Promise.all(
    files.map(async (file) => ({ file, bytes: await packedSize(join(outDir, 'assets', file)) })),
  );
  // A page loads the module and the worker of one build; the largest of them count here.
  const largest = (files) => Math.max(...files.map(({ bytes }) => bytes));
  const modules = packed.filter(({ file }) => file.endsWith('.wasm'));
  const workers = packed.filter(({ file }) => file.startsWith('worker-'));
  // The engine's builds, and the one that reads other files than .safetensors.
  assert.equal(modules.length, 5);
  const rest = packed.filter((file) => !modules.includes(file) && !workers.includes(file));
  const sum = rest.reduce((sum, { bytes }) => sum + bytes, largest(modules) + largest(workers));
  console.log(`a page loads ${sum} bytes: ${packed.map(({ file, bytes }) => `${file} ${bytes}`).join(', ')}`);
  assert.ok(sum <= 250_000, `${sum} bytes`);
});

test('a page without a bundler loads no more', async () => {
  const folder = join(consumer.folder, 'node_modules/mobilenet-wasm');
  const builds = readdirSync(join(folder, 'wasm'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const largest = async (/** @type {string} */ file) =>
    Math.max(...(await Promise.all(builds.map(({ name }) => packedSize(join(folder, 'wasm', name, file))))));
  /** @type {Map<string, number>} what `index.js` imports, now or later, and the sizes */
  const scripts = new Map([['index.js', 0]]);
  for (const script of scripts.keys()) {
    const code = await readFile(join(folder, script), 'utf8');
    scripts.set(script, await packedSize(join(folder, script)));
    for (const [, path] of code.matchAll(/\b(?:from|import) ?\(?["'`]\.\/([^"'`]+)/g)) {
      if (!scripts.has(path)) scripts.set(path, 0);
    }
  }
  assert.deepEqual([...scripts.keys()].sort(), ['index.js', 'shared-core.js', 'wasm/catalogue.js', 'wasm/labels.js']);
  const ofBuild = (await largest('mobilenet_wasm_bg.wasm')) + (await largest('worker.js'));
  const sum = [...scripts.values()].reduce((sum, bytes) => sum + bytes, ofBuild);
  console.log(`a page without a bundler loads ${sum} bytes: ${JSON.stringify([...scripts])}, ${ofBuild} of a build`);
  assert.ok(sum <= 250_000, `${sum} bytes`);
});

test('source maps have the sources, and names that errors and consoles show are kept', async () => {
  const folder = join(consumer.folder, 'node_modules/mobilenet-wasm');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.map'))) {
    const { sources, sourcesContent } = JSON.parse(await readFile(join(folder, file), 'utf8'));
    assert.ok(sources.length > 0, file);
    for (const [i, source] of sources.entries()) {
      assert.equal(sourcesContent[i], await readFile(join(here, '../..', source), 'utf8'), source);
    }
    assert.match(
      await readFile(join(folder, file.slice(0, -'.map'.length)), 'utf8'),
      new RegExp(`sourceMappingURL=${file}`),
    );
  }
  const code = `import * as all from 'mobilenet-wasm';
    const error = await all.MobileNet.load(5).catch((error) => error);
    console.log(JSON.stringify([error.name, error.constructor.name, error.message, ...Object.values(all).map(({ name }) => name)]));`;
  const shown = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: consumer.folder,
    encoding: 'utf8',
  });
  const [name, constructor, message, ...names] = JSON.parse(shown);
  assert.deepEqual([name, constructor], ['MobileNetError', 'MobileNetError']);
  assert.match(message, /\b5\b/);
  assert.deepEqual(names, ['Engine', 'MobileNet', 'MobileNetError']);
});

/** @param {string} file */
async function packedSize(file) {
  return gzipSync(await readFile(file), { level: 9 }).length;
}
