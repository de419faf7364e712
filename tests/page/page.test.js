// Tests the page with still pictures: what it shows, what it accepts, and its messages when something is wrong.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import {
  COLUMNS,
  FAKE_CAMERA,
  GENERATIONS,
  PHOTOS,
  card,
  firstAnswer,
  firstModels,
  lightest,
  open,
  openPage,
  publicFile,
  trapNextFrame,
} from './harness.js';
import { madeUp, random } from './made-up.js';

let session;
before(async () => (session = await open(FAKE_CAMERA)));
after(() => session?.close());

const [cat, coffee] = PHOTOS;
const one = firstModels[0];
/** Another version, to check that a change of one card doesn't affect others. It has weights if any are here. */
const other = firstModels[1] ?? {
  version: COLUMNS.find((version) => version !== one.version),
};

const trouble = (page, version) => card(page, version).locator('.trouble');

async function everyCardSays(page, label) {
  for (const { version } of firstModels) await firstAnswer(page, version).filter({ hasText: label }).waitFor();
}

/** Passes files to the page as if they were dropped onto `selector`. */
async function drop(page, selector, files, type = 'drop') {
  await page.evaluate(
    async ({ selector, files, type }) => {
      const data = new DataTransfer();
      for (const { name, mime, url, text } of files) {
        data.items.add(new File([url ? await (await fetch(url)).blob() : text], name, { type: mime }));
      }
      const init = { bubbles: true, cancelable: true };
      const target = document.querySelector(selector);
      if (type === 'paste') target.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: data }));
      else target.dispatchEvent(new DragEvent('drop', { ...init, dataTransfer: data }));
    },
    { selector, files, type },
  );
}

test('the page opens with a sample, read by every network that has weights', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  for (const { version, bytes } of firstModels) {
    const text = await card(page, version).innerText();
    assert.match(text, /\d ms/);
    assert.ok(text.includes(`${(bytes / 1e6).toFixed(1)} MB`), text);
    assert.match(text, /params/);
  }
  assert.equal(await page.locator('.card').count(), COLUMNS.length);
  if (firstModels.length > 1) await page.locator('#verdict').getByText(/agree/).waitFor();
  await page.locator('#announcement').filter({ hasText: cat.label }).waitFor({ state: 'attached' });
  await page.close();
});

test('a column takes another input with the same weights, and runs untrained where there are none of a width', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  const { version } = firstModels.find(({ version }) => version !== 'v1') ?? one;
  const column = card(page, version);
  const parameters = () => column.locator('.facts span').first().innerText();
  const before = await parameters();
  await column.locator('.more > summary').click();
  await column.getByLabel('Input').selectOption('160');
  await column.locator('.choice option:checked', { hasText: ', 160 px' }).waitFor({ state: 'attached' });
  await firstAnswer(page, version).filter({ hasText: cat.label }).waitFor();
  assert.equal(await parameters(), before);
  await column.getByLabel('Width').selectOption('0.35');
  await column.getByText('Random weights').waitFor();
  await column
    .locator('.choice option:checked', { hasText: 'Untrained, 0.35 wide, 160 px' })
    .waitFor({ state: 'attached' });
  await column.locator('.milliseconds').filter({ hasText: /\d ms/ }).waitFor();
  assert.notEqual(await parameters(), before);
  await column.getByLabel('Input').selectOption('224');
  await column.getByLabel('Width').selectOption('1');
  await firstAnswer(page, version).filter({ hasText: cat.label }).waitFor();
  assert.equal(await parameters(), before);
  await page.close();
});

test('samples, chosen, dropped and pasted pictures are read', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await everyCardSays(page, coffee.label);
  await page.locator('#picture-file').setInputFiles(publicFile('samples/chelsea.png'));
  await everyCardSays(page, cat.label);
  await drop(page, '#view', [{ name: 'coffee.png', mime: 'image/png', url: 'samples/coffee.png' }]);
  await everyCardSays(page, coffee.label);
  await drop(page, 'body', [{ name: 'image.png', mime: 'image/png', url: 'samples/chelsea.png' }], 'paste');
  await everyCardSays(page, cat.label);
  await page.close();
});

