// Compares the story's figures with the engine's results for the same picture. The weights are made up and need no download.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FAKE_CAMERA, open, openBlank } from './harness.js';
import { drawPicture, serveMadeUp, sharesDrawn, visit } from './story.js';

let session;
/** @type {import('playwright-core').Page} The page with its figures. */
let page;
/** @type {import('playwright-core').Page} Another page, in which only the package reads the same picture. */
let reference;
/** @type {Buffer} */
let picture;

before(async () => {
  session = await open(FAKE_CAMERA);
  reference = await openBlank(session);
  await serveMadeUp(reference);
  picture = Buffer.from(await reference.evaluate(drawPicture));
  await reference.evaluate(installReference, [...picture]);
  page = await visit(session, picture);
});
after(() => session?.close());

/** Runs in the reference page. */
async function installReference(bytes) {
  const { Engine } = await import('/pkg/index.js');
  const engine = await Engine.create();
  const picture = new Blob([Uint8Array.from(bytes)], { type: 'image/png' });
  const nets = new Map();
  Object.assign(globalThis, {
    netOf: async (version) => {
      if (!nets.has(version))
        nets.set(version, await engine.load({ weights: `/models/made-up/${version}.safetensors` }));
      return nets.get(version);
    },
    inspectOf: async (version, layers, options) => (await netOf(version)).inspect(picture, { layers, ...options }),
    kept: engine,
  });
}

/** Scrolls to a section. */
async function section(id) {
  const found = page.locator(`#${id}`);
  await found.scrollIntoViewIfNeeded();
  return found;
}

/** Picks the option of a section's list by its number. */
async function pick(figure, block) {
  await figure.locator('.pick select').selectOption(String(block));
}

const numbers = (text) => (text.replaceAll('−', '-').match(/-?\d+(\.\d+)?/g) ?? []).map(Number);

test('a link leads to each idea', async () => {
  const links = page.locator('#story .contents a');
  const ids = ['depthwise', 'relu', 'residual', 'squeeze', 'hswish', 'search', 'fit', 'universal', 'teach'];
  assert.deepEqual(
    await links.evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
    ids.map((id) => `#${id}`),
  );
  for (const id of ids) await page.locator(`#${id} h2`).waitFor();
  const there = await visit(session, picture, '#squeeze');
  await there.locator('#squeeze .gate').first().waitFor();
  assert.ok(await there.locator('#squeeze').evaluate((section) => Math.abs(section.getBoundingClientRect().top) < 100));
  await there.close();
});

test('depthwise: a channel, its filter and what comes of it are the engine’s', async () => {
  const figure = await section('depthwise');
  for (const block of [0, 5]) {
    await pick(figure, block);
    const input = block === 0 ? 'stem' : `block ${block - 1} project`;
    const expected = await reference.evaluate(
      async ({ block, input }) => {
        const names = [input, `block ${block} depthwise`, `block ${block} project`];
        const tensors = await inspectOf('v1', names);
        const { data } = await (await netOf('v1')).filters(names[1]);
        const [before, after, mixed] = names.map((name) => tensors.get(name));
        const most = (channel) =>
          after.data.reduce((most, value, at) => (at % after.channels === channel ? Math.max(most, value) : most), 0);
        return {
          width: before.width,
          channels: before.channels,
          mixedChannels: mixed.channels,
          most: Array.from({ length: after.channels }, (_, channel) => most(channel)),
          filters: [...data],
        };
      },
      { block, input },
    );
    const grid = figure.locator('.mosaic').first();
    await grid.and(page.locator(`[aria-valuemax="${expected.channels - 1}"]`)).waitFor();
    for (const channel of [0, 1]) {
      await grid.focus();
      await page.keyboard.press('Home');
      for (let step = 0; step < channel; step++) await page.keyboard.press('ArrowRight');
      assert.equal(await grid.getAttribute('aria-valuetext'), `channel ${channel + 1} of ${expected.channels}`);
      const [named, weights, most] = numbers(await figure.locator('.filtering ~ .reading').first().innerText());
      assert.deepEqual([named, weights], [channel + 1, 9]);
      const right = expected.most[channel];
      assert.ok(Math.abs(most - right) <= 0.06 * right, `${most}, it is ${right}`);
      // The page computes the sum that it shows for a pixel, and the engine computes the resulting value.
      for (const [x, y] of [
        [0.02, 0.03],
        [0.5, 0.5],
        [0.98, 0.6],
      ]) {
        // prettier-ignore
        const { width, height } = await figure.locator('.marked-map').nth(1).boundingBox();
        await figure
          .locator('.marked-map')
          .nth(1)
          .hover({ position: { x: x * width, y: y * height } });
        const told = await figure.locator('.filtering ~ .reading').last().innerText();
        const [, , , , total, , value] = numbers(told);
        assert.ok(Math.abs(Math.min(6, Math.max(0, total)) - value) <= 0.011, told);
      }
      const shown = numbers(await figure.locator('.filter').getAttribute('aria-label'));
      const filter = expected.filters.slice(channel * 9, channel * 9 + 9);
      assertFilter(shown, filter);
      const canvas = figure.locator('.filtering canvas').first();
      assert.equal(await canvas.evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).width), expected.width);
    }
    const sum = numbers(await figure.locator('.step').last().locator('.reading').innerText());
    assert.equal(sum[1], expected.channels);
  }
});

