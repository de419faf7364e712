// Tests the search for what fits a device, on made-up measurements and on real ones of networks in a page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Rounds } from '../../pkg/rounds.js';
import { FORMAT, search, searcher } from '../../pkg/search.js';
import { noWorkers, open, openBlank } from './harness.js';
import { madeUp, random } from './made-up.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open();
  page = await openBlank(session);
  const files = { small: random('v3-small', 1).file, large: random('v2', 2).file, constant: madeUp('v3-small', 7) };
  await page.route('**/made-up/*', (route) => {
    const name = /made-up\/(.*)/.exec(route.request().url())[1];
    return route.fulfill({ body: files[name], contentType: 'application/octet-stream' });
  });
  await page.evaluate(installHelpers);
});
after(() => session?.close());

/** Runs in the page. */
async function installHelpers() {
  const { Engine, MobileNet, MobileNetError } = await import('/pkg/index.js');
  Object.assign(globalThis, {
    ...{ Engine, MobileNet, MobileNetError },
    ...(await import('/pkg/fit.js')),
    sizedOf: (name, resolution = 96) => ({ weights: `/made-up/${name}`, resolution }),
    /** Different pictures, which are the same each time. */
    pictures: Array.from({ length: 24 }, (_, picture) => {
      const pixel = (_, i) =>
        i % 4 === 3 ? 255 : 128 + 127 * Math.sin((picture + 1) * (i % 4) + i / (5 + 40 * picture));
      return new ImageData(Uint8ClampedArray.from({ length: 120 * 100 * 4 }, pixel), 120, 100);
    }),
    marginOf: ({ predictions: [best, second] }) => best.probability - second.probability,
    codeOf: (promise) =>
      promise.then(
        (value) => `resolved: ${JSON.stringify(value)}`,
        (error) => (error instanceof MobileNetError ? error.code : `not a MobileNetError: ${error}`),
      ),
  });
}

