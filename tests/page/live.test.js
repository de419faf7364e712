// Tests what visitors can do with the camera's picture and with the answers.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { FAKE_CAMERA, PHOTOS, card, firstAnswer, firstModels, lightestWide, open, openPage } from './harness.js';
import { serveMadeUp } from './story.js';

let session;
before(async () => (session = await open([...FAKE_CAMERA, '--use-fake-device-for-media-stream=device-count=2'])));
after(() => session?.close());

const [cat, coffee] = PHOTOS;
const [one] = firstModels;

async function everyCardSays(page, label) {
  for (const { version } of firstModels) await firstAnswer(page, version).filter({ hasText: label }).waitFor();
}

async function openRead(options) {
  const page = await openPage(session, options);
  page.setDefaultTimeout(60_000);
  await everyCardSays(page, cat.label);
  return page;
}

const startCamera = async (page) => {
  await page.getByRole('button', { name: 'Start camera' }).click();
  await page.getByRole('button', { name: 'Stop camera' }).waitFor();
};

/** Copies the answers, and returns what the page writes to the clipboard. */
async function copied(page) {
  await page.evaluate(() => {
    globalThis.spoken = [];
    const writeText = async (text) => void spoken.push(text);
    Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText } });
  });
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await page.getByText('The answers and times are in the clipboard.').waitFor();
  return JSON.parse((await page.evaluate(() => spoken))[0]);
}

/** Makes a picture of two square photos side by side. */
async function sideBySide(page) {
  const base64 = await page.evaluate(
    async (files) => {
      const canvas = new OffscreenCanvas(600, 300);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      for (const [i, file] of files.entries()) {
        const bitmap = await createImageBitmap(await (await fetch(`samples/${file}`)).blob());
        const side = Math.min(bitmap.width, bitmap.height);
        const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
        context.drawImage(bitmap, x, y, side, side, 300 * i, 0, 300, 300);
      }
      const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    },
    [cat.file, coffee.file],
  );
  return { name: 'both.png', mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') };
}

/** Drags between two points, which are shares of the picture's sides. */
async function drag(page, from, to) {
  const box = /** @type {{ x: number, y: number, width: number, height: number }} */ (
    await page.locator('#view-frame').boundingBox()
  );
  const at = ([x, y]) => /** @type {[number, number]} */ ([box.x + x * box.width, box.y + y * box.height]);
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]));
  await page.mouse.move(...at(to));
  await page.mouse.up();
}

test('the networks look at the part that was dragged over, and at all again after a double click', async () => {
  const page = await openRead();
  await page.locator('#picture-file').setInputFiles(await sideBySide(page));
  await page.locator('#canvas[aria-label="both.png"]').waitFor();
  await drag(page, [0.995, 0.01], [0.52, 0.97]);
  const first = page.locator('#answers li:first-child strong');
  await first.filter({ hasText: coffee.label }).waitFor();
  const { picture } = await copied(page);
  assert.deepEqual([picture.width, picture.height], [600, 300]);
  assert.ok(picture.region.left > 295 && picture.region.left + picture.region.side <= 600, JSON.stringify(picture));
  // The mark is where the pointer was dragged.
  const [frame, mark] = await Promise.all(['#view-frame', '#region'].map((id) => page.locator(id).boundingBox()));
  assert.ok(frame && mark && Math.abs(mark.x + mark.width - (frame.x + 0.995 * frame.width)) < 3);
  assert.ok(mark && Math.abs(mark.width - mark.height) < 2);

  await drag(page, [0.005, 0.01], [0.48, 0.97]);
  await first.filter({ hasText: /cat|tabby/ }).waitFor();
  await page.locator('#view-frame').dblclick();
  assert.equal((await copied(page)).picture.region, null);
  await page.close();
});

