// Tests when the story's figures run, with the camera and untrained too, and what they measure.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { COLUMNS, FAKE_CAMERA, PHOTOS, open, openBlank, webcamOf } from './harness.js';
import { drawPicture, serveMadeUp, sharesDrawn, visit } from './story.js';

/** @type {import('../../pkg/index.js').Architecture[]} */
const architectures = JSON.parse(readFileSync(new URL('../../pkg/wasm/architectures.json', import.meta.url), 'utf8'));
const catalogue = JSON.parse(readFileSync(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));
const architecture = (version) => architectures.find((one) => one.version === version);

let session;
/** @type {Buffer} */
let picture;
/** @type {Buffer} Another picture, of one colour. */
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

/** Counts the page's requests to its workers, by type. */
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
  // Any figure that looked would have looked meanwhile.
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

/**
 * Runs in a page: counts the bitmaps and drawings that are made of a video or its frames. Chromium without a GPU keeps the pixels of
 * each: half a gigabyte after minutes of it.
 */
function countKept() {
  const counts = { bitmaps: 0, drawings: 0 };
  Object.assign(globalThis, { counts });
  const { createImageBitmap } = globalThis;
  const { drawImage } = CanvasRenderingContext2D.prototype;
  const isFrame = (source) => source instanceof HTMLVideoElement || source instanceof VideoFrame;
  globalThis.createImageBitmap = (...given) => {
    if (isFrame(given[0])) counts.bitmaps++;
    return createImageBitmap(.../** @type {[any]} */ (given));
  };
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    if (isFrame(given[0])) counts.drawings++;
    return drawImage.apply(this, /** @type {any} */ (given));
  };
}

test('of the camera’s frames no bitmap is made, and no canvas draws one', async () => {
  const page = await visit(session, picture, '', { permissions: ['camera'] });
  await page.evaluate(countKept);
  await page.locator('#camera-toggle').click();
  const rate = page.locator('.card[data-version="v1"] .rate').filter({ hasText: /\d/ });
  await rate.waitFor();
  await page.locator('#view-frame').focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('+');
  await rate.waitFor();
  const teach = page.locator('#teach .teach');
  await teach.scrollIntoViewIfNeeded();
  // The preview moves the buttons when it comes.
  const preview = teach.locator('canvas.preview');
  await preview.waitFor();
  await teach.locator('.lesson-classes').getByRole('button', { name: /^Hold/ }).first().hover();
  await page.mouse.down();
  await teach
    .locator('.lesson-classes .value')
    .first()
    .filter({ hasText: /^[2-9]/ })
    .waitFor();
  await page.mouse.up();
  // The part that was chosen is a square.
  assert.equal(await preview.evaluate((/** @type {HTMLCanvasElement} */ { width, height }) => width / height), 1);
  const colours = await preview.evaluate(
    (/** @type {HTMLCanvasElement} */ canvas) =>
      new Set(
        new Uint32Array(canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data.buffer ?? []),
      ).size,
  );
  assert.ok(colours > 1, 'the preview is empty');
  const fit = page.locator('#fit .fit');
  await fit.scrollIntoViewIfNeeded();
  await fit.getByRole('button', { name: 'Record 20 seconds', exact: true }).click();
  await page.waitForFunction(
    () => /** @type {HTMLProgressElement} */ (document.querySelector('#fit progress')).value > 0.1,
  );
  await fit.getByRole('button', { name: 'Cancel' }).first().click();
  assert.deepEqual(await page.evaluate(() => globalThis.counts), { bitmaps: 0, drawings: 0 });
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
  for (const version of COLUMNS) {
    await page.locator(`.card[data-version="${version}"] .rate`).filter({ hasText: /\d/ }).waitFor();
  }
  assert.equal(await figure.locator('.trouble').innerText(), '');
  await page.close();
});

