// Tests the parts that shrink a network for one scene: it compares them with plain sums and with the engine, without a browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { random } from './made-up.js';
import { source } from './page-source.js';

/** @type {typeof import('../../pkg/index.js')} The package for Node has the page's types. */
const { Engine } = await import(new URL('../../pkg/node.js', import.meta.url).href);
const { factorise, inverse, solve } = await source('story/scene/matrices.ts');
const { Moments, eliminate, repair } = await source('story/scene/least-squares.ts');
const { readFolded, writeFolded } = await source('story/scene/folded-file.ts');
const { insidesOf, narrowed } = await source('story/scene/insides.ts');
const { GROUP, LatencyTable, channelsAt } = await source('story/scene/latency.ts');
const { proposals } = await source('story/scene/netadapt.ts');
const { Solver } = await source('story/scene/solver.ts');
const { PIXELS, somePixels } = await source('story/scene/pixels.ts');
const { ChannelSums } = await source('story/scene/channel-sums.ts');
const { split, spread } = await source('story/scene/split.ts');
const { agreement, divergence, median } = await source('story/scene/answers.ts');

/** @type {import('../../pkg/index.js').Engine} */
let engine;
before(async () => (engine = await Engine.create({ threads: 1 })));
after(() => engine?.dispose());

/** Makes numbers from -1 to 1, which are the same for the same seed. */
function numbers(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
}

/** Makes rows of correlated numbers, in columns with different means. */
function mixed(rows, columns, next, rank = columns) {
  const mixing = Array.from({ length: rank }, () => Array.from({ length: columns }, next));
  return Array.from({ length: rows }, () => {
    const causes = Array.from({ length: rank }, next);
    return Array.from({ length: columns }, (_, c) => 0.3 * c + causes.reduce((sum, x, i) => sum + x * mixing[i][c], 0));
  });
}

const close = (actual, expected, within, what) =>
  assert.ok(Math.abs(actual - expected) <= within, `${what}: ${actual} instead of ${expected}`);

/** Solves `matrix x = values` by elimination with pivoting. */
function byElimination(matrix, values) {
  const rows = matrix.map((row, i) => [...row, values[i]]);
  const n = rows.length;
  for (let a = 0; a < n; a++) {
    const pivot = rows
      .slice(a)
      .reduce((best, row, i) => (Math.abs(row[a]) > Math.abs(rows[best][a]) ? a + i : best), a);
    [rows[a], rows[pivot]] = [rows[pivot], rows[a]];
    for (let b = 0; b < n; b++) {
      if (b === a) continue;
      const share = rows[b][a] / rows[a][a];
      for (let c = a; c <= n; c++) rows[b][c] -= share * rows[a][c];
    }
  }
  return rows.map((row, i) => row[n] / row[i]);
}

test('a factor solves equations with its matrix, and inverts it', () => {
  for (const n of [1, 2, 7, 24]) {
    const next = numbers(n);
    const rows = mixed(3 * n, n, next);
    const matrix = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], i === j ? 1 : 0)),
    );
    const factor = Float64Array.from(matrix.flat());
    factorise(factor, n);
    const values = Array.from({ length: n }, next);
    const solved = Float64Array.from(values);
    solve(factor, n, solved);
    byElimination(matrix, values).forEach((x, i) => close(solved[i], x, 1e-8, `${n}: unknown ${i}`));
    const inverted = inverse(factor, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const product = matrix[i].reduce((sum, x, k) => sum + x * inverted[k * n + j], 0);
        close(product, Number(i === j), 1e-8, `${n}: ${i}, ${j}`);
      }
    }
  }
  assert.throws(() => factorise(Float64Array.of(1, 1, 1, 1), 2), /row 1/);
});

test('means and covariances equal those of plain sums, however the pixels are divided', () => {
  for (const channels of [1, 3, 8, 13]) {
    const rows = mixed(50, channels, numbers(channels));
    const moments = new Moments(channels);
    for (const [begin, end] of [[0, 1], [1, 20], [20, 50]]) moments.add(Float32Array.from(rows.slice(begin, end).flat())); // prettier-ignore
    const { means, matrix } = moments.covariance;
    const mean = (of) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
    for (let i = 0; i < channels; i++) {
      close(means[i], mean((row) => row[i]), 1e-5, 'mean'); // prettier-ignore
      for (let j = 0; j < channels; j++) {
        const expected = mean((row) => row[i] * row[j]) - mean((row) => row[i]) * mean((row) => row[j]);
        close(matrix[i * channels + j], expected, 1e-4, `${i}, ${j}`);
      }
    }
  }
});