test('a part is chosen by keyboard too', async () => {
  const page = await openRead();
  const frame = page.getByRole('group', { name: /^Picture\. Drag on it/ });
  await frame.focus();
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  const { picture } = await copied(page);
  const { width, height } = picture;
  assert.ok(Math.abs(picture.region.side - 0.81 * Math.min(width, height)) < 1, JSON.stringify(picture));
  assert.ok(Math.abs(picture.region.left + picture.region.side / 2 - width / 2) < 1);
  await frame.focus();
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight');
  const moved = (await copied(page)).picture.region;
  assert.ok(Math.abs(moved.left + moved.side - width) < 1);
  await frame.focus();
  await page.keyboard.press('Escape');
  assert.equal((await copied(page)).picture.region, null);
  await page.close();
});

test('a click without a drag changes nothing', async () => {
  const page = await openRead();
  await page.locator('#view-frame').click();
  assert.equal((await copied(page)).picture.region, null);
  await page.close();
});

describe('the camera', () => {
  test('pauses at a frame, which can be saved, and goes on', async () => {
    const page = await openRead();
    const save = page.getByRole('button', { name: 'Save picture' });
    await startCamera(page);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Go on' }).waitFor();
    await page.getByRole('img', { name: 'The camera’s picture, paused' }).waitFor();
    // It is mirrored, as the camera's picture was.
    const transform = await page.locator('#canvas').evaluate((canvas) => getComputedStyle(canvas).transform);
    assert.equal(transform, 'matrix(-1, 0, 0, 1, 0, 0)');
    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    assert.match(download.suggestedFilename(), /^mobilenet-.+\.png$/);
    const png = await readFile(await download.path());
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [640, 480]);
    await page.getByRole('button', { name: 'Go on' }).click();
    assert.equal(await page.locator('#video').isVisible(), true);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Stop camera' }).click();
    await page.getByText('Drop or paste a picture here').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Go on' }).isVisible(), false);
    await page.close();
  });

  test('makes way for a picture that is opened while it is paused', async () => {
    const page = await openRead();
    await startCamera(page);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Go on' }).waitFor();
    await page.getByRole('button', { name: 'A cup of coffee' }).click();
    await everyCardSays(page, coffee.label);
    await page.getByRole('button', { name: 'Start camera' }).waitFor();
    await page.close();
  });

  test('of a phone can be turned round', async () => {
    const page = await openRead({
      prepare: (page) =>
        page.addInitScript(() => {
          let mode = 'environment';
          const { getSettings } = MediaStreamTrack.prototype;
          MediaStreamTrack.prototype.getSettings = function () {
            return { ...getSettings.call(this), facingMode: mode };
          };
          const { getUserMedia } = MediaDevices.prototype;
          MediaDevices.prototype.getUserMedia = function (constraints) {
            mode = /** @type {any} */ (constraints).video.facingMode.ideal;
            return getUserMedia.call(this, { video: true });
          };
        }),
    });
    await startCamera(page);
    const mirrored = () =>
      page.locator('#video').evaluate((video) => getComputedStyle(video).transform.startsWith('matrix(-1'));
    assert.equal(await mirrored(), false);
    await page.getByRole('button', { name: 'Front camera' }).click();
    await page.getByRole('button', { name: 'Back camera' }).waitFor();
    assert.equal(await mirrored(), true);
    await page.close();
  });

  test('has the median, the 95th percentile and the rate of each column', async () => {
    const page = await openRead();
    page.setDefaultTimeout(60_000);
    await startCamera(page);
    const speed = card(page, one.version).locator('.speed');
    await speed.filter({ hasText: /[\d.]+ ms.*p95 [\d.]+.*\d+ frames\/s/s }).waitFor();
    const { networks } = await copied(page);
    for (const { milliseconds } of networks)
      assert.ok(milliseconds.p95 === null || milliseconds.p95 >= milliseconds.median);
    await page.close();
  });

  test('can be recorded as lines of a CSV file', async () => {
    const page = await openRead();
    assert.equal(await page.getByRole('button', { name: 'Record a minute as CSV' }).isDisabled(), true);
    await startCamera(page);
    await page.getByRole('button', { name: 'Record a minute as CSV' }).click();
    const stop = page.getByRole('button', { name: /^Stop recording, \d+ s left$/ });
    await stop.waitFor();
    await page.waitForTimeout(2000);
    const [download] = await Promise.all([page.waitForEvent('download'), stop.click()]);
    assert.match(download.suggestedFilename(), /^mobilenet-.+\.csv$/);
    const [header, ...lines] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    assert.equal(header, 'seconds,network,weights,class,label,probability,inference_ms,preprocess_ms,total_ms');
    const rows = lines.map((line) => line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)?.map((field) => field.replace(/,$/, '')));
    const names = await Promise.all(firstModels.map(({ version }) => card(page, version).locator('.name').innerText()));
    for (const name of names)
      assert.ok(
        rows.some((row) => row?.[1] === name),
        `${name} is missing`,
      );
    for (const row of rows) {
      assert.ok(row && row.length >= 9, String(row));
      assert.ok(Number(row[6]) > 0 && Number(row[8]) >= Number(row[6]), String(row));
    }
    // Untrained networks have times but no answers.
    for (const row of rows.filter((row) => row?.[2] === 'Untrained')) assert.deepEqual(row?.slice(3, 6), ['', '', '']);
    await page.close();
  });

  test('is recorded for a minute, and no longer', async () => {
    const page = await openRead({ prepare: (page) => page.clock.install() });
    await startCamera(page);
    await page.getByRole('button', { name: 'Record a minute as CSV' }).click();
    const stop = page.getByRole('button', { name: /^Stop recording, 5\d s left$/ });
    await stop.waitFor();
    await page.waitForTimeout(1000);
    await page.clock.fastForward(50_000);
    await page.getByRole('button', { name: /^Stop recording, \d s left$/ }).waitFor();
    // Long enough for a round of all networks on a busy machine.
    await page.waitForTimeout(3000);
    const downloading = page.waitForEvent('download');
    await page.clock.fastForward(15_000);
    const lines = (await readFile(await (await downloading).path(), 'utf8')).trimEnd().split('\r\n');
    const seconds = lines.slice(1).map((line) => Number(line.split(',')[0]));
    assert.ok(seconds.some((second) => second < 5), `${seconds.slice(0, 5)}`); // prettier-ignore
    assert.ok(seconds.some((second) => second > 50));
    await page.getByRole('button', { name: 'Record a minute as CSV' }).waitFor();
    await page.close();
  });
});