test('depthwise: both forms are counted as the engine counts them, and timed', async () => {
  const figure = await section('depthwise');
  const slide = async (name, steps) => {
    const input = figure.getByRole('slider', { name });
    await input.focus();
    await page.keyboard.press('Home');
    for (let step = 0; step < steps; step++) await page.keyboard.press('ArrowRight');
  };
  await slide('Filter k', 1);
  await slide('Channels in', 1);
  await slide('Channels out', 2);
  await slide('Height H', 1);
  await slide('Width W', 2);
  const expected = await reference.evaluate(async () => {
    const shape = { inChannels: 16, outChannels: 32, height: 14, width: 28 };
    const times = [
      await kept.timeLayer({ ...shape, kind: 'convolution', kernel: 5 }),
      await kept.timeLayer({ ...shape, kind: 'depthwise', kernel: 5, outChannels: 16 }),
      await kept.timeLayer({ ...shape, kind: 'pointwise', kernel: 1 }),
    ];
    return times.map(({ macs, microseconds, gflops }) => ({ macs, timed: microseconds > 0 && gflops > 0 }));
  });
  assert.deepEqual(
    expected,
    [25 * 16 * 32, 25 * 16, 16 * 32].map((each) => ({ macs: each * 14 * 28, timed: true })),
  );
  await figure.getByText(/times fewer multiply-adds/).waitFor();
  const values = await figure.locator('.bar-value').allInnerTexts();
  assert.equal(values[0], '5.0 M');
  assert.equal(numbers(values[1].replaceAll(',', ''))[0], expected[1].macs + expected[2].macs);
  for (const time of values.slice(2)) assert.match(time, /^[\d.]+ (µs|ms)$/);
  const ratio = 1 / 32 + 1 / 25;
  assert.match(await figure.locator('.formula').innerText(), new RegExp(`= 1/32 \\+ 1/25 = ${ratio.toFixed(3)}$`));
  const [fewer] = numbers(await figure.locator('.costs .measures .reading').innerText());
  assert.ok(Math.abs(fewer - 1 / ratio) < 0.1, `${fewer}`);
  const points = await figure
    .locator('.point')
    .evaluateAll((points) =>
      points.map((point) => [Number(point.getAttribute('data-channels')), Number(point.getAttribute('data-blocks'))]),
    );
  assert.deepEqual(points, [[64, 1], [128, 2], [256, 2], [512, 6], [1024, 2]]); // prettier-ignore
});

