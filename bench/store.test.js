import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { store, stored } from './store.js';

const MACHINE = { cpu: 'A', cores: 2, system: 'B', browser: 'C', packages: ['d 1.0'], makers: [] };
const READING = { command: 'cargo xtask bench', date: '2026-01-02', commit: '0123abc', runs: 3, load: 0 };

test('readings stay until the machine, the browser or a package is another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  const file = join(folder, 'made', 'results.json');
  assert.deepEqual(stored(MACHINE, file).parts, {});
  store({ surroundings: MACHINE, parts: { inputs: READING }, inputs: [] }, file);
  assert.deepEqual(stored(MACHINE, file), { surroundings: MACHINE, parts: { inputs: READING }, inputs: [] });
  for (const other of [{ cpu: 'E' }, { browser: 'F' }, { packages: ['d 1.1'] }]) {
    const surroundings = { ...MACHINE, ...other };
    assert.deepEqual(stored(surroundings, file), { surroundings, parts: {} });
  }
  rmSync(folder, { recursive: true });
});