test('files that are of no use are refused with a sentence, and the picture stays', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  await drop(page, '#view', [{ name: 'broken.png', mime: 'image/png', text: 'no picture' }]);
  await page.getByText('broken.png is not a picture this browser can read.').waitFor();
  await drop(page, '#view', [{ name: 'notes.txt', mime: 'text/plain', text: 'notes' }]);
  await page.getByText('notes.txt: drop a picture, or weights: .safetensors, .tflite, .keras').waitFor();
  const accepted = await card(page, 'v1').locator('input[type=file]').getAttribute('accept');
  assert.match(accepted ?? '', /^\.safetensors,\.tflite,\.keras,.*\.json,\.bin$/);
  await everyCardSays(page, cat.label);
  await page.close();
});

test('a broken weights file shows its error, and the network before goes on', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  const whole = await readFile(publicFile(one.url));
  await card(page, one.version)
    .locator('input[type=file]')
    .setInputFiles({
      name: 'half.safetensors',
      mimeType: 'application/octet-stream',
      buffer: whole.subarray(0, whole.length >> 1),
    });
  await trouble(page, one.version)
    .filter({ hasText: /half\.safetensors can’t be used: .+ The network loaded before goes on\./ })
    .waitFor();
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await everyCardSays(page, coffee.label);
  assert.equal(
    await card(page, one.version)
      .getByRole('combobox', { name: /^Weights of/ })
      .inputValue(),
    `served:${one.name}`,
  );
  await page.close();
});

test('a weights file runs in the card of its version, wherever it was dropped', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  const files = [{ name: 'mine.safetensors', mime: '', url: one.url }];
  if (one.config) files.push({ name: 'config.json', mime: 'application/json', url: one.config });
  await drop(page, `.card[data-version="${one.version}"] .idea`, files);
  const select = card(page, one.version).getByRole('combobox', { name: /^Weights of/ });
  await select.locator('option:checked', { hasText: 'mine.safetensors' }).waitFor({ state: 'attached' });
  await firstAnswer(page, one.version).filter({ hasText: cat.label }).waitFor();

  files[0].name = 'stray.safetensors';
  await drop(page, `.card[data-version="${other.version}"] .idea`, files);
  await select.locator('option:checked', { hasText: 'stray.safetensors' }).waitFor({ state: 'attached' });
  await trouble(page, other.version)
    .filter({ hasText: /^stray\.safetensors is for MobileNet.+: it runs in that column/ })
    .waitFor();
  await page.close();
});

test('of several weights files each runs in the card of its version, and what is wrong with one is said', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  await page.route('**/made-up', (route) => route.fulfill({ body: random(other.version, 3).file }));
  const mine = { name: 'mine.safetensors', mime: '', url: one.url };
  const broken = { name: 'broken.safetensors', mime: '', text: 'no weights' };
  const made = { name: 'made-up.safetensors', mime: '', url: 'made-up' };
  const stray = { name: 'config.json', mime: 'application/json', text: '{}' };
  const settings = one.config ? [{ name: 'mine.json', mime: 'application/json', url: one.config }] : [];
  await drop(page, `.card[data-version="${one.version}"] .idea`, [stray, broken, mine, made, ...settings]);
  for (const [{ version }, { name }] of /** @type {const} */ ([
    [one, mine],
    [other, made],
  ])) {
    await card(page, version)
      .getByRole('combobox', { name: /^Weights of/ })
      .locator('option:checked', { hasText: name })
      .waitFor({ state: 'attached' });
  }
  await firstAnswer(page, one.version).filter({ hasText: cat.label }).waitFor();
  await trouble(page, one.version)
    .filter({
      hasText:
        /^config\.json: left out\. .+ broken\.safetensors .+ made-up\.safetensors is for MobileNet.+: it runs in that column\.$/,
    })
    .waitFor();
  await page.close();
});