test('a column under the pointer shows where it sees its class, as the engine says', async () => {
  const page = await openRead();
  const caption = page.locator('#activation-caption');
  const column = card(page, one.version);
  const name = await column.locator('.name').innerText();
  await column.locator('.idea').hover();
  await caption.filter({ hasText: `Where ${name} sees “${cat.label}”` }).waitFor();
  const shades = await page.locator('#activation').evaluate((/** @type {HTMLCanvasElement} */ canvas) => {
    const { width, height } = canvas;
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d')).getImageData(
      0,
      0,
      width,
      height,
    );
    return { width, height, alpha: Array.from({ length: width * height }, (_, i) => data[4 * i + 3]) };
  });
  const map = await page.evaluate(
    async ({ one, file, index }) => {
      const { MobileNet } = await import(/** @type {any} */ ('/pkg/index.js'));
      const { url: weights, config, preprocessorConfig } = one;
      const net = await MobileNet.load({ weights, config, preprocessorConfig });
      const blob = await (await fetch(`samples/${file}`)).blob();
      const { width, height, data } = await net.activationMap(blob, index);
      net.dispose();
      return { width, height, data: [...data] };
    },
    { one, file: cat.file, index: cat.index },
  );
  assert.deepEqual([shades.width, shades.height], [map.width, map.height]);
  const [least, most] = [Math.max(0, Math.min(...map.data)), Math.max(...map.data)];
  for (const [i, value] of map.data.entries()) {
    const expected = 255 * 0.8 * (1 - Math.max(0, (value - least) / (most - least)));
    assert.ok(Math.abs(shades.alpha[i] - expected) <= 1.5, `${i}: ${shades.alpha[i]}, expected ${expected}`);
  }

  // The map shows the class whose bar is under the pointer.
  const second = await column.locator('.predictions li:nth-child(2) .label').innerText();
  await column.locator('.predictions li:nth-child(2)').hover();
  await caption.filter({ hasText: `Where ${name} sees “${second}”` }).waitFor();
  // The pointer goes to the page's margin, which is there at any scroll position.
  await page.mouse.move(1, 1);
  await caption.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
  assert.equal(await page.locator('#activation').isVisible(), false);

  // The keyboard does the same.
  const button = column.getByRole('button', { name: `Show where ${name} sees it` });
  await button.focus();
  await page.keyboard.press('Enter');
  await caption.filter({ hasText: cat.label }).waitFor();
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  await page.getByRole('button', { name: 'A cup of coffee' }).focus();
  await page.keyboard.press('Enter');
  await caption.filter({ hasText: coffee.label }).waitFor();
  await button.focus();
  await page.keyboard.press('Enter');
  await caption.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
  await page.close();
});