/** Makes numbers from 0 to 1, which are the same for the same seed. */
function numbers(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Makes measurements of a few networks, some of which have equal times, margins or answers. */
function measurementsOf(seed) {
  const next = numbers(seed);
  const below = (limit) => Math.floor(next() * limit);
  const frames = 2 + below(200);
  const truth = Array.from({ length: frames }, () => below(5));
  const coarse = next() < 0.5;
  const rounded = (value) => (coarse ? Math.round(value * 4) / 4 : value);
  const points = Array.from({ length: 1 + below(6) }, (_, place) => {
    const skill = next();
    const read = next() * 0.2;
    return {
      name: `network ${place}`,
      model: next() < 0.8 ? `model-${place}` : null,
      options: { resolution: 32 * (3 + below(8)) },
      candidate: place === 0 || next() < 0.8,
      macs: below(1e9),
      resize: `size ${below(3)}`,
      preprocess: rounded(read + next()),
      read: rounded(read),
      inference: rounded(next() * 20),
      runs: 20,
      steps: null,
      published: next() < 0.5 ? 70 : null,
      answers: truth.map((index) => [next() < skill ? index : below(5), rounded(next())]),
    };
  });
  const reference = points[below(points.length)].name;
  // Some have the pairs of a few networks, others none at all.
  const pairs = points.flatMap(({ name: small }) =>
    points.filter(() => next() < 0.2).map(({ name: large }) => ({ small, large, factor: rounded(next() * 2) })),
  );
  const some = { ...(next() < 0.5 ? { pairs } : {}), ...(next() < 0.5 ? { unevenness: 0.9 + next() / 2 } : {}) };
  return /** @type {any} */ ({ format: FORMAT, frames, reference, points, ...some });
}

const timeOf = ({ preprocess, inference }) => preprocess + inference;

/** What a frame takes longer that the large network answers: as in this pair, or else as in the measured pairs. */
function escalationOf({ points, pairs = [] }, small, large) {
  const candidates = points.filter(({ candidate }) => candidate);
  const times = new Map(candidates.map((point) => [point.name, timeOf(point)]));
  const possible = pairs.filter((pair) => times.get(pair.small) < times.get(pair.large));
  const factors = possible.map(({ factor }) => factor).sort((a, b) => a - b);
  const typical = ((factors[(factors.length - 1) >> 1] ?? 1) + (factors[factors.length >> 1] ?? 1)) / 2;
  const own = possible.find((pair) => pair.small === small.name && pair.large === large.name);
  const again = small.resize === large.resize ? 0 : large.preprocess - large.read;
  return (again + large.inference) * (own?.factor ?? typical);
}

/** Counts frame by frame what a choice does on some frames. */
function replayed(measurements, { networks, margin }, wanted) {
  const [small, large] = networks.map(({ name }) => measurements.points.find((point) => point.name === name));
  const { answers: truth } = measurements.points.find(({ name }) => name === measurements.reference);
  let [right, escalated, count] = [0, 0, 0];
  for (const frame of truth.keys()) {
    if (!wanted(frame)) continue;
    count++;
    const asks = large !== undefined && small.answers[frame][1] < margin;
    if (asks) escalated++;
    if ((asks ? large : small).answers[frame][0] === truth[frame][0]) right++;
  }
  let latency = timeOf(small);
  if (large) latency += (escalated / count) * escalationOf(measurements, small, large);
  latency *= measurements.unevenness ?? 1;
  return { agreement: count ? right / count : 0, escalated: count ? escalated / count : 0, latency };
}

/** The frames are divided into up to eighty runs. These choose and verify by turns. */
const isForChoosing = (frames) => (frame) => Math.floor(frame / Math.ceil(frames / 80)) % 2 === 0;

const close = (a, b) => Math.abs(a - b) < 1e-9;

test('on made-up measurements the choice keeps its bound, nothing beats it, and its numbers are right', () => {
  const outcomes = { single: 0, cascade: 0, none: 0 };
  for (let seed = 1; seed <= 300; seed++) {
    const measurements = measurementsOf(seed);
    const next = numbers(seed + 1000);
    const target = seed % 2 ? { latency: 0.2 + next() * 20 } : { agreement: next() };
    const found = search(measurements, target);
    const again = search(JSON.parse(JSON.stringify(measurements)), target);
    assert.deepEqual(again, found, 'the same measurements give the same');
    const each = searcher(measurements);
    each({ latency: 1 });
    assert.deepEqual(each(target), found, 'whatever was searched before');
    assert.deepEqual(JSON.parse(JSON.stringify(found)), found, 'JSON holds it');

    const { points, frontier, chosen, verified, nearest } = found;
    const choosing = isForChoosing(measurements.frames);
    const candidates = measurements.points.filter(({ candidate }) => candidate).map(({ name }) => name);
    assert.deepEqual(
      points.map(({ networks: [{ name }] }) => name),
      candidates,
    );
    assert.ok(frontier.length > 0);
    for (const choice of [...frontier, ...points]) {
      assert.ok(choice.networks.every(({ name }) => candidates.includes(name)));
      assert.equal(choice.margin === null, choice.networks.length === 1);
      assert.equal(choice.source, 'measured here');
      const counted = replayed(measurements, choice, choosing);
      for (const name of ['agreement', 'escalated', 'latency']) {
        assert.ok(close(choice[name], counted[name]), `${seed}: ${name} ${choice[name]}, counted ${counted[name]}`);
      }
    }
    for (const [place, { latency, agreement, expected }] of frontier.entries()) {
      assert.ok(0 <= expected && expected <= agreement && (agreement < 1 || expected === 1));
      if (place === 0) continue;
      assert.ok(latency > frontier[place - 1].latency && agreement > frontier[place - 1].agreement);
    }
    // No single network beats the choice, and no cascade with a few thresholds of our own.
    const others = [...points];
    for (const small of candidates) {
      for (const large of candidates) {
        for (const margin of [0.2, 0.4, 0.6, 0.8]) {
          const [a, b] = [small, large].map((name) => measurements.points.find((point) => point.name === name));
          if (timeOf(a) >= timeOf(b)) continue;
          const networks = [{ name: small }, { name: large }];
          const other = { ...replayed(measurements, { networks, margin }, choosing), networks, margin };
          if (other.escalated > 0) others.push(/** @type {any} */ (other));
        }
      }
    }
    // What agrees as much as one of the frontier is expected to agree as much on other frames.
    const least = frontier.find(({ expected }) => expected >= target.agreement)?.agreement ?? Infinity;
    const meets = ({ latency, agreement }) =>
      target.latency === undefined ? agreement >= least : latency <= target.latency;
    if (chosen === null) {
      outcomes.none++;
      assert.equal(verified, null);
      assert.ok(nearest && !others.some(meets));
      continue;
    }
    outcomes[chosen.networks.length === 1 ? 'single' : 'cascade']++;
    assert.ok(meets(chosen) && nearest === null);
    assert.ok(target.latency !== undefined || chosen.expected >= target.agreement);
    for (const other of others.filter(meets)) {
      const [better, equal] =
        target.latency === undefined
          ? [other.latency < chosen.latency - 1e-9, close(other.latency, chosen.latency)]
          : [other.agreement > chosen.agreement + 1e-9, close(other.agreement, chosen.agreement)];
      assert.ok(!better, `${seed}: ${JSON.stringify(other)} beats ${JSON.stringify(chosen)}`);
      if (equal) assert.ok(target.latency === undefined || other.latency > chosen.latency - 1e-9);
    }
    const counted = replayed(measurements, chosen, (frame) => !choosing(frame));
    for (const name of ['agreement', 'escalated', 'latency']) assert.ok(close(verified[name], counted[name]));
    const [low, high] = verified.interval;
    assert.ok(0 <= low && low <= verified.agreement && verified.agreement <= high && high <= 1);
    assert.equal(verified.worst === null, verified.agreement === 1 || verified.frames === 0);
  }
  assert.ok(Math.min(...Object.values(outcomes)) > 20, JSON.stringify(outcomes));
});

/** Makes a point with these answers. */
const point = (name, inference, answers) => ({
  ...{ name, model: name, options: {}, candidate: true, macs: 1, resize: 'one', preprocess: 1, read: 0.5, inference },
  ...{ runs: 20, steps: null, published: null, answers },
});

const some = (points, reference = points[points.length - 1].name) =>
  /** @type {any} */ ({ format: FORMAT, frames: points[0].answers.length, reference, points });

test('a cascade pays where the small network knows when it is wrong', () => {
  // The small network is wrong on two of ten frames for choosing, and it is least sure of these two.
  const truth = Array.from({ length: 20 }, (_, frame) => [frame, 0.9]);
  const small = truth.map(([index], frame) => (frame % 10 === 0 ? [99, 0.1] : [index, 0.5]));
  const measurements = some([point('small', 4, small), point('large', 19, truth)]);
  const { chosen, verified, frontier } = search(measurements, { latency: 10 });
  assert.deepEqual(
    chosen.networks.map(({ name }) => name),
    ['small', 'large'],
  );
  assert.ok(close(chosen.latency, 5 + 0.2 * 19) && close(chosen.margin, 0.3) && chosen.agreement === 1);
  assert.ok(close(chosen.reward, (8.8 / 10) ** -0.07));
  assert.deepEqual(
    { ...verified, interval: null, worst: null },
    {
      ...{ frames: 10, agreement: 1, interval: null, escalated: 0, latency: 5, worst: null },
    },
  );
  // Wilson's interval for 10 of 10, by Wikipedia's formula.
  assert.ok(Math.abs(verified.interval[0] - 0.7225) < 1e-4 && verified.interval[1] === 1);
  assert.deepEqual(
    frontier.map(({ networks }) => networks.length),
    [1, 2],
  );
  const cheap = search(measurements, { agreement: 0.8 });
  assert.equal(cheap.chosen.networks.length, 1);
  assert.equal(cheap.chosen.reward, null);
});

/** Makes networks that guess: on each frame one of them is surer than it should be, and right by chance. */
function guessers(seed, frames, count) {
  const next = numbers(seed);
  const truth = Array.from({ length: frames }, () => [0, 0.9]);
  const guess = () => /** @type {[number, number]} */ ([Number(next() < 0.3), next()]);
  const points = Array.from({ length: count }, (_, place) => point(`network ${place}`, 3 + place, truth.map(guess)));
  return some([...points, { ...point('judge', 50, truth), candidate: false }], 'judge');
}

test('the agreement to expect is that on other frames, not that on those by which the best of many was chosen', () => {
  let [promised, counted, verified] = [0, 0, 0];
  const seeds = 60;
  for (let seed = 1; seed <= seeds; seed++) {
    const found = search(guessers(seed, 160, 8), { latency: 100 });
    counted += found.chosen.agreement / seeds;
    promised += found.chosen.expected / seeds;
    verified += found.verified.agreement / seeds;
  }
  assert.ok(counted - verified > 0.1, `the best of many looks better than it is: ${counted}, ${verified}`);
  assert.ok(Math.abs(promised - verified) < (counted - verified) / 3, `${promised} is promised, ${verified} found`);
  // What is never wrong has nothing to lose, and of a single candidate nothing is chosen.
  const right = Array.from({ length: 40 }, (_, frame) => [frame, 0.5]);
  assert.equal(search(some([point('right', 5, right)]), { agreement: 1 }).chosen.expected, 1);
});

test('a cascade takes as long as it was measured to, and others as much longer as those that were', () => {
  const truth = Array.from({ length: 20 }, (_, frame) => [frame, 0.9]);
  const unsure = (kept) => truth.map(([index], frame) => (frame % 10 < kept ? [99, frame / 100] : [index, 0.5]));
  const points = [point('small', 4, unsure(4)), point('middle', 9, unsure(2)), point('large', 19, truth)];
  const latencyOf = (pairs) => {
    const { frontier } = search(/** @type {any} */ ({ ...some(points), pairs }), { agreement: 0.5 });
    return ([a, b]) => {
      const [found] = frontier.filter(({ networks }) => networks.map(({ name }) => name).join() === `${a},${b}`);
      return (found.latency - (a === 'small' ? 5 : 10)) / found.escalated;
    };
  };
  const [bare, measured] = [latencyOf(undefined), latencyOf([{ small: 'small', large: 'large', factor: 1.25 }])];
  assert.ok(close(bare(['small', 'large']), 19));
  assert.ok(close(measured(['small', 'large']), 19 * 1.25));
  assert.ok(close(measured(['small', 'middle']), 9 * 1.25));
});

test('networks that take turns are compared as if the machine’s speed never changed', async () => {
  // The machine is twice as slow for the second half, and a network runs slower after another one.
  let [calls, steady, last] = [0, false, null];
  const times = new Map([
    ['a', 4],
    ['b', 6],
  ]);
  const signal = new AbortController().signal;
  const engine = {
    classify: async (frame, networks, options) => {
      assert.deepEqual([frame, options], [`frame ${calls % 3}`, { topK: 2, signal }]);
      const slow = !steady && calls >= 60 ? 2 : 1;
      calls++;
      return networks.map((network) => {
        const inference = slow * times.get(network.name) * (last === network ? 1 : 1.5);
        last = network;
        return { timing: { preprocess: slow, read: slow / 2, inference } };
      });
    },
  };
  const ended = [];
  const rounds = new Rounds(
    /** @type {any} */ (engine),
    /** @type {any} */ (['frame 0', 'frame 1', 'frame 2']),
    40,
    signal,
  );
  for (const name of times.keys()) {
    const load = async () => /** @type {any} */ ({ name, dispose: () => ended.push(name) });
    await rounds.add(name, load, name === 'a');
  }
  assert.ok(rounds.size === 2 && rounds.has('b') && !rounds.has('c'));
  const found = await rounds.time();
  const [a, b] = ['a', 'b'].map((name) => found.get(name));
  assert.deepEqual([a.runs, b.runs], [40, 40]);
  assert.ok(
    close(b.inference / a.inference, 1.5) && close(a.read / a.preprocess, 0.5) && a.preprocess === b.preprocess,
  );
  const points = [point('a', 4, []), { ...point('b', 6, []), resize: 'two' }];
  // By itself the large one adds 6.5. In a pair it takes 10, and the small one 7 instead of 5 on the next frame.
  steady = true;
  assert.ok(close(await rounds.factorOf(points[0], points[1]), 12 / 6.5));
  // One that comes later is compared with those that were there.
  times.set('c', 5);
  await rounds.add('c', async () => /** @type {any} */ ({ name: 'c', dispose: () => ended.push('c') }), false);
  assert.deepEqual(
    Array.from(await rounds.time(), ([name, { inference }]) => [name, inference]),
    [
      ['a', 4],
      ['b', 6],
      ['c', 5],
    ],
  );
  rounds.dispose();
  assert.deepEqual(ended, ['a']);
});

test('the results for one candidate, for equal ones, and for none under the bound are defined', () => {
  const answers = [0, 1, 2, 3].map((index) => [index, 0.5]);
  const alone = search(some([point('alone', 5, answers)]), { latency: 6 });
  assert.equal(alone.chosen.networks[0].name, 'alone');
  const none = search(some([point('a', 5, answers), point('b', 7, answers)]), { latency: 5.9 });
  assert.equal(none.chosen, null);
  assert.equal(none.nearest.networks[0].name, 'a');
  const wrong = answers.map(([index]) => [index + 9, 0.5]);
  const unlike = { ...point('reference', 50, answers), candidate: false };
  const least = search(some([point('a', 5, wrong), unlike]), { agreement: 0.5 });
  assert.deepEqual([least.chosen, least.nearest.networks[0].name], [null, 'a']);
  // If two candidates are equal, the name decides, not the order.
  for (const names of [
    ['a', 'b'],
    ['b', 'a'],
  ]) {
    const { chosen } = search(some(names.map((name) => point(name, 5, answers))), { latency: 9 });
    assert.equal(chosen.networks[0].name, 'a');
  }
});

test('malformed measurements and targets are refused with a reason', () => {
  const good = some([point('a', 5, [[1, 0.5]])]);
  const changed = (change) => some([{ ...good.points[0], ...change }], 'a');
  for (const [measurements, message] of /** @type {[any, RegExp][]} */ ([
    [{}, /no measurements/],
    [{ ...good, points: null }, /no measurements/],
    [{ ...good, frames: -1 }, /frames is -1/],
    [{ ...good, points: [null] }, /points\[0\] is none/],
    [{ ...good, reference: 'b' }, /reference is "b"/],
    [some([...good.points, ...good.points]), /two points are called a/],
    [changed({ inference: NaN }), /points\[0\] has no time `inference`/],
    [changed({ inference: 1e308, preprocess: 1e308 }), /points\[0\] has no time `preprocess`/],
    [changed({ read: '1' }), /no time `read`/],
    [changed({ candidate: 1 }), /candidate/],
    [changed({ candidate: false }), /none is a candidate/],
    [{ ...good, frames: 2 }, /points\[0\] has not 2 answers/],
    [changed({ answers: [[1, 2]] }), /answers\[0\]/],
    [changed({ answers: [[1.5, 0.5]] }), /answers\[0\]/],
    [{ ...good, unevenness: 0 }, /unevenness is 0/],
    [{ ...good, pairs: 3 }, /pairs is 3/],
    [{ ...good, pairs: [null] }, /pairs\[0\] has in `small` no name/],
    [{ ...good, pairs: [{ small: 'a', large: 'b' }] }, /pairs\[0\] has in `large` no name/],
    [{ ...good, pairs: [{ small: 'a', large: 'a', factor: -1 }] }, /pairs\[0\] has no number `factor`/],
  ])) {
    assert.throws(() => search(measurements, { latency: 9 }), { code: 'BAD_CONFIG', message });
  }
  for (const target of /** @type {any[]} */ ([{}, { latency: 1, agreement: 1 }, { latency: 0 }, { agreement: 2 }])) {
    assert.throws(() => search(good, target), { code: 'BAD_INPUT' });
  }
});

test('a cascade gives the small network’s answers where they are sure, else the large one’s, bit by bit', async () => {
  const outcome = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    const nets = [await engine.load(sizedOf('small')), await engine.load(sizedOf('large', 128))];
    const apart = [];
    for (const picture of pictures) apart.push(await engine.classify(picture, nets));
    const margins = apart.map(([small]) => marginOf(small)).sort((a, b) => a - b);
    const cascade = Cascade.of(nets, { margin: margins[12] });
    // The calls are made at once, and take turns.
    const answers = await Promise.all(pictures.map((picture) => cascade.classify(picture)));
    const top = await cascade.classify(pictures[0], { topK: 1 });
    const newest = await Promise.all(pictures.map((picture) => cascade.classify(picture, { when: 'newest' })));
    const told = answers.map(({ predictions, network, asked, timing }) => {
      return { predictions, asked, right: network === nets[asked - 1], timing };
    });
    const controller = new AbortController();
    const aborted = [codeOf(cascade.classify(pictures[0], { signal: controller.signal }))];
    controller.abort();
    aborted.push(codeOf(cascade.classify(pictures[0], { signal: controller.signal })));
    const abortedWith = await Promise.all(aborted);
    const underWay = codeOf(cascade.classify(pictures[0]));
    const { state } = cascade;
    cascade[Symbol.dispose ?? 'dispose']();
    const ended = [await underWay, await codeOf(cascade.classify(pictures[0])), cascade.state];
    const states = [nets[0].state, engine.state];
    const gone = Cascade.of(nets, { margin: 0.5 });
    nets[1].dispose();
    const without = [gone.state, await codeOf(gone.classify(pictures[0]))];
    const other = await MobileNet.load({ ...sizedOf('small'), threads: 1 });
    const thrown = (call) => {
      try {
        return call();
      } catch (error) {
        return /** @type {any} */ (error).code;
      }
    };
    const wrong = [
      thrown(() => Cascade.of([nets[0], other], { margin: 0.5 })),
      thrown(() => Cascade.of([], { margin: 0.5 })),
      thrown(() => Cascade.of([nets[0]], { margin: 2 })),
      thrown(() => Cascade.of([nets[0]], /** @type {any} */ (undefined))),
      thrown(() => new /** @type {any} */ (Cascade)([nets[0]], 0.5)),
    ];
    const setup = { networks: [{ name: 'small', model: 'small', options: null }], margin: null };
    const files = { small: sizedOf('small') };
    for (const options of /** @type {any[]} */ ([{ engine: 3 }, { engine, threads: 1 }])) {
      wrong.push(await codeOf(Cascade.load(setup, { files, ...options })));
    }
    engine.dispose();
    other.dispose();
    return {
      ...{ apart, margin: margins[12], told, top: top.predictions.length, aborted: abortedWith },
      ...{ state, ended, states, without, wrong, dropped: newest.filter((answer) => answer === null).length },
      last: newest[23]?.predictions,
    };
  });
  const { apart, margin, told } = outcome;
  for (const [i, { predictions, asked, right, timing }] of told.entries()) {
    const [small, large] = apart[i];
    const sure = small.predictions[0].probability - small.predictions[1].probability >= margin;
    assert.equal(asked, sure ? 1 : 2);
    assert.deepEqual(predictions, (sure ? small : large).predictions);
    assert.ok(right && timing.preprocess >= timing.read && timing.inference > 0 && timing.total > timing.inference);
  }
  assert.equal(told.filter(({ asked }) => asked === 2).length, 12);
  assert.equal(outcome.top, 1);
  assert.ok(outcome.dropped > 0);
  assert.deepEqual(outcome.last, told[23].predictions);
  assert.deepEqual(outcome.aborted, ['ABORTED', 'ABORTED']);
  assert.equal(outcome.state, 'ready');
  assert.deepEqual(outcome.ended, ['DISPOSED', 'DISPOSED', 'disposed']);
  assert.deepEqual(outcome.states, ['ready', 'ready']);
  assert.deepEqual(outcome.without, ['disposed', 'DISPOSED']);
  assert.deepEqual(outcome.wrong, Array(7).fill('BAD_INPUT'));
});