test('a network can be run untrained: times, and no labels', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  const column = card(page, one.version);
  await column.getByText('Other weights').click();
  await column.getByRole('button', { name: 'Run it untrained' }).click();
  await column.getByText('Random weights.').waitFor();
  await column.getByText(/\d ms/).waitFor();
  assert.equal(await column.locator('.predictions').isVisible(), false);
  assert.equal(await column.getAttribute('data-answer'), null);
  await column.getByRole('combobox', { name: /^Weights of/ }).selectOption(`served:${one.name}`);
  await firstAnswer(page, one.version).filter({ hasText: cat.label }).waitFor();
  await page.close();
});

test('V4 runs in its column, Conv-Small and Conv-Medium, and what has no column is named', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  const column = card(page, 'v4-conv-small');
  const drawn = () => column.locator('.silhouette svg').getAttribute('aria-label');
  assert.match(await column.innerText(), /2024\s+V4/);
  assert.equal(await drawn(), 'V4-Conv-Small: 16 blocks, from 32 channels to 1280');
  const choose = (name, version) =>
    column.locator('input[type=file]').setInputFiles({
      name,
      mimeType: 'application/octet-stream',
      buffer: madeUp(version, coffee.index),
    });
  await choose('small.safetensors', 'v4-conv-small');
  await firstAnswer(page, 'v4-conv-small').filter({ hasText: coffee.label }).waitFor();
  await column.getByText('3.8 M params').waitFor();
  await page.locator('#verdict').getByText(/V4 100 %/).waitFor(); // prettier-ignore
  await choose('medium.safetensors', 'v4-conv-medium');
  await column.getByText('9.7 M params').waitFor();
  assert.equal(await drawn(), 'V4-Conv-Medium: 22 blocks, from 32 channels to 1280');

  await choose('kin.safetensors', 'mnasnet-b1');
  await column.getByText('kin.safetensors is for MnasNet-B1: there is no column for it.').waitFor();
  await column.locator('option:checked', { hasText: 'medium.safetensors' }).waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await everyCardSays(page, coffee.label);
  await page.close();
});

test('weights without their config run, and their card says what may be wrong', async () => {
  const page = await openPage(session);
  const column = card(page, 'v4-conv-small');
  const weights = { name: 'mine.safetensors', mimeType: '', buffer: madeUp('v4-conv-small', coffee.index) };
  const config = {
    name: 'config.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify({ architecture: 'mobilenetv4_conv_small' })),
  };
  const choose = (files) => column.locator('input[type=file]').setInputFiles(files);
  await choose([weights]);
  await trouble(page, 'v4-conv-small').filter({ hasText: 'mine.safetensors came without its config.json' }).waitFor();
  await firstAnswer(page, 'v4-conv-small').filter({ hasText: coffee.label }).waitFor();
  await choose([weights, config]);
  await trouble(page, 'v4-conv-small').filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
  await firstAnswer(page, 'v4-conv-small').filter({ hasText: coffee.label }).waitFor();
  await page.close();
});

test('the files of TensorFlow.js run, chosen together', async () => {
  const page = await openPage(session);
  const column = card(page, 'v1');
  const model = readFileSync(new URL('../goldens/keras/v1-keras2.json', import.meta.url));
  const tensors = JSON.parse(model.toString()).weightsManifest.flatMap(({ weights }) => weights);
  const length = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  // The values must be positive, because some are variances.
  const weights = Buffer.from(new Float32Array(length).fill(0.02).buffer);
  await column.locator('input[type=file]').setInputFiles([
    { name: 'group1-shard1of1.bin', mimeType: '', buffer: weights },
    { name: 'model.json', mimeType: 'application/json', buffer: model },
  ]);
  await column.locator('.choice option:checked').filter({ hasText: 'model.json' }).waitFor({ state: 'attached' });
  await column.locator('.speed').filter({ hasText: /\d ms/ }).waitFor();
  await page.close();
});

