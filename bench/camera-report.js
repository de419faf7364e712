// The parts of BENCHMARKS.md about frames of a camera's size.
import { LABELLERS, isReference, labelOf } from './contenders.js';
import { megabytes, ms, oursAs, ratio, titleOf } from './format.js';
import { NONE, list, paragraph, table } from './markdown.js';
import { summary } from './statistics.js';

/**
 * @typedef {import('./labels.js').Labelled} Labelled
 * @typedef {import('./labels.js').Reading} Reading
 * @typedef {import('./page/camera.js').Source} Source
 * @typedef {import('./soak.js').Soak} Soak
 * @typedef {import('./page/soak.js').Watched} Watched
 */

/** Of the readings, in order, those whose median stands for the start and for the end. */
const ENDS = 1 / 5;

/**
 * @param {Labelled[][]} contests of one network and one peer each
 * @param {number} runs of each contender with each source in a contest
 */
export function frameToLabel(contests, runs) {
  const networks = byNetwork(contests);
  return [
    '## From frame to label',
    paragraph(`From a frame of a camera's size to the five best classes with their names and probabilities: what a person waits
    for. Each peer has a contest of its own with mobilenet-wasm, in tabs that take turns, ${runs} runs for each kind and size of frame.
    Each run gets a new frame, made before the clock starts: a VideoFrame in I420, as cameras give it, or an ImageBitmap made of one.
    "/ ours" compares medians, with mobilenet-wasm's in the same contest at the same number of threads; mobilenet-wasm's own rows have
    all its runs. All networks are those of the tables below.`),
    list([
      'mobilenet-wasm: `net.classify(frame, { topK: 5 })`. Its worker resizes with a filter and cuts out the centre, as the network was trained.',
      `LiteRT.js and ONNX Runtime Web, which leave pictures to the page: the whole frame drawn to a canvas of 224x224 pixels that
      is kept in main memory (\`willReadFrequently\`), \`getImageData\`, values scaled into the input tensor, \`run\`, the best five
      of the (soft-maxed) output.`,
      `TensorFlow.js: the steps of @tensorflow-models/mobilenet 2.1.1: \`fromPixels\`, scaling of the whole picture,
      \`resizeBilinear\`, the network, softmax, sorting. \`fromPixels\` takes no VideoFrame, which is drawn to a canvas of its own
      size first.`,
      `Transformers.js: its pipeline \`image-classification\` on \`wasm\` with \`fp32\`, given a canvas of the frame's own size. It
      runs the ONNX files that ONNX Runtime Web has.`,
      `MediaPipe: \`classify\` of its ImageClassifier with the delegate \`CPU\`, given the frame. It runs LiteRT.js's files with
      metadata, and reads the frame through WebGL, which in this Chromium without a graphics card is SwiftShader, on the CPU.
      Keras has no MobileNetV4, so neither has one to run.`,
    ]),
    ...(networks.length > 0 ? [ratiosTable(networks)] : []),
    ...networks.flatMap(networkTables),
    ...partsSection(networks.flatMap(({ ours }) => ours)),
    ...missing(networks.flatMap(({ ours, contests }) => [...ours, ...contests.flat().filter(isPeer)])),
  ].join('\n\n');
}

/**
 * @typedef {object} Network
 * @property {string} version
 * @property {Labelled[][]} contests
 * @property {Labelled[]} ours with the runs of all contests
 */

/**
 * @param {Labelled[][]} contests
 * @returns {Network[]}
 */
function byNetwork(contests) {
  const versions = [...new Set(contests.flatMap((entries) => entries.map(({ version }) => version)))];
  return versions.map((version) => {
    const own = contests.filter((entries) => entries.some((entry) => entry.version === version));
    return { version, contests: own, ours: pooled(own.flat().filter((entry) => !isPeer(entry))) };
  });
}

/** @param {Labelled} entry */
function isPeer({ contender }) {
  return !contender.ours;
}

/**
 * @param {Labelled[]} entries
 * @returns {Labelled[]} one for each contender
 */
function pooled(entries) {
  const labels = [...new Set(entries.map(({ contender }) => labelOf(contender)))];
  return labels.map((label) => {
    const same = entries.filter(({ contender }) => labelOf(contender) === label);
    const readings = same[0].readings.map(({ source, missing }, i) => {
      const all = same.map(({ readings }) => readings[i]);
      return {
        source,
        missing: all.some(({ missing }) => missing === null) ? null : missing,
        total: all.flatMap(({ total }) => total),
        preprocess: all.flatMap(({ preprocess }) => preprocess),
        inference: all.flatMap(({ inference }) => inference),
      };
    });
    return { ...same[0], readings };
  });
}

