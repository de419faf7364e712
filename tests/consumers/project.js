// Temporary projects that install the package as its users do: from the tarball that npm packs, into their own `node_modules`.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { madeUp } from '../page/made-up.js';
import { CONFIG, checkpoint } from './checkpoint.js';

export const here = fileURLToPath(new URL('.', import.meta.url));

/** Tools of hundreds of megabytes, which are installed separately. */
export const heavy = join(here, 'heavy');

/** Why the tests that need the heavy tools are skipped; `false` if the tools are installed. */
export const withoutHeavy = existsSync(join(heavy, 'node_modules/.package-lock.json'))
  ? false
  : 'NOT run: the tools of tests/consumers/heavy could not be installed';

/** The class that the network answers that the projects load by its name. */
export const NAMED_ANSWER = 7;

/** @type {(cwd: string, ...args: string[]) => string} */
export function npm(cwd, ...args) {
  return execFileSync('npm', [...args, '--silent'], { cwd, encoding: 'utf8' });
}

/**
 * @param {string} [parent] the folder for it; by default one in which it finds no other package
 * @returns {Promise<{ folder: string, packed: string[], remove: () => Promise<void> }>} `packed`: the tarball's files
 */
export async function project(parent = tmpdir()) {
  const folder = await mkdtemp(join(parent, 'project-'));
  await cp(join(here, 'consumer'), folder, { recursive: true });
  // Without this file npm would look for one in the folders above.
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await mkdir(join(folder, 'public'));
  await writeFile(join(folder, 'public/model.safetensors'), checkpoint());
  await writeFile(join(folder, 'public/config.json'), JSON.stringify(CONFIG));
  await writeFile(join(folder, 'public/named.safetensors'), madeUp('v4-conv-small', NAMED_ANSWER));
  await cp(join(here, '../goldens/tflite/v1-0.1-u8.tflite'), join(folder, 'public/model.tflite'));
  const [{ filename, files }] = JSON.parse(
    npm(join(here, '../../target/package'), 'pack', '--json', '--pack-destination', folder),
  );
  npm(folder, 'install', '--offline', '--no-package-lock', `./${filename}`);
  return {
    folder,
    packed: files.map(({ path }) => path),
    remove: () => rm(folder, { recursive: true }),
  };
}