test('the verdict has words for all columns', async () => {
  const page = await session.browser.newPage({ serviceWorkers: 'block' });
  page.setDefaultTimeout(60_000);
  const versions = [...COLUMNS, 'efficientnet-lite0'];
  await page.route('**/models/models.json', (route) =>
    route.fulfill({
      json: { models: versions.map((version) => ({ version, title: version, url: version, top1: null, bytes: 1 })) },
    }),
  );
  /** Opens the page with networks that give these answers, column by column; each further one has its own. */
  const answers = async (...indices) => {
    for (const [i, version] of COLUMNS.entries()) {
      const body = madeUp(version, indices[i] ?? 10 + i);
      await page.unroute(`**/${version}`);
      await page.route(`**/${version}`, (route) => route.fulfill({ body }));
    }
    await page.goto(session.url);
  };
  const says = (words) => page.locator('#verdict-kicker').getByText(words, { exact: true }).waitFor();
  const groups = () => page.locator('#answers > li').count();

  const number = ['five', 'six', 'seven'][COLUMNS.length - 5];
  await answers(...COLUMNS.map(() => 1));
  await says(`All ${number} agree`);
  assert.equal(await groups(), 1);
  await answers(1, 2, 1, 2, 3);
  await says('Two against two');
  await answers(1, 1, 2, 1, 2);
  await says(`Three of ${number} agree`);
  await answers(...COLUMNS.map((_, i) => i));
  await says(`${number[0].toUpperCase()}${number.slice(1)} answers`);
  // The page may draw the answers anew at any time, so they are found and read in one step.
  const colours = await page.evaluate(() =>
    Array.from(document.querySelectorAll('#answers strong'), (one) => getComputedStyle(one).color),
  );
  assert.equal(new Set(colours).size, COLUMNS.length, colours.join());
  await page.close();
});

test('a network that is switched off is not run', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  await page.getByRole('switch', { name: `Run ${await card(page, one.version).locator('.name').innerText()}` }).click();
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  for (const { version } of firstModels.slice(1))
    await firstAnswer(page, version).filter({ hasText: coffee.label }).waitFor();
  assert.equal(await firstAnswer(page, one.version).innerText(), '');
  await card(page, one.version).getByRole('switch').click();
  await everyCardSays(page, coffee.label);
  await page.close();
});

/** Reports one core, so that the engine has one thread and its worker is the page's only one. */
const onOneCore = (page) =>
  page.addInitScript(() => Object.defineProperty(navigator, 'hardwareConcurrency', { value: 1 }));

test('all networks share one engine, and each column is filled as soon as its network has answered', async () => {
  const page = await openPage(session, { prepare: onOneCore });
  await everyCardSays(page, cat.label);
  assert.equal(page.workers().length, 1);
  await page.getByText(/^Frame read and resized in \d+\.\d ms/).waitFor();
  const versions = firstModels.map(({ version }) => version).sort((a, b) => COLUMNS.indexOf(a) - COLUMNS.indexOf(b));
  await page.evaluate(
    ({ versions, label }) => {
      const labels = versions.map((version) =>
        document.querySelector(`.card[data-version="${version}"] .predictions li:first-child .label`),
      );
      const answered = () => labels.filter(({ textContent }) => textContent === label).length;
      globalThis.seen = [];
      const observer = new MutationObserver(() => {
        if (answered() > (seen.at(-1) ?? 0)) seen.push(answered());
      });
      for (const label of labels) observer.observe(label, { childList: true });
    },
    { versions, label: coffee.label },
  );
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await everyCardSays(page, coffee.label);
  assert.deepEqual(
    await page.evaluate(() => seen),
    versions.map((_, i) => i + 1),
  );
  await page.close();
});

/** Makes the engine break whenever the network of this number classifies, in any worker, until `mend` is called. */
const breakNetwork = (page, number) =>
  page.evaluate((number) => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      for (const asked of message.request?.networks ?? []) {
        // Wasm doesn't accept a BigInt here.
        if (asked.network === number) asked.topK = 5n;
      }
      return postMessage.call(this, message, ...rest);
    };
    globalThis.mend = () => (Worker.prototype.postMessage = postMessage);
  }, number);

