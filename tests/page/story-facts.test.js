// Compares the story's statements and calculations with the engine's architectures, without a browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { source } from './page-source.js';

/** @type {import('../../pkg/index.js').Architecture[]} */
const architectures = JSON.parse(readFileSync(new URL('../../pkg/wasm/architectures.json', import.meta.url), 'utf8'));
const network = (version) => architectures.find((one) => one.version === version);
/** @type {{ version: import('../../pkg/index.js').Version, width: number, resolution: number, top1: number }[]} */
const catalogue = JSON.parse(readFileSync(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));
const english = (await source('text/en/figures.ts')).figures;
const chinese = (await source('text/zh/figures.ts')).figures;
const englishPage = (await source('text/en/page.ts')).page;
const chinesePage = (await source('text/zh/page.ts')).page;
const ideas = (page, version) => page.column.ideas[version];
/** The sections, and a part of a section that has its own prose. */
const SECTIONS = [
  'depthwise',
  'relu',
  'residual',
  'squeeze',
  'hswish',
  'search',
  'fit',
  'fit.scene',
  'universal',
  'teach',
];
const prose = (figures, path) =>
  path
    .split('.')
    .reduce((words, key) => words[key], figures)
    .prose.join(' ');

test('each section says it in fewer than 120 words, in both languages', () => {
  for (const section of SECTIONS) {
    const words = prose(english, section)
      .split(/\s+/)
      .filter((word) => /\p{L}|\d/u.test(word));
    assert.ok(words.length < 120, `${section}: ${words.length} words`);
    const signs = prose(chinese, section).match(/\p{Script=Han}/gu) ?? [];
    // An English word corresponds to 1.6 Chinese signs, or a little more.
    assert.ok(signs.length > 60 && signs.length < 200, `${section}: ${signs.length} signs`);
  }
});

test('V1: the two convolutions cost 1/C + 1/k² of the full one, 8 to 9 times less in wide layers', async () => {
  const { fullMacs, ratio, separableMacs, v1Pairs } = await source('story/costs.ts');
  for (const shape of [
    { kernel: 3, inChannels: 32, outChannels: 64, height: 112, width: 112 },
    { kernel: 5, inChannels: 7, outChannels: 96, height: 14, width: 28 },
  ]) {
    const [depthwise, pointwise] = separableMacs(shape);
    const expected = ratio(shape.kernel, shape.outChannels);
    assert.ok(Math.abs((depthwise + pointwise) / fullMacs(shape) - expected) < 1e-12);
  }
  const { blocks } = network('v1');
  assert.deepEqual(
    v1Pairs().map(({ kernel, inChannels, outChannels }) => [kernel, inChannels, outChannels]),
    blocks.map(({ depthwise, project }) => [depthwise.kernel, depthwise.outChannels, project.outChannels]),
  );
  const savings = blocks.map(({ depthwise, project }) => 1 / ratio(depthwise.kernel, project.outChannels));
  const wide = blocks.flatMap(({ project }, index) => (project.outChannels >= 128 ? [savings[index]] : []));
  assert.ok(Math.min(...wide) > 8 && Math.max(...wide) < 9, `${wide}`);
  assert.match(prose(english, 'depthwise'), /1\/C \+ 1\/k².*3×3 filters eight to nine times less, in V1’s wide layers/);
  assert.match(prose(chinese, 'depthwise'), /1\/C \+ 1\/k².*八分之一到九分之一/);
});

test('the statement about time and count: within 15 % the time follows, else one form takes longer than its count says', async () => {
  const { compared } = await source('story/costs.ts');
  for (const [fewer, faster, expected] of /** @type {const} */ ([
    [8, 8, 'follows'],
    [8, 9.1, 'follows'],
    [8, 7.1, 'follows'],
    [8, 9.3, 'gathers'],
    [8, 100, 'gathers'],
    [8, 6.9, 'differs'],
    [8, 0.5, 'differs'],
  ]))
    assert.equal(compared(fewer, faster), expected, `${fewer} times fewer, ${faster} times faster`);
  for (const { depthwise } of [english, chinese]) {
    const { follows, gathers, differs } = depthwise.costs;
    assert.equal(new Set([follows, gathers, differs('10 %', '40 %')]).size, 3);
    assert.match(differs('10 %', '40 %'), /10 %.*40 %/);
  }
});

