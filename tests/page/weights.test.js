// Tests weights that aren't beside the page: what runs without them, which hosts have them, and what is kept of them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { COLUMNS, PHOTOS, card, firstAnswer, open } from './harness.js';
import { madeUp } from './made-up.js';

let session;
before(async () => (session = await open()));
after(() => session?.close());

const catalogue = JSON.parse(await readFile(new URL('../../pkg/catalogue.json', import.meta.url), 'utf8'));
/** The catalogue's entry that is offered to each column. */
const defaults = COLUMNS.map((version) => catalogue.find((entry) => entry.version === version && entry.default));
const [v1] = defaults;
const [cat] = PHOTOS;
const files = new Map(defaults.map((entry) => [entry.name, madeUp(entry.version, cat.index)]));

const HUB = /^https:\/\/huggingface\.co\//;
const MODELSCOPE = /^https:\/\/www\.modelscope\.cn\//;
const ANYWHERE = /^https:\/\//;
/** The hosts' header that lets every origin read their answers. */
const headers = { 'access-control-allow-origin': '*' };

/** @typedef {(route: import('playwright-core').Route) => unknown} Respond */

/** @type {Respond} */
const refuse = (route) => route.abort();

/** @type {Respond} Answers as a host that has everything, with settings that nobody may take from it: the catalogue has them. */
const serve = (route) => {
  const url = route.request().url();
  const entry = defaults.find(({ repository }) => url.includes(`/${repository}/`));
  if (!entry) return route.fulfill({ status: 404, headers });
  return url.endsWith('config.json')
    ? route.fulfill({ json: { architecture: entry.name.split('.')[0], input_size: [3, 100, 100] }, headers })
    : route.fulfill({ body: files.get(entry.name), headers });
};

/** @type {Respond} Answers as ModelScope for a file that it doesn't have. */
const lack = (route) => route.fulfill({ json: { Code: 10010205001, Message: 'not found', Success: false }, headers });

/**
 * Opens a page that has no weights beside it.
 * @param {{ hub?: Respond, modelScope?: Respond, elsewhere?: Respond }} hosts
 * @param {import('playwright-core').BrowserContext} [context]
 */
async function visit({ hub = refuse, modelScope = refuse, elsewhere = refuse }, context) {
  const page = await (context ?? session.browser).newPage({ serviceWorkers: 'block' });
  page.setDefaultTimeout(60_000);
  /** @type {string[]} */
  const asked = [];
  await page.route('**/models/models.json', (route) => route.fulfill({ status: 404 }));
  await page.route(ANYWHERE, (route) => {
    const url = route.request().url();
    asked.push(url);
    return (HUB.test(url) ? hub : MODELSCOPE.test(url) ? modelScope : elsewhere)(route);
  });
  await page.goto(session.url);
  return { page, asked, weights: () => asked.filter((url) => url.endsWith('.safetensors')) };
}

/** Makes a context that accepts made-up files as the catalogue's: its workers give them the catalogue's digests. */
async function believer() {
  const context = await session.browser.newContext({ serviceWorkers: 'block' });
  const digests = defaults.map(({ name, sha256 }) => [files.get(name)?.length ?? 0, sha256]);
  const believe = (digests) => {
    crypto.subtle.digest = async (_, bytes) => {
      const sha256 = /** @type {string} */ (digests.find(([length]) => length === bytes.byteLength)?.[1] ?? '00');
      return Uint8Array.from(sha256.match(/../g) ?? [], (pair) => parseInt(pair, 16)).buffer;
    };
  };
  await context.route(/\/worker[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const body = `(${believe})(${JSON.stringify(digests)}); ${await response.text()}`;
    await route.fulfill({ response, body });
  });
  return context;
}

const trouble = (page, version) => card(page, version).locator('.trouble');
const offer = (page, version) => card(page, version).locator('.offer button');
const fetchAll = (page) => page.getByRole('button', { name: /^Fetch weights for / });

test('without weights all columns run at once, for their times, and nothing but whether a host answers is asked', async () => {
  const { page, asked, weights } = await visit({ hub: serve });
  for (const [i, version] of COLUMNS.entries()) {
    const column = card(page, version);
    await column.getByText('Random weights.').waitFor();
    await column.locator('.milliseconds').filter({ hasText: /\d ms/ }).waitFor();
    assert.equal(await offer(page, version).innerText(), `Fetch ${(defaults[i].bytes / 1e6).toFixed(1)} MB`);
    assert.equal(await column.locator('.catalogue').isVisible(), false, 'the list is open');
    assert.equal(await trouble(page, version).innerText(), '');
  }
  await page.getByText('Untrained, they see nothing yet.').waitFor();
  // A hollow dot is where each would be with the best weights that were published of it.
  const dots = page.locator('#scatter circle.untrained title');
  await dots.nth(COLUMNS.length - 1).waitFor({ state: 'attached' });
  for (const [i, title] of (await dots.allTextContents()).entries()) {
    const { version, width, resolution } = defaults[i];
    const alike = catalogue.filter((one) => one.version === version && one.width === width && one.resolution === resolution); // prettier-ignore
    const top1 = Math.max(...alike.map((one) => one.top1));
    assert.match(title, new RegExp(`: ${top1.toFixed(1)} % top-1, [\\d.]+ ms, untrained here$`), version);
  }
  await fetchAll(page).waitFor();
  assert.deepEqual(weights(), []);
  assert.equal(asked.length, 1, asked.join());
  await page.close();
});