test('relu: the dead channels of every layer are those of the engine’s tensors', async () => {
  const figure = await section('relu');
  await figure.getByText(/are zero everywhere in V1/).waitFor();
  const shown = await figure
    .locator('rect[data-layer]')
    .evaluateAll((bars) => bars.map((bar) => [bar.getAttribute('data-layer'), Number(bar.getAttribute('data-dead'))]));
  const expected = await reference.evaluate(async () => {
    const found = [];
    for (const version of /** @type {const} */ (['v1', 'v2'])) {
      for (const [name, { data, channels }] of await inspectOf(version)) {
        if (!/^block \d+ (expand|depthwise|project)$/.test(name)) continue;
        const alive = new Set();
        data.forEach((value, at) => value !== 0 && alive.add(at % channels));
        found.push([name, channels - alive.size]);
      }
    }
    return found;
  });
  assert.equal(shown.length, 2 * 13 + 3 * 17 - 1);
  assert.deepEqual(shown, expected);
  // Both charts have one scale: equal shares are bars of equal height.
  const heights = await figure
    .locator('rect[data-layer]')
    .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('height'))));
  const shares = await reference
    .evaluate(async () => {
      const channels = [];
      for (const version of /** @type {const} */ (['v1', 'v2']))
        for (const [name, tensor] of await inspectOf(version))
          if (/^block \d+ (expand|depthwise|project)$/.test(name)) channels.push(tensor.channels);
      return channels;
    })
    .then((channels) => channels.map((count, at) => Number(shown[at][1]) / count));
  const highest = shares.indexOf(Math.max(...shares));
  for (const [at, share] of shares.entries()) {
    const expected = Math.max(1.5, (heights[highest] * share) / shares[highest]);
    assert.ok(Math.abs(heights[at] - expected) < 0.01, `${shown[at][0]}: ${heights[at]}, not ${expected}`);
  }
  // No channel of a linear layer is zero.
  for (const [name, dead] of shown.slice(26)) if (`${name}`.endsWith('project')) assert.equal(dead, 0, `${name}`);
});

test('relu: the filters that give nothing are the engine’s, and so are those that get nothing', async () => {
  const figure = await section('relu');
  const expected = await reference.evaluate(async () => {
    const tensors = await inspectOf('v1');
    const deadOf = (name) => {
      const { data, channels } = tensors.get(name);
      const dead = Array(channels).fill(true);
      data.forEach((value, at) => value !== 0 && (dead[at % channels] = false));
      return dead;
    };
    const count = (flags) => flags.filter(Boolean).length;
    let block = 0;
    let dead = deadOf('block 0 depthwise');
    for (let other = 1; other < 13; other++) {
      const found = deadOf(`block ${other} depthwise`);
      if (count(found) / found.length > count(dead) / dead.length) [block, dead] = [other, found];
    }
    const starved = deadOf(block === 0 ? 'stem' : `block ${block - 1} project`);
    const { data } = await (await netOf('v1')).filters(`block ${block} depthwise`);
    const firstOf = (state) =>
      [...dead.keys()]
        .filter((channel) => dead[channel] === state)
        .slice(0, 8)
        .map((channel) => [...data.slice(9 * channel, 9 * channel + 9)]);
    return {
      told: [block + 1, count(dead), dead.length, dead.filter((isDead, at) => isDead && starved[at]).length],
      rows: [firstOf(true), firstOf(false)],
    };
  });
  // Otherwise the figure would show no filters, and this test would check nothing.
  assert.ok(expected.told[1] > 0 && expected.told[1] < expected.told[2], `${expected.told}`);
  const told = await figure.getByText(/filters give nothing on this frame/).innerText();
  assert.deepEqual(numbers(told), expected.told);
  for (const [index, filters] of expected.rows.entries()) {
    const shown = await figure.locator('.filter-row').nth(index).locator('.filter').all();
    assert.equal(shown.length, filters.length);
    for (const [at, filter] of filters.entries())
      assertFilter(numbers(await shown[at].getAttribute('aria-label')), filter);
  }
});

/** Compares a filter's weights with the shown ones, which have two or three digits. */
function assertFilter(shown, filter) {
  for (const [index, weight] of filter.entries())
    assert.ok(Math.abs(shown[index] - weight) <= 0.06 * Math.abs(weight) + 1e-6, `${shown} and ${filter}`);
}

test('relu: in more dimensions less of the spiral is lost', async () => {
  const figure = await section('relu');
  const slider = figure.getByRole('slider', { name: 'Dimensions n' });
  const told = figure.locator('[data-lost]');
  const drawn = () =>
    figure
      .locator('.panel')
      .nth(1)
      .locator('polyline')
      .evaluateAll((lines) => lines.map((line) => line.outerHTML).join());
  const mean = async () => {
    let sum = 0;
    for (let again = 0; again < 12; again++) {
      const before = await drawn();
      await figure.getByRole('button', { name: 'Another matrix' }).click();
      assert.notEqual(await drawn(), before, 'the same matrix again');
      sum += Number(await told.getAttribute('data-lost'));
    }
    return sum / 12;
  };
  const two = await mean();
  await slider.focus();
  await page.keyboard.press('End');
  assert.match(await told.innerText(), /fewer than two of 30 values/);
  const thirty = await mean();
  assert.ok(two > 0.5 && thirty < 0.01, `${two} ${thirty}`);
});

