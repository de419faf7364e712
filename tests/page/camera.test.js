// Tests the camera with Chromium's fake devices.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FAKE_CAMERA, PHOTOS, card, firstAnswer, firstModels, open, openPage, webcamOf } from './harness.js';

for (const photo of PHOTOS) {
  test(`a webcam that shows ${photo.file}: each card says ${photo.label}`, async () => {
    const maker = await open();
    const webcam = await webcamOf(maker, photo.file);
    await maker.close();
    const session = await open([...FAKE_CAMERA, webcam.flag]);
    try {
      const page = await openPage(session);
      await page.getByRole('button', { name: 'Start camera' }).click();
      for (const { version } of firstModels) {
        const first = firstAnswer(page, version);
        await first.filter({ hasText: photo.label }).waitFor();
        // The answer is for the camera's picture, not for the sample that was shown before.
        assert.equal(await page.locator('#video').isVisible(), true);
        const speed = card(page, version).locator('.speed');
        await speed.filter({ hasText: /\d ms.*[1-9]\d* frames\/s/s }).waitFor();
      }
      const verdict = page.locator('#verdict');
      await verdict.getByText(photo.label).first().waitFor();
      assert.equal(await page.locator('#answers > li').count(), 1, 'the networks disagree');
    } finally {
      await session.close();
      await webcam.remove();
    }
  });
}

describe('a camera', () => {
  let session;
  before(
    async () =>
      (session = await open(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=device-count=2'])),
  );
  after(() => session?.close());

  const start = async (prepare) => {
    const page = await openPage(session, { prepare });
    await page.getByRole('button', { name: 'Start camera' }).click();
    await page.getByRole('button', { name: 'Stop camera' }).waitFor();
    return page;
  };

  /** @param {string | undefined} facingMode the direction that the camera reports */
  const facing = (facingMode) => (page) =>
    page.addInitScript((facingMode) => {
      const { getSettings } = MediaStreamTrack.prototype;
      MediaStreamTrack.prototype.getSettings = function () {
        return { ...getSettings.call(this), facingMode };
      };
    }, facingMode);

  test('is mirrored when it faces the user or says nothing, and only then', async () => {
    for (const [mode, mirrored] of /** @type {const} */ ([
      [undefined, true],
      ['user', true],
      ['environment', false],
    ])) {
      const page = await start(facing(mode));
      const transform = await page.locator('#video').evaluate((video) => getComputedStyle(video).transform);
      assert.equal(transform, mirrored ? 'matrix(-1, 0, 0, 1, 0, 0)' : 'none', String(mode));
      await page.close();
    }
  });

  test('can be chosen among several', async () => {
    const page = await start();
    const select = page.getByRole('combobox', { name: 'Camera', exact: true });
    await select.waitFor();
    const ids = await select
      .locator('option')
      .evaluateAll((options) => options.map((option) => /** @type {HTMLOptionElement} */ (option).value));
    assert.equal(ids.length, 2);
    const used = () =>
      page.evaluate(
        () =>
          /** @type {MediaStream | null} */ (document.querySelector('video').srcObject)
            ?.getVideoTracks()[0]
            .getSettings().deviceId,
      );
    for (const id of [ids[1], ids[0]]) {
      await select.selectOption(id);
      await page.waitForFunction(
        (id) =>
          /** @type {MediaStream | null} */ (document.querySelector('video').srcObject)
            ?.getVideoTracks()[0]
            .getSettings().deviceId === id,
        id,
      );
      assert.equal(await used(), id);
    }
    await page.close();
  });

  test('gives frames of the resolution that is chosen, and goes on', async () => {
    const page = await start();
    const select = page.getByRole('combobox', { name: 'Resolution of the camera' });
    assert.equal(await select.inputValue(), '640×480');
    await select.selectOption('1280×720');
    await page.waitForFunction(() => document.querySelector('video').videoWidth === 1280);
    assert.equal(await select.inputValue(), '1280×720');
    await page.getByRole('button', { name: 'Stop camera' }).waitFor();
    await page.close();
  });

  test('stops: its light goes out, and the picture with it', async () => {
    const page = await start();
    await page.evaluate(
      () =>
        (globalThis.track = /** @type {MediaStream | null} */ (
          document.querySelector('video').srcObject
        ).getVideoTracks()[0]),
    );
    await page.getByRole('button', { name: 'Stop camera' }).click();
    await page.getByRole('button', { name: 'Start camera' }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.track.readyState), 'ended');
    assert.equal(await page.locator('#video').isVisible(), false);
    await page.close();
  });

  test('that is unplugged has its sentence', async () => {
    const page = await start();
    await page.evaluate(() =>
      /** @type {MediaStream | null} */ (document.querySelector('video').srcObject)
        .getVideoTracks()[0]
        .dispatchEvent(new Event('ended')),
    );
    await page.getByText('The camera was unplugged or switched off.').waitFor();
    await page.getByRole('button', { name: 'Start camera' }).waitFor();
    await page.close();
  });

  test('that another program holds, or that is gone, has its sentence', async () => {
    for (const [name, sentence] of [
      ['NotReadableError', 'another program may be using it'],
      ['OverconstrainedError', 'That camera is gone.'],
    ]) {
      const page = await openPage(session, {
        prepare: (page) =>
          page.addInitScript((name) => {
            navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('made by the test', name));
          }, name),
      });
      await page.getByRole('button', { name: 'Start camera' }).click();
      await page.getByText(sentence).waitFor();
      await page.close();
    }
  });

  test('rests while the tab is hidden', async () => {
    const page = await start();
    const [{ version }] = firstModels;
    await card(page, version).locator('.speed').waitFor();
    await setHidden(page, true);
    await page.getByText('Paused while this tab is hidden.').waitFor();
    // Calls that are under way may still end; then the page reads no more frames.
    let read = Infinity;
    for (let i = 0; i < 20 && read > 0; i++) {
      await countClassified(page, version);
      await page.waitForTimeout(500);
      read = await classified(page);
    }
    assert.equal(read, 0, 'frames are read while hidden');
    await setHidden(page, false);
    await page
      .getByText('Paused while this tab is hidden.')
      .waitFor({ state: 'detached' })
      .catch(() => {});
    await page.waitForFunction(() => globalThis.changes > 2);
    assert.equal(await page.locator('#status').textContent(), '');
    await page.close();
  });
});