test('a network whose channels are all constant loses many of them, and gives the same answer', async () => {
  const { trimmed, macs, best } = await page.evaluate(async () => {
    const full = await MobileNet.load({ ...sizedOf('constant'), threads: 1 });
    const net = await MobileNet.load({ ...sizedOf('constant'), trim: true, threads: 1 });
    const best = [];
    for (const one of [full, net]) best.push((await one.classify(pictures[0])).predictions[0]);
    const macs = [full.info.macs, net.info.macs];
    const { trimmed } = net.info;
    full.dispose();
    net.dispose();
    return { trimmed, macs, best };
  });
  assert.ok(trimmed > 100 && macs[1] < macs[0], `${trimmed} channels less, ${macs}`);
  assert.equal(best[0].index, 7);
  assert.deepEqual(best[1], best[0]);
});

test('what trimming saves is measured on both networks, which it disposes of', async () => {
  const { files, none, left, codes } = await page.evaluate(async () => {
    const { trimmed } = await MobileNet.load({ ...sizedOf('constant'), trim: true, threads: 1 }).then((net) => {
      net.dispose();
      return net.info;
    });
    const files = await measureTrim({ ...sizedOf('constant'), threads: 1 });
    const engine = await Engine.create({ threads: 1 });
    const none = await measureTrim({ ...sizedOf('small'), engine });
    const controller = new AbortController();
    controller.abort();
    const codes = [
      await codeOf(measureTrim({ ...sizedOf('small'), engine: /** @type {any} */ (3) })),
      await codeOf(measureTrim({ ...sizedOf('small'), engine, threads: 1 })),
      await codeOf(measureTrim('no-such-network', { engine })),
      await codeOf(measureTrim({ ...sizedOf('small'), engine, signal: controller.signal })),
      await codeOf(measureTrim(/** @type {any} */ (undefined))),
    ];
    const left = engine.state;
    engine.dispose();
    return { files: { ...files, trimmed }, none, left, codes };
  });
  assert.ok(files.channels > 100 && files.channels === files.trimmed, `${files.channels} channels`);
  assert.ok(files.of > 0 && files.microseconds < files.of && Number.isFinite(files.microseconds));
  assert.deepEqual([none.channels, none.microseconds], [0, 0]);
  assert.ok(none.of > 0);
  assert.equal(left, 'ready');
  assert.deepEqual(codes, ['BAD_INPUT', 'BAD_INPUT', 'UNKNOWN_NETWORK', 'ABORTED', 'BAD_INPUT']);
  assert.ok(await noWorkers(page), 'what it has started, it ends');
});

