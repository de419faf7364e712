// Tests the page's search for what fits a device: it compares the figure with the package's own search, and checks its effect.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { search } from '../../pkg/search.js';
import { assertAccessibleOnPhones } from './accessibility.js';
import { FAKE_CAMERA, GENERATIONS, card, models, open, openAt, openOtherWeights } from './harness.js';
import { swipe } from './swipe.js';

const light = [...models].sort((a, b) => a.bytes - b.bytes);
/** A few light networks, since each is measured in four sizes. One is enough if there is no other. The accuracies are made up. */
const few = [light[0], ...light.filter(({ version }) => version !== light[0].version).slice(0, 1)].map(
  (model, place) => ({
    ...model,
    top1: 61.5 + place,
  }),
);

/** The columns' names. */
const COLUMN_NAMES = Object.fromEntries(GENERATIONS.map(({ versions: [version], name }) => [version, name]));

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open(FAKE_CAMERA);
  page = await visit(few);
});
after(() => session?.close());

const PART = '#fit .fit';
/** @type {(models: typeof import('./harness.js').models, options?: Parameters<typeof openAt>[3]) => ReturnType<typeof openAt>} */
const visit = (models, options) => openAt(session, models, PART, options);

const figure = (from = page) => from.locator(PART);
const button = (name, from = page) => figure(from).getByRole('button', { name, exact: true });
const line = () => figure().getByRole('slider', { name: 'Time allowed' });
const status = (from = page) => figure(from).getByRole('status');

/** @type {import('../../pkg/fit.js').FitMeasurements} The page's measurements, from its export. */
let measured;

/** Reads the points in the plot. */
const drawn = (from = page) =>
  figure(from)
    .locator('.single, path.cascade')
    .evaluateAll((marks) =>
      marks.map((mark) => ({
        name: mark.getAttribute('data-name'),
        latency: Number(mark.getAttribute('data-latency')),
        agreement: Number(mark.getAttribute('data-agreement')),
        single: mark.matches('.single'),
        middle: mark.getBoundingClientRect().x + mark.getBoundingClientRect().width / 2,
        told: mark.querySelector('title')?.textContent ?? '',
      })),
    );

/** Reads from a column's controls what runs in it. */
async function runs(version) {
  await openOtherWeights(card(page, version));
  return card(page, version).evaluate((card) =>
    ['.side', '.precision', '.choice'].map(
      (name) => /** @type {HTMLSelectElement} */ (card.querySelector(`${name} select`)).value,
    ),
  );
}

/** Reads the line's time. */
const lineAt = async (from = page) => Number(await figure(from).locator('.target').getAttribute('data-latency'));

/** Searches for the line's time with the package. */
async function found() {
  const latency = await lineAt();
  return { latency, ...search(measured, { latency }) };
}

/** Reads the page's export of its measurements. */
async function exported(from, name = 'Export as JSON') {
  const [download] = await Promise.all([from.waitForEvent('download'), button(name, from).click()]);
  return JSON.parse(await readFile(await download.path(), 'utf8'));
}

/** Moves the line by keys, from the left, until `wanted` accepts the choice. @returns that choice, or `null` */
async function moveUntil(wanted) {
  await line().focus();
  await page.keyboard.press('Home');
  const most = Number(await line().getAttribute('max'));
  for (let step = 0; step < most; step++) {
    const { chosen } = await found();
    if (chosen && wanted(chosen)) return chosen;
    await page.keyboard.press('ArrowRight');
  }
  return null;
}

test('nothing is searched before it is asked for, and what is cancelled leaves everything as it was', async () => {
  const [{ version }] = few;
  const before = await runs(version);
  assert.deepEqual(await drawn(), []);
  await figure().getByText('The camera is off: 48 crops').waitFor();
  await button('Search on this picture').click();
  await button('Cancel').click();
  await status().getByText('Cancelled. Everything is as it was.').waitFor();
  assert.deepEqual(await runs(version), before);
  assert.equal(await button('Apply').count(), 0);
  assert.ok(await button('Search on this picture').isEnabled());
  // The columns still classify.
  await card(page, version).locator('.switch input').click();
  await card(page, version).locator('.switch input').click();
  await card(page, version).locator('.predictions .label').first().waitFor();
});