test('with the camera nothing else runs while a figure times', async () => {
  const page = await visit(session, picture, '', {
    permissions: ['camera'],
    prepare: async (page) => {
      await serveMadeUp(page);
      await page.addInitScript(() => {
        const { postMessage } = Worker.prototype;
        /** @type {string[]} */
        const sent = [];
        Object.assign(globalThis, { sent });
        Worker.prototype.postMessage = function (message, ...rest) {
          const { type, networks } = message.request ?? {};
          const measures = /^(time-|profile)/.test(type) || networks?.length === 1;
          sent.push(networks ? `${type} ${networks.length}` : type);
          // What isn't at rest has time to show itself.
          if (measures) setTimeout(() => postMessage.call(this, message, ...rest), 100);
          else postMessage.call(this, message, ...rest);
        };
      });
    },
  });
  const sent = () => page.evaluate(() => /** @type {any} */ (globalThis).sent.splice(0));
  /** Asserts that only one sort of request was sent from the second of these on: a round may have been going on at the first. */
  const assertAlone = (sent, own, what) => {
    const first = sent.findIndex((type) => own.test(type));
    const second = first + 1 + sent.slice(first + 1).findIndex((type) => own.test(type));
    const last = sent.findLastIndex((type) => own.test(type));
    assert.ok(second > first && last > second, `${what}: ${sent}`);
    const others = sent.slice(second, last).filter((type) => !own.test(type));
    assert.deepEqual(others, [], what);
  };
  await page.locator('#camera-toggle').click();
  await page.getByRole('button', { name: 'Stop camera' }).waitFor();
  await page.locator('#depthwise .depthwise').scrollIntoViewIfNeeded();
  await page.getByText(/times fewer multiply-adds/).waitFor();
  assertAlone(await sent(), /^time-layer$/, 'both forms of a convolution');
  await page.locator('#hswish .hswish').scrollIntoViewIfNeeded();
  await page.getByText(/both in our code/).waitFor();
  assertAlone(await sent(), /^time-activation$/, 'the curves');
  const search = page.locator('#search');
  await search.locator('.search').scrollIntoViewIfNeeded();
  await search.getByRole('button', { name: 'Profile the five networks' }).click();
  await search.locator('.profile-row').nth(4).waitFor();
  assertAlone(await sent(), /^profile$/, 'the profiles');
  await search.getByRole('button', { name: 'Time the catalogue' }).click();
  await search.locator('.correlation').waitFor();
  assertAlone(await sent(), /^(untrained|free|classify 1)$/, 'the catalogue');
  await page.waitForFunction(() => /** @type {any} */ (globalThis).sent.includes('classify 5'));
  await page.close();
});