test('a network has the input size that is asked for, and sees the same part of a picture', async () => {
  const { infos, codes } = await page.evaluate(async () => {
    const infos = [];
    for (const [resolution, trim] of /** @type {const} */ ([
      [undefined, false],
      [160, false],
      [96, true],
    ])) {
      const net = await MobileNet.load({ ...sizedOf('small'), resolution, trim, threads: 1 });
      infos.push(net.info);
      net.dispose();
    }
    const codes = [];
    for (const resolution of /** @type {any[]} */ ([100, 64, 352, 0.5, '160'])) {
      codes.push(await codeOf(MobileNet.load({ ...sizedOf('small'), resolution, threads: 1 })));
    }
    codes.push(await codeOf(MobileNet.load({ ...sizedOf('small'), trim: /** @type {any} */ (1), threads: 1 })));
    return { infos, codes };
  });
  assert.deepEqual(
    infos.map(({ resolution, preprocessing: { crop, resizeShortSide } }) => [resolution, crop, resizeShortSide]),
    [
      [224, 224, 256],
      [160, 160, 182],
      [96, 96, 109],
    ],
  );
  assert.deepEqual(
    infos.map(({ trimmed }) => trimmed),
    [0, 0, 0],
  );
  assert.ok(infos[1].macs < infos[0].macs);
  assert.deepEqual(codes, [...Array(5).fill('BAD_CONFIG'), 'BAD_INPUT']);
});

