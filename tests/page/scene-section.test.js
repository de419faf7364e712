// Tests "This scene only" on the page: its results, what it shows of them, and its effect on the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessibleOnPhones } from './accessibility.js';
import { FAKE_CAMERA, card, lightest, models, open, openAt, openOtherWeights } from './harness.js';

/** V2 if it is here; else the lightest network with enough channels inside. */
const model = models.find(({ version, width }) => version === 'v2' && width === 1) ?? lightest;
const { version } = model;

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open(FAKE_CAMERA);
  page = await visit([model]);
});
after(() => session?.close());

const PART = '#fit .scene';
/** @type {(models: typeof import('./harness.js').models, options?: Parameters<typeof openAt>[3]) => ReturnType<typeof openAt>} */
const visit = (models, options) => openAt(session, models, PART, options);

const panel = (from = page) => from.locator(PART);
const button = (name, from = page) => panel(from).getByRole('button', { name, exact: true });
const status = (from = page) => panel(from).getByRole('status');
const slider = () => panel().getByRole('slider', { name: 'Step' });
const start = () => button('Shrink on this picture');

/** Reads the points of one line in the plot. */
const drawn = (line) =>
  panel()
    .locator(`.stop.of-${line}`)
    .evaluateAll((stops) =>
      stops.map(({ dataset }) => ({ time: Number(dataset.time), agreement: Number(dataset.agreement) })),
    );

/** Reads what runs in the column from its controls and its description. */
async function runs() {
  await openOtherWeights(card(page, version));
  return card(page, version).evaluate((card) => [
    ...['.side', '.precision', '.choice'].map((name) => {
      const select = /** @type {HTMLSelectElement} */ (card.querySelector(`${name} select`));
      return select.selectedOptions[0]?.text;
    }),
    card.querySelector('.facts').textContent,
  ]);
}

const facts = () => panel().locator('.fit-facts dd').allInnerTexts();

test('what is cancelled before the first step leaves everything as it was', async () => {
  const before = await runs();
  await panel().getByText('The camera is off: 128 crops').waitFor();
  await start().click();
  await status()
    .getByText(/^Looking at what goes on inside/)
    .waitFor();
  await button('Cancel').click();
  await status().getByText('Cancelled. Everything is as it was.').waitFor();
  assert.ok(await panel().locator('.scene-plot').isHidden());
  assert.ok(await button('Apply').isHidden());
  assert.deepEqual(await runs(), before);
  // The focus is where it was.
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Shrink on this picture');
  // The columns still classify.
  await card(page, version).locator('.switch input').click();
  await card(page, version).locator('.switch input').click();
  await card(page, version).locator('.predictions .label').first().waitFor();
});

test('step by step it gets faster, and what was found stays when it is stopped', async () => {
  await start().press('Enter');
  await status()
    .getByText(/^Step 4:/)
    .waitFor({ timeout: 300_000 });
  await button('Cancel').click();
  await status()
    .getByText(/^Stopped after \d+ steps\. What runs is as it was\.$/)
    .waitFor();
  const [scene, others] = [await drawn('scene'), await drawn('others')];
  assert.ok(scene.length >= 4, `${scene.length} points`);
  assert.deepEqual(scene.map(({ time }) => time), others.map(({ time }) => time)); // prettier-ignore
  assert.deepEqual([scene[0], others[0]], Array(2).fill({ time: 1, agreement: 1 }));
  const mean = (points) => points.slice(1).reduce((sum, { agreement }) => sum + agreement, 0) / (points.length - 1);
  assert.ok(mean(scene) > mean(others), `${mean(scene)} on the scene, ${mean(others)} elsewhere`);
});

