// The story's figures as they run: only where they are seen, with the camera, untrained; and what they measure.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { FAKE_CAMERA, PHOTOS, open, openBlank, webcamOf } from './harness.js';
import { VERSIONS, drawPicture, serveMadeUp, visit } from './story.js';

/** @type {import('../../pkg/index.js').Architecture[]} */
const architectures = JSON.parse(readFileSync(new URL('../../pkg/wasm/architectures.json', import.meta.url), 'utf8'));
const catalogue = JSON.parse(readFileSync(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));
const architecture = (version) => architectures.find((one) => one.version === version);

let session;
/** @type {Buffer} */
let picture;
/** @type {Buffer} Another, of one colour. */
let other;
before(async () => {
  session = await open(FAKE_CAMERA);
  const blank = await openBlank(session);
  picture = Buffer.from(await blank.evaluate(drawPicture));
  other = Buffer.from(
    await blank.evaluate(async () => {
      const canvas = new OffscreenCanvas(320, 240);
      const context = canvas.getContext('2d');
      context.fillStyle = 'teal';
      context.fillRect(0, 0, 320, 240);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    }),
  );
  await blank.close();
});
after(() => session?.close());

/** Counts what the page asks of its workers, by the requests' types. */
async function countRequests(page) {
  await page.addInitScript(() => {
    const { postMessage } = Worker.prototype;
    const counts = {};
    Object.assign(globalThis, { counts });
    Worker.prototype.postMessage = function (message, ...rest) {
      const { type } = message.request ?? {};
      counts[type] = (counts[type] ?? 0) + 1;
      return postMessage.call(this, message, ...rest);
    };
  });
}

const asked = (page, type) => page.evaluate((type) => counts[type] ?? 0, type);

test('figures look only while they are seen, and a still picture once', async () => {
  const page = await visit(session, picture, '', {
    prepare: async (page) => {
      await serveMadeUp(page);
      await countRequests(page);
    },
  });
  // As many looks as any figure would have had.
  await page.waitForTimeout(1500);
  assert.equal(await asked(page, 'inspect'), 0, 'a figure looked that nobody sees');
  await page.locator('#squeeze .squeeze').scrollIntoViewIfNeeded();
  await page.locator('#squeeze .gate').first().waitFor();
  await page.waitForTimeout(1500);
  const looked = await asked(page, 'inspect');
  assert.ok(looked > 0);
  await page.waitForTimeout(1000);
  assert.equal(await asked(page, 'inspect'), looked, 'the same picture was looked at again');
  await page.locator('#squeeze .pick select').selectOption('5');
  await page.getByText('240 gates').waitFor();
  assert.ok((await asked(page, 'inspect')) > looked);
  await page.close();
});

test('with the camera a figure follows the frames while the columns go on', async () => {
  const page = await visit(session, picture, '', { permissions: ['camera'] });
  await page.locator('#camera-toggle').click();
  const figure = page.locator('#residual');
  await figure.locator('.residual').scrollIntoViewIfNeeded();
  const pixels = () =>
    figure
      .locator('.mosaic canvas')
      .first()
      .evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());
  // The made-up camera's picture moves.
  const first = await pixels();
  await page.waitForFunction(
    (first) =>
      /** @type {HTMLCanvasElement} */ (document.querySelector('#residual .mosaic canvas')).toDataURL() !== first,
    first,
  );
  const second = await pixels();
  await page.waitForFunction(
    (second) =>
      /** @type {HTMLCanvasElement} */ (document.querySelector('#residual .mosaic canvas')).toDataURL() !== second,
    second,
  );
  for (const version of VERSIONS) {
    await page.locator(`.card[data-version="${version}"] .rate`).filter({ hasText: /\d/ }).waitFor();
  }
  assert.equal(await figure.locator('.trouble').innerText(), '');
  await page.close();
});