/**
 * The least and the largest ratio of each peer's time to ours, over all kinds and sizes of frames.
 * @param {Network[]} networks
 */
function ratiosTable(networks) {
  const peers = LABELLERS.filter(({ ours }) => !ours);
  const rows = peers.map((peer) => [
    peer.name,
    peer.build,
    String(peer.threads),
    ...networks.map(({ contests }) => {
      const ratios = contests.flatMap((entries) =>
        entries
          .filter(({ contender }) => labelOf(contender) === labelOf(peer))
          .flatMap(({ readings }) =>
            readings.flatMap((reading, i) => againstOurs(reading, i, peer.threads, entries) ?? []),
          ),
      );
      return ratios.length > 0 ? `${ratio(Math.min(...ratios))} to ${ratio(Math.max(...ratios))}` : NONE;
    }),
  ]);
  return [
    "The peers' medians over ours, the least and the greatest of all kinds and sizes of frames:",
    table(['contender', 'build', 'threads:', ...networks.map(({ version }) => `${titleOf(version)}:`)], rows),
  ].join('\n\n');
}

/**
 * @param {Network} network
 * @returns {string[]} a table for each kind of frame
 */
function networkTables({ version, contests, ours }) {
  const [{ readings }] = contests[0];
  const kinds = [...new Set(readings.map(({ source }) => source.kind))];
  return kinds.map((kind) => {
    const columns = readings.flatMap(({ source }, i) => (source.kind === kind ? [{ i, size: sizeOf(source) }] : []));
    const rows = [ours, ...contests.map((entries) => entries.filter(isPeer))].flatMap((group, contest) =>
      group
        .filter(({ readings }) => columns.some(({ i }) => readings[i].missing === null))
        .map(({ contender: { name, build, threads }, readings }) => [
          name,
          build,
          String(threads),
          ...columns.flatMap(({ i }) => {
            const reading = readings[i];
            if (reading.missing !== null) return [NONE, NONE, NONE];
            const { min, median } = summary(reading.total);
            const against = againstOurs(reading, i, threads, contest === 0 ? ours : contests[contest - 1]);
            return [ms(min), ms(median), against === null ? NONE : ratio(against)];
          }),
        ]),
    );
    const header = columns.flatMap(({ size }) => [`${size} min:`, 'median:', '/ ours:']);
    return `### ${titleOf(version)}, ${kind}\n\n${table(['contender', 'build', 'threads:', ...header], rows)}`;
  });
}

/**
 * The parts of our own time.
 * @param {Labelled[]} ours
 * @returns {string[]}
 */
function partsSection(ours) {
  const rows = ours.flatMap(({ contender: { build, threads }, version, readings }) => {
    const alone = ours.find((other) => other.version === version && isReference(other.contender));
    return readings.flatMap(({ source, missing, preprocess, inference, total }, i) => {
      if (missing !== null) return [];
      const parts = { preprocess: summary(preprocess).median, inference: summary(inference).median };
      const rest = summary(total.map((whole, run) => whole - preprocess[run] - inference[run])).median;
      const reference = alone && alone.readings[i].missing === null ? alone.readings[i].inference : null;
      return [
        [
          titleOf(version),
          source.kind,
          sizeOf(source),
          build,
          String(threads),
          ms(parts.preprocess),
          ms(parts.inference),
          ms(rest),
          ms(summary(total).median),
          reference ? ratio(parts.preprocess / summary(reference).median) : NONE,
        ],
      ];
    });
  });
  if (rows.length === 0) return [];
  return [
    `### What mobilenet-wasm's time is made of\n\n${paragraph(`Medians. "rest" is what the call takes beside both: the way to the worker and
    back. The last column compares preprocessing with the inference of one thread on the same frames.`)}`,
    table(
      [
        'network',
        'frame',
        'size:',
        'build',
        'threads:',
        'preprocess:',
        'inference:',
        'rest:',
        'in all:',
        'preprocess / inference:',
      ],
      rows,
    ),
  ];
}