test('the slider goes through the steps by keys, and each says what was measured', async () => {
  const [scene, others] = [await drawn('scene'), await drawn('others')];
  const last = scene.length - 1;
  await slider().focus();
  await page.keyboard.press('Home');
  assert.equal(await slider().getAttribute('aria-valuetext'), `0 of ${last}`);
  assert.match((await facts())[0], /^all of them/);
  for (let step = 1; step <= last; step++) {
    await page.keyboard.press('ArrowRight');
    assert.equal(await slider().getAttribute('aria-valuetext'), `${step} of ${last}`);
    const [channels, time, here, elsewhere] = await facts();
    const [, left, before] = /^(\d+) of (\d+) stay inside block \d+/.exec(channels);
    assert.ok(Number(left) < Number(before), channels);
    const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)} %`;
    assert.ok(time.startsWith(`${percent(scene[step].time)} of the whole network’s`), time);
    assert.ok(here.startsWith(`${percent(scene[step].agreement)} of 64 frames`), here);
    assert.ok(elsewhere.startsWith(`${percent(others[step].agreement)} of `), elsewhere);
  }
});

test('a step runs when it is applied, and what ran before when that is undone', async () => {
  const before = await runs();
  await button('Apply').press('Enter');
  await status().getByText('It runs in the column of').waitFor();
  const after = await runs();
  assert.deepEqual(after.slice(0, 2), before.slice(0, 2));
  assert.match(after[2], /, for one scene, \d+ % of the time/);
  const macs = (told) => Number(/(\d+(?:\.\d)?) M MACs/.exec(told)[1]);
  assert.ok(macs(after[3]) < macs(before[3]), `${after[3]} after ${before[3]}`);
  await card(page, version).locator('.predictions .label').first().waitFor();
  await button('Undo').click();
  await status().getByText('What ran before runs again.').waitFor();
  assert.deepEqual(await runs(), before);
  await panel().getByRole('button', { name: 'Undo', disabled: true }).waitFor();
});

test('full of results it is accessible, in light and dark, and fits a phone', async () => {
  await assertAccessibleOnPhones(page, '#fit', panel());
});

test('another attempt that is cancelled early leaves the steps of the one before', async () => {
  const before = await drawn('scene');
  await start().click();
  await status().getByText(/^Looking at what goes on inside/).waitFor(); // prettier-ignore
  await button('Cancel').click();
  await status().getByText('Cancelled. Everything is as it was.').waitFor();
  assert.deepEqual(await drawn('scene'), before);
});

test('the camera is recorded for it, which can be cancelled, and compared with all six sample photos', async () => {
  const camera = await visit([lightest], { permissions: ['camera'] });
  await camera.locator('#camera-toggle').click();
  await panel(camera).scrollIntoViewIfNeeded();
  await button('Record 20 seconds and shrink', camera).click();
  await status(camera).getByText('Recording. Move the camera about.').waitFor();
  await button('Cancel', camera).click();
  await status(camera).getByText('Cancelled. Everything is as it was.').waitFor();
  assert.ok(await panel(camera).locator('progress').isHidden());

  await button('Record 20 seconds and shrink', camera).click();
  await status(camera).getByText(/^Step 2:/).waitFor({ timeout: 300_000 }); // prettier-ignore
  await button('Cancel', camera).click();
  const [, , scene, others] = await panel(camera).locator('.fit-facts dd').allInnerTexts();
  assert.match(scene, / of 64 frames/);
  // The scene is the camera's, so none of the samples is left out.
  assert.match(others, / of 48 crops of 6 sample photos/);
  await camera.close();
});

test('in Chinese it goes as well, to its end', async () => {
  const chinese = await visit([lightest], { search: '?lang=zh' });
  await button('用这张图片剪枝', chinese).click();
  await status(chinese)
    .getByText(/^在 128 帧上走了 \d+ 步：/)
    .waitFor({ timeout: 300_000 });
  const left = await panel(chinese).innerText();
  const english = left.replace(/NetAdapt|V\d(-\S+)?|MobileNet/g, '').match(/[A-Za-z]{2,}/g);
  assert.equal(english, null);
  const times = await panel(chinese).locator('.stop.of-scene').evaluateAll((stops) => stops.map(({ dataset }) => Number(dataset.time))); // prettier-ignore
  assert.ok(times.at(-1) < times[0] && times.length > 1, times.join());
  await chinese.close();
});

test('without weights there is nothing to shrink', async () => {
  const bare = await visit([]);
  assert.ok(await button('Shrink on this picture', bare).isDisabled());
  await bare.close();
});