/** Finds the best weights of each output, with the bias at their end, by normal equations over the rows themselves. */
function byNormalEquations(rows, weight, kept, ridge) {
  const n = rows[0].length;
  const columns = (row) => [...kept.map((i) => row[i]), 1];
  const size = kept.length + 1;
  const matrix = Array.from({ length: size }, (_, a) =>
    Array.from({ length: size }, (_, b) => {
      const sum = rows.reduce((total, row) => total + columns(row)[a] * columns(row)[b], 0) / rows.length;
      return sum + (a === b && a < kept.length ? ridge : 0);
    }),
  );
  return Array.from({ length: weight.length / n }, (_, o) => {
    const right = Array.from({ length: size }, (_, a) => {
      const sum = rows.reduce((total, row) => {
        const wanted = row.reduce((y, x, i) => y + x * weight[o * n + i], 0);
        return total + columns(row)[a] * wanted;
      }, 0);
      return sum / rows.length + (a < kept.length ? ridge * weight[o * n + kept[a]] : 0);
    });
    return byElimination(matrix, right);
  });
}

/** The ridge, as a share of the mean variance. */
const RIDGE = 1e-6;

function learnt(channels, outputs, seed) {
  const next = numbers(seed);
  const rows = mixed(200, channels, next, channels - 2);
  const moments = new Moments(channels);
  moments.add(Float32Array.from(rows.flat()));
  const weight = Float32Array.from({ length: outputs * channels }, next);
  const { covariance } = moments;
  const trace = (kept) => kept.reduce((sum, i) => sum + covariance.matrix[i * channels + i], 0) / kept.length;
  return { rows, weight, covariance, ridgeOf: (kept) => RIDGE * trace(kept) };
}

test('repaired weights are those of the normal equations', () => {
  const { rows, weight, covariance, ridgeOf } = learnt(12, 5, 3);
  for (const kept of [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [1, 3, 4, 8, 11], [6]]) {
    const repaired = repair(covariance, kept, weight, new Float32Array(5));
    const expected = byNormalEquations(rows, weight, kept, ridgeOf(kept));
    expected.forEach((solution, o) => {
      kept.forEach((_, a) => close(repaired.weight[o * kept.length + a], solution[a], 1e-3, `${kept}: ${o}, ${a}`));
      close(repaired.bias[o], solution[kept.length], 2e-3, `${kept}: bias ${o}`);
    });
  }
});

/** The outputs' loss without some inputs: the best weights' errors, plus the penalty for their distance from the old weights. */
function lossWithout(gone, { rows, weight, ridge }) {
  const n = rows[0].length;
  const kept = Array.from({ length: n }, (_, i) => i).filter((i) => !gone.includes(i));
  return byNormalEquations(rows, weight, kept, ridge).reduce((total, solution, o) => {
    const errors = rows.map((row) => {
      const wanted = row.reduce((y, x, i) => y + x * weight[o * n + i], 0);
      return kept.reduce((left, i, a) => left - row[i] * solution[a], wanted - solution[kept.length]);
    });
    const moved = [...kept.map((i, a) => solution[a] - weight[o * n + i]), ...gone.map((i) => weight[o * n + i])];
    const squared = (values) => values.reduce((sum, value) => sum + value ** 2, 0);
    return total + squared(errors) / rows.length + ridge * squared(moved);
  }, 0);
}

test('each step removes the channel that a plain search would remove, with the same loss', () => {
  const { rows, weight, covariance, ridgeOf } = learnt(9, 4, 5);
  const all = Array.from({ length: 9 }, (_, i) => i);
  const ridge = ridgeOf(all);
  const { order, losses } = eliminate(covariance, weight);
  assert.equal(order.length, 8);
  assert.equal(losses.length, 8);
  const gone = [];
  for (const [step, channel] of order.entries()) {
    const by = (i) => lossWithout([...gone, i], { rows, weight, ridge });
    const least = Math.min(...all.filter((i) => !gone.includes(i)).map(by));
    close(by(channel), least, 1e-4 * least, `step ${step}`);
    close(losses[step], least, 1e-3 * least, `loss of step ${step}`);
    gone.push(channel);
  }
});