test('residual: the sum is the input and what the block found, at every pixel', async () => {
  const figure = await section('residual');
  for (const block of [2, 14]) {
    await pick(figure, block);
    const expected = await reference.evaluate(async (block) => {
      const before = block === 14 ? 'block 13 project' : 'block 1 project';
      const names = [before, `block ${block} expand`, `block ${block} project`, `block ${block} add`];
      const tensors = await inspectOf('v2', names);
      return names.map((name) => ({ ...tensors.get(name), data: [...tensors.get(name).data] }));
    }, block);
    const [input, wide, projected, sum] = expected;
    const { width, height, channels } = sum;
    await figure.getByText(`Widened ${height}×${width}×${wide.channels}`, { exact: true }).first().waitFor();
    const terms = figure.locator('.equation').first().locator('canvas');
    const { width: across, height: down } = await terms.nth(2).boundingBox();
    await terms.nth(2).hover({ position: { x: across * 0.3, y: down * 0.6 } });
    const [x, y, found, given, added] = numbers(await figure.locator('.equation .reading').nth(1).innerText());
    const channel = Number(await figure.locator('.mosaic').last().getAttribute('aria-valuenow'));
    const at = ({ data }) => data[(y * width + x) * channels + channel];
    for (const [shown, tensor] of [
      [found, projected],
      [given, input],
      [added, sum],
    ]) {
      // prettier-ignore
      assert.ok(Math.abs(shown - at(tensor)) <= 0.0006, `${shown}, it is ${at(tensor)}`);
    }
    assert.ok(Math.abs(at(sum) - at(projected) - at(input)) < 1e-4);
    const [times] = numbers(await figure.locator('.reading').last().innerText());
    assert.equal(times, 6);
  }
});

test('residual: a channel is followed through the wide stages, with the engine’s numbers', async () => {
  const figure = await section('residual');
  await pick(figure, 2);
  const expected = await reference.evaluate(async () => {
    const names = ['block 2 expand', 'block 2 depthwise'];
    const tensors = await inspectOf('v2', names);
    return names.map((name) => {
      const { data, channels } = tensors.get(name);
      const most = Array(channels).fill(0);
      data.forEach((value, at) => (most[at % channels] = Math.max(most[at % channels], Math.abs(value))));
      return most;
    });
  });
  const [channels] = expected.map(({ length }) => length);
  await figure.getByText(new RegExp(`^Widened \\d+×\\d+×${channels}$`)).waitFor();
  await figure.getByText(new RegExp(`^Filtered \\d+×\\d+×${channels}$`)).waitFor();
  const grids = figure.locator('.block .mosaic');
  const narrow = await grids.first().getAttribute('aria-valuenow');
  for (const [grid, place] of /** @type {const} */ ([
    [1, [0.31, 0.2]],
    [2, [0.77, 0.9]],
  ])) {
    const { width, height } = /** @type {{ width: number, height: number }} */ (await grids.nth(grid).boundingBox());
    await grids.nth(grid).hover({ position: { x: place[0] * width, y: place[1] * height } });
    const columns = Math.round(1 / parseFloat(await grids.nth(grid).locator('i').evaluate(({ style }) => style.width)) * 100); // prettier-ignore
    const rows = Math.ceil(channels / columns);
    const channel = Math.floor(place[1] * rows) * columns + Math.floor(place[0] * columns);
    for (const other of [1, 2]) assert.equal(await grids.nth(other).getAttribute('aria-valuenow'), String(channel));
    for (const other of [0, 3, 4]) assert.equal(await grids.nth(other).getAttribute('aria-valuenow'), narrow);
    const told = await figure.locator('.equation').nth(1).locator('.reading').innerText();
    const [named, before, after] = numbers(told);
    assert.equal(named, channel + 1);
    for (const [shown, most] of /** @type {const} */ ([
      [before, expected[0][channel]],
      [after, expected[1][channel]],
    ]))
      assert.ok(Math.abs(shown - most) <= 0.06 * most, `${told}: it is ${most}`);
  }
  // The skip goes from the middle of the first stage to the middle of the last.
  const box = async (locator) =>
    /** @type {{ x: number, y: number, width: number, height: number }} */ (await locator.boundingBox());
  const skip = figure.locator('.skip');
  assert.equal(await skip.innerText(), 'the input is added');
  const [drawn, first, last] = await Promise.all([skip, grids.first(), grids.last()].map(box));
  assert.ok(drawn.x > first.x && drawn.x < first.x + first.width, JSON.stringify([drawn, first]));
  const end = drawn.x + drawn.width;
  assert.ok(end > last.x && end < last.x + last.width, JSON.stringify([drawn, last]));
  const borders = await skip.evaluate((skip) => {
    const { borderTopWidth, borderLeftWidth, borderRightWidth } = getComputedStyle(skip);
    return [borderTopWidth, borderLeftWidth, borderRightWidth].map(parseFloat);
  });
  assert.ok(borders.every((width) => width > 0), `${borders}`); // prettier-ignore

  // On a phone it stands beside the stages, from the first to the last.
  await page.setViewportSize({ width: 390, height: 844 });
  const [beside, top, bottom] = await Promise.all([skip, grids.first(), grids.last()].map(box));
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.ok(beside.x < top.x && beside.x + beside.width <= top.x, JSON.stringify([beside, top]));
  assert.ok(beside.y > top.y && beside.y < top.y + top.height, JSON.stringify([beside, top]));
  const foot = beside.y + beside.height;
  assert.ok(foot > bottom.y && foot < bottom.y + bottom.height, JSON.stringify([beside, bottom]));
});

