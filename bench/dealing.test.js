import assert from 'node:assert/strict';
import { test } from 'node:test';
import { search } from '../pkg/search.js';
import { byChance, byScenes, dealt, kept, numbers } from './dealing.js';

/**
 * @param {string} name
 * @param {number} inference ms
 * @param {[index: number, margin: number][]} answers
 */
const point = (name, inference, answers) => ({
  ...{
    name,
    model: name,
    options: null,
    candidate: name !== 'judge',
    macs: 1,
    resize: 'one',
    preprocess: 1,
    read: 0.5,
  },
  ...{ inference, runs: 20, steps: null, published: null, answers },
});

/**
 * @param {number} frames
 * @param {(frame: number) => boolean} isRight on which of them the only candidate agrees with the reference
 * @returns {import('../pkg/fit.js').FitMeasurements}
 */
function measured(frames, isRight) {
  const all = Array.from({ length: frames }, (_, frame) => frame);
  const points = [
    point(
      'one',
      5,
      all.map((frame) => [Number(!isRight(frame)), 0.5]),
    ),
    point(
      'judge',
      9,
      all.map(() => [0, 0.5]),
    ),
  ];
  return { format: 'mobilenet-wasm/fit', engine: { build: 'simd', threads: 1 }, frames, reference: 'judge', points };
}

const all = Array.from({ length: 420 }, (_, frame) => frame);

test('dealt frames choose and verify as they were dealt, and others do neither', () => {
  const choosing = all.filter((frame) => frame % 3 === 1);
  const verifying = all.filter((frame) => frame % 3 === 2);
  for (const [right, agreements] of /** @type {const} */ ([
    [1, [1, 0]],
    [2, [0, 1]],
    [0, [0, 0]],
  ])) {
    const measurements = dealt(
      measured(420, (frame) => frame % 3 === right),
      { choosing, verifying },
    );
    const { frames, chosen, verified } = search(measurements, { latency: 10 });
    assert.deepEqual(frames, { choosing: 140, verifying: 140 });
    assert.deepEqual([chosen?.agreement, verified?.agreement], agreements);
  }
  assert.throws(
    () =>
      dealt(
        measured(420, () => true),
        { choosing, verifying: [] },
      ),
    /140 frames can't be dealt/,
  );
});

test('a deal by chance gives half of the runs to each half, whole and in their order', () => {
  const random = numbers();
  const deals = [byChance(all, random), byChance(all, random)];
  for (const { choosing, verifying } of deals) {
    assert.equal(choosing.length, 210);
    assert.deepEqual(
      [...choosing, ...verifying].sort((a, b) => a - b),
      all,
    );
    for (const half of [choosing, verifying]) {
      assert.deepEqual(
        [...half].sort((a, b) => a - b),
        half,
      );
      // Runs of six neighbours.
      half.forEach((frame, place) => assert.equal(frame % 6, place % 6));
    }
  }
  assert.notDeepEqual(deals[0], deals[1]);
  assert.deepEqual(byChance(all, numbers()), deals[0], 'it is the same each time');
  const even = all.map((frame) => 2 * frame);
  assert.deepEqual(
    byChance(even, numbers()).choosing,
    deals[0].choosing.map((frame) => 2 * frame),
  );
});

test('two scenes choose and two others verify, in all ways', () => {
  const deals = byScenes([[0, 1], [2, 3], [4], [5], [6]]);
  assert.equal(deals.length, 30);
  assert.equal(new Set(deals.map((deal) => JSON.stringify(deal))).size, 30);
  assert.deepEqual(deals[0], { choosing: [0, 1, 2, 3], verifying: [4, 5] });
});

test('what choices kept is counted over all deals and targets that have one', () => {
  const measurements = measured(160, (frame) => frame < 80 || frame % 4 > 0);
  const first = all.slice(0, 80);
  const second = all.slice(80, 160);
  const deals = [
    { choosing: first, verifying: second },
    { choosing: second, verifying: first },
  ];
  const targets = [{ latency: 10 }, { agreement: 0.5 }, { latency: 1 }];
  // Chosen where it is always right it loses a quarter, chosen elsewhere it wins one. Nothing is as fast as the third target.
  const found = { choices: 4, expected: 0.5, counted: 0.5, mean: 0 };
  assert.deepEqual(kept(measurements, deals, targets, 0.05), found);
  assert.deepEqual(kept(measurements, deals, targets, 0.3), { ...found, expected: 0, counted: 0 });
});