test('a fit measures all networks in all sizes, and what it chooses can be loaded from JSON', async () => {
  const outcome = await page.evaluate(async () => {
    const sizes = { resolutions: [96, 128] };
    const candidates = ['small', 'large'].map((name) => ({ name, weights: `/made-up/${name}`, ...sizes }));
    const progress = [];
    const told = [];
    const onProgress = ({ done, total, name, measurements }) => {
      const early = measurements && search(measurements, { latency: 1e6 }).points.length;
      told.push([measurements, JSON.stringify(measurements)]);
      progress.push([done / total, name, early, measurements?.points.length]);
    };
    const found = await fit({ candidates, frames: pictures, agreement: 0.5, onProgress });
    const lasting = told.every(([measurements, json]) => JSON.stringify(measurements) === json);
    const none = search(found.measurements, { latency: 1e-6 });
    const all = search(found.measurements, { agreement: 1 });
    const files = { small: sizedOf('small'), large: sizedOf('large') };
    const cascade = await Cascade.load(JSON.parse(JSON.stringify(all.chosen)), { files, threads: 1 });
    const { index } = (await cascade.classify(pictures[3])).predictions[0];
    const info = cascade.networks[0].info;
    cascade.dispose();

    // A candidate is a loaded network, and the reference can't be chosen.
    const engine = await Engine.create({ threads: 1 });
    const small = await engine.load(sizedOf('small'));
    const reference = { name: 'judge', ...sizedOf('large') };
    const frames = pictures.slice(0, 3);
    const options = { candidates: [small], frames, latency: 1000, engine, steps: false };
    const judged = await fit({ ...options, reference });
    const states = [small.state, engine.state];
    const controller = new AbortController();
    const aborted = codeOf(fit({ ...options, signal: controller.signal, onProgress: () => controller.abort() }));
    const codes = [await aborted];
    for (const more of /** @type {any[]} */ ([
      { candidates: [] },
      { candidates: [7] },
      { candidates: [{ weights: 'nameless' }] },
      { frames: [frames[0]] },
      { latency: undefined },
      { agreement: 0.5 },
      { engine: 3 },
      { candidates: ['no-such-network'] },
      { candidates: [{ name: 'small', weights: '/made-up/small', resolutions: [100] }] },
    ])) {
      codes.push(await codeOf(fit({ ...options, ...more })));
    }
    const after = await codeOf(small.classify(frames[0]).then(({ predictions }) => predictions.length));
    engine.dispose();
    return { found, none, all, progress, lasting, index, info, judged, states, codes, after };
  });
  const { found, none, all, progress, judged } = outcome;
  const { measurements } = found;
  assert.deepEqual(
    measurements.points.map(({ name }) => name),
    ['small, 96', 'small, 128', 'large, 96', 'large, 128'],
  );
  assert.equal(measurements.reference, 'large, 128');
  assert.ok(measurements.engine.threads >= 1 && measurements.engine.build.includes('threads'));
  for (const { runs, steps, preprocess, read, inference, answers, options, published } of measurements.points) {
    assert.ok(runs >= 20 && inference > 0 && preprocess >= read && read >= 0);
    assert.ok(steps.length > 20 && steps[0].name === 'stem');
    assert.equal(answers.length, 24);
    assert.equal(options.precision, 'f32');
    assert.equal(published, null);
  }
  const { measurements: _, ...searched } = found;
  assert.deepEqual(search(measurements, { agreement: 0.5 }), searched);
  assert.deepEqual([none.chosen, none.nearest.networks[0].name.slice(0, 5)], [null, 'small']);
  assert.equal(all.verified.frames, found.frames.verifying);
  assert.equal(outcome.info.resolution, all.chosen.networks[0].options.resolution);
  assert.ok(measurements.points.some(({ answers }) => answers[3][0] === outcome.index));
  const shares = progress.map(([share]) => share);
  assert.ok(shares.every((share, i) => share <= 1 && share >= (shares[i - 1] ?? 0)) && shares.length > 90);
  const early = new Set(progress.map(([, , points, measured]) => `${points} of ${measured}`));
  const told = ['null of undefined', '1 of 1', '2 of 2', '3 of 3', '4 of 4'];
  assert.deepEqual([...early], told, 'what is there can be searched');
  assert.ok(outcome.lasting, 'what was told does not change afterwards');
  for (const { small, large, factor } of measurements.pairs) {
    const [a, b] = [small, large].map((wanted) => measurements.points.find(({ name }) => name === wanted));
    assert.ok(timeOf(a) < timeOf(b) && factor >= 0);
  }
  const known = measurements.pairs.map(({ small, large }) => `${small} then ${large}`);
  const pairs = all.frontier
    .filter(({ margin }) => margin !== null)
    .map(({ networks: [a, b] }) => `${a.name} then ${b.name}`);
  assert.ok(
    new Set(known).size === known.length && pairs.every((pair) => known.includes(pair)),
    'the frontier is measured',
  );
  if (pairs.length > 0) assert.ok(progress.some(([, name]) => pairs.includes(name)));
  // Those on the frontier took turns, of twenty rounds, and others have the times of all frames.
  const best = new Set(all.frontier.flatMap(({ networks }) => networks.map(({ name }) => name)));
  for (const { name, runs } of measurements.points) assert.ok(runs === 20 || (runs === 24 && !best.has(name)), name);
  assert.ok(measurements.unevenness > 0);
  assert.equal(judged.reference, 'judge, 96');
  assert.deepEqual(
    judged.points.map(({ networks: [{ name, options }] }) => [name, options]),
    [['v3-small 1, 96', null]],
  );
  assert.deepEqual(outcome.states, ['ready', 'ready']);
  const wrong = [...Array(7).fill('BAD_INPUT'), 'UNKNOWN_NETWORK', 'BAD_CONFIG'];
  assert.deepEqual(outcome.codes, ['ABORTED', ...wrong]);
  assert.equal(outcome.after, 'resolved: 5');
  assert.ok(await noWorkers(page), 'what a fit has started, it ends');
});

