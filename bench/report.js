// Turns results into BENCHMARKS.md.
import { cameraForMinutes, frameToLabel } from './camera-report.js';
import { OURS, isReference, labelOf } from './contenders.js';
import { engineSection } from './engine-report.js';
import { kib, ms, oursAs, percent, ratio, titleOf } from './format.js';
import { gflops, summary } from './statistics.js';
import { NONE, list, paragraph, table } from './markdown.js';

/**
 * @typedef {import('./contest.js').Measured} Measured
 *
 * @typedef {object} Results the parts that were measured
 * @property {import('./machine.js').Surroundings} surroundings
 * @property {Record<string, import('./store.js').Reading>} parts by their names for `--only`
 * @property {import('./labels.js').Labelled[][]} [labels] one contest for each network and peer
 * @property {Measured[][]} [networks] one contest each
 * @property {import('./layers.js').Layers[]} [layers]
 * @property {Measured[]} [inputs] V2 at different sizes
 * @property {import('./frames.js').Frames[]} [frames]
 * @property {import('./cold.js').ColdStart} [cold]
 * @property {import('./engine.js').EngineReadings} [engine]
 * @property {import('./soak.js').Soak} [soak]
 * @property {import('./sizes.js').Size[]} [sizes]
 * @property {Measured[][]} [revectorized] the contests of two in an engine with a flag
 */

/** @param {Results} results */
export function report(results) {
  const { parts, labels, networks, layers, inputs, frames, cold, engine, soak, sizes, revectorized } = results;
  return [
    header(results),
    ...(labels ? [frameToLabel(labels, parts.frames.runs)] : []),
    ...(networks ? [method(parts.networks.runs)] : []),
    ...(networks ?? []).map(contestSection),
    ...(layers ? [layersSection(layers)] : []),
    ...(networks ? [totals(networks)] : []),
    ...(inputs ? [inputSizes(inputs)] : []),
    ...(frames ? [firstFrames(frames)] : []),
    ...(cold ? [coldStart(cold)] : []),
    ...(engine ? [engineSection(engine)] : []),
    ...(soak ? [cameraForMinutes(soak)] : []),
    ...(sizes ? [downloads(sizes)] : []),
    ...(revectorized ? [revectorizedSection(revectorized)] : []),
  ]
    .join('\n\n')
    .concat('\n');
}

/** @param {Results} results */
function header({ parts, surroundings }) {
  const { cpu, cores, system, browser, packages, makers } = surroundings;
  const rows = Object.entries(parts).map(([part, { command, date, commit, load }]) => [
    part,
    `\`${command}\``,
    date,
    commit || NONE,
    load.toFixed(2),
  ]);
  return `# Benchmarks

${paragraph(`Written by \`cargo xtask bench\`. Compare the numbers of one part with each other, never with another machine's.`)}

${list([
  `Machine: ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}; ${system}.`,
  `Browser: ${browser}.`,
  `Measured: ${packages.join(', ')}.`,
  `The peers' models were made by ${makers.join(', ')}.`,
])}

${table(['part', 'command', 'date', 'commit', 'load average before it:'], rows)}`;
}

/** @param {number} runs of each contender */
function method(runs) {
  return `## How the networks are measured

${paragraph(`Each contender has a tab of its own in one Chromium. After a warm-up the tabs take turns of a few runs until each
  has ${runs}, so that a slow moment of the machine hits everyone. All networks have width 1.0 and random weights, on which
  the time doesn't depend. All times are milliseconds.`)}

${list([
  `mobilenet-wasm is measured through its npm package: \`timing.inference\` of \`classify\` is the time of the network in
  the worker. It leaves out preprocessing and the way to the worker and back, which a table of their own has.`,
  `The peers' time is that of their run call and of reading one value of its output; the input tensor is made beforehand.
  LiteRT.js runs Keras's networks, which have no MobileNetV4 among them, ONNX Runtime Web timm's, and TensorFlow.js the
  operations of a converted graph model.`,
  `GFLOP/s counts two operations for each multiply-accumulate of mobilenet-wasm's network, in the fastest run. Peak is what
  a loop of multiply-adds in registers reached in the same turns; the share of it is given for one thread and \`f32\`.`,
  `"time / ours" compares fastest runs, with that of mobilenet-wasm's \`relaxed\` build at the same number of threads and
  on the same type. \`int8\`: ours has pointwise convolutions on bytes, whose activations it quantises as it runs, and
  the rest on floats; LiteRT.js runs a network that is on bytes throughout.`,
])}`;
}

/** @param {Measured[]} entries of one network */
function contestSection(entries) {
  const { version, resolution } = entries[0].task;
  const macs = macsOf(entries);
  const size = macs ? `, ${(macs / 1e6).toFixed(1)} million multiply-accumulates` : '';
  return [
    `## ${titleOf(version)} at ${resolution} pixels${size}`,
    contestTable(entries),
    peaks(entries),
    ...missing([entries]),
  ].join('\n\n');
}