test('a file that is read and written again gives the same bits, with everything else in it', async () => {
  const net = await engine.load({ weights: random('v3-small', 4).file });
  const labels = net.labels;
  const exported = await net.export();
  const input = Float32Array.from({ length: 224 * 224 * 3 }, numbers(9));
  const expected = await net.run(input);
  net.dispose();
  const again = await engine.load({ weights: writeFolded(readFolded(exported)) });
  assert.deepEqual(await again.run(input), expected);
  assert.deepEqual(again.labels, labels);
  assert.equal(again.info.version, 'v3-small');
  again.dispose();
});

test('a file is refused if it isn’t one of floats that the package exported', async () => {
  const net = await engine.load({ weights: random('v3-small', 4).file });
  const halves = await net.export({ precision: 'f16' });
  net.dispose();
  assert.throws(() => readFolded(halves), /stem\.weight is F16 instead of F32/);
  assert.throws(() => readFolded(random('v3-small', 4).file), /none that MobileNet\.export made/);
});

/** Replaces some channels of each inside by copies of others. It returns the network and the copies' numbers. */
function withCopies(network, insides) {
  const layers = new Map(network.layers.map((layer) => [layer.site, { ...layer, weight: layer.weight.slice(), bias: layer.bias.slice() }])); // prettier-ignore
  const copy = (site, from, to) => {
    const { weight, bias, outChannels } = layers.get(site);
    const size = weight.length / outChannels;
    weight.copyWithin(to * size, from * size, (from + 1) * size);
    bias[to] = bias[from];
  };
  const copies = new Map(insides.map((inside) => [inside, []]));
  for (const [inside, made] of copies) {
    for (let to = 1; to < inside.channels && made.length < GROUP; to += 2) {
      for (const site of [inside.producer, inside.depthwise, inside.squeeze?.excite]) if (site) copy(site, to - 1, to);
      // The gates must not depend on the copies, which will be removed.
      const reduce = layers.get(inside.squeeze?.reduce);
      for (let o = 0; o < (reduce?.outChannels ?? 0); o++) reduce.weight[o * reduce.inChannels + to] = 0;
      made.push(to);
    }
  }
  return { network: { ...network, layers: [...layers.values()] }, copies };
}

for (const version of /** @type {const} */ (['v1', 'v2', 'v3-small', 'v3-large', 'v4-conv-small'])) {
  test(`${version}: copies of channels can be removed everywhere, and the logits stay`, async () => {
    const loaded = await engine.load({ weights: random(version, 31).file });
    const exported = readFolded(await loaded.export());
    loaded.dispose();
    const insides = insidesOf(exported);
    assert.ok(insides.length > 8, `${insides.length} insides`);
    const { network, copies } = withCopies(exported, insides);
    const whole = await engine.load({ weights: writeFolded(network), resolution: 96 });
    const inputs = Array.from({ length: 24 }, (_, i) => i + 1).map((seed) =>
      Float32Array.from({ length: 96 * 96 * 3 }, numbers(seed)),
    );
    const moments = insides.map(({ channels }) => new Moments(channels));
    for (const [frame, input] of inputs.entries()) {
      const tensors = await whole.inspect(input);
      for (const [index, inside] of insides.entries()) {
        const tensor = tensors.get(inside.input);
        assert.equal(tensor.channels, inside.channels, inside.consumer);
        if (inside.pooled) assert.equal(tensors.get(inside.pooled).channels, inside.channels);
        moments[index].add(somePixels(tensor, frame));
      }
    }
    const layer = (site) => network.layers.find((layer) => layer.site === site);
    const cuts = new Map(
      insides.map((inside, index) => {
        const { weight, bias } = layer(inside.consumer);
        const kept = Array.from({ length: inside.channels }, (_, i) => i).filter(
          (i) => !copies.get(inside).includes(i),
        );
        return [inside, { kept, ...repair(moments[index].covariance, kept, weight, bias), squeezed: null }];
      }),
    );
    const narrow = await engine.load({ weights: writeFolded(narrowed(network, cuts)), resolution: 96 });
    assert.ok(narrow.info.macs < whole.info.macs && narrow.info.parameters < whole.info.parameters);
    assert.equal(narrow.info.version, version);
    for (const input of inputs.slice(0, 3)) {
      const [expected, actual] = [await whole.run(input), await narrow.run(input)];
      const scale = Math.max(1, ...expected.map(Math.abs));
      actual.forEach((logit, i) => close(logit, expected[i], 1e-3 * scale, `logit ${i}`));
    }
    whole.dispose();
    narrow.dispose();
  });
}

