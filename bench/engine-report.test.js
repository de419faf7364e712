import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineSection } from './engine-report.js';

test('a set is compared with its networks, a photo’s way with its network', () => {
  const text = engineSection({
    versions: ['v1', 'v2'],
    setup: { build: 'relaxed-threads', threads: 2 },
    sets: [
      {
        source: { kind: 'VideoFrame', width: 640, height: 480 },
        samples: [
          { total: 12, inference: 10 },
          { total: 13, inference: 11 },
          { total: 30, inference: 10 },
        ],
      },
    ],
    photos: [
      {
        build: 'relaxed',
        threads: 1,
        version: 'v3-small',
        width: 4000,
        height: 3000,
        samples: [{ total: 90, read: 4, resize: 6, inference: 2.5 }],
      },
    ],
  });
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const cells = (/** @type {string} */ first) => rows.find((row) => row[1] === first)?.slice(2, -1);
  assert.deepEqual(cells('VideoFrame 640x480'), ['13.00', '10.00', '1.30']);
  assert.deepEqual(cells('MobileNet V3-Small'), ['4000x3000', '1', '90.00', '4.00', '6.00', '2.50', '4.00']);
  assert.match(text, /MobileNet V1, MobileNet V2 in one engine, the `relaxed-threads` build with 2 threads/);
});