/**
 * @param {Labelled[]} entries
 * @returns {string[]} a list, or nothing if nothing is missing
 */
function missing(entries) {
  const items = entries.flatMap(({ contender, version, readings }) => {
    /** @type {Map<string, string[]>} */
    const sources = new Map();
    for (const { source, missing } of readings) {
      if (missing !== null) sources.set(missing, [...(sources.get(missing) ?? []), `${source.kind} ${sizeOf(source)}`]);
    }
    return [...sources].map(
      ([reason, which]) =>
        `**Not measured**: ${[labelOf(contender), titleOf(version), ...(which.length < readings.length ? which : [])].join(', ')}: ${reason}.`,
    );
  });
  return items.length > 0 ? [list(items)] : [];
}

/**
 * @param {Reading} reading
 * @param {number} i which of its contender's readings it is
 * @param {number} threads
 * @param {Labelled[]} entries of its contest
 * @returns {number | null} its median over that of ours at the same number of threads
 */
function againstOurs(reading, i, threads, entries) {
  const ours = entries.find(({ contender }) => contender.ours && contender.threads === threads)?.readings[i];
  if (reading.missing !== null || !ours || ours.missing !== null) return null;
  return summary(reading.total).median / summary(ours.total).median;
}

/** @param {Source} source */
function sizeOf({ width, height }) {
  return `${width}x${height}`;
}

/** @param {Soak} soak */
export function cameraForMinutes({ version, setup, alone, classified, memory }) {
  const { width, height, fps } = setup;
  const { median, p95 } = summary(classified.totals);
  return [
    `## ${classified.seconds < 60 ? `${classified.seconds} seconds` : minutes(classified.seconds)} of camera`,
    paragraph(`Chromium's fake camera of ${width}x${height} pixels and ${fps} frames a second in a video element; each frame that it
    shows is classified by ${titleOf(version)}, ${oursAs(setup)}. A frame that comes before the one before it is
    read is dropped when a newer one comes.`),
    table(
      ['frames:', 'answered:', 'dropped:', 'median:', 'p95:', 'p95 / median:'],
      [
        [
          String(classified.frames),
          String(classified.totals.length),
          String(classified.dropped),
          ms(median),
          ms(p95),
          ratio(p95 / median),
        ],
      ],
    ),
    memoryOf(memory),
    paragraph(`The main thread: a worker tells it the time once a millisecond, so that it notices when it was kept, by whatever it was:
    the page, the browser or another program on its core. The camera alone, only shown, is the same without mobilenet-wasm.
    Long tasks are those of 50 ms and more that the browser reports. The longest call is the time that
    \`classify\` keeps the thread until it gives its promise.`),
    table(
      ['', 'minutes:', 'kept for more than 8 ms:', 'a minute:', 'longest:', 'long tasks:', 'longest call:'],
      [threadRow('camera alone', alone), threadRow('camera and `classify`', classified)],
    ),
  ].join('\n\n');
}

/**
 * @param {string} name
 * @param {Watched} watched
 */
function threadRow(name, { seconds, totals, longestCall, lateTicks, latestTick, longTasks }) {
  return [
    name,
    (seconds / 60).toFixed(2),
    String(lateTicks),
    ((60 * lateTicks) / seconds).toFixed(1),
    ms(latestTick),
    String(longTasks),
    totals.length > 0 ? ms(longestCall) : NONE,
  ];
}

/** @param {number[]} readings bytes */
function memoryOf(readings) {
  if (readings.length === 0) return 'The memory of the renderer was not read: this system does not tell it.';
  const count = Math.max(1, Math.round(readings.length * ENDS));
  const first = summary(readings.slice(0, count)).median;
  const last = summary(readings.slice(-count)).median;
  return [
    paragraph(`Memory that belongs to the renderer alone, with the page, its worker and its threads. MB, medians of the first and of
    the last fifth of ${readings.length} readings.`),
    table(
      ['at the start:', 'at the end:', 'end / start:', 'least:', 'greatest:'],
      [
        [
          megabytes(first),
          megabytes(last),
          ratio(last / first),
          megabytes(Math.min(...readings)),
          megabytes(Math.max(...readings)),
        ],
      ],
    ),
  ].join('\n\n');
}

/** @param {number} seconds */
function minutes(seconds) {
  const count = Number((seconds / 60).toFixed(1));
  return count === 1 ? 'A minute' : `${count} minutes`;
}