test('the removed channels’ mean contribution to gates is added to the gates’ biases', async () => {
  const net = await engine.load({ weights: random('v3-small', 4).file });
  const network = readFolded(await net.export());
  net.dispose();
  const gated = insidesOf(network).filter(({ squeeze }) => squeeze);
  assert.equal(gated.length, 9);
  const [inside] = gated;
  const at = (from, site) => from.layers.find((layer) => layer.site === site);
  const { outChannels: outputs, weight, bias } = at(network, inside.squeeze.reduce);
  const kept = Array.from({ length: inside.channels / 2 }, (_, i) => 2 * i);
  const cut = { kept, weight: new Float32Array(inside.outputs * kept.length), bias: new Float32Array(inside.outputs) };
  const squeezed = Float32Array.from({ length: outputs }, (_, i) => i);
  const narrow = at(narrowed(network, new Map([[inside, { ...cut, squeezed }]])), inside.squeeze.reduce);
  assert.deepEqual([...narrow.bias], [...bias.map((value, i) => value + i)]);
  assert.deepEqual(narrow.weight, weight.filter((_, i) => (i % inside.channels) % 2 === 0)); // prettier-ignore
});

/** Insides as in a block of V2, and as in two blocks of V1, which share a layer. */
const inverted = { consumer: 'block 1 project', producer: 'block 1 expand', depthwise: 'block 1 depthwise', squeeze: null, channels: 64 }; // prettier-ignore
const first = { consumer: 'block 0 project', producer: 'stem', depthwise: 'block 0 depthwise', squeeze: null, channels: 32 }; // prettier-ignore
const second = { consumer: 'block 1 project', producer: 'block 0 project', depthwise: 'block 1 depthwise', squeeze: null, channels: 64 }; // prettier-ignore

test('predicted times equal the table’s at its widths, and lie on lines between them', () => {
  const steps = (microseconds) => Object.entries(microseconds).map(([name, time]) => ({ name, microseconds: time }));
  const table = new LatencyTable([
    { channels: new Map([[inverted, 64]]), steps: steps({ stem: 10, 'block 1 expand + depthwise': 60, 'block 1 project': 30 }) }, // prettier-ignore
    { channels: new Map([[inverted, 32]]), steps: steps({ stem: 10, 'block 1 expand + depthwise': 40, 'block 1 project': 10 }) }, // prettier-ignore
  ]);
  for (const [count, expected] of [
    [64, 100],
    [32, 60],
    [48, 80],
    [16, 40],
  ]) {
    // prettier-ignore
    close(table.predict(new Map([[inverted, count]])), expected / 100, 1e-12, `${count} channels`);
  }
  const chain = new LatencyTable([
    { channels: new Map([[first, 32], [second, 64]]), steps: steps({ stem: 40, 'block 0 project': 160 }) }, // prettier-ignore
    { channels: new Map([[first, 16], [second, 32]]), steps: steps({ stem: 20, 'block 0 project': 40 }) }, // prettier-ignore
  ]);
  // A layer with half its inputs and a quarter of its outputs has an eighth of its work.
  close(chain.predict(new Map([[first, 16], [second, 16]])), (20 + 20) / 200, 1e-12, 'an eighth'); // prettier-ignore
  close(chain.predict(new Map([[first, 16], [second, 64]])), (20 + 80) / 200, 1e-12, 'a half'); // prettier-ignore
});

test('widths are whole groups, and none is empty', () => {
  assert.deepEqual([1, 0.75, 0.5, 0.25].map((width) => channelsAt(96, width)), [96, 72, 48, 24]); // prettier-ignore
  assert.equal(channelsAt(16, 0.25), GROUP);
  assert.equal(channelsAt(6, 1), 6);
});