test('two networks with one name are refused, the same one twice is measured once, and floats judge 8 bits', async () => {
  const { refused, once, judge, eight } = await page.evaluate(async () => {
    const engine = await Engine.create({ threads: 1 });
    const nets = [await engine.load(sizedOf('small')), await engine.load(sizedOf('constant'))];
    const options = { frames: pictures.slice(0, 2), latency: 1000, engine, steps: false };
    const small = { name: 'one', ...sizedOf('small') };
    const sizes = { name: 'judge', weights: '/made-up/large', resolutions: [96, 128] };
    const messageOf = (promise) =>
      promise.then(
        () => null,
        ({ code, message }) => `${code}: ${message}`,
      );
    const refused = [];
    for (const more of /** @type {any[]} */ ([
      { candidates: nets },
      { candidates: [small, { ...small, weights: '/made-up/large' }] },
      { candidates: [small], reference: { ...small, weights: '/made-up/constant' } },
      { candidates: [small], reference: sizes },
      { candidates: [{ name: 'one', weights: '/made-up/small', resolutions: [] }] },
      { candidates: [{ ...small, precisions: [] }] },
      { candidates: [{ ...small, precision: 'int8', precisions: ['f32'] }] },
      { candidates: [{ ...small, resolutions: [96] }] },
    ])) {
      refused.push(await messageOf(fit({ ...options, ...more })));
    }
    const [eight] = (await fit({ ...options, candidates: [{ ...small, precision: 'int8' }] })).measurements.points;
    const again = { ...small };
    const { measurements: once } = await fit({
      ...options,
      candidates: [small, again, nets[0], nets[0]],
      reference: small,
    });
    const kinds = /** @type {const} */ (['int8', 'f32']);
    const { reference: judge } = await fit({
      ...options,
      candidates: [{ ...sizes, resolutions: [96], precisions: kinds }],
    });
    engine.dispose();
    return { refused, once: once.points.map(({ name, candidate }) => [name, candidate]), judge, eight };
  });
  const [loaded, files, judged, sizes, noSize, noPrecision, bothPrecisions, bothSizes] = refused;
  assert.match(loaded, /^BAD_INPUT: candidates\[0\] and candidates\[1\] are different.*"v3-small 1, 96"/);
  assert.match(files, /^BAD_INPUT: candidates\[0\] and candidates\[1\] are different.*"one, 96"/);
  assert.match(judged, /^BAD_INPUT: reference and candidates\[0\] are different/);
  assert.match(sizes, /^BAD_INPUT: reference stands for 2 networks/);
  assert.match(noSize, /^BAD_INPUT: candidates\[0\]\.resolutions is empty/);
  assert.match(noPrecision, /^BAD_INPUT: candidates\[0\]\.precisions is empty/);
  assert.match(bothPrecisions, /^BAD_INPUT: candidates\[0\] has both precision and precisions/);
  assert.match(bothSizes, /^BAD_INPUT: candidates\[0\] has both resolution and resolutions/);
  assert.deepEqual([eight.name, eight.options.precision], ['one, 96 int8', 'int8']);
  assert.deepEqual(once, [
    ['one, 96', true],
    ['v3-small 1, 96', true],
  ]);
  assert.equal(judge, 'judge, 96');
});