test('a network that crashes the engine is reported and can be started again, and the others go on', async () => {
  const page = await openPage(session, { prepare: onOneCore });
  await everyCardSays(page, cat.label);
  // Cards load the lightest network first, so the heaviest has the last number.
  const heaviest = firstModels.reduce((a, b) => (a.bytes > b.bytes ? a : b));
  await breakNetwork(page, firstModels.length - 1);
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await trouble(page, heaviest.version)
    .filter({ hasText: 'The engine stopped while this network was at work.' })
    .waitFor();
  assert.equal(await firstAnswer(page, heaviest.version).innerText(), '');
  for (const { version } of firstModels) {
    if (version === heaviest.version) continue;
    await firstAnswer(page, version).filter({ hasText: coffee.label }).waitFor();
    assert.equal(await trouble(page, version).innerText(), '');
  }
  await page.evaluate(() => globalThis.mend());
  await card(page, heaviest.version).getByRole('button', { name: 'Restart' }).click();
  await firstAnswer(page, heaviest.version).filter({ hasText: coffee.label }).waitFor();
  assert.equal(await trouble(page, heaviest.version).innerText(), '');
  assert.equal(page.workers().length, 1);
  await page.close();
});

test('an engine that stopped once starts again by itself', async () => {
  const page = await openPage(session, { prepare: onOneCore });
  await everyCardSays(page, cat.label);
  await trapNextFrame(page.workers()[0]);
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await everyCardSays(page, coffee.label);
  assert.equal(await page.getByRole('button', { name: 'Restart' }).count(), 0);
  await page.close();
});

test('a browser without WebAssembly SIMD is told what to do', async () => {
  const page = await openPage(session, {
    prepare: (page) => page.addInitScript(() => (WebAssembly.validate = () => false)),
  });
  await trouble(page, one.version).filter({ hasText: 'This browser has no WebAssembly SIMD. Update it' }).waitFor();
  await page.close();
});

test('no request leaves the origin, and the page could not make one', async () => {
  const page = await session.browser.newPage({ serviceWorkers: 'block' });
  const elsewhere = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(session.url).origin)
      elsewhere.push(request.url());
  });
  await page.goto(session.url);
  await everyCardSays(page, cat.label);
  await page.getByRole('button', { name: 'Start camera' }).click();
  await page.getByRole('button', { name: 'Stop camera' }).waitFor();
  await page.getByRole('button', { name: 'Stop camera' }).click();
  await page.getByRole('button', { name: 'A cup of coffee' }).click();
  await everyCardSays(page, coffee.label);
  // If two columns or more have no weights, the page asks whether a host has them, by a file that reveals nothing of the visitor.
  const offers = /^https:\/\/(huggingface\.co|www\.modelscope\.cn)\/[^?]*\/config\.json$/;
  const complete = firstModels.length > COLUMNS.length - 2;
  assert.deepEqual(complete ? elsewhere : elsewhere.filter((url) => !offers.test(url)), []);
  const refused = await page.evaluate(async () => {
    const violation = new Promise((resolve) =>
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective)),
    );
    const outcome = await fetch('https://example.org/').then(
      () => 'answered',
      () => 'refused',
    );
    return [outcome, await violation];
  });
  assert.deepEqual(refused, ['refused', 'connect-src']);
  await page.close();
});

test('every response asks for isolation, and the page has it', async () => {
  const page = await session.browser.newPage({ serviceWorkers: 'block' });
  const bare = [];
  page.on('response', async (response) => {
    if (!response.url().startsWith(session.url)) return;
    const headers = response.headers();
    if (
      headers['cross-origin-opener-policy'] !== 'same-origin' ||
      headers['cross-origin-embedder-policy'] !== 'require-corp'
    )
      bare.push(response.url());
  });
  await page.goto(session.url);
  await everyCardSays(page, cat.label);
  assert.deepEqual(bare, []);
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await page.close();
});