test('a form that is slower is said to be slower', async () => {
  const { verdict } = await source('story/costs.ts');
  const { comparison } = await source('story/activations.ts');
  const shape = { kernel: 3, inChannels: 8, outChannels: 8, height: 7, width: 7 };
  for (const [{ depthwise, hswish }, forms, activations] of /** @type {const} */ ([
    [english, [/4\.24 times fewer multiply-adds, 2 times less time\./, /but 2 times the time\./], [/ 1\/2\.0 /, / 2\.0 times /]], // prettier-ignore
    [chinese, [/减少到 1\/4\.24，用时减少到 1\/2。/, /用时却是 2 倍/], [/ 1\/2\.0；/, / 2\.0 倍/]],
  ])) {
    for (const [at, faster] of [2, 0.5].entries()) {
      assert.match(verdict(depthwise.costs, shape, faster, 0.5).join(' '), forms[at]);
      assert.match(comparison(hswish, faster, 1), activations[at]);
    }
    assert.equal(comparison(hswish, 0, 0), hswish.noTime);
  }
});

test('V3: Large has nearly four times the multiply-adds of Small, and three quarters of V2’s', () => {
  const macs = (version) => network(version).macs;
  const room = macs('v3-large') / macs('v3-small');
  assert.ok(room > 3.7 && room < 4, `${room}`);
  const arithmetic = macs('v3-large') / macs('v2');
  assert.ok(Math.abs(arithmetic - 0.75) < 0.05, `${arithmetic}`);
  assert.match(ideas(englishPage, 'v3-large'), /nearly four times the room.*more accurate than V2 on three quarters/);
  assert.match(ideas(chinesePage, 'v3-large'), /V3-Small 的近四倍.*V2 的四分之三/);
  const best = (version) =>
    Math.max(...catalogue.filter((one) => one.version === version && one.width === 1).map(({ top1 }) => top1));
  assert.ok(best('v3-large') > best('v2'));
});

test('the search’s reward is accuracy × (time / target)^w', async () => {
  const { reward } = await source('story/measured.ts');
  const network = { top1: 75, time: 8 };
  for (const [target, w, expected] of [
    [8, -0.07, 0.75],
    [4, 0, 0.75],
    // The factors are 2^-0.07 and 2^-0.15.
    [4, -0.07, 0.75 * 0.9526],
    [4, -0.15, 0.75 * 0.9013],
    [16, -0.07, 0.75 * 1.0497],
  ])
    assert.ok(Math.abs(reward(network, target, w) - expected) < 5e-5, `${target} ${w}: ${reward(network, target, w)}`);
});

/** A number in the page's or the package's source, found by the text before it. */
const constant = (path, before) => {
  const code = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const found = code.split(before)[1]?.match(/^[\d.]+/);
  assert.ok(found, `${path} has no ${before}`);
  return Number(found[0]);
};

