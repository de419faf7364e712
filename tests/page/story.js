// Provides what the story's tests share: a page with made-up weights, whose figures can be compared with the engine's numbers.
import { createHash } from 'node:crypto';
import { COLUMNS } from './harness.js';
import { random } from './made-up.js';

/** @type {Map<string, Buffer>} */
const checkpoints = new Map(COLUMNS.map((version, index) => [version, random(version, index + 21).file]));

/**
 * Serves made-up checkpoints to a page in place of those beside it.
 * @param {import('playwright-core').Page} page
 * @param {ReadonlyMap<string, number>} [top1] the published accuracies of some of them, by version. Per cent
 */
export async function serveMadeUp(page, top1 = new Map()) {
  const models = [...checkpoints].map(([version, file]) => ({
    name: version,
    version,
    title: `MobileNet ${version}`,
    url: `models/made-up/${version}.safetensors`,
    config: null,
    preprocessorConfig: null,
    bytes: file.length,
    sha256: createHash('sha256').update(file).digest('hex'),
    width: 1,
    top1: top1.get(version) ?? null,
  }));
  await page.route('**/models/models.json', (route) => route.fulfill({ json: { models } }));
  await page.route('**/models/made-up/*', (route) => {
    const [, version] = /made-up\/(.*)\.safetensors/.exec(route.request().url());
    return route.fulfill({
      body: checkpoints.get(/** @type {any} */ (version)),
      contentType: 'application/octet-stream',
    });
  });
}

/** Runs in a page: makes a PNG with edges, colours and gradients. */
export async function drawPicture() {
  const canvas = new OffscreenCanvas(320, 240);
  const context = canvas.getContext('2d');
  const gradient = context.createLinearGradient(0, 0, 320, 240);
  for (const [at, colour] of [[0, 'navy'], [0.5, 'orange'], [1, 'white']]) gradient.addColorStop(+at, `${colour}`); // prettier-ignore
  context.fillStyle = gradient;
  context.fillRect(0, 0, 320, 240);
  for (let index = 0; index < 12; index++) {
    context.fillStyle = `hsl(${index * 67} 80% ${30 + 4 * index}%)`;
    context.fillRect((index * 83) % 260, (index * 47) % 190, 40, 30);
  }
  return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
}

/**
 * Opens the page with made-up weights in all columns, and waits until these have classified a picture.
 * @param {Awaited<ReturnType<typeof import('./harness.js').open>>} session
 * @param {Buffer} picture
 * @param {string} [search] the end of the address
 * @param {import('playwright-core').BrowserContextOptions & { prepare?: (page: import('playwright-core').Page) => Promise<unknown> }} [options]
 */
export async function visit(session, picture, search = '', options = {}) {
  const { prepare = serveMadeUp, ...others } = options;
  const page = await session.browser.newPage({ viewport: { width: 1280, height: 900 }, ...others });
  page.setDefaultTimeout(60_000);
  await prepare(page);
  await page.goto(`${session.url}${search}`);
  await page.locator('#picture-file').setInputFiles({ name: 'made-up.png', mimeType: 'image/png', buffer: picture });
  for (const version of COLUMNS) {
    await page.locator(`.card[data-version="${version}"] .milliseconds`).filter({ hasText: /\d/ }).waitFor();
  }
  return page;
}

/**
 * Runs in the page: reads the values of a map's pixels from their colours, -1 to 1 of its scale.
 * @param {HTMLCanvasElement} canvas
 * @returns {number[]}
 */
export function sharesDrawn(canvas) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => {
    const hex = Number.parseInt(style.getPropertyValue(name).trim().slice(1), 16);
    return [hex >> 16, (hex >> 8) & 255, hex & 255];
  };
  const paper = colour('--paper');
  const ways = /** @type {const} */ ([
    ['--ink', 1],
    ['--answer-4', 1],
    ['--answer-1', -1],
  ]).map(([name, sign]) => ({ sign, full: colour(name).map((value, part) => value - paper[part]) }));
  const dot = (a, b) => a.reduce((sum, value, part) => sum + value * b[part], 0);
  const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d')).getImageData(
    0,
    0,
    canvas.width,
    canvas.height,
  );
  return Array.from({ length: data.length / 4 }, (_, pixel) => {
    const way = paper.map((value, part) => data[4 * pixel + part] - value);
    // A pixel's colour lies on the line from the paper's colour to one of these.
    let nearest = { share: 0, off: Infinity };
    for (const { sign, full } of ways) {
      const share = dot(way, full) / dot(full, full);
      const off = Math.hypot(...way.map((value, part) => value - share * full[part]));
      if (off < nearest.off) nearest = { share: sign * share, off };
    }
    return nearest.share;
  });
}