test('columns show in turn where they see their class, while the pointer is on none', async () => {
  const page = await openPage(session, { prepare: serveMadeUp });
  const running = ['v2', 'v3-large'];
  const names = await Promise.all(running.map((version) => card(page, version).locator('.name').innerText()));
  for (const version of ['v1', 'v3-small', 'v4-conv-small', ...running]) {
    const column = card(page, version);
    await column.getByRole('button', { name: 'Show where' }).waitFor();
    await column.getByRole('switch').setChecked(running.includes(version));
  }
  const caption = page.locator('#activation-caption');
  const shown = (name) => caption.filter({ hasText: `Where ${name} sees` }).waitFor();
  const tour = page.getByRole('button', { name: 'Show where, in turn' });
  // The pointer leaves the columns, where it has used the switches.
  await page.mouse.move(1, 1);
  await tour.focus();
  await page.keyboard.press('Enter');
  assert.equal(await tour.getAttribute('aria-pressed'), 'true');
  for (const name of [...names, ...names]) await shown(name);

  // The pointer stays on a column for longer than a turn.
  await card(page, running[0]).locator('.idea').hover();
  await shown(names[0]);
  await page.evaluate(() => {
    const caption = /** @type {Element} */ (document.getElementById('activation-caption'));
    Object.assign(globalThis, { spoken: [] });
    new MutationObserver(() => spoken.push(caption.textContent ?? '')).observe(caption, { childList: true });
  });
  await page.waitForTimeout(3000);
  assert.deepEqual(
    (await page.evaluate(() => spoken)).filter((text) => !text.startsWith(`Where ${names[0]} sees`)),
    [],
  );
  await page.mouse.move(1, 1);
  await shown(names[1]);

  await tour.focus();
  await page.keyboard.press('Enter');
  assert.equal(await tour.getAttribute('aria-pressed'), 'false');
  await caption.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });

  // A pinned map stays.
  await tour.click();
  await shown(names[0]);
  await card(page, running[1])
    .getByRole('button', { name: `Show where ${names[1]} sees it` })
    .click();
  assert.equal(await tour.getAttribute('aria-pressed'), 'false');
  await page.mouse.move(1, 1);
  await shown(names[1]);
  await page.close();
});

test('without answers, or if less motion is asked for, nothing is shown in turn', async () => {
  const page = await openPage(session, { prepare: serveMadeUp });
  const tour = page.locator('#tour');
  await tour.click();
  await page.locator('#activation-caption').filter({ hasText: /./ }).waitFor();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await tour.waitFor({ state: 'hidden' });
  await page.locator('#activation').waitFor({ state: 'hidden' });
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await tour.waitFor();
  assert.equal(await tour.getAttribute('aria-pressed'), 'false');
  for (const button of await page.getByRole('switch').all()) await button.uncheck();
  await tour.waitFor({ state: 'hidden' });
  await page.close();
});

test('answers below the threshold don’t count', async () => {
  const page = await openRead();
  const slider = page.getByRole('slider', { name: 'Answers count from' });
  await page.locator('#verdict-kicker', { hasText: /agree|alone/ }).waitFor();
  await slider.fill('95');
  await page.locator('.threshold output', { hasText: '95 %' }).waitFor();
  await page.locator('#verdict-kicker', { hasText: 'None is sure enough' }).waitFor();
  assert.equal(await page.locator('#answers > li').count(), 0);
  assert.ok((await page.locator('.predictions li.below').count()) > 0);
  await slider.fill('0');
  await page.locator('#verdict-kicker', { hasText: /agree|alone/ }).waitFor();
  assert.equal(await page.locator('.predictions li.below').count(), 0);
  await page.close();
});