test('what the sections say of the figures is what these do', async () => {
  const { EXPONENT } = await source('story/measured.ts');
  const minus = (value) => String(value).replace('-', '−');
  for (const [figures, [w, five, three, kept]] of /** @type {const} */ ([
    [english, [/w = (\S+), and (\S+) for V3-Small/, /its five nearest/, /save 3\s% .* the three cheapest/, /for twenty seconds: 128 frames/]], // prettier-ignore
    [
      chinese,
      [/w = ([−\d.]+)，V3-Small 用 ([−\d.]+)/, /最近的五个/, /省下 3\s%.*代价最小的三种/, /二十秒：留下 128 帧/],
    ],
  ])) {
    assert.deepEqual(w.exec(prose(figures, 'search'))?.slice(1), [minus(EXPONENT.mnasnet), minus(EXPONENT.small)]);
    assert.ok(prose(figures, 'fit').includes(minus(EXPONENT.mnasnet)));
    assert.match(prose(figures, 'teach'), five);
    assert.match(prose(figures, 'fit.scene'), three);
    assert.match(prose(figures, 'fit'), kept);
  }
  assert.equal(constant('pkg/teaching.js', 'neighbours = '), 5);
  assert.equal(constant('www/src/story/scene/shrink.ts', 'const STEP = '), 0.03);
  assert.equal(constant('www/src/story/scene/shrink.ts', 'const TRIES = '), 3);
  assert.equal(constant('www/src/story/fit-frames.ts', 'seconds: '), 20);
  assert.equal(constant('www/src/story/fit-frames.ts', 'frames: '), 128);
});

test('the paper’s networks are ranked with its accuracies and this device’s times', async () => {
  const { placesOfPaper, reward } = await source('story/measured.ts');
  const one = (version, width, top1, time) => ({ version, width, name: `${version} ${width}`, top1, time, macs: 1 });
  const measured = [
    one('v2', 1, 73, 8),
    one('v3-large', 1, 78, 6),
    one('v3-small', 1, 68, 2),
    one('v3-small', 0.75, 65, 1),
    one('v1', 1, 75.3, 12),
  ];
  const byAccuracy = placesOfPaper(measured, 8, 0);
  // V1 is more accurate than the paper’s V3-Large, though less than the catalogue’s.
  assert.deepEqual(byAccuracy.map(({ version, width, top1, time, rank }) => [version, width, top1, time, rank]), [['v3-large', 1, 75.2, 6, 2], ['v3-small', 1, 67.4, 2, 4]]); // prettier-ignore
  const byTime = placesOfPaper(measured, 8, -0.6);
  assert.deepEqual(byTime.map(({ rank }) => rank), [3, 2]); // prettier-ignore
  assert.equal(byTime[0].reward, reward({ top1: 75.2, time: 6 }, 8, -0.6));
});

test('V3’s search trained its candidates, and parameters rank the catalogue almost as published top-1 does', async () => {
  const { rankCorrelation } = await source('story/correlation.ts');
  const { catalogued } = await source('story/measured.ts');
  /** @type {typeof import('../../pkg/index.js')} The package for Node has the page's types. */
  const { Engine } = await import(new URL('../../pkg/node.js', import.meta.url).href);
  const engine = await Engine.create({ threads: 1 });
  const parameters = [];
  for (const { top1: _, ...options } of catalogued()) {
    const net = await engine.untrained(options);
    parameters.push(net.info.parameters);
    net.dispose();
  }
  engine.dispose();
  const rho = rankCorrelation(
    parameters,
    catalogued().map(({ top1 }) => top1),
  );
  for (const figures of [english, chinese]) assert.ok(prose(figures, 'fit').includes(rho.toFixed(2)), `${rho}`);
  assert.match(prose(english, 'fit'), /V3’s search trained its candidates; this one can’t/);
  assert.match(prose(chinese, 'fit'), /V3 的搜索会训练候选网络；这里不能训练/);
});

test('what the search’s notes say of five photos, README says too', async () => {
  const { FIT_MEASURED } = await source('story/fit-measured.ts');
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const { frames, agreement, pair } = FIT_MEASURED;
  assert.ok(readme.includes(`| on ${frames} other frames |`));
  assert.ok(
    readme.includes(
      `agrees with V2 in ${pair.agreement.toFixed(1)} % of the frames at ${pair.time.toFixed(2)} of its time`,
    ),
  );
  // The table has the expected agreement of each choice, and that on the other frames.
  const rows = [...readme.matchAll(/\| ([\d.]+) % \| ([\d.]+) % \| [\d.]+ ms \|/g)];
  const more = rows.map(([, expected, found]) => Number(found) - Number(expected));
  assert.ok(rows.length > 4);
  assert.ok(Math.abs(Math.max(...more) - agreement.more) < 0.01 && Math.abs(Math.min(...more) + agreement.less) < 0.01);
  for (const { fit } of [english, chinese]) {
    const notes = fit.notes(FIT_MEASURED);
    for (const number of [frames, pair.agreement.toFixed(1), pair.time.toFixed(2), agreement.less.toFixed(1)]) {
      assert.ok(notes.includes(number), `${number}`);
    }
  }
});