test('with the camera a figure’s numbers are the engine’s', async () => {
  const webcam = await webcamOf(session, PHOTOS[0].file);
  const filmed = await open([...FAKE_CAMERA, webcam.flag]);
  try {
    const reference = await openBlank(filmed);
    await serveMadeUp(reference);
    const gates = await reference.evaluate(async () => {
      const { MobileNet } = await import('/pkg/index.js');
      const net = await MobileNet.load({ weights: '/models/made-up/v3-small.safetensors' });
      const video = document.createElement('video');
      video.muted = true;
      video.srcObject = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 640 }, height: { ideal: 480 } },
      });
      await video.play();
      const tensors = await net.inspect(video, { layers: ['block 3 excite'] });
      return [...tensors.get('block 3 excite').data];
    });
    assert.ok(new Set(gates).size > 2, 'the gates are all alike');
    const page = await visit(filmed, picture);
    await page.locator('#squeeze .squeeze').scrollIntoViewIfNeeded();
    await page.locator('#squeeze .gate').first().waitFor();
    await page.locator('#camera-toggle').evaluate((/** @type {HTMLButtonElement} */ button) => button.click());
    await page.waitForFunction((gates) => {
      const bars = [...document.querySelectorAll('#squeeze .gate')];
      return (
        bars.length === gates.length &&
        bars.every((bar) => {
          const [channel, gate] = ['channel', 'gate'].map((name) => Number(bar.getAttribute(`data-${name}`)));
          return Math.abs(gate - gates[channel]) < 0.01;
        })
      );
    }, gates);
  } finally {
    await filmed.close();
    await webcam.remove();
  }
});

test('without a picture a figure says that it waits, and without weights that it runs untrained', async () => {
  const page = await session.browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(60_000);
  await page.route('**/models/models.json', (route) => route.fulfill({ json: { models: [] } }));
  await page.route('**/samples/*', (route) => route.abort());
  await page.goto(session.url);
  await page.locator('#search .search').scrollIntoViewIfNeeded();
  await page.locator('#search .note').filter({ hasText: 'waits for a picture' }).waitFor();
  await page.locator('#picture-file').setInputFiles({ name: 'made-up.png', mimeType: 'image/png', buffer: picture });
  await page.locator('#residual .residual').scrollIntoViewIfNeeded();
  await page.getByText(/^Widened 56×56×144$/).waitFor();
  assert.match(await page.locator('#residual .note').innerText(), /^There are no weights for V2 here/);
  await page.locator('#relu .relu').scrollIntoViewIfNeeded();
  await page.locator('#relu .note').filter({ hasText: 'for V1 and V2 here' }).waitFor();
  // Of that one only the times count.
  await page.locator('#search .search').scrollIntoViewIfNeeded();
  await page.locator('#search .row button:enabled').nth(1).waitFor();
  assert.equal(await page.locator('#search .note').innerText(), '');
  await page.close();
});