test('answers and times can be copied as JSON', async () => {
  const page = await openRead();
  const { picture, networks, threshold } = await copied(page);
  assert.deepEqual([picture.width, picture.height, picture.region, threshold], [451, 300, null, 0]);
  for (const { version, top1 } of firstModels) {
    const network = networks.find(({ network }) => network.version === version);
    assert.equal(network.predictions[0].label.split(',')[0], cat.label);
    assert.equal(network.predictions[0].index, cat.index);
    assert.equal(network.top1, top1);
    assert.ok(network.milliseconds.median > 0);
  }
  for (const { network, predictions } of networks) if (!network.trained) assert.deepEqual(predictions, []);
  await page.close();
});

test('where the browser has no clipboard, what would be copied is shown', async () => {
  const page = await openRead({
    prepare: (page) => page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined })),
  });
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  const area = page.getByRole('textbox', { name: 'Copy this:' });
  await area.waitFor();
  assert.ok(JSON.parse(await area.inputValue()).networks.length > 0);
  await page.close();
});

test('times stand against published accuracies, and each checkpoint of the catalogue is marked', async () => {
  const catalogue = JSON.parse(await readFile(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));
  // The published accuracies are made up, so that two columns have one even if no weights lie beside the page.
  const published = new Map(/** @type {const} */ ([['v1', 63.5], ['v2', 71.5]])); // prettier-ignore
  const page = await openPage(session, {
    prepare: async (page) => {
      await serveMadeUp(page, published);
      await page.addInitScript(stretchTimes);
    },
  });
  await page.locator('#scatter svg').waitFor();
  const titles = await page.locator('#scatter title').allTextContents();
  for (const { name, top1 } of catalogue)
    assert.ok(
      titles.some((title) => title.startsWith(`${name}: ${top1.toFixed(1)} % top-1`)),
      name,
    );

  const settled = async (version) => {
    await card(page, version).locator('.milliseconds').filter({ hasText: /\d/ }).waitFor();
    // A still picture's rounds have ended after this.
    await page.waitForTimeout(3000);
  };
  const column = card(page, 'v1').getByRole('switch');
  const first = [];
  for (const version of published.keys()) await settled(version);
  for (const [version, top1] of published) {
    const place = await placeOf(page, top1);
    assert.ok(Math.abs(place.x - place.xOfTime) < 3, `${version}: x is ${place.x}, not ${place.xOfTime}`);
    assert.ok(Math.abs(place.y - place.yOfTop1) < 0.5, `${version}: y is ${place.y}, not ${place.yOfTop1}`);
    first.push(place);
  }
  // The others' accuracies are unknown.
  const ms = String.raw`\([\d.]+ ms\)`;
  const others = new RegExp(`accuracy of these weights: V3-Small ${ms}, V3-Large ${ms} and V4 ${ms}\\.$`);
  await page.locator('.scatter p').filter({ hasText: others }).waitFor();

  // The network is measured again after the device has become slower.
  await column.uncheck();
  await page.evaluate(() => Object.assign(globalThis, { stretch: 20 }));
  await column.check();
  await settled('v1');
  const moved = await placeOf(page, 63.5);
  assert.ok(moved.time > 2 * first[0].time, `${moved.time} ms, before ${first[0].time}`);
  assert.ok(Math.abs(moved.x - moved.xOfTime) < 3, `x is ${moved.x}, not ${moved.xOfTime}`);
  assert.equal(moved.y, first[0].y);
  await page.close();
});

/** Runs in a page before its scripts: makes the inference times from the workers `stretch` times as long. */
function stretchTimes() {
  Object.assign(globalThis, { stretch: 1 });
  const data = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data'));
  const seen = new WeakSet();
  const visit = (value) => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
    seen.add(value);
    if (typeof value.inference === 'number') value.inference *= globalThis.stretch;
    for (const part of Object.values(value)) visit(part);
  };
  Object.defineProperty(MessageEvent.prototype, 'data', {
    ...data,
    get() {
      const message = data.get?.call(this);
      visit(message);
      return message;
    },
  });
}