const CONTEST_HEADER = [
  'contender',
  'build',
  'type',
  'threads:',
  'min:',
  'median:',
  'p95:',
  'GFLOP/s:',
  'share of peak:',
  'time / ours:',
];

/** @param {Measured[]} entries of one network */
function contestTable(entries) {
  return table(
    CONTEST_HEADER,
    entries.filter(isMeasured).map((entry) => contestRow(entry, entries)),
  );
}

/**
 * @param {Measured} entry
 * @param {Measured[]} entries all of its network
 */
function contestRow(entry, entries) {
  const { name, build, threads, type } = entry.contender;
  const { min, median, p95 } = summary(entry.inference);
  const macs = macsOf(entries);
  const speed = macs && gflops(macs, min);
  const peak = threads === 1 && type === 'f32' ? peakOf(entries.find(({ contender }) => isReference(contender))) : null;
  const reference = entries
    .filter(isMeasured)
    .find(({ contender }) => contender.ours && contender.threads === threads && contender.type === type);
  return [
    name,
    build,
    type,
    String(threads),
    ms(min),
    ms(median),
    ms(p95),
    speed ? speed.toFixed(1) : NONE,
    speed && peak ? percent(speed / peak) : NONE,
    reference ? ratio(min / summary(reference.inference).min) : NONE,
  ];
}

/** @param {Measured[]} entries */
function peaks(entries) {
  const read = entries.flatMap((entry) => {
    const peak = peakOf(entry);
    return peak ? [`\`${entry.contender.build}\` ${peak.toFixed(1)}`] : [];
  });
  return read.length > 0
    ? `Peak, GFLOP/s: ${read.join(', ')}. Shares are of \`${OURS.build}\`'s.`
    : 'Peak not read: the package has no profile.';
}

/**
 * @param {Measured[][]} contests
 * @returns {string[]} a list, where there is anything to say
 */
function missing(contests) {
  const items = contests.flat().filter((entry) => !isMeasured(entry));
  if (items.length === 0) return [];
  return [
    list(
      items.map(
        ({ contender, task, missing }) =>
          `**Not measured**: ${labelOf(contender)}, at ${task.resolution} pixels: ${missing}.`,
      ),
    ),
  ];
}

/** @param {Measured[][]} networks */
function totals(networks) {
  const ours = networks.flat().filter((entry) => entry.contender.ours && isMeasured(entry));
  const rows = ours.map(({ task, contender, inference, total }) => {
    const whole = summary(total);
    const { build, type, threads } = contender;
    return [
      titleOf(task.version),
      build,
      type,
      String(threads),
      ms(summary(inference).median),
      ms(whole.min),
      ms(whole.median),
      ms(whole.p95),
    ];
  });
  return `## The whole call

From the call of mobilenet-wasm's \`classify\` with a picture of the network's size to its answer: \`timing.total\`.

${table(['network', 'build', 'type', 'threads:', 'median of inference:', 'min:', 'median:', 'p95:'], rows)}`;
}

/** @param {Measured[]} entries */
function inputSizes(entries) {
  // Only our runtime tells its multiply-accumulates.
  const measured = entries.filter(isMeasured).map((entry) => ({ ...entry, macs: entry.macs ?? NaN }));
  /** @param {{ inference: number[], macs: number }} entry */
  const perMac = (entry) => summary(entry.inference).min / (entry.macs / 1e6);
  const reference = measured.find(({ task }) => task.resolution === 224);
  const rows = measured.map((entry) => {
    const { min, median } = summary(entry.inference);
    return [
      String(entry.task.resolution),
      (entry.macs / 1e6).toFixed(1),
      ms(min),
      ms(median),
      perMac(entry).toFixed(4),
      reference ? ratio(perMac(entry) / perMac(reference)) : NONE,
    ];
  });
  return [
    "## Time against the input's size",
    paragraph(`MobileNet V2, ${oursAs(OURS)}. The last column compares the fastest run's time for a million multiply-accumulates
    with that at 224 pixels.`),
    table(['pixels:', 'million MACs:', 'min:', 'median:', 'min / million MACs:', 'against 224:'], rows),
    ...missing([entries]),
  ].join('\n\n');
}

