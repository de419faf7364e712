import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cameraForMinutes, frameToLabel } from './camera-report.js';
import { LABELLERS, OURS } from './contenders.js';
import { SOURCES, rivals } from './labels.js';

/**
 * @param {string} name
 * @param {number} threads
 */
function labeller(name, threads) {
  const found = LABELLERS.find((contender) => contender.name === name && contender.threads === threads);
  assert.ok(found);
  return found;
}

/**
 * @param {import('./contenders.js').Contender} contender
 * @param {(source: number) => Partial<import('./labels.js').Reading>} readingOf
 * @returns {import('./labels.js').Labelled}
 */
function labelled(contender, readingOf) {
  const readings = SOURCES.map((source, i) => ({
    source,
    missing: null,
    total: [],
    preprocess: [],
    inference: [],
    ...readingOf(i),
  }));
  return { contender, version: 'v2', readings };
}

/**
 * The cells of the first row that begins with `words`.
 * @param {string} text
 * @param {...string} words
 */
function row(text, ...words) {
  const rows = text.split('\n').flatMap((line) =>
    line.startsWith('|')
      ? [
          line
            .split('|')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  );
  const found = rows.find((cells) => words.every((word, i) => cells[i] === word));
  assert.ok(found, `no row that begins with ${words}`);
  return found;
}

/**
 * @param {string} text
 * @param {string} title
 */
function after(text, title) {
  const at = text.indexOf(title);
  assert.ok(at >= 0, `no ${title}`);
  return text.slice(at);
}

const ours = labelled(OURS, (i) => ({
  total: [10 + i, 12 + i, 11 + i],
  preprocess: [2, 4, 3],
  inference: [6, 5, 7],
}));
const oursThreaded = labelled(labeller('mobilenet-wasm', 2), () => ({ total: [5], preprocess: [1.5], inference: [3] }));

test('every kind and size of frame has its minimum, its median and its ratio to ours', () => {
  const peer = labelled(labeller('LiteRT.js', 1), () => ({ total: [20, 22, 33] }));
  const text = frameToLabel([[ours, peer]], 3);
  assert.deepEqual(row(after(text, '### MobileNet V2, VideoFrame'), 'mobilenet-wasm'), [
    'mobilenet-wasm', 'relaxed', '1', '10.00', '11.00', '1.00', '11.00', '12.00', '1.00', '12.00', '13.00', '1.00',
  ]); // prettier-ignore
  assert.deepEqual(row(after(text, '### MobileNet V2, VideoFrame'), 'LiteRT.js'), [
    'LiteRT.js', 'relaxed', '1', '20.00', '22.00', '2.00', '20.00', '22.00', '1.83', '20.00', '22.00', '1.69',
  ]); // prettier-ignore
  // The ImageBitmaps are the last three: ours take 14, 15 and 16.
  assert.equal(row(after(text, '### MobileNet V2, ImageBitmap'), 'LiteRT.js')[5], '1.57');
});

test('a peer is compared with ours at its own number of threads, or with nothing', () => {
  const peer = labelled(labeller('LiteRT.js', 2), () => ({ total: [20] }));
  const two = frameToLabel([[ours, oursThreaded, peer]], 1);
  assert.equal(row(after(two, '### MobileNet V2'), 'LiteRT.js').at(-1), '4.00');
  const one = frameToLabel([[ours, peer]], 1);
  assert.equal(row(after(one, '### MobileNet V2'), 'LiteRT.js').at(-1), '–');
});

test('a peer is compared with ours of its own contest, and the row of ours has the runs of all', () => {
  const slower = labelled(OURS, () => ({ total: [40], preprocess: [10], inference: [20] }));
  const contests = [
    [ours, labelled(labeller('LiteRT.js', 1), () => ({ total: [20] }))],
    [slower, labelled(labeller('MediaPipe', 1), () => ({ total: [20] }))],
  ];
  const text = frameToLabel(contests, 3);
  assert.deepEqual(row(after(text, '### MobileNet V2, VideoFrame'), 'mobilenet-wasm').slice(3, 6), [
    '10.00',
    '11.50',
    '1.00',
  ]);
  assert.deepEqual(row(after(text, '### MobileNet V2, VideoFrame'), 'LiteRT.js').slice(3, 6), [
    '20.00',
    '20.00',
    '1.82',
  ]);
  assert.deepEqual(row(after(text, '### MobileNet V2, VideoFrame'), 'MediaPipe').slice(3, 6), [
    '20.00',
    '20.00',
    '0.50',
  ]);
  assert.equal(text.split('### MobileNet V2, VideoFrame').length, 2);
});

test('each peer meets ours of as many threads, and no other peer', () => {
  const names = rivals(LABELLERS).map((contenders) => contenders.map(({ name, threads }) => `${name} ${threads}`));
  assert.deepEqual(names[0], ['mobilenet-wasm 1', 'mobilenet-wasm 2', 'LiteRT.js 1', 'LiteRT.js 2']);
  assert.deepEqual(names.at(-1), ['mobilenet-wasm 1', 'MediaPipe 1']);
  const peers = LABELLERS.filter(({ ours }) => !ours).length;
  assert.equal(names.flat().filter((name) => !name.startsWith('mobilenet-wasm')).length, peers);
});

test('the ratios of a peer are summed up by their least and greatest', () => {
  const peer = labelled(labeller('LiteRT.js', 1), () => ({ total: [22] }));
  const text = frameToLabel([[ours, peer]], 1);
  assert.deepEqual(row(text, 'LiteRT.js', 'relaxed'), ['LiteRT.js', 'relaxed', '1', '1.38 to 2.00']);
  assert.deepEqual(row(text, 'MediaPipe'), ['MediaPipe', 'simd', '1', '–']);
});

test('our own time is split, and preprocessing compared with the inference of one thread', () => {
  const text = after(frameToLabel([[ours, oursThreaded]], 3), "### What mobilenet-wasm's time is made of");
  assert.deepEqual(row(text, 'MobileNet V2', 'VideoFrame', '640x480', 'relaxed'), [
    'MobileNet V2', 'VideoFrame', '640x480', 'relaxed', '1', '3.00', '6.00', '2.00', '11.00', '0.50',
  ]); // prettier-ignore
  assert.deepEqual(row(text, 'MobileNet V2', 'VideoFrame', '640x480', 'relaxed-threads').slice(4), [
    '2', '1.50', '3.00', '0.50', '5.00', '0.25',
  ]); // prettier-ignore
});

test('what was not measured is said, once for all frames or by the frames', () => {
  const gone = labelled(labeller('MediaPipe', 1), () => ({ missing: 'its model is gone' }));
  const half = labelled(labeller('TensorFlow.js', 1), (i) => (i < 3 ? { missing: 'no such frames' } : { total: [20] }));
  const text = frameToLabel([[ours, gone, half]], 3).replaceAll(/\s+/g, ' ');
  assert.match(text, /\*\*Not measured\*\*: MediaPipe, simd, 1 thread, MobileNet V2: its model is gone\./);
  assert.match(
    text,
    /TensorFlow\.js, simd, threads, 1 thread, MobileNet V2, VideoFrame 640x480, VideoFrame 1280x720, VideoFrame 1920x1080: no such frames\./,
  );
  const table = after(frameToLabel([[ours, gone, half]], 3), '### MobileNet V2, VideoFrame').split('### ')[1];
  assert.ok(!table.includes('| MediaPipe'));
  assert.ok(!table.includes('| TensorFlow.js'));
});

/** @param {Partial<import('./page/soak.js').Watched>} more */
function watched(more) {
  return {
    seconds: 60,
    frames: 1800,
    totals: [],
    dropped: 0,
    longestCall: 0,
    lateTicks: 0,
    latestTick: 0,
    longTasks: 0,
    ...more,
  };
}

/** @param {Partial<import('./soak.js').Soak>} [more] */
function soaked(more) {
  return cameraForMinutes({
    version: 'v2',
    setup: { build: 'relaxed-threads', threads: 2, width: 1280, height: 720, fps: 30 },
    alone: watched({ seconds: 30, lateTicks: 1, latestTick: 9 }),
    classified: watched({
      seconds: 300,
      frames: 9000,
      totals: [10, 10, 10, 20],
      dropped: 3,
      longestCall: 1.5,
      lateTicks: 10,
      latestTick: 12.5,
      longTasks: 1,
    }),
    memory: [100e6, 110e6, 300e6, 120e6, 130e6, 150e6, 140e6, 160e6, 200e6, 220e6],
    ...more,
  });
}

test('the minutes of camera have the spread of the answers', () => {
  assert.match(soaked(), /^## 5 minutes of camera/);
  assert.match(soaked({ classified: watched({ seconds: 15, totals: [1] }) }), /^## 15 seconds of camera/);
  assert.deepEqual(row(soaked(), '9000'), ['9000', '4', '3', '10.00', '18.50', '1.85']);
});

test('the main thread with the network is set beside the camera alone', () => {
  assert.deepEqual(row(soaked(), 'camera alone'), ['camera alone', '0.50', '1', '2.0', '9.00', '0', '–']);
  assert.deepEqual(row(soaked(), 'camera and `classify`'), [
    'camera and `classify`', '5.00', '10', '2.0', '12.50', '1', '1.50',
  ]); // prettier-ignore
});

test('memory is compared by its first and last readings, or said not to be known', () => {
  assert.deepEqual(row(soaked(), '105'), ['105', '210', '2.00', '100', '300']);
  assert.match(soaked({ memory: [] }), /was not read/);
});