const setHidden = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

/** Counts the changes of a card's answer. */
const countClassified = (page, version) =>
  page.evaluate((version) => {
    globalThis.changes = 0;
    new MutationObserver(() => globalThis.changes++).observe(
      document.querySelector(`.card[data-version="${version}"] .predictions`),
      {
        subtree: true,
        attributes: true,
        childList: true,
      },
    );
  }, version);

const classified = (page) => page.evaluate(() => globalThis.changes);

describe('without a camera', () => {
  const trouble = async (flags, sentence, prepare) => {
    const session = await open(flags);
    try {
      const page = await openPage(session, { prepare });
      await page.getByRole('button', { name: 'Start camera' }).click();
      await page.getByRole('status').getByText(sentence).waitFor();
      await page.getByRole('button', { name: 'Start camera' }).waitFor();
      // The page still classifies pictures.
      await page.getByRole('button', { name: 'A cup of coffee' }).click();
      await firstAnswer(page, firstModels[0].version).filter({ hasText: 'espresso' }).waitFor();
      assert.equal(await page.locator('#status').textContent(), '');
    } finally {
      await session.close();
    }
  };

  test('a refusal has its sentence', () =>
    trouble(
      ['--use-fake-ui-for-media-stream=deny', '--use-fake-device-for-media-stream'],
      'The camera is blocked for this page.',
    ));

  test('none at all has its sentence', () => trouble(['--use-fake-ui-for-media-stream'], 'No camera was found.'));

  test('a page that may not ask has its sentence', () =>
    trouble([], 'Browsers open the camera only to https: pages and localhost.', (page) =>
      page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined })),
    ));
});