test('everything can be reached and worked by keyboard, and the focus is seen', async () => {
  const page = await openPage(session, { viewport: { width: 1280, height: 800 } });
  await everyCardSays(page, cat.label);
  const reached = [];
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = /** @type {HTMLInputElement | null} */ (document.activeElement);
      if (!element || element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const name =
        element.getAttribute('aria-label') ??
        element.labels?.[0]?.innerText ??
        (element.innerText || element.querySelector('img')?.alt);
      return {
        name,
        visible: element.checkVisibility(),
        outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
      };
    });
    if (!focused) break;
    assert.ok(focused.visible && focused.outlined, `no focus to be seen on ${focused.name}`);
    assert.ok(focused.name, 'a control without a name');
    reached.push(focused.name.trim());
  }
  for (const name of [
    'Start camera',
    'Open a picture…',
    'A cup of coffee',
    ...GENERATIONS.map(({ name }) => `Run ${name}`),
    'Other weights',
  ]) {
    assert.ok(reached.includes(name), `${name} is not reached: ${reached.join(', ')}`);
  }
  assert.ok(reached.indexOf('Start camera') < reached.indexOf('Run V1'));

  const control = card(page, one.version).getByRole('switch');
  await control.focus();
  await page.keyboard.press('Space');
  assert.equal(await control.isChecked(), false);
  await page.keyboard.press('Space');
  assert.equal(await control.isChecked(), true);
  await page.getByRole('button', { name: 'A cup of coffee' }).focus();
  await page.keyboard.press('Enter');
  await everyCardSays(page, coffee.label);
  await page.close();
});

test('a screen reader is told a new outcome, at most every two seconds', async () => {
  const page = await openPage(session);
  await everyCardSays(page, cat.label);
  // The camera sees the two photos by turns. Their rhythm is another than that of the sentences.
  await page.evaluate(async () => {
    const load = async (name) => createImageBitmap(await (await fetch(`samples/${name}`)).blob());
    const pictures = await Promise.all(['chelsea.png', 'coffee.png'].map(load));
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [pictures[0].width, pictures[0].height];
    const context = canvas.getContext('2d');
    setInterval(() => {
      const picture = pictures[Math.floor(performance.now() / 700) % 2];
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    }, 50);
    navigator.mediaDevices.getUserMedia = () => Promise.resolve(canvas.captureStream());
    globalThis.spoken = [];
    const announcement = document.getElementById('announcement');
    new MutationObserver(() => {
      const sentence = announcement.textContent;
      if (sentence) spoken.push({ sentence, time: performance.now() });
    }).observe(announcement, { childList: true });
  });
  await page.getByRole('button', { name: 'Start camera' }).click();
  await page.waitForFunction(() => spoken.length >= 4);
  const spoken = await page.evaluate(() => /** @type {any[]} */ (globalThis.spoken));
  const times = spoken.map(({ time }) => time);
  for (const [i, time] of times.entries()) assert.ok(i === 0 || time - times[i - 1] > 1900, times.join());
  for (const { label } of [cat, coffee])
    assert.ok(
      spoken.some(({ sentence }) => sentence.endsWith(label)),
      label,
    );
  const live = await page
    .locator('.predictions, #answers, .speed')
    .evaluateAll((elements) => elements.filter((element) => element.closest('[aria-live], [role=status]')).length);
  assert.equal(live, 0);
  await page.close();
});

test('lists and fields of text wait until their part of the page comes near', async () => {
  const page = await openPage(session, { viewport: { width: 390, height: 844 } });
  await card(page, one.version).locator('.milliseconds').filter({ hasText: /\d ms/ }).waitFor();
  await page.locator('#teach').waitFor();
  const fillable = (part) =>
    page.locator(part).locator('select, input:not([type=range], [type=checkbox], [type=file])');
  const parts = ['.more', '#depthwise', '#teach'];
  assert.deepEqual(await Promise.all(parts.map((part) => fillable(part).count())), [0, 0, 0]);
  await card(page, one.version).getByText('Other weights').click();
  await fillable('.more').nth(2).waitFor();
  for (const part of ['#teach', '#depthwise']) {
    await page.locator(part).scrollIntoViewIfNeeded();
    await fillable(part).first().waitFor();
  }
  await page.close();
});