describe('with the camera each figure’s numbers are the engine’s', () => {
  /** @type {Awaited<ReturnType<typeof webcamOf>>} */
  let webcam;
  /** @type {Awaited<ReturnType<typeof open>>} */
  let filmed;
  /** @type {import('playwright-core').Page} Another page, in which only the package looks through the same camera. */
  let reference;
  /** @type {import('playwright-core').Page} */
  let page;
  before(async () => {
    webcam = await webcamOf(session, PHOTOS[0].file);
    filmed = await open([...FAKE_CAMERA, webcam.flag]);
    reference = await openBlank(filmed);
    await serveMadeUp(reference);
    await reference.evaluate(lookThroughCamera);
    page = await visit(filmed, picture);
    await page.locator('#camera-toggle').click();
    await page.getByRole('button', { name: 'Stop camera' }).waitFor();
  });
  after(async () => {
    await filmed?.close();
    await webcam?.remove();
  });

  for (const [id, check] of Object.entries({
    depthwise: checkDepthwise,
    relu: checkRelu,
    residual: checkResidual,
    squeeze: checkSqueeze,
    hswish: checkHswish,
    search: checkSearch,
    universal: checkUniversal,
    teach: checkTeach,
  })) {
    test(id, async () => {
      const figure = page.locator(`#${id}`);
      await figure.locator(`.${id}`).scrollIntoViewIfNeeded();
      await check(figure);
      assert.equal(await figure.locator('.trouble').innerText(), '');
    });
  }

  /** Repeats a check until it succeeds, because a figure shows another frame until it has looked at the camera's. */
  async function soon(check) {
    for (const end = Date.now() + 20_000; ; await page.waitForTimeout(200)) {
      try {
        return await check();
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }

  /** Reads one channel of a layer for the frame. */
  const channelOf = (version, layer, channel) =>
    reference.evaluate(async ([version, layer, channel]) => {
      const { data, channels } = (await inspectOf(version, [layer])).get(layer);
      return [...data.filter((_, at) => at % channels === channel)];
    }, /** @type {const} */ ([version, layer, channel]));

  /** Compares a drawn map with a channel of a layer, each on the scale of its own largest value. */
  async function assertMap(canvas, version, layer, channel) {
    const [drawn, values] = [await canvas.evaluate(sharesDrawn), await channelOf(version, layer, channel)];
    assert.equal(drawn.length, values.length);
    const most = (list) => list.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const [ink, scale] = [most(drawn), most(values)];
    assert.ok(ink > 0 && scale > 0);
    for (const [at, value] of values.entries())
      assert.ok(Math.abs(drawn[at] / ink - value / scale) < 0.05, `${layer}, channel ${channel}, pixel ${at}`);
  }

  const chosen = async (grid) => Number(await grid.getAttribute('aria-valuenow'));

  async function checkDepthwise(figure) {
    await soon(async () => {
      const channel = await chosen(figure.locator('.mosaic').first());
      await assertMap(figure.locator('.filtering canvas').first(), 'v1', 'stem', channel);
      await assertMap(figure.locator('.filtering canvas').last(), 'v1', 'block 0 depthwise', channel);
      const most = Math.max(...(await channelOf('v1', 'block 0 depthwise', channel)));
      const told = numbers(await figure.locator('.filtering ~ .reading').first().innerText());
      assert.ok(told[0] === channel + 1 && Math.abs(told[2] - most) <= 0.01 * most, `${told}: it is ${most}`);
    });
  }

  async function checkRelu(figure) {
    const expected = await reference.evaluate(async () => {
      const dead = {};
      for (const version of /** @type {const} */ (['v1', 'v2'])) {
        for (const [name, { data, channels }] of await inspectOf(version)) {
          const alive = new Set();
          data.forEach((value, at) => value !== 0 && alive.add(at % channels));
          dead[`${version} ${name}`] = channels - alive.size;
        }
      }
      return dead;
    });
    await soon(async () => {
      const shown = await figure
        .locator('rect[data-layer]')
        .evaluateAll((bars) => bars.map(({ dataset: { layer, dead } }) => [layer, Number(dead)]));
      assert.equal(shown.length, 26 + 50);
      for (const [at, [layer, dead]] of shown.entries())
        assert.equal(dead, expected[`${at < 26 ? 'v1' : 'v2'} ${layer}`], layer);
    });
  }

  async function checkResidual(figure) {
    const grids = figure.locator('.block .mosaic');
    await soon(async () => {
      const [narrow, wide] = [await chosen(grids.last()), await chosen(grids.nth(1))];
      await assertMap(figure.locator('.terms canvas').nth(2), 'v2', 'block 2 add', narrow);
      const pair = figure.locator('.equation').nth(1);
      await assertMap(pair.locator('canvas').first(), 'v2', 'block 2 expand', wide);
      await assertMap(pair.locator('canvas').last(), 'v2', 'block 2 depthwise', wide);
      const [, before, after] = numbers(await pair.locator('.reading').innerText());
      for (const [shown, layer] of /** @type {const} */ ([
        [before, 'expand'],
        [after, 'depthwise'],
      ])) {
        const most = Math.max(...(await channelOf('v2', `block 2 ${layer}`, wide)));
        assert.ok(Math.abs(shown - most) <= 0.01 * most, `${layer}: ${shown}, it is ${most}`);
      }
    });
  }

  async function checkSqueeze(figure) {
    const gates = await reference.evaluate(async () => {
      const tensors = await inspectOf('v3-small', ['block 3 excite']);
      return [...tensors.get('block 3 excite').data];
    });
    assert.ok(new Set(gates).size > 2, 'the gates are all alike');
    await soon(async () => {
      const shown = await figure
        .locator('.gate')
        .evaluateAll((bars) => bars.map(({ dataset: { channel, gate } }) => [Number(channel), Number(gate)]));
      assert.equal(shown.length, gates.length);
      for (const [channel, gate] of shown)
        assert.ok(Math.abs(gate - gates[channel]) < 0.01, `channel ${channel}: ${gate}, it is ${gates[channel]}`);
    });
  }

  async function checkHswish(figure) {
    const below = await reference.evaluate(async () => {
      const { data } = (await inspectOf('v3-small', ['last pointwise'])).get('last pointwise');
      return data.filter((value) => value < 0).length / data.length;
    });
    await soon(async () => {
      const [share] = numbers(await figure.getByText(/of these values are below zero/).innerText());
      assert.ok(Math.abs(share / 100 - below) < 0.006, `${share} %, it is ${below}`);
    });
  }

  async function checkSearch(figure) {
    // This figure has no numbers of the frame. It only has to work beside the camera.
    await figure.getByRole('button', { name: 'Profile the five networks' }).click();
    await figure.locator('.profile-row').nth(4).waitFor();
    for (const [index, version] of COLUMNS.entries()) {
      const parameters = await figure
        .locator('.profile-row')
        .nth(index)
        .locator('rect')
        .evaluateAll((rects) => rects.reduce((sum, { dataset }) => sum + Number(dataset.parameters), 0));
      assert.equal(parameters, architecture(version).parameters, version);
    }
  }

  async function checkUniversal(figure) {
    const told = figure.locator('.parts + .reading').filter({ hasText: /block \d+/ });
    const [number] = numbers((await told.innerText()).replace('V4', ''));
    const block = number - 1;
    for (const [part, layer] of /** @type {const} */ ([
      ['.expand', 'expand'],
      ['.depthwise', 'depthwise'],
      ['.project', 'project'],
    ])) {
      const name = `block ${block} ${layer}`;
      // The figure shows the channel whose pixels differ most.
      const channel = await reference.evaluate(async (name) => {
        const { data, channels } = (await inspectOf('v4-conv-small', [name])).get(name);
        const spread = Array.from({ length: channels }, (_, channel) => {
          const values = data.filter((_, at) => at % channels === channel);
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
          const most = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
          return most > 0 ? variance / most ** 2 : 0;
        });
        return spread.indexOf(Math.max(...spread));
      }, name);
      await soon(() => assertMap(figure.locator(`.part${part} canvas`), 'v4-conv-small', name, channel));
    }
  }

  async function checkTeach(figure) {
    await figure.locator('.lesson-answers li').nth(4).waitFor();
    await figure.getByRole('button', { name: /^Hold to add frames/ }).first().click(); // prettier-ignore
    await figure.getByText('1 example', { exact: true }).nth(4).waitFor();
    const exporting = page.waitForEvent('download');
    await figure.getByRole('button', { name: 'Export as JSON' }).click();
    const { lessons } = JSON.parse(await readFile(await (await exporting).path(), 'utf8'));
    assert.equal(lessons.length, COLUMNS.length);
    for (const [index, version] of COLUMNS.entries()) {
      const features = await reference.evaluate(async (version) => [...(await embeddingOf(version))], version);
      const bytes = Buffer.from(lessons[index].examples[0].features, 'base64');
      const given = features.map((_, at) => bytes.readFloatLE(4 * at));
      const dot = (a, b) => a.reduce((sum, value, at) => sum + value * b[at], 0);
      const cosine = dot(given, features) / Math.sqrt(dot(given, given) * dot(features, features));
      assert.equal(bytes.length, 4 * features.length);
      assert.ok(cosine > 0.9999, `${version}: ${cosine}`);
    }
  }
});

/** Runs in the reference page: reads the webcam's frame, which stays the same, with the package. */
async function lookThroughCamera() {
  const { Engine } = await import('/pkg/index.js');
  const engine = await Engine.create();
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: 640 }, height: { ideal: 480 } },
  });
  await video.play();
  const frame = await createImageBitmap(video);
  const nets = new Map();
  const netOf = async (version) => {
    if (!nets.has(version)) nets.set(version, await engine.load({ weights: `/models/made-up/${version}.safetensors` }));
    return nets.get(version);
  };
  Object.assign(globalThis, {
    netOf,
    inspectOf: async (version, layers) => (await netOf(version)).inspect(frame, { layers }),
    embeddingOf: async (version) => (await netOf(version)).embed(frame),
    kept: engine,
  });
}