test('all V1’s multiply-adds are those of its pairs, its stem and its classifier', async () => {
  const { separableMacs } = await source('story/costs.ts');
  const { stem, blocks, classifier, resolution, macs } = network('v1');
  let size = resolution / stem.stride;
  let sum = 3 * 9 * stem.outChannels * size ** 2 + classifier.inChannels * classifier.outChannels;
  for (const { depthwise, project } of blocks) {
    size /= depthwise.stride;
    const { kernel, inChannels } = depthwise;
    const [filters, mixing] = separableMacs({
      kernel,
      inChannels,
      outChannels: project.outChannels,
      height: size,
      width: size,
    });
    sum += filters + mixing;
  }
  assert.equal(sum, macs);
});

test('V2: ten of 17 blocks add their input, and widen six times, with nothing cut off behind them', () => {
  const { blocks } = network('v2');
  assert.equal(blocks.length, 17);
  assert.equal(blocks.filter(({ residual }) => residual).length, 10);
  for (const { expand, project } of blocks) {
    if (expand) assert.equal(expand.outChannels, 6 * expand.inChannels);
    assert.equal(project.activation, 'linear');
  }
  assert.match(prose(english, 'residual'), /six times as many.*in ten of its 17 blocks/);
  assert.match(prose(chinese, 'residual'), /六倍.*17 个模块中有 10 个/);
  // V1 cuts off negative values after every convolution.
  for (const { depthwise, project } of network('v1').blocks) {
    assert.ok([depthwise, project].every(({ activation }) => activation === 'relu6'));
  }
});

test('the engine widens and filters as many channels at a time as the story says', () => {
  const layout = readFileSync(new URL('../../src/kernels/layout.rs', import.meta.url), 'utf8');
  assert.equal(/const BLOCK: usize = (\d+);/.exec(layout)?.[1], '8');
  assert.match(english.residual.memoryTold('6'), /widens and filters eight channels at a time/);
  assert.match(chinese.residual.memoryTold('6'), /八个通道/);
});

test('V3-Small: gates in nine of eleven blocks, through a quarter of the channels, by a hard sigmoid', () => {
  const { blocks } = network('v3-small');
  const gated = blocks.flatMap(({ squeezeExcite }) => squeezeExcite ?? []);
  assert.deepEqual([gated.length, blocks.length], [9, 11]);
  for (const { reduce, expand } of gated) {
    assert.equal(expand.activation, 'hard-sigmoid');
    assert.equal(reduce.inChannels, expand.outChannels);
    // It is a quarter, rounded to a multiple of eight.
    assert.ok(Math.abs(reduce.outChannels - reduce.inChannels / 4) <= 4, `${reduce.outChannels}`);
  }
  assert.match(prose(english, 'squeeze'), /nine of its eleven blocks.*a quarter of the channels.*ReLU6\(x \+ 3\) \/ 6/);
  assert.match(prose(chinese, 'squeeze'), /十一个模块中有九个.*四分之一.*ReLU6\(x \+ 3\) \/ 6/);
});

test('h-swish is 0.142 from swish at most, at ±3', async () => {
  const { CURVES, difference } = await source('story/activations.ts');
  const places = Array.from({ length: 200_001 }, (_, index) => (index - 100_000) / 10_000);
  const furthest = places.reduce((a, b) => (Math.abs(difference(b)) > Math.abs(difference(a)) ? b : a));
  assert.equal(Math.abs(furthest), 3);
  assert.equal(Math.abs(difference(furthest)).toFixed(3), '0.142');
  for (const figures of [english, chinese]) assert.match(prose(figures, 'hswish'), /0\.142.*±3/);
  for (const [x, relu6, hard] of [
    [-4, 0, 0],
    [-1, 0, -1 / 3],
    [0, 0, 0],
    [2, 2, 5 / 3],
    [7, 6, 7],
  ]) {
    // prettier-ignore
    assert.equal(CURVES.relu6(x), relu6);
    assert.ok(Math.abs(CURVES['hard-swish'](x) - hard) < 1e-12);
  }
});

