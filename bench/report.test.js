import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTENDERS, OURS } from './contenders.js';
import { report } from './report.js';

/**
 * @typedef {import('./contenders.js').Contender} Contender
 * @typedef {import('./contest.js').Measured} Measured
 */

const LITERT = the(({ name, threads }) => name === 'LiteRT.js' && threads === 1);
const LITERT_2 = the(({ name, threads }) => name === 'LiteRT.js' && threads === 2);
const INT8 = the(({ ours, type }) => !ours && type === 'int8');
const OURS_INT8 = the(({ ours, threads, type }) => ours && threads === 1 && type === 'int8');
const OURS_2 = the(({ ours, threads }) => ours && threads === 2);

/**
 * @param {(contender: Contender) => boolean} is
 * @returns {Contender} the first such one
 */
function the(is) {
  const found = CONTENDERS.find(is);
  assert.ok(found, String(is));
  return found;
}

/**
 * @param {Contender} contender
 * @param {number[]} inference
 * @param {Partial<Measured>} more
 * @returns {Measured}
 */
function measured(contender, inference, more = {}) {
  const task = { version: 'v2', resolution: 224 };
  return { contender, task, missing: null, macs: null, inference, total: [], peaks: [], ...more };
}

const READING = { command: 'cargo xtask bench', date: '2026-01-02', commit: '0123abc', runs: 3, load: 0.25 };

/**
 * @param {Measured[]} entries of the one network
 * @param {Partial<import('./report.js').Results>} more
 */
function reportOn(entries, more = {}) {
  return report({
    parts: { frames: READING, networks: READING },
    surroundings: {
      cpu: 'A processor',
      cores: 2,
      system: 'A system',
      browser: 'A browser',
      packages: ['a 1.0'],
      makers: ['b 2.0'],
    },
    networks: [entries],
    layers: [],
    inputs: [],
    frames: [{ version: 'v2', inference: [40, 10, 10, 10] }],
    cold: { weights: null, build: 'relaxed', threads: 1, times: [200, 100, 300] },
    sizes: [],
    revectorized: [],
    ...more,
  });
}

/**
 * The cells of the first row that has all of `words`.
 * @param {string} text
 * @param {string[]} words
 */