/** @param {import('./layers.js').Layers[]} networks */
function layersSection(networks) {
  const rows = networks.flatMap(({ version, profile: { steps, total, peak } }) => {
    /** @type {Map<string, { layers: number, macs: number, microseconds: number }>} */
    const kinds = new Map();
    for (const { kind, macs, microseconds } of steps) {
      const sum = kinds.get(kind) ?? { layers: 0, macs: 0, microseconds: 0 };
      kinds.set(kind, { layers: sum.layers + 1, macs: sum.macs + macs, microseconds: sum.microseconds + microseconds });
    }
    return [...kinds]
      .sort(([, a], [, b]) => b.microseconds - a.microseconds)
      .map(([kind, { layers, macs, microseconds }]) => {
        const rate = (2 * macs) / microseconds / 1e3;
        return [
          titleOf(version),
          kind,
          String(layers),
          (macs / 1e6).toFixed(1),
          microseconds.toFixed(0),
          percent(microseconds / total.microseconds),
          macs > 0 ? rate.toFixed(1) : NONE,
          macs > 0 && peak ? percent(rate / peak) : NONE,
        ];
      });
  });
  return [
    '## Where the time goes',
    paragraph(`The package's \`net.profile()\`, ${oursAs(OURS)}: the layers of each kind together. \`expand-depthwise\` is a block's
    expansion and its depthwise convolution in one. The page \`bench.html\` shows every layer.`),
    table(['network', 'kind', 'layers:', 'million MACs:', 'µs:', 'of the time:', 'GFLOP/s:', 'share of peak:'], rows),
  ].join('\n\n');
}

/** @param {import('./frames.js').Frames[]} frames */
function firstFrames(frames) {
  const rows = frames.map(({ version, inference }) => {
    const { median, p95 } = summary(inference);
    return [titleOf(version), ms(inference[0]), ms(median), ms(p95), ratio(p95 / median)];
  });
  return `## The first ${frames[0]?.inference.length ?? 0} frames

${paragraph(`Right after a network is loaded into a new page. Loading runs it for 100 ms; then the engine still optimises the code.
  mobilenet-wasm's inference, ${oursAs(OURS)}.`)}

${table(['network', 'first frame:', 'median:', 'p95:', 'p95 / median:'], rows)}`;
}

/** @param {import('./cold.js').ColdStart} cold */
function coldStart({ weights, build, threads, times }) {
  const { min, median } = summary(times);
  const network = weights
    ? `The weights, \`${weights}\`, come from Cache Storage.`
    : 'There was no checkpoint of V3-Small: its weights are random and made on the spot.';
  return `## Cold start

${paragraph(`From the start of the navigation to the first prediction, on a page that imports the package, loads V3-Small and
  classifies one picture; ${oursAs({ build, threads })}. Each visit is the second one of a browser context of its own: the first
  filled its caches. ${network}`)}

${table(['visits:', 'min:', 'median:'], [[String(times.length), ms(min), ms(median)]])}`;
}

/** @param {import('./sizes.js').Size[]} sizes */
function downloads(sizes) {
  const rows = sizes.map(({ contender, wasm, js, files }) => [
    contender.name,
    files
      .filter((file) => file.endsWith('.wasm'))
      .map(wasmName)
      .join(', '),
    kib(wasm),
    kib(js),
    kib(wasm + js),
  ]);
  return `## What a page downloads

${paragraph(`The runtime's own files that the browser asked for to run one network, without weights, each gzipped at level 9.
  The peers' JavaScript is bundled and minified; mobilenet-wasm's is its plain files.`)}

${table(['package', 'wasm', 'wasm KiB:', 'JavaScript KiB:', 'together KiB:'], rows)}`;
}

/** @param {Measured[][]} contests */
function revectorizedSection(contests) {
  const rows = contests.flatMap((entries) =>
    entries.filter(isMeasured).map((entry) => [titleOf(entry.task.version), ...contestRow(entry, entries)]),
  );
  return [
    '## With `--js-flags=--wasm-revectorize`',
    paragraph(`The same contest in a Chromium that was started with this flag, which is off by default: V8 then joins pairs of
    128-bit instructions into 256-bit ones where it can. The peak is this engine's.`),
    table(['network', ...CONTEST_HEADER], rows),
    ...missing(contests),
  ].join('\n\n');
}

/** @param {Measured} entry */
function isMeasured({ missing }) {
  return missing === null;
}

/**
 * @param {Measured[]} entries of one network
 * @returns {number | null}
 */
function macsOf(entries) {
  return entries.find(({ macs }) => macs !== null)?.macs ?? null;
}

/**
 * The best reading, which like the fastest run is the least disturbed.
 * @param {Measured} [entry]
 */
function peakOf(entry) {
  return entry && entry.peaks.length > 0 ? Math.max(...entry.peaks) : null;
}

/**
 * Names a wasm file with its folder, since a package's files have one name in several folders.
 * @param {string} path
 */
function wasmName(path) {
  return path.startsWith('/pkg/') ? path.split('/').at(-2) : path.split('/').at(-1);
}
