import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gflops, summary } from './statistics.js';

test('one value is its own minimum, median and percentile', () => {
  assert.deepEqual(summary([3]), { min: 3, median: 3, p95: 3 });
});

test('values need no order, which stays as it was', () => {
  const values = [5, 1, 4, 2, 3];
  assert.deepEqual(summary(values), { min: 1, median: 3, p95: 4.8 });
  assert.deepEqual(values, [5, 1, 4, 2, 3]);
});

test('an even count has its median between two values', () => {
  assert.equal(summary([1, 2, 10, 20]).median, 6);
});

test('numbers are ordered as numbers', () => {
  assert.equal(summary([10, 9, 100]).min, 9);
});

test('a multiply-accumulate is two operations', () => {
  assert.equal(gflops(500e6, 20), 50);
});