test('points appear one after the other, and are those of the package’s search', async () => {
  const counts = [];
  await button('Search on this picture').click();
  for (let done = false; !done; done = await button('Apply').isVisible()) {
    const count = (await drawn()).filter(({ single }) => single).length;
    if (count !== counts.at(-1)) counts.push(count);
  }
  assert.ok(counts.length > 2 && counts.every((count, i) => i === 0 || count > counts[i - 1]), counts.join());
  await figure().locator('summary').click();
  measured = await exported(page);

  assert.ok(measured.frames === 48 && measured.points.length >= 4 * few.length);
  const { points, frontier } = await found();
  const marks = await drawn();
  const wanted = [...frontier.filter(({ margin }) => margin !== null), ...points];
  assert.deepEqual(
    marks.map(({ name, latency, agreement }) => [name, latency, agreement]),
    wanted.map(({ networks: [{ name }], latency, agreement }) => [name, latency, agreement]),
  );
  const { x, width } = await figure().locator('.fit-drawing').boundingBox();
  for (const { middle } of marks) assert.ok(x < middle && middle < x + width, 'each is in the drawing');
  for (const { told } of marks) assert.match(told, / ms, \d.*, measured here$/);
  const rows = figure().locator('.fit-table tbody tr');
  assert.equal(await rows.count(), points.length);
  const own = points.find(({ networks: [{ name }] }) => name === measured.reference);
  assert.equal(own.agreement, 1);
  // Published accuracies are for the weights' own input size, on floats.
  for (const { model, published, options } of measured.points) {
    const sides = measured.points.filter((other) => other.model === model).map(({ options }) => options.resolution);
    const trained = options.resolution === Math.max(...sides) && options.precision === 'f32';
    const { top1 } = few.find(({ version }) => COLUMN_NAMES[version] === model);
    assert.equal(published, trained ? top1 : null, `${model} on ${options.resolution} pixels`);
  }
  assert.equal(measured.points.filter(({ published }) => published !== null).length, few.length);
});

test('the line changes the choice, which never takes longer than it allows, by keys and by dragging', async () => {
  const shown = new Set();
  await line().focus();
  await page.keyboard.press('Home');
  await figure()
    .getByText(/^Nothing is as fast as that\. The fastest takes/)
    .waitFor();
  assert.ok(await button('Apply').isDisabled());
  for (let move = 0; move < 10; move++) {
    await page.keyboard.press('PageUp');
    const { latency, chosen, verified } = await found();
    if (!chosen) continue;
    assert.ok(chosen.latency <= latency);
    assert.equal(await figure().locator('.chosen').getAttribute('data-latency'), String(chosen.latency));
    const [time, agreement, reward] = await figure().locator('.fit-facts dd').allInnerTexts();
    assert.match(time, new RegExp(`^${chosen.latency.toFixed(1)} ms measured here$`));
    assert.match(agreement, new RegExp(`^${(100 * verified.agreement).toFixed(0)} % of ${verified.frames} frames`));
    assert.match(reward, new RegExp(`^${chosen.reward.toFixed(3)} measured here$`));
    assert.equal(await line().getAttribute('aria-valuetext'), `${latency.toFixed(1)} ms`);
    shown.add(await figure().locator('.fit-chosen').innerText());
  }
  assert.ok(shown.size > 1, [...shown].join());
  const box = await figure().locator('.fit-drawing').boundingBox();
  const [x, y] = [(share) => box.x + share * box.width, box.y + box.height / 2];
  await page.mouse.move(x(0.8), y);
  await page.mouse.down();
  const { latency: right } = await found();
  await page.mouse.move(x(0.4), y);
  await page.mouse.up();
  const { latency: left } = await found();
  await page.mouse.move(x(0.6), y);
  assert.equal((await found()).latency, left, 'let go');
  assert.ok(left < right);
});

test('another reference judges the same measurements', async () => {
  const select = figure().getByRole('combobox', { name: 'Reference' });
  const names = await select.locator('option').allInnerTexts();
  assert.equal(names.length, few.length);
  const before = await select.inputValue();
  for (const name of names) {
    await select.selectOption(name);
    const { name: reference } = measured.points.find(({ model }) => model === name);
    const { points } = search({ ...measured, reference }, { latency: 1 });
    const marks = (await drawn()).filter(({ single }) => single);
    assert.deepEqual(marks.map(({ agreement }) => agreement), points.map(({ agreement }) => agreement)); // prettier-ignore
  }
  await select.selectOption(before);
});