const numbers = (text) => (text.replaceAll('−', '-').match(/-?\d+(\.\d+)?/g) ?? []).map(Number);

test('teach: holding a button adds frame after frame of the camera, until it is let go', async () => {
  const page = await visit(session, picture, '', { permissions: ['camera'] });
  await page.locator('#camera-toggle').click();
  await page.getByRole('button', { name: 'Stop camera' }).waitFor();
  const figure = page.locator('#teach');
  await figure.locator('.teach').scrollIntoViewIfNeeded();
  await figure.locator('.lesson-answers li').nth(4).waitFor();
  const counted = async (row) => Number(await figure.locator('.lesson-classes .value').nth(row).innerText());
  const holds = figure.getByRole('button', { name: /^Hold to add frames/ });
  const letGo = async (row) => {
    // A frame may still be added during this time.
    await page.waitForTimeout(1000);
    const count = await counted(row);
    await page.waitForTimeout(1500);
    assert.equal(await counted(row), count, 'frames are added after the release');
    return count;
  };
  const atLeast = (row, count) =>
    page.waitForFunction(
      ([row, count]) => Number(document.querySelectorAll('#teach .lesson-classes .value')[row].textContent) >= count,
      [row, count],
    );

  await holds.nth(0).hover();
  await page.mouse.down();
  await atLeast(0, 4);
  await page.mouse.up();
  const first = await letGo(0);

  await holds.nth(1).focus();
  await page.keyboard.down(' ');
  await atLeast(1, 3);
  await page.keyboard.up(' ');
  await letGo(1);
  assert.equal(await counted(0), first);
  await figure.getByText(new RegExp(`^${first + (await counted(1))} examples`)).nth(4).waitFor(); // prettier-ignore
  await page.close();
});