test('the pseudo-inverse brings back what ReLU left', async () => {
  const { pseudoInverse, randomMatrix, spiral, throughRelu } = await source('story/spiral.ts');
  let state = 7;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const points = spiral(400);
  for (const n of [2, 3, 5, 15, 30]) {
    const matrix = randomMatrix(n, random);
    assert.equal(matrix.length, n);
    const inverse = pseudoInverse(matrix);
    for (const [i, j, expected] of [
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
      [1, 1, 1],
    ]) {
      // prettier-ignore
      const product = matrix.reduce((sum, row, index) => sum + inverse[index][i] * row[j], 0);
      assert.ok(Math.abs(product - expected) < 1e-9, `${n}: ${product}`);
    }
    const { points: returned, lost } = throughRelu(points, matrix);
    for (const [index, [x, y]] of points.entries()) {
      const values = matrix.map(([a, b]) => a * x + b * y);
      assert.equal(lost[index], values.filter((value) => value > 0).length < 2);
      // If ReLU cut nothing off, the point is where it was.
      if (values.every((value) => value >= 0)) {
        assert.ok(Math.hypot(returned[index][0] - x, returned[index][1] - y) < 1e-9);
      }
    }
    // In thirty dimensions nearly every point keeps enough values.
    if (n === 30) assert.ok(lost.filter(Boolean).length <= 1);
  }
});

test('normal numbers have the mean 0 and the variance 1', async () => {
  const { randomMatrix } = await source('story/spiral.ts');
  let state = 11;
  const values = randomMatrix(20_000, () => (state = (state * 48271) % 2147483647) / 2147483647).flat();
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.03, `${mean} ${variance}`);
});

test('ranks and their correlation', async () => {
  const { rankCorrelation, ranks } = await source('story/correlation.ts');
  assert.deepEqual(ranks([10, 30, 20, 20]), [1, 4, 2.5, 2.5]);
  assert.equal(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 1000]), 1);
  assert.equal(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1]), -1);
  // The formula is 1 − 6 Σd² / (n (n² − 1)), here with one neighbouring pair out of order.
  assert.ok(Math.abs(rankCorrelation([1, 2, 3, 4, 5], [1, 3, 2, 4, 5]) - (1 - (6 * 2) / 120)) < 1e-12);
});

test('V4: the four blocks are what its networks have, and cost what is said', async () => {
  const { kindOf, kindOfBlock } = await source('story/universal-kinds.ts');
  assert.deepEqual(
    [[true, true], [true, false], [false, true], [false, false]].map(([start, middle]) => kindOf(start, middle)), // prettier-ignore
    ['extra', 'convnext', 'inverted', 'feedforward'],
  );
  for (const [version, expected] of /** @type {const} */ ([
    ['v4-conv-small', [4, 8, 1, 3, 0]],
    // It has no block of V2's form.
    ['v4-conv-medium', [1, 0, 4, 13, 4]],
  ])) {
    const kinds = network(version).blocks.map(kindOfBlock);
    const count = (kind) => kinds.filter((one) => one === kind).length;
    assert.deepEqual([null, 'inverted', 'convnext', 'extra', 'feedforward'].map(count), expected, version);
  }
  // The inverted block of 128 channels is V4-Conv-Small's last.
  const { expand, depthwise, project } = network('v4-conv-small').blocks.at(-1);
  assert.deepEqual([expand.inChannels, expand.outChannels, depthwise.kernel, project.outChannels], [128, 512, 3, 128]);
});