test('a choice runs when it is applied, and what ran before when that is undone', async () => {
  const isSmaller = ({ margin, networks: [{ options }] }) => margin === null && options.resolution < 224;
  const single = await moveUntil(isSmaller);
  assert.ok(single, 'the fastest is on a smaller input');
  const [{ model, options }] = single.networks;
  const { version } = few.find(({ version }) => COLUMN_NAMES[version] === model);
  const before = await runs(version);
  await button('Apply').press('Enter');
  await status().getByText(`It runs in the column of ${model} now.`).waitFor();
  const [side, precision] = await runs(version);
  assert.deepEqual([side, precision], [String(options.resolution), options.precision]);

  const pair = await moveUntil(({ margin }) => margin !== null);
  if (pair) {
    await button('Apply').click();
    await figure().locator('.fit-said').filter({ hasText: /\S.*%/ }).waitFor();
    const answer = figure().locator('.fit-answer');
    const who = /answered alone\.|wasn’t sure; .* answered\./;
    assert.match(await answer.innerText(), who);
    // A single network takes the pair's place, and gives it back.
    assert.ok(await moveUntil(isSmaller));
    await button('Apply').click();
    await status().getByText(`It runs in the column of ${model} now.`).waitFor();
    assert.ok(await answer.isHidden());
    await button('Undo').click();
    await answer.filter({ hasText: who }).waitFor();
    await button('Undo').click();
    await status().getByText('What ran before runs again.').waitFor();
    assert.ok(await figure().locator('.fit-answer').isHidden());
    assert.deepEqual((await runs(version)).slice(0, 2), [side, precision], 'the last is undone, and no more');
  }
  await button('Undo').click();
  await page.waitForFunction(
    ([version, side]) =>
      /** @type {HTMLSelectElement} */ (document.querySelector(`.card[data-version="${version}"] .side select`))
        .value === side,
    [version, before[0]],
  );
  assert.deepEqual(await runs(version), before);
  await figure().getByRole('button', { name: 'Undo', disabled: true }).waitFor();
});

test('what is cancelled while it is applied or undone changes nothing', async () => {
  /** Presses a button, and cancels before what it began can be over. */
  const cancelled = async (name) => {
    await figure().evaluate((figure, name) => {
      const named = (name) => [...figure.querySelectorAll('button')].find(({ textContent }) => textContent === name);
      named(name)?.click();
      named('Cancel')?.click();
    }, name);
    await status().getByText('Cancelled. Everything is as it was.').waitFor();
  };
  const single = await moveUntil(({ margin, networks: [{ options }] }) => margin === null && options.resolution < 224);
  const [{ model }] = single.networks;
  const { version } = few.find(({ version }) => COLUMN_NAMES[version] === model);
  const before = await runs(version);
  await cancelled('Apply');
  assert.deepEqual(await runs(version), before);
  await figure().getByRole('button', { name: 'Undo', disabled: true }).waitFor();
  await button('Apply').click();
  await status().getByText(`It runs in the column of ${model} now.`).waitFor();
  const applied = await runs(version);
  await cancelled('Undo');
  assert.deepEqual(await runs(version), applied);

  if (await moveUntil(({ margin }) => margin !== null)) {
    await cancelled('Apply');
    assert.ok(await figure().locator('.fit-answer').isHidden());
  }
  await button('Undo').click();
  await status().getByText('What ran before runs again.').waitFor();
  assert.deepEqual(await runs(version), before);
  await figure().getByRole('button', { name: 'Undo', disabled: true }).waitFor();
});

test('full of results the section is accessible, in light and dark, and fits a phone', async () => {
  await assertAccessibleOnPhones(page, '#fit', figure());
});

test('a search that is cancelled leaves the one before, and the line where it was', async () => {
  const { latency } = await found();
  const marks = await drawn();
  await button('Search on this picture').click();
  await status()
    .getByText(/^Measuring (?!1 of)/)
    .waitFor();
  await button('Cancel').click();
  await status().getByText('Cancelled. Everything is as it was.').waitFor();
  assert.equal((await found()).latency, latency);
  assert.deepEqual(await drawn(), marks);
});