/** The place of a published accuracy's dot, and the place that the numbers on the axes give it. */
async function placeOf(page, top1) {
  const dot = page.locator('#scatter circle.running').filter({ hasText: `: ${top1.toFixed(1)} % top-1` });
  await dot.waitFor();
  return dot.evaluate((/** @type {SVGCircleElement} */ dot, top1) => {
    const numbers = (anchor) =>
      [...document.querySelectorAll(`#scatter text[text-anchor=${anchor}]`)]
        .map((text) => ({ value: Number(text.textContent), x: +text.getAttribute('x'), y: +text.getAttribute('y') }))
        .filter(({ value }) => !Number.isNaN(value));
    const between = (value, [from, to], place) => from[place] + (to[place] - from[place]) * value;
    const times = numbers('middle');
    const accuracies = numbers('end');
    const [fastest, slowest] = [times[0], times[times.length - 1]];
    const [lowest, highest] = [accuracies[0], accuracies[accuracies.length - 1]];
    const time = Number(/, ([\d.]+) ms/.exec(dot.textContent ?? '')?.[1]);
    const logarithmic = Math.log(time / fastest.value) / Math.log(slowest.value / fastest.value);
    const linear = (top1 - lowest.value) / (highest.value - lowest.value);
    return {
      time,
      x: dot.cx.baseVal.value,
      y: dot.cy.baseVal.value,
      xOfTime: between(logarithmic, [fastest, slowest], 'x'),
      // The numbers stand a little below their lines.
      yOfTop1: between(linear, [lowest, highest], 'y') - 4,
    };
  }, top1);
}

test('the pictures that are offered are credited', async () => {
  const page = await openRead();
  const names = await page
    .locator('.sample')
    .evaluateAll((samples) => samples.map((sample) => sample.getAttribute('title')));
  const credits = await page.locator('#credits').innerText();
  assert.deepEqual(names, [
    'Chelsea the cat',
    'A cup of coffee',
    'A flower',
    'A temple in China',
    'A rocket taking off',
    'An astronaut',
  ]);
  for (const name of names) assert.match(credits, new RegExp(`${name}, .+ \\((CC0|CC BY 2\\.0|public domain)\\)`));
  await page.close();
});

test('samples that the site lacks are not offered, even if a page comes in their place', async () => {
  const page = await openPage(session, {
    prepare: (page) =>
      page.route('**/samples/*', (route) =>
        route.request().url().endsWith(coffee.file)
          ? route.continue()
          : route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>the site</title>' }),
      ),
  });
  await page.locator('.sample').first().waitFor();
  assert.deepEqual(await page.locator('.sample').evaluateAll((all) => all.map((one) => one.getAttribute('title'))), [
    'A cup of coffee',
  ]);
  assert.match(await page.locator('#credits').innerText(), /^Sample pictures: A cup of coffee, [^;]+$/);
  assert.equal(await page.locator('#status').innerText(), '');
  await page.close();
});

test('a column computes with 8 bits where the visitor wants that', async () => {
  const page = await openRead();
  const column = card(page, lightestWide.version);
  await column.getByRole('combobox', { name: /^Weights of/ }).selectOption(`served:${lightestWide.name}`);
  await firstAnswer(page, lightestWide.version).filter({ hasText: cat.label }).waitFor();
  await column.getByText('Other weights').click();
  await column.getByRole('combobox', { name: 'Computes with' }).selectOption('8 bits');
  await column.locator('.facts', { hasText: '8 bits' }).waitFor();
  await firstAnswer(page, lightestWide.version).filter({ hasText: cat.label }).waitFor();
  const { networks } = await copied(page);
  assert.equal(networks.find(({ network }) => network.version === lightestWide.version).network.precision, 'int8');
  await column.getByRole('combobox', { name: 'Computes with' }).selectOption('32-bit floats');
  await column.locator('.facts', { hasNotText: '8 bits' }).waitFor();
  await page.close();
});