test('search: the profiles are whole networks, and a layer gives its numbers', async () => {
  const page = await visit(session, picture);
  const figure = page.locator('#search');
  await figure.locator('.search').scrollIntoViewIfNeeded();
  await figure.getByRole('button', { name: 'Profile the five networks' }).click();
  const rows = figure.locator('.profile-row');
  await rows.nth(4).waitFor();
  // It would choose layers, too.
  await page.mouse.move(0, 0);
  // Each kind of step has a colour of its own, which the legend has too.
  const colours = await figure.evaluate((figure) =>
    [...figure.querySelectorAll('.kinds li')].map((key) => {
      const steps = [...figure.querySelectorAll(`rect.${key.className}`)].map((rect) => getComputedStyle(rect).fill);
      return { key: getComputedStyle(key, '::before').backgroundColor, steps: [...new Set(steps)] };
    }),
  );
  assert.deepEqual([colours.length, new Set(colours.map(({ key }) => key)).size], [5, 5]);
  for (const { key, steps } of colours) assert.deepEqual(steps, [key]);
  for (const [index, version] of VERSIONS.entries()) {
    const { parameters, blocks, resolution, stem } = architecture(version);
    const steps = await rows
      .nth(index)
      .locator('rect')
      .evaluateAll((rects) =>
        /** @type {SVGRectElement[]} */ (rects).map(
          ({ dataset: { step, microseconds, parameters }, x, classList }) => ({
            step,
            group: classList[0],
            microseconds: Number(microseconds),
            parameters: Number(parameters),
            x: x.baseVal.value,
          }),
        ),
      );
    assert.equal(
      steps.reduce((sum, { parameters }) => sum + parameters, 0),
      parameters,
      version,
    );
    for (const { step, group } of steps) assert.equal(group, groupOf(step, architecture(version)), `${version}: ${step}`);
    // What is widened on a large map is filtered in the same step, and never there as a whole.
    if (version === 'v2') {
      const fused = steps.flatMap(({ step }) => /^block (\d+) expand \+ depthwise$/.exec(step)?.[1] ?? []);
      assert.deepEqual(fused.map(Number), largeBlocks(architecture(version)));
    }
    // Each begins where those before it end, in time.
    const total = steps.reduce((sum, { microseconds }) => sum + microseconds, 0);
    const last = steps.at(-1);
    let before = 0;
    for (const { x, microseconds, step } of steps) {
      const expected = (before * last.x) / (total - last.microseconds);
      assert.ok(Math.abs(x - expected) < 0.01 * last.x, `${version}: ${step} at ${x}, not ${expected}`);
      before += microseconds;
    }
    for (let block = 0; block < blocks.length; block++) {
      assert.ok(
        steps.some(({ step }) => step.startsWith(`block ${block} `)),
        `${version}: block ${block}`,
      );
    }
    const line = rows.nth(index).getByRole('slider');
    await line.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    const told = await figure.locator('.search > .reading').last().innerText();
    assert.match(told, /^stem · 224×224×3 → 112×112×\d+, 3×3 stride 2 · \d+ parameters · [\d.]+ M MACs · .* GFLOP\/s$/);
    assert.ok(told.includes(`→ ${resolution / 2}×${resolution / 2}×${stem.outChannels}`));
    assert.equal(await line.getAttribute('aria-valuetext'), told);
  }
  await page.close();
});

/** What kind of step the engine's name stands for. */
function groupOf(step, { blocks }) {
  if (step.endsWith('expand + depthwise')) return 'fused';
  if (step.endsWith('depthwise')) return 'depthwise';
  if (step === 'stem') return 'stem';
  if (step === 'last pointwise') return 'pointwise';
  const [, block, part] = /^block (\d+) (expand|project)$/.exec(step) ?? [];
  if (!part) return 'rest';
  return blocks[Number(block)][part].kind === 'pointwise' ? 'pointwise' : 'stem';
}

/** The blocks that widen maps of 28 x 28 or more. */
function largeBlocks({ blocks, stem, resolution }) {
  let size = resolution / stem.stride;
  return blocks.flatMap(({ expand, depthwise }, index) => {
    const before = size;
    size /= depthwise?.stride ?? 1;
    return expand && before >= 28 ? [index] : [];
  });
}