test('squeeze: gates and answers are the engine’s', async () => {
  const figure = await section('squeeze');
  const expected = await reference.evaluate(async () => {
    const probability = ({ data }) => {
      const top = data.indexOf(Math.max(...data));
      return 1 / data.reduce((sum, logit) => sum + Math.exp(logit - data[top]), 0);
    };
    const learned = await inspectOf('v3-small', ['block 4 excite', 'block 4 depthwise', 'classifier']);
    const open = await inspectOf('v3-small', ['classifier'], { gates: 'open' });
    const { data, channels } = learned.get('block 4 depthwise');
    const strengths = Array(channels).fill(0);
    data.forEach((value, at) => (strengths[at % channels] = Math.max(strengths[at % channels], Math.abs(value))));
    return {
      strengths,
      gates: [...learned.get('block 4 excite').data],
      probabilities: [learned, open].map((tensors) => probability(tensors.get('classifier'))),
    };
  });
  await pick(figure, 4);
  await figure.getByText(`${expected.gates.length} gates`).waitFor();
  const shown = await figure
    .locator('.gate')
    .evaluateAll((bars) =>
      bars.map((bar) => [Number(bar.getAttribute('data-channel')), Number(bar.getAttribute('data-gate'))]),
    );
  assert.equal(shown.length, expected.gates.length);
  for (const [channel, gate] of shown) assert.equal(Math.fround(gate), expected.gates[channel]);
  assert.deepEqual(shown.map(([, gate]) => gate), shown.map(([, gate]) => gate).sort((a, b) => b - a)); // prettier-ignore
  // The strongest gates come first. Of equal gates the one that lets the largest value through comes first.
  const ranked = expected.strengths
    .map((strength, channel) => ({ channel, gate: expected.gates[channel], strength }))
    .sort((a, b) => b.gate - a.gate || b.strength - a.strength);
  const said = ({ channel, gate }) => `channel ${channel + 1}: ${gate.toFixed(2)}`;
  for (const [index, extremes] of [ranked.slice(0, 4), ranked.slice(-4).reverse()].entries()) {
    const row = figure.locator('.map-row').nth(index);
    assert.deepEqual(await row.locator('figcaption').allInnerTexts(), extremes.map(said));
    // A map's strongest pixel has ink on the scale of the largest value of all channels.
    const most = Math.max(...expected.strengths);
    for (const [at, { strength, channel }] of extremes.entries()) {
      const shares = await row.locator('canvas').nth(at).evaluate(sharesDrawn);
      const ink = Math.max(...shares.map(Math.abs));
      assert.ok(Math.abs(ink - strength / most) < 0.02, `channel ${channel + 1}: ${ink}, ${strength / most}`);
    }
  }
  const answers = await figure.locator('.answers-pair dd').allInnerTexts();
  for (const [index, answer] of answers.entries()) {
    const percent = numbers(answer.replace(/^.*, /, ''))[0];
    assert.ok(Math.abs(percent / 100 - expected.probabilities[index]) < 0.006, `${answer}, ${expected.probabilities}`);
  }
});