test('without a picture a figure says that it waits, and without weights that it runs untrained', async () => {
  const page = await session.browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(60_000);
  await page.route('**/models/models.json', (route) => route.fulfill({ json: { models: [] } }));
  await page.route('**/samples/*', (route) => route.abort());
  await page.goto(session.url);
  await page.locator('#search .search').scrollIntoViewIfNeeded();
  await page.locator('#search .note').filter({ hasText: 'waits for a picture' }).waitFor();
  // The catalogue needs no picture. The columns' networks come with the first one.
  await page.getByRole('button', { name: 'Time the catalogue' }).click();
  await page.locator('#search .correlation').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Profile the five networks' }).isDisabled());
  await page.locator('#picture-file').setInputFiles({ name: 'made-up.png', mimeType: 'image/png', buffer: picture });
  await page.locator('#residual .residual').scrollIntoViewIfNeeded();
  await page.getByText(/^Widened 56×56×144$/).waitFor();
  assert.match(await page.locator('#residual .note').innerText(), /^There are no weights for V2 here/);
  await page.locator('#relu .relu').scrollIntoViewIfNeeded();
  await page.locator('#relu .note').filter({ hasText: 'for V1 and V2 here' }).waitFor();
  // This figure needs only times.
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
  // The pointer would choose layers, too.
  await page.mouse.move(0, 0);
  // Each kind of step has its own colour, the same as in the legend.
  const colours = await figure.evaluate((figure) =>
    [...figure.querySelectorAll('.kinds li')].map((key) => {
      const steps = [...figure.querySelectorAll(`rect.${key.className}`)].map((rect) => getComputedStyle(rect).fill);
      return { key: getComputedStyle(key, '::before').backgroundColor, steps: [...new Set(steps)] };
    }),
  );
  assert.deepEqual([colours.length, new Set(colours.map(({ key }) => key)).size], [5, 5]);
  for (const { key, steps } of colours) assert.deepEqual(steps, [key]);
  for (const [index, version] of COLUMNS.entries()) {
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
    for (const { step, group } of steps)
      assert.equal(group, groupOf(step, architecture(version)), `${version}: ${step}`);
    // A widened large map is filtered in the same step, so that it never exists as a whole.
    if (version === 'v2') {
      const fused = steps.flatMap(({ step }) => /^block (\d+) expand \+ depthwise$/.exec(step)?.[1] ?? []);
      assert.deepEqual(fused.map(Number), largeBlocks(architecture(version)));
    }
    // Each step begins at the time at which the steps before it end.
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
    assert.equal(await rows.nth(index).locator('.outline[d]').count(), 0, 'the stem is in no block');

    // A step of a block says what the whole block has, and the block is outlined.
    await page.keyboard.press('ArrowRight');
    const block = steps.filter(({ step }) => step.startsWith('block 0 '));
    const whole = await figure.locator('.search > .reading').last().innerText();
    const [, has] =
      /\. All of block 1: \d+×\d+×\d+ → \d+×\d+×\d+ · ([\d,]+) parameters · .* GFLOP\/s$/.exec(whole) ?? [];
    const expected = block.reduce((sum, { parameters }) => sum + parameters, 0);
    assert.equal(has, expected.toLocaleString('en-US'), whole);
    const outline = await rows
      .nth(index)
      .locator('.outline')
      .evaluate((/** @type {SVGPathElement} */ path) => path.getBBox().x);
    assert.ok(Math.abs(outline - block[0].x) < 0.01, `${outline}, not ${block[0].x}`);
  }
  await page.close();
});