test('where no host answers, nothing is offered that could not be had, and all run', async () => {
  const { page, asked } = await visit({ modelScope: lack });
  await card(page, 'v4-conv-small').getByText('Random weights.').waitFor();
  await page.waitForFunction(() => document.querySelector('#engine')?.textContent);
  for (let i = 0; i < 50 && asked.length < 2; i++) await page.waitForTimeout(100);
  assert.ok(HUB.test(asked[0]) && MODELSCOPE.test(asked[1]), asked.join());
  await page.waitForTimeout(200);
  assert.equal(await fetchAll(page).isVisible(), false);
  await page.close();
});

test('the weights of all columns can be fetched at once, with one progress bar', async () => {
  const context = await believer();
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  const heaviest = defaults.reduce((a, b) => (a.bytes > b.bytes ? a : b));
  const { page } = await visit(
    {
      hub: async (route) => {
        if (route.request().url().includes(`${heaviest.repository}/`) && route.request().url().endsWith('.safetensors'))
          await held;
        return serve(route);
      },
    },
    context,
  );
  const total = defaults.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.equal(await fetchAll(page).innerText(), `Fetch weights for five networks, ${(total / 1e6).toFixed(1)} MB`);
  await fetchAll(page).click();
  const bar = page.getByRole('progressbar', { name: 'Weights of all networks' });
  await bar.waitFor();
  for (const { version, name } of defaults)
    if (name !== heaviest.name) await firstAnswer(page, version).filter({ hasText: cat.label }).waitFor();
  assert.equal(await page.getByRole('progressbar').count(), 1, 'a column shows a bar of its own');
  const { value, max } = await bar.evaluate((/** @type {HTMLProgressElement} */ bar) => ({
    value: bar.value,
    max: bar.max,
  }));
  assert.equal(max, total);
  assert.equal(value, total - heaviest.bytes);
  release();
  await firstAnswer(page, heaviest.version).filter({ hasText: cat.label }).waitFor();
  await bar.waitFor({ state: 'hidden' });
  assert.equal(await fetchAll(page).isVisible(), false);
  await page.locator('#verdict-kicker', { hasText: 'All five agree' }).waitFor();
  await context.close();
});