test('hswish: the values are the engine’s, and all three curves are timed', async () => {
  const figure = await section('hswish');
  const below = await reference.evaluate(async () => {
    const { data } = (await inspectOf('v3-small', ['last pointwise'])).get('last pointwise');
    return data.filter((value) => value < 0).length / data.length;
  });
  const [share] = numbers(await figure.getByText(/of these values are below zero/).innerText());
  assert.ok(Math.abs(share / 100 - below) < 0.006, `${share} %, it is ${below}`);
  const told = numbers(await figure.getByText(/h-swish minus swish:/).innerText());
  assert.ok(told.includes(0.142) && told.includes(2.858), `${told}`);
  for (const time of await figure.locator('.bar-value').allInnerTexts()) assert.match(time, /^[\d.]+ (µs|ms)$/);
});

test('the pixels of maps are pointed at by keys, too', async () => {
  for (const [id, map, reading] of /** @type {const} */ ([
    ['depthwise', '.marked-map[tabindex]', '.filtering ~ .reading >> nth=-1'],
    ['residual', '.terms canvas[tabindex]', '.equation .reading >> nth=1'],
  ])) {
    const figure = await section(id);
    const pixels = figure.locator(map);
    const at = async () => numbers(await figure.locator(reading).innerText()).slice(0, 2);
    await pixels.focus();
    // An earlier test may have pointed at the border.
    for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key);
    const [x, y] = await at();
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await at(), [x + 1, y], id);
    await page.keyboard.press('ArrowUp');
    assert.deepEqual(await at(), [x + 1, y - 1], id);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowDown');
    assert.deepEqual(await at(), [x, y], id);
    assert.equal(await pixels.getAttribute('aria-valuetext'), await figure.locator(reading).innerText());
    for (let step = 0; step <= 2 * y; step++) await page.keyboard.press('ArrowUp');
    assert.deepEqual(await at(), [x, 0], `${id}: the border ends the way`);
    assert.equal(Number(await pixels.getAttribute('aria-valuenow')), x);
  }
});

test('what titles say is read by keys, too', async () => {
  for (const [place, charts] of /** @type {const} */ ([
    ['#depthwise', 2],
    ['#relu', 3],
    ['#squeeze', 1],
    ['#universal', 2],
    ['.scatter', 1],
  ])) {
    const figure = page.locator(place);
    await figure.scrollIntoViewIfNeeded();
    const readers = figure.locator('.readable');
    await readers
      .locator('[role=slider]')
      .nth(charts - 1)
      .waitFor();
    assert.equal(await readers.count(), charts, place);
    for (const reader of await readers.all()) {
      const slider = reader.getByRole('slider');
      assert.ok(await slider.getAttribute('aria-label'));
      await slider.focus();
      for (const [key, index] of /** @type {const} */ ([
        ['End', -1],
        ['Home', 0],
        ['ArrowRight', 1],
      ])) {
        // prettier-ignore
        await page.keyboard.press(key);
        const mark = reader.locator('.read');
        const title = await mark.evaluate(
          (mark) =>
            mark.querySelector(':scope > title')?.textContent ??
            mark.getAttribute('title') ??
            mark.getAttribute('aria-label'),
        );
        assert.ok(title);
        assert.equal(await reader.locator('.reading').innerText(), title);
        assert.equal(await slider.getAttribute('aria-valuetext'), title);
        const last = Number(await slider.getAttribute('aria-valuemax'));
        assert.equal(Number(await slider.getAttribute('aria-valuenow')), index < 0 ? last : index);
      }
    }
  }
});