test('search: the catalogue is ranked by the engine’s counts and by time', async () => {
  const page = await visit(session, picture);
  const figure = page.locator('#search');
  await figure.locator('.search').scrollIntoViewIfNeeded();
  await figure.getByRole('button', { name: 'Time the catalogue' }).click();
  await figure.locator('.correlation').waitFor();
  const networks = new Set(catalogue.map(({ version, width, resolution }) => `${version} ${width} ${resolution}`));
  const measured = await figure
    .locator('.tie')
    .evaluateAll((ties) => ties.map((tie) => ({ macs: Number(tie.dataset.macs), time: Number(tie.dataset.time) })));
  assert.equal(measured.length, networks.size);
  for (const version of VERSIONS)
    assert.ok(
      measured.some(({ macs }) => macs === architecture(version).macs),
      version,
    );
  const n = measured.length;
  const expected = spearman(
    measured.map(({ macs }) => macs),
    measured.map(({ time }) => time),
  );
  const told = await figure.locator('.correlation').innerText();
  const [, count, shown] = /over (\d+) networks: ([−\d.]+)\./.exec(told) ?? [];
  assert.equal(Number(count), n);
  // Two of the same time share a rank, and the formula above is for none.
  if (new Set(measured.map(({ time }) => time)).size === n) {
    assert.ok(Math.abs(Number(shown.replace('−', '-')) - expected) < 0.001, `${shown}, it is ${expected}`);
  }
  // Where time doesn't count the most accurate network wins.
  const exponent = figure.getByRole('slider', { name: 'Exponent w' });
  await exponent.focus();
  await page.keyboard.press('Home');
  const first = figure.locator('.ranking .bar').first();
  const best = catalogue.reduce((a, b) => (b.top1 > a.top1 ? b : a));
  assert.equal(
    await first.locator('.bar-name').innerText(),
    architecture(best.version).name.replace(/^MobileNet ?/, ''),
  );
  assert.equal(await first.locator('.bar-value').innerText(), (best.top1 / 100).toFixed(3));

  // Where it does, the times measured here decide.
  const timeOf = new Map(
    await figure
      .locator('.rank-chart')
      .evaluate((chart) =>
        [...chart.querySelectorAll('.tie')].map((tie) => [
          tie.previousElementSibling?.textContent?.replace(/ [\d.,]+ ?M?$/, ''),
          Number(/** @type {SVGElement} */ (tie).dataset.time),
        ]),
      ),
  );
  assert.equal(timeOf.size, n);
  const target = timeOf.get('V2');
  const published = publishedAccuracies();
  for (const w of [-0.07, -0.6]) {
    while ((await exponent.getAttribute('aria-valuetext')) !== `${w}`.replace('-', '−'))
      await page.keyboard.press('ArrowRight');
    const rewards = await figure.locator('.ranking .bar').evaluateAll((bars) =>
      bars.map((bar) => ({
        name: bar.querySelector('.bar-name')?.textContent ?? '',
        reward: Number(bar.querySelector('.bar-value')?.textContent),
      })),
    );
    assert.equal(rewards.length, n);
    for (const { name, reward } of rewards) {
      const expected = (published.get(name) / 100) * (timeOf.get(name) / target) ** w;
      assert.ok(Math.abs(reward - expected) < 0.00051, `${name}: ${reward} with w = ${w}, it is ${expected}`);
    }
    assert.deepEqual(rewards.map(({ reward }) => reward), rewards.map(({ reward }) => reward).sort((a, b) => b - a)); // prettier-ignore
  }
  await page.close();
});

/** The best published accuracy of each network of the catalogue, per cent, by what the page calls it. */
function publishedAccuracies() {
  const best = new Map();
  for (const { version, width, top1 } of catalogue) {
    const name = `${architecture(version).name.replace(/^MobileNet ?/, '')}${width === 1 ? '' : ` ×${width}`}`;
    best.set(name, Math.max(best.get(name) ?? 0, top1));
  }
  return best;
}