test('a proposal removes no more than the wanted time needs, and the cheapest comes first', () => {
  const insides = [32, 64, 16].map((channels, block) => ({
    ...{ block, channels, squeeze: null, depthwise: null },
    ...{ consumer: `block ${block} project`, producer: `block ${block} expand` },
  }));
  const at = (width) => ({
    channels: new Map(insides.map((inside) => [inside, inside.channels * width])),
    steps: insides.map(({ producer, channels }) => ({ name: producer, microseconds: channels * width })),
  });
  const table = new LatencyTable([at(1), at(0.5)]);
  const channels = new Map(insides.map((inside) => [inside, inside.channels]));
  // A channel's loss is large in the first inside and small in the second.
  const losses = new Map(insides.map((inside, i) => [inside, Array.from({ length: inside.channels - 1 }, (_, gone) => (gone + 1) * [0.02, 0.001, 0.01][i])])); // prettier-ignore
  // There are 112 channels, and 17 or more have to go. The last inside can give up only 8.
  const found = proposals(channels, table, losses, 95 / 112);
  assert.deepEqual(found.map(({ inside, count }) => [inside.block, count]), [[1, 40], [0, 8]]); // prettier-ignore
  for (const { predicted } of found) close(predicted, 88 / 112, 1e-12, 'predicted');
  assert.deepEqual(proposals(channels, table, losses, 0.1), []);
});

test('pixels of a frame are spread over its map, and other frames have others', () => {
  const [width, height, channels] = [20, 10, 3];
  const data = Float32Array.from({ length: width * height * channels }, (_, i) => i);
  const placesOf = (frame) => {
    const picked = somePixels({ data, width, height, channels }, frame);
    assert.equal(picked.length, PIXELS * channels);
    return Array.from({ length: PIXELS }, (_, i) => {
      const place = picked[i * channels] / channels;
      assert.deepEqual([...picked.subarray(i * channels, (i + 1) * channels)], [0, 1, 2].map((c) => place * channels + c)); // prettier-ignore
      return place;
    });
  };
  const places = placesOf(0);
  const gaps = places.slice(1).map((place, i) => place - places[i]);
  assert.ok(
    gaps.every((gap) => gap === 4 || gap === 5),
    gaps.join(),
  );
  assert.ok(new Set([0, 1, 2, 3].map((frame) => placesOf(frame).join())).size >= 3);
  // From a small map every pixel is taken once.
  const small = somePixels({ data: data.subarray(0, 12), width: 2, height: 2, channels: 3 }, 5);
  assert.deepEqual([...small], [...data.subarray(0, 12)]);
});

test('neighbouring frames choose or verify together, half of all each', () => {
  const frames = Array.from({ length: 128 }, (_, frame) => frame);
  const { chooseBy, verify } = split(frames);
  assert.deepEqual([chooseBy.length, verify.length], [64, 64]);
  assert.deepEqual([...chooseBy, ...verify].sort((a, b) => a - b), frames); // prettier-ignore
  for (const half of [chooseBy, verify]) {
    for (const frame of half) {
      const neighbours = half.filter((other) => Math.abs(other - frame) < 4).length;
      assert.ok(neighbours >= 4, `${frame} has ${neighbours} in its half`);
    }
  }
});

test('some frames are spread over all', () => {
  assert.deepEqual(spread(64, 4), [0, 16, 32, 48]);
  assert.deepEqual(spread(5, 3), [0, 1, 3]);
  assert.deepEqual(spread(2, 24), [0, 1]);
  assert.deepEqual(spread(0, 24), []);
});

test('sums of channels have their means, and the variance of all', () => {
  const sums = new ChannelSums(2);
  sums.add(Float32Array.of(1, 10, 3, 10));
  sums.add(Float32Array.of(5, 13));
  assert.deepEqual([...sums.means], [3, 11]);
  close(sums.variance, 8 / 3 + 2, 1e-12, 'variance');
});

test('agreement, divergence and the median', () => {
  const answer = (...probabilities) => ({ best: probabilities.indexOf(Math.max(...probabilities)), probabilities: Float64Array.from(probabilities), time: 0 }); // prettier-ignore
  const right = [answer(0.5, 0.5), answer(0.9, 0.1)];
  const other = [answer(0.25, 0.75), answer(0.9, 0.1)];
  assert.equal(agreement(right, other), 0.5);
  assert.equal(divergence(right, right), 0);
  close(divergence(right, other), (0.5 * Math.log(2) + 0.5 * Math.log(2 / 3)) / 2, 1e-12, 'divergence');
  assert.ok(Number.isFinite(divergence([answer(1, 0)], [answer(0, 1)])));
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