test('from 320 to 2560 pixels nothing is cut off, whatever the state and the language', async () => {
  for (const width of [320, 390, 768, 1280, 2560]) {
    for (const [search, prepare] of /** @type {const} */ ([
      ['?lang=en', undefined],
      ['?lang=zh', (page) => page.route('**/models/models.json', (route) => route.fulfill({ status: 404 }))],
    ])) {
      const page = await session.browser.newPage({ serviceWorkers: 'block', viewport: { width, height: 844 } });
      await prepare?.(page);
      await page.goto(`${session.url}${search}`);
      if (!prepare) await everyCardSays(page, cat.label);
      else await card(page, 'v3-large').getByText('权重是随机的').waitFor();
      for (const details of await page.locator('details:visible').all())
        await details.evaluate((/** @type {HTMLDetailsElement} */ element) => (element.open = true));
      const { scroll, outside } = await page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth,
        outside: [...document.querySelectorAll('button, select, p, li, h1, h3, svg, a, input, .switch')]
          .filter((element) => element.checkVisibility() && !element.matches('.visually-hidden'))
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
          .map(({ className, textContent }) => `${className} ${textContent}`),
      }));
      assert.equal(scroll, width, search);
      assert.deepEqual(outside, []);
      await page.close();
    }
  }
});

test('text can be read against what is behind it, in light and in dark', async () => {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const page = await openPage(session, { colorScheme });
    await everyCardSays(page, cat.label);
    const colours = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const get = (name) => style.getPropertyValue(name).trim();
      const names = [
        '--ink',
        '--quiet',
        '--trouble',
        '--answer-0',
        '--answer-1',
        '--answer-2',
        '--answer-3',
        '--answer-4',
      ];
      return {
        paper: get('--paper'),
        body: getComputedStyle(document.body).backgroundColor,
        quiet: get('--quiet'),
        wash: parseFloat(get('--wash')) / 100,
        texts: names.map((name) => [name, get(name)]),
      };
    });
    assert.equal(colours.body, `rgb(${channels(colours.paper).join(', ')})`);
    for (const [name, colour] of colours.texts) {
      const ratio = contrast(colour, colours.paper);
      assert.ok(ratio >= 4.5, `${name} on ${colorScheme} paper: ${ratio.toFixed(2)}`);
      if (!name.startsWith('--answer')) continue;
      // The first line of a ranking has the answer and its probability over a bar, which axe doesn't see.
      const bar = mixed(colour, colours.paper, colours.wash);
      const least = Math.min(contrast(colour, bar), contrast(colours.quiet, bar));
      assert.ok(least >= 4.5, `on the bar of ${name} in ${colorScheme}: ${least.toFixed(2)}`);
    }
    await page.close();
  }
});

const channels = (hex) => hex.match(/[\da-f]{2}/gi).map((pair) => parseInt(pair, 16));

/** `share` of a colour over another. */
function mixed(colour, paper, share) {
  const [over, under] = [channels(colour), channels(paper)];
  return over.map((value, i) => Math.round(share * value + (1 - share) * under[i]).toString(16).padStart(2, '0')).join(''); // prettier-ignore
}

/** The contrast ratio of WCAG 2.2, from relative luminances. */
function contrast(a, b) {
  const luminance = (hex) => {
    const [red, green, blue] = channels(hex).map((value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

test('nothing moves if less motion is asked for', async () => {
  const page = await openPage(session, { reducedMotion: 'reduce' });
  // The page is made in pieces. The answers, which move, and the last section must be there.
  await firstAnswer(page, firstModels[0].version).filter({ hasText: /./ }).waitFor();
  await page.locator('#teach h2').waitFor({ state: 'attached' });
  const moving = () =>
    page.evaluate(() => {
      const durations = (element) =>
        ['', '::before', '::after'].map((pseudo) =>
          parseFloat(getComputedStyle(element, pseudo || null).transitionDuration),
        );
      return [...document.querySelectorAll('body *')].flatMap(durations).filter((seconds) => seconds > 0).length;
    });
  assert.equal(await moving(), 0);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.ok((await moving()) > 0, 'nothing moves in any case');
  await page.close();
});

test(
  'a screenshot for the README, on demand',
  { skip: !process.env.SCREENSHOT && 'set SCREENSHOT=1 to write docs/screenshot.png' },
  async () => {
    const page = await openPage(session, { viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
    await everyCardSays(page, cat.label);
    await page.evaluate(() => scrollTo(0, 0));
    // The times settle meanwhile.
    await page.waitForTimeout(4000);
    await page.screenshot({ path: new URL('../../docs/screenshot.png', import.meta.url).pathname });
    await page.close();
  },
);
