import assert from 'node:assert/strict';
import { test } from 'node:test';
import { softmax, topOf } from './page/top.js';

test('the five greatest come out, best first, whatever their order', () => {
  const ascending = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);
  const best = ['class 999', 'class 998', 'class 997', 'class 996', 'class 995'];
  assert.deepEqual(
    topOf(ascending).map(({ label }) => label),
    best,
  );
  const descending = ascending.toReversed();
  assert.deepEqual(
    topOf(descending).map(({ label }) => label),
    ['class 0', 'class 1', 'class 2', 'class 3', 'class 4'],
  );
  assert.equal(topOf(descending)[0].probability, descending[0]);
});

test('of equals the first come first', () => {
  assert.deepEqual(
    topOf(new Float32Array(10).fill(0.1)).map(({ label }) => label),
    ['class 0', 'class 1', 'class 2', 'class 3', 'class 4'],
  );
});

test('softmax adds up to one and does not overflow', () => {
  const [a, b] = softmax(Float32Array.from([1000, 1000 + Math.log(3)]));
  assert.ok(Math.abs(a - 0.25) < 1e-4);
  assert.ok(Math.abs(b - 0.75) < 1e-4);
});