function row(text, ...words) {
  const line = text.split('\n').find((line) => line.startsWith('|') && words.every((word) => line.includes(word)));
  assert.ok(line, `no row with ${words}`);
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** What the report doesn't look at. */
const TIME = { minimum: 0, median: 0, gflops: null };
/** @type {Omit<import('../pkg/index.js').ProfileStep, 'kind' | 'macs' | 'microseconds'>} */
const STEP = { ...TIME, name: '', shape: '', input: [1, 1, 1], output: [1, 1, 1], kernel: 1, stride: 1 };

const ours = measured(OURS, [12, 10, 11], { macs: 300e6, total: [13, 14, 15], peaks: [70, 75, 72] });

test('a contender is compared with ours and with the best peak that was read', () => {
  const text = reportOn([ours, measured(LITERT, [20, 22, 21])]);
  assert.deepEqual(row(text, 'mobilenet-wasm'), [
    'mobilenet-wasm', 'relaxed', 'f32', '1', '10.00', '11.00', '11.90', '60.0', '80 %', '1.00',
  ]); // prettier-ignore
  assert.deepEqual(row(text, 'LiteRT.js'), [
    'LiteRT.js', 'relaxed', 'f32', '1', '20.00', '21.00', '21.90', '30.0', '40 %', '2.00',
  ]); // prettier-ignore
});

test('only one thread with f32 has a share of the peak', () => {
  const text = reportOn([
    ours,
    measured(OURS_INT8, [4], { total: [6] }),
    measured(INT8, [5]),
    measured(LITERT_2, [10]),
  ]);
  assert.equal(row(text, 'mobilenet-wasm', 'int8').at(-2), '–');
  assert.equal(row(text, 'LiteRT.js', 'int8').at(-2), '–');
  assert.equal(row(text, 'LiteRT.js', ' 2 ').at(-2), '–');
});

test('8 bits are compared with our 8 bits, or with nothing', () => {
  const int8 = measured(INT8, [5]);
  assert.equal(row(reportOn([ours, measured(OURS_INT8, [4], { total: [6] }), int8]), 'LiteRT.js').at(-1), '1.25');
  assert.equal(row(reportOn([ours, int8]), 'LiteRT.js').at(-1), '–');
});

test('two threads are compared with our two threads, or with nothing', () => {
  assert.equal(
    row(reportOn([ours, measured(OURS_2, [5], { total: [6] }), measured(LITERT_2, [10])]), 'LiteRT.js').at(-1),
    '2.00',
  );
  assert.equal(row(reportOn([ours, measured(LITERT_2, [10])]), 'LiteRT.js').at(-1), '–');
});

test('what was not measured is said with its reason, and has no row', () => {
  const text = reportOn([ours, measured(LITERT, [], { missing: 'its model is gone' })]);
  assert.match(text, /\*\*Not measured\*\*: LiteRT\.js, relaxed, 1 thread, at 224 pixels: its model is gone\./);
  assert.ok(!text.split('\n').some((line) => line.startsWith('| LiteRT.js')));
});

test('without a profile there is no peak', () => {
  const text = reportOn([{ ...ours, peaks: [] }]);
  assert.match(text, /Peak not read/);
  assert.equal(row(text, 'mobilenet-wasm').at(-2), '–');
});

test('the whole call is given beside the inference', () => {
  assert.deepEqual(row(reportOn([ours]), 'MobileNet V2', '14.00'), [
    'MobileNet V2',
    'relaxed',
    'f32',
    '1',
    '11.00',
    '13.00',
    '14.00',
    '14.90',
  ]);
});

test('input sizes are compared by the time of a multiply-accumulate', () => {
  /** @type {(resolution: number, macs: number, ms: number) => Measured} */
  const at = (resolution, macs, ms) => measured(OURS, [ms], { macs, task: { version: 'v2', resolution } });
  const text = reportOn([ours], { inputs: [at(112, 75e6, 3), at(224, 300e6, 10)] });
  assert.deepEqual(row(text, ' 112 '), ['112', '75.0', '3.00', '3.00', '0.0400', '1.20']);
});

test('the first frames and the cold start are summed up', () => {
  const text = reportOn([ours]);
  assert.deepEqual(row(text, '40.00'), ['MobileNet V2', '40.00', '10.00', '35.50', '3.55']);
  assert.deepEqual(row(text, '100.00'), ['3', '100.00', '200.00']);
});

test('downloads are added up, ours named by the build', () => {
  const sizes = [
    { contender: OURS, wasm: 2048, js: 1024, files: ['/pkg/index.js', '/pkg/wasm/relaxed/mobilenet_wasm_bg.wasm'] },
    { contender: LITERT, wasm: 4096, js: 0, files: ['/peers/wasm/litert.wasm'] },
  ];
  const text = reportOn([ours], { sizes });
  assert.deepEqual(row(text, '2.0'), ['mobilenet-wasm', 'relaxed', '2.0', '1.0', '3.0']);
  assert.deepEqual(row(text, 'litert.wasm'), ['LiteRT.js', 'litert.wasm', '4.0', '0.0', '4.0']);
});

test('layers are added up by their kind, the longest first', () => {
  /** @type {(kind: import('../pkg/index.js').ProfileStep['kind'], macs: number, microseconds: number) => import('../pkg/index.js').ProfileStep} */
  const step = (kind, macs, microseconds) => ({ ...STEP, kind, macs, microseconds });
  const steps = [
    step('stem', 3e6, 100),
    step('pointwise', 20e6, 500),
    step('pool', 0, 100),
    step('pointwise', 10e6, 300),
  ];
  const profile = { steps, runs: 1, total: { ...TIME, macs: 33e6, microseconds: 1000 }, peak: 80 };
  const text = reportOn([ours], { layers: [{ version: 'v2', profile }] });
  assert.deepEqual(row(text, 'pointwise'), ['MobileNet V2', 'pointwise', '2', '30.0', '800', '80 %', '75.0', '94 %']);
  assert.deepEqual(row(text, 'stem'), ['MobileNet V2', 'stem', '1', '3.0', '100', '10 %', '60.0', '75 %']);
  assert.deepEqual(row(text, 'pool'), ['MobileNet V2', 'pool', '1', '0.0', '100', '10 %', '–', '–']);
  assert.ok(text.indexOf('| pointwise') < text.indexOf('| stem'));
});

test('what was not measured has no section', () => {
  const more = { networks: undefined, layers: undefined, cold: undefined, sizes: undefined, revectorized: undefined };
  const titles = reportOn([], more).match(/^## .*/gm);
  assert.deepEqual(titles, ["## Time against the input's size", '## The first 4 frames']);
  assert.match(reportOn([], { ...more, labels: [] }), /## From frame to label/);
});

test('the head says how each part was read', () => {
  const text = reportOn([ours]);
  assert.deepEqual(row(text, 'networks', '0123abc'), [
    'networks', '`cargo xtask bench`', '2026-01-02', '0123abc', '0.25',
  ]); // prettier-ignore
});