/** Spearman's rank correlation: that of the ranks, of which equal values share the mean of theirs. */
function spearman(a, b) {
  const ranksOf = (values) => {
    const order = [...values].sort((x, y) => x - y);
    return values.map((value) => (order.indexOf(value) + order.lastIndexOf(value)) / 2);
  };
  const [x, y] = [a, b].map(ranksOf);
  const mean = (a.length - 1) / 2;
  const product = (x, y) => x.reduce((sum, rank, index) => sum + (rank - mean) * (y[index] - mean), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

test('universal: the switches make the four blocks, and count their work', async () => {
  const page = await visit(session, picture);
  const figure = page.locator('#universal');
  await figure.locator('.universal').scrollIntoViewIfNeeded();
  const start = figure.getByRole('checkbox', { name: 'Depthwise before the widening' });
  const middle = figure.getByRole('checkbox', { name: 'Depthwise in the middle' });
  const { expand, depthwise, project } = architecture('v4-conv-small').blocks.at(-1);
  const mixing = expand.inChannels * expand.outChannels + project.inChannels * project.outChannels;
  const filtering = (channels) => channels * depthwise.kernel ** 2;
  for (const [before, inside, name, parts, marked] of /** @type {const} */ ([
    [true, true, 'Extra depthwise', 5, 3],
    [false, true, 'Inverted bottleneck', 4, 8],
    [true, false, 'ConvNext-like', 4, 1],
    [false, false, 'Feed-forward', 3, 0],
  ])) {
    await start.setChecked(before);
    await middle.setChecked(inside);
    await figure.getByRole('heading', { name, exact: true }).waitFor();
    const filters = (before ? filtering(expand.inChannels) : 0) + (inside ? filtering(depthwise.outChannels) : 0);
    assert.equal(Number(await figure.locator('[data-macs]').getAttribute('data-macs')), 7 * 7 * (mixing + filters));
    assert.equal(await figure.locator('.part:visible').count(), parts);
    assert.equal(await figure.locator('.strip').first().locator('.tile.marked').count(), marked);
    const maps = marked > 0 ? parts : 0;
    await page.waitForFunction(
      (maps) => document.querySelectorAll('#universal canvas:not([hidden])').length === maps,
      maps,
    );
  }
  await page.close();
});

test('teach: what was added decides, is exported, and is there again after an import', async () => {
  // After the reload it would get real weights past the test.
  const page = await visit(session, picture, '', { serviceWorkers: 'block' });
  const figure = page.locator('#teach');
  const show = async (name, buffer) => {
    await page.locator('#picture-file').setInputFiles({ name, mimeType: 'image/png', buffer });
    await page.locator(`#canvas[aria-label="${name}"]`).waitFor();
  };
  await figure.locator('.teach').scrollIntoViewIfNeeded();
  const answers = figure.locator('.lesson-answers li');
  await answers.nth(4).waitFor();
  const names = figure.getByRole('textbox', { name: 'Name of the class' });
  const hold = (name) => figure.getByRole('button', { name: `Hold to add frames to ${name}` });
  const counts = () => figure.locator('.lesson-classes .value').allInnerTexts();
  await names.nth(0).fill('Blocks');
  await names.nth(1).fill('Blocks');
  await names.nth(1).blur();
  await figure.getByText('There is a class called Blocks already.').waitFor();
  await names.nth(1).fill('Plain');
  await names.nth(1).blur();

  await hold('Blocks').click();
  await figure.getByText('1 example', { exact: true }).nth(4).waitFor();
  await hold('Blocks').press('Space');
  await figure.getByText('2 examples', { exact: true }).nth(4).waitFor();
  await show('other.png', other);
  for (const count of [3, 4]) {
    await hold('Plain').press('Enter');
    await figure.getByText(`${count} examples`).nth(4).waitFor();
  }
  assert.deepEqual(await counts(), ['2', '2']);
  for (const answer of await answers.all()) {
    assert.match(await answer.innerText(), /^\S+\s+Plain\s+[\d.]+ %\s+4 examples · 100 % named rightly/);
  }
  await show('picture.png', picture);
  await answers.filter({ hasText: 'Blocks' }).nth(4).waitFor();

  const exporting = page.waitForEvent('download');
  await figure.getByRole('button', { name: 'Export as JSON' }).click();
  const json = await readFile(await (await exporting).path());
  assert.deepEqual(
    JSON.parse(String(json)).lessons.map(({ labels, examples }) => [labels, examples.length]),
    VERSIONS.map(() => [['Blocks', 'Plain'], 4]),
  );
  const importing = (buffer) =>
    figure.locator('input[type=file]').setInputFiles({ name: 'given.json', mimeType: 'application/json', buffer });
  for (const [broken, reason] of [
    ['{', 'it isn’t JSON'],
    ['[]', 'there are no lessons in it'],
    [String(json).replace(/"features":"...../, '"features":"?????'), 'examples[0] is none'],
  ]) {
    await importing(Buffer.from(broken));
    await figure.getByText(`given.json was not imported: ${reason}. Your examples are as they were.`).waitFor();
    assert.deepEqual(await counts(), ['2', '2']);
  }

  await page.reload();
  await figure.locator('.teach').scrollIntoViewIfNeeded();
  await show('other.png', other);
  await answers.nth(4).waitFor();
  await importing(json);
  // The file is read after the event.
  await figure.getByRole('button', { name: 'Remove Plain and its examples' }).waitFor();
  assert.equal(await figure.locator('.lesson-status').innerText(), '');
  await figure.locator('.teach').scrollIntoViewIfNeeded();
  await answers.filter({ hasText: 'Plain' }).nth(4).waitFor();
  assert.deepEqual(await names.evaluateAll((all) => all.map((name) => /** @type {HTMLInputElement} */ (name).value)), [
    'Blocks',
    'Plain',
  ]);
  assert.deepEqual(await counts(), ['2', '2']);
  await page.close();
});