test('the camera is recorded for a while, which can be cancelled, and then searched on', async () => {
  const camera = await visit(few.slice(0, 1), { permissions: ['camera'] });
  await camera.locator('#camera-toggle').click();
  await figure(camera).scrollIntoViewIfNeeded();
  await button('Record 20 seconds', camera).click();
  await status(camera).getByText('Recording. Move the camera about.').waitFor();
  const progress = figure(camera).locator('progress').first();
  await camera.waitForFunction(
    () => /** @type {HTMLProgressElement} */ (document.querySelector('#fit progress')).value > 0.02,
  );
  await button('Cancel', camera).click();
  await status(camera).getByText('Cancelled. Everything is as it was.').waitFor();
  assert.ok(await progress.isHidden());
  assert.deepEqual(await drawn(camera), []);

  await button('Record 20 seconds', camera).click();
  await status(camera)
    .getByText(/^\d+ set-ups measured on 128 frames: half of these choose/)
    .waitFor({ timeout: 300_000 });
  await figure(camera).locator('summary').click();
  const { frames, points } = await exported(camera);
  assert.equal(frames, 128);
  for (const { answers } of points) assert.equal(answers.length, 128);
  await camera.close();
});

test('in Chinese the result is told in Chinese', async () => {
  const chinese = await visit(few.slice(0, 1), { search: '?lang=zh' });
  await button('用这张图片搜索', chinese).click();
  await status(chinese)
    .getByText(/^在 48 帧上测量了 \d+ 种设置：/)
    .waitFor({ timeout: 300_000 });
  await figure(chinese).locator('summary').click();
  // Far to the left nothing is fast enough.
  const slider = figure(chinese).getByRole('slider', { name: '允许的用时' });
  for (const [key, wanted] of [
    ['End', /像素/],
    ['Home', /^没有这么快的/],
    ['End', /像素/],
  ]) {
    await slider.press(/** @type {string} */ (key));
    await figure(chinese).locator('.fit-chosen').filter({ hasText: wanted }).waitFor();
    const told = await figure(chinese).innerText();
    const english = told
      .replace(/NetAdapt|MnasNet|ImageNet|top-1|V\d(-\S+)?|MobileNet|JSON|\bms\b/g, '')
      .match(/[A-Za-z]{2,}/g);
    assert.equal(english, null);
  }
  const reference = figure(chinese).locator('.fit-facts').first();
  assert.match(await reference.innerText(), /用时.*在此测得.*一致率.*在未用于选择的 24 帧上/s);
  await button('采用', chinese).click();
  // What fits best may be one network or a pair: that depends on this machine's times.
  await status(chinese)
    .getByText(/一栏中运行。$|^现在这一对在下方运行/)
    .waitFor();
  await button('撤销', chinese).click();
  await status(chinese).getByText('之前的设置又在运行了。').waitFor();
  await chinese.close();
});

test('on a phone a finger drags the line, and the page stays where it is', async () => {
  const phone = await visit(few.slice(0, 1), { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await button('Search on this picture', phone).click();
  await button('Apply', phone).waitFor({ timeout: 300_000 });
  const plot = figure(phone).locator('.fit-drawing');
  await plot.scrollIntoViewIfNeeded();
  const scrolled = () => phone.evaluate(() => scrollY);
  const top = await scrolled();
  const { x, width } = await plot.boundingBox();
  const times = [];
  for (const [from, to] of [
    [0.5, 0.8],
    [0.9, 0.35],
  ]) {
    // On a busy machine the browser takes a touch for the end of the one before now and then.
    for (let tries = 1; ; tries++) {
      await swipe(phone, plot, [from, 0.5], [to, 0.52]);
      const line = await figure(phone).locator('.target path').boundingBox();
      const off = Math.abs(line.x + line.width / 2 - (x + to * width));
      if (off < 4) break;
      assert.ok(tries < 5, `the line is ${off} pixels from the finger`);
    }
    times.push(await lineAt(phone));
  }
  assert.ok(times[1] < times[0], times.join());
  assert.equal(await scrolled(), top);
  await phone.close();
});

test('without weights the section says what it needs, and leads there', async () => {
  const bare = await visit([]);
  await figure(bare).getByText('A search needs trained weights, and no column has any.').waitFor();
  assert.ok(await button('Search on this picture', bare).isDisabled());
  assert.equal(await figure(bare).getByRole('link').getAttribute('href'), '#networks-heading');
  await bare.close();
});