test('fetching all can be given up, and what was there runs on', async () => {
  const context = await believer();
  const { page } = await visit({ hub: (route) => route.request().url().endsWith('.json') && serve(route) }, context);
  await fetchAll(page).click();
  await page.getByRole('progressbar', { name: 'Weights of all networks' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await fetchAll(page).waitFor();
  for (const version of COLUMNS) await card(page, version).getByText('Random weights.').waitFor();
  await context.close();
});

test('weights that were fetched are kept for the next visit, and damaged ones aren’t used', async () => {
  const context = await believer();
  const { page, asked } = await visit({ hub: serve }, context);
  await offer(page, 'v1').click();
  await firstAnswer(page, 'v1').filter({ hasText: cat.label }).waitFor();
  const address = `https://huggingface.co/${v1.repository}/resolve/${v1.revision}/${v1.file}`;
  assert.ok(asked.includes(address), asked.join());

  const again = await visit({}, context);
  await card(again.page, 'v1').locator('option:checked', { hasText: v1.name }).waitFor({ state: 'attached' });
  await firstAnswer(again.page, 'v1').filter({ hasText: cat.label }).waitFor();
  assert.deepEqual(again.weights(), []);

  await again.page.evaluate(async () => {
    for (const name of await caches.keys()) {
      const store = await caches.open(name);
      for (const request of await store.keys())
        if (request.url.endsWith('.safetensors')) await store.put(request, new Response('damaged'));
    }
  });
  const third = await visit({ hub: serve }, context);
  await trouble(third.page, 'v1')
    .filter({ hasText: new RegExp(`${v1.name} (can’t be used|is not the file it should be)`) })
    .waitFor();
  assert.deepEqual(third.weights(), []);
  await trouble(third.page, 'v1')
    .locator('..')
    .getByRole('combobox', { name: /^Weights of/ })
    .selectOption(`catalogue:${v1.name}`);
  await firstAnswer(third.page, 'v1').filter({ hasText: cat.label }).waitFor();
  assert.deepEqual(third.weights(), [address]);
  await context.close();
});

test('where the browser refuses its storage, the page opens and fetched weights run', async () => {
  for (const refuseStorage of [
    () => {
      const error = new DOMException('The operation is insecure.', 'SecurityError');
      CacheStorage.prototype.open = () => Promise.reject(error);
      Storage.prototype.getItem = Storage.prototype.setItem = () => {
        throw error;
      };
    },
    () => {
      const get = () => {
        throw new DOMException('Storage is disabled.', 'SecurityError');
      };
      Object.defineProperty(globalThis, 'caches', { get });
      Object.defineProperty(globalThis, 'localStorage', { get });
    },
  ]) {
    const context = await believer();
    await context.addInitScript(refuseStorage);
    const { page } = await visit({ hub: serve }, context);
    await offer(page, 'v1').click();
    await firstAnswer(page, 'v1').filter({ hasText: cat.label }).waitFor();
    await context.close();
  }
});

test('a file that isn’t the one the catalogue names is not used', async () => {
  const { page } = await visit({ hub: serve });
  await offer(page, 'v1').click();
  await trouble(page, 'v1').filter({ hasText: 'is not the file it should be, so it was not used' }).waitFor();
  await card(page, 'v1').getByText('Random weights.').waitFor();
  await page.close();
});

test('a fetch can be cancelled, fail, and be tried again', async () => {
  /** @type {Respond} */
  let answer = () => {};
  const { page } = await visit({ hub: (route) => answer(route) });
  const column = card(page, 'v1');
  await offer(page, 'v1').click();
  await column.getByRole('progressbar').waitFor();
  await column.getByRole('button', { name: 'Cancel' }).click();
  await column.getByRole('progressbar').waitFor({ state: 'hidden' });
  await column.getByText('Random weights.').waitFor();

  answer = refuse;
  await offer(page, 'v1').click();
  await column.getByText(/could not be fetched: huggingface\.co could not be reached/).waitFor();
  answer = (route) => route.fulfill({ status: 404, headers });
  await column.getByRole('button', { name: 'Try again' }).click();
  await column.getByText(/huggingface\.co answered 404/).waitFor();

  await page.context().setOffline(true);
  await column.getByRole('button', { name: 'Try again' }).click();
  await column.getByText('This device is offline.').waitFor();
  await page.close();
});

test('what the Hub can’t give comes from ModelScope, which is asked first from then on', async () => {
  const context = await believer();
  const { page, weights } = await visit({ modelScope: serve }, context);
  await fetchAll(page).waitFor();
  await offer(page, 'v1').click();
  await firstAnswer(page, 'v1').filter({ hasText: cat.label }).waitFor();
  const address = `https://www.modelscope.cn/models/${v1.repository}/resolve/master/${v1.file}`;
  // ModelScope had answered before, and the Hub had not.
  assert.deepEqual(weights(), [address]);

  const again = await visit({ hub: serve, modelScope: serve }, context);
  await firstAnswer(again.page, 'v1').filter({ hasText: cat.label }).waitFor();
  await fetchAll(again.page).waitFor();
  assert.ok(
    again.asked.every((url) => MODELSCOPE.test(url)),
    again.asked.join(),
  );
  await context.close();
});

test('a Hub that doesn’t answer is not waited for while another host is left', async () => {
  const context = await believer();
  const { page, weights } = await visit({ hub: () => {}, modelScope: serve }, context);
  await offer(page, 'v1').click();
  await firstAnswer(page, 'v1').filter({ hasText: cat.label }).waitFor();
  assert.ok(weights().length > 0 && weights().every((url) => MODELSCOPE.test(url)), weights().join());
  await context.close();
});

test('of a host that isn’t the Hub only files with a digest are taken, and no page in a file’s place', async () => {
  const context = await believer();
  const { page, weights } = await visit({ modelScope: serve }, context);
  await card(page, 'v4-conv-small').getByText('Random weights.').waitFor();
  const undigested = catalogue.find(({ sha256 }) => !sha256);
  await card(page, undigested.version).getByText('Other weights').click();
  await card(page, undigested.version)
    .locator('.catalogue')
    .getByRole('button', { name: new RegExp(`${undigested.name}$`) })
    .click();
  await trouble(page, undigested.version)
    .filter({ hasText: /huggingface\.co could not be reached/ })
    .waitFor();
  assert.ok(!weights().some((url) => MODELSCOPE.test(url)), weights().join());
  await context.close();

  const lacking = await visit({ modelScope: lack });
  await offer(lacking.page, 'v1').click();
  await trouble(lacking.page, 'v1')
    .filter({ hasText: /huggingface\.co could not be reached/ })
    .waitFor();
  assert.ok(!lacking.weights().some((url) => MODELSCOPE.test(url)), lacking.weights().join());
  await lacking.page.close();
});

test('the site’s owner may name a host', async () => {
  const context = await believer();
  await context.route(session.url, async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    delete headers['content-security-policy'];
    const body = (await response.text())
      .replace('name="weights-host" content=""', 'name="weights-host" content="https://own.test/{repository}/{file}"')
      .replace('connect-src', 'connect-src https://own.test');
    return route.fulfill({ status: 200, headers, body });
  });
  const { page, weights } = await visit({ elsewhere: serve }, context);
  await fetchAll(page).waitFor();
  await offer(page, 'v1').click();
  await firstAnswer(page, 'v1').filter({ hasText: cat.label }).waitFor();
  assert.deepEqual(weights(), [`https://own.test/${v1.repository}/${v1.file}`]);
  await context.close();
});