/** The kind of step with this name in the engine. */
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
  for (const version of COLUMNS)
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
  assert.ok(Math.abs(Number(shown.replace('−', '-')) - expected) < 0.001, `${shown}, it is ${expected}`);
  // If time doesn't count, the most accurate network wins.
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

  // If time counts, the times measured here decide.
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
    const places = await figure.locator('.paper-places').innerText();
    for (const [name, top1] of /** @type {const} */ ([
      ['V3-Large', 75.2],
      ['V3-Small', 67.4],
    ])) {
      // prettier-ignore
      const own = (top1 / 100) * (timeOf.get(name) / target) ** w;
      const rank = 1 + rewards.filter((other) => other.name !== name && other.reward > own).length;
      const [, told, place] = new RegExp(`With its paper’s ${top1} % .* ms here, ${name} gets ([\\d.]+): rank (\\d+) of ${n}\\.`).exec(places) ?? []; // prettier-ignore
      assert.ok(Math.abs(Number(told) - own) < 0.00051, `${name}: ${told} with w = ${w}, it is ${own}`);
      // A reward that is shown with three digits may be as high as the next.
      assert.ok(Math.abs(Number(place) - rank) <= 1, `${name}: ${place} in place of ${rank}`);
    }
    for (const { name, reward } of rewards) {
      const expected = (published.get(name) / 100) * (timeOf.get(name) / target) ** w;
      assert.ok(Math.abs(reward - expected) < 0.00051, `${name}: ${reward} with w = ${w}, it is ${expected}`);
    }
    assert.deepEqual(rewards.map(({ reward }) => reward), rewards.map(({ reward }) => reward).sort((a, b) => b - a)); // prettier-ignore
  }
  await page.close();
});

/** The best published accuracy of each network of the catalogue, by the page's name for it. Per cent. */
function publishedAccuracies() {
  const best = new Map();
  for (const { version, width, top1 } of catalogue) {
    const name = `${architecture(version).name.replace(/^MobileNet ?/, '')}${width === 1 ? '' : ` ×${width}`}`;
    best.set(name, Math.max(best.get(name) ?? 0, top1));
  }
  return best;
}

/** Spearman's correlation: the correlation of the ranks. Equal values share the mean of their ranks. */
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
  // After the reload a service worker would fetch real weights, which the test doesn't see.
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
  await figure.getByText('Frames of one press are nearly alike').waitFor();
  await show('picture.png', picture);
  await answers.filter({ hasText: 'Blocks' }).nth(4).waitFor();

  const exporting = page.waitForEvent('download');
  await figure.getByRole('button', { name: 'Export as JSON' }).click();
  const json = await readFile(await (await exporting).path());
  assert.deepEqual(
    JSON.parse(String(json)).lessons.map(({ labels, examples }) => [labels, examples.length]),
    COLUMNS.map(() => [['Blocks', 'Plain'], 4]),
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
  // The page reads the file after the event.
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
