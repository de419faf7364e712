// Tests languages: every string comes from one place, and English and Chinese have the same strings.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '../../pkg/errors.js';
import { serve } from '../../www/serve.js';
import { PHOTOS, card, firstAnswer, firstModels, open } from './harness.js';
import { source } from './page-source.js';

let session;
before(async () => (session = await open()));
after(() => session?.close());

const www = new URL('../../www/', import.meta.url);

/** @param {import('playwright-core').BrowserContextOptions} [options] */
async function visit(search, options) {
  const page = await session.browser.newPage({ serviceWorkers: 'block', ...options });
  page.setDefaultTimeout(60_000);
  await page.goto(`${session.url}${search}`);
  return page;
}

const heading = (page) => page.locator('h1 span').innerText();
const ENGLISH = 'five readings of one frame';
const CHINESE = '五个网络看同一帧';

test('the browser’s language is taken, and the address goes before it', async () => {
  for (const [locale, search, expected, lang] of [
    ['en-US', '', ENGLISH, 'en'],
    ['zh-CN', '', CHINESE, 'zh-Hans'],
    ['zh-TW', '', CHINESE, 'zh-Hans'],
    ['fr-FR', '', ENGLISH, 'en'],
    ['zh-CN', '?lang=en', ENGLISH, 'en'],
    ['en-US', '?lang=zh', CHINESE, 'zh-Hans'],
    ['en-US', '?lang=toString', ENGLISH, 'en'],
  ]) {
    const page = await visit(search, { locale });
    assert.equal(await heading(page), expected, `${locale} ${search}`);
    assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
    await page.context().close();
  }
});

test('the switch keeps the language in the address, the place on the page, and goes along to the other page', async () => {
  const page = await visit('?other=1#networks-heading');
  const to = (name) => page.getByRole('navigation', { name: /^(Language|语言)$/ }).getByRole('link', { name });
  assert.equal(await to('English').getAttribute('aria-current'), 'true');
  await to('中文').click();
  await page.locator('h1', { hasText: CHINESE }).waitFor();
  const { searchParams, hash } = new URL(page.url());
  assert.deepEqual(Object.fromEntries(searchParams), { other: '1', lang: 'zh' });
  assert.equal(hash, '#networks-heading');
  assert.equal(await to('中文').getAttribute('aria-current'), 'true');
  assert.match((await page.locator('.masthead p a').getAttribute('href')) ?? '', /bench\.html\?lang=zh$/);
  await to('English').click();
  await page.locator('h1', { hasText: ENGLISH }).waitFor();
  await page.close();
});

/** Text that is the same in every language: names, units, and anything that isn't a word. */
const UNIVERSAL =
  /MobileNet|ImageNet|EfficientNet|MnasNet|V\d(-Small|-Large|-Conv-Small|-Conv-Medium)?\b|Hugging Face|\bHub\b|WebAssembly|SIMD|\.?safetensors|\.json|\btop-1\b|h[‑-]swish|swish|sigmoid|ReLU6?\b|ConvNext|GFLOP\/s|µs|\bkB\b|^out$|\bEnglish\b|\bJSON\b|\bCSV\b|\bsimd\b|\brelaxed\b|-threads|\bms\b|\bMB\b|\bp95\b|\bfps\b|localhost|\bEsc\b|timing\.\w+|\bclassify\b|Chromium|Markdown|tflite|https?:|scikit-(image|learn)|CC0|CC BY [\d.]+|ModelScope|NASWOT|NetAdapt|\bZen\b/g;

test('in Chinese no English is left', async () => {
  const page = await visit('?lang=zh');
  await card(page, 'v1').locator('.milliseconds').filter({ hasText: /\d/ }).waitFor();
  await assertChinese(page);
  await page.goto(`${session.url}bench.html?lang=zh`);
  await page.locator('#device').filter({ hasText: /./ }).waitFor();
  await assertChinese(page);
  await page.close();
});

test('in Chinese no reason is left in English', async (t) => {
  const bare = await serve({ isolated: false });
  t.after(() => bare.close());
  const page = await session.browser.newPage({ serviceWorkers: 'block' });
  page.setDefaultTimeout(60_000);
  await page.goto(`${bare.url}?lang=zh`);
  await page.locator('#engine', { hasText: '线程需要跨源隔离的页面' }).waitFor();
  const given = { name: '损坏.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.from('no weights') };
  await card(page, 'v1').locator('input[type=file]').setInputFiles(given);
  await card(page, 'v1').getByText('损坏.safetensors 无法使用：文件损坏，或不是权重文件。').waitFor();
  await assertChinese(page);
  await page.close();

  const { reason } = (await source('text/zh/page.ts')).page;
  for (const code of ERROR_CODES) assert.doesNotMatch(reason('what the package says', code), /[a-z]/, code);
  assert.equal(reason('this browser has no relaxed SIMD', null), '此浏览器不支持 relaxed SIMD');
  assert.equal(reason('huggingface.co answered 404 Not Found', 'FETCH_FAILED'), 'huggingface.co 返回了 404');
  assert.equal(
    reason('huggingface.co could not be reached: Failed to fetch', 'FETCH_FAILED'),
    '无法访问 huggingface.co',
  );
  assert.equal(reason('Starting videoinput failed', null), '原因不明');
  // The page's own reasons stay.
  assert.equal(reason('没有站点提供它', 'FETCH_FAILED'), '没有站点提供它');
});

test('counts are in millions in English, and in 万 and 亿 in Chinese', async () => {
  const [english, chinese] = await Promise.all(
    ['en', 'zh'].map(async (language) => (await source(`text/${language}/page.ts`)).page.rounded),
  );
  for (const [count, inMillions, inChinese] of /** @type {const} */ ([
    [470_072, '0.5 M', '47.0 万'],
    [4_231_976, '4.2 M', '423 万'],
    [22_024_192, '22.0 M', '2202 万'],
    [99_994_999, '100.0 M', '9999 万'],
    [99_995_000, '100.0 M', '1.00 亿'],
    [568_740_352, '569 M', '5.69 亿'],
  ]))
    assert.deepEqual([english(count), chinese(count)], [inMillions, inChinese]);

  const page = await visit('?lang=zh');
  await card(page, 'v1').locator('.milliseconds').filter({ hasText: /\d/ }).waitFor();
  assert.match(await card(page, 'v1').locator('.facts').innerText(), /^参数 [\d.]+ 万 · 乘加 [\d.]+ [万亿] · /);
  const figure = page.locator('#search .search');
  await figure.scrollIntoViewIfNeeded();
  await figure.getByRole('button', { name: '测量五个网络的各层' }).click();
  const line = figure.locator('.profile-row').first().getByRole('slider');
  for (const key of ['End', 'Home']) await line.press(key);
  await figure.locator('.reading', { hasText: /^首层.* · 参数 [\d,]+ · 乘加 [\d.]+ 万 · / }).waitFor();
  await assertChinese(page);
  await page.close();
});

test('ImageNet’s classes have their Chinese names, in the order of the English ones', async () => {
  const [english, chinese] = await Promise.all(
    [new URL('../../pkg/labels.json', import.meta.url), new URL('src/text/zh/classes.json', www)].map(async (url) =>
      JSON.parse(await readFile(url, 'utf8')),
    ),
  );
  assert.deepEqual([english.length, chinese.length], [1000, 1000]);
  // An iPod is called iPod in China, too.
  for (const name of chinese) if (name !== 'iPod') assert.match(name, /\p{Script=Han}/u);
  for (const [index, label, name] of /** @type {const} */ ([
    [0, 'tench', '丁鲷'],
    [42, 'agama', '鬣蜥'],
    [56, 'king snake', '王蛇'],
    [207, 'golden retriever', '金毛寻回犬'],
    [281, 'tabby', '虎斑猫'],
    [285, 'Egyptian cat', '埃及猫'],
    [373, 'macaque', '猕猴'],
    [374, 'langur', '叶猴'],
    [417, 'balloon', '热气球'],
    [571, 'gas pump', '加油机'],
    [609, 'jeep', '吉普车'],
    [731, 'plunger', '马桶搋子'],
    [954, 'banana', '香蕉'],
    [939, 'zucchini', '西葫芦'],
    [967, 'espresso', '意式浓缩咖啡'],
    [999, 'toilet tissue', '卫生纸'],
  ]))
    assert.deepEqual([english[index].split(',')[0], chinese[index]], [label, name]);

  const page = await visit('?lang=zh');
  for (const [{ index }, picture] of /** @type {const} */ ([
    [PHOTOS[0], null],
    [PHOTOS[1], '一杯咖啡'],
  ])) {
    if (picture) await page.getByRole('button', { name: picture }).click();
    for (const { version } of firstModels)
      await firstAnswer(page, version).filter({ hasText: chinese[index] }).waitFor();
    await page.locator('#answers strong', { hasText: chinese[index] }).waitFor();
  }
  await page.close();
});

/** Checks that a page has no English, except text that is the same in every language. */
async function assertChinese(page) {
  for (const details of await page.locator('details').all())
    await details.evaluate((/** @type {HTMLDetailsElement} */ element) => (element.open = true));
  const left = await page.evaluate(() => {
    const found = [];
    // Names of classes, of weights and of people aren't translated.
    const named =
      '.label, .answers strong, .catalogue small, option, .transfer, .name, .fetch, #credits, #scatter, #kept-list';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node instanceof Text) {
        if (!node.parentElement?.closest(`${named}, script, style, #announcement, .catalogue`)) found.push(node.data);
      } else if (node instanceof Element && !node.closest(`${named}, .predictions, .catalogue`)) {
        for (const name of ['aria-label', 'title', 'alt', 'placeholder']) found.push(node.getAttribute(name) ?? '');
      }
    }
    return found.map((text) => text.trim()).filter(Boolean);
  });
  assert.ok(left.length > 40, 'hardly any text was found');
  const english = left.filter((text) => /[A-Za-z]{2,}/.test(text.replace(UNIVERSAL, '')));
  assert.deepEqual(english, []);
  assert.doesNotMatch((await page.title()).replace(UNIVERSAL, ''), /[A-Za-z]{2,}/);
}

test('documents hold keys and no text', async () => {
  const page = await session.browser.newPage({ serviceWorkers: 'block' });
  for (const file of ['index.html', 'bench.html']) {
    const source = await readFile(new URL(file, www), 'utf8');
    const { texts, keys } = await page.evaluate((source) => {
      const document = new DOMParser().parseFromString(source, 'text/html');
      const texts = [];
      const keys = [];
      const look = (root) => {
        for (const element of root.querySelectorAll('*')) {
          for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
          for (const { name, value } of element.attributes) {
            if (name.startsWith('data-text')) keys.push(value);
            else if (['aria-label', 'title', 'alt', 'placeholder'].includes(name)) texts.push(value);
          }
          if (element instanceof HTMLTemplateElement) look(element.content);
        }
      };
      look(document);
      return { texts, keys };
    }, source);
    const words = texts.filter((text) => /\p{L}{2,}/u.test(text.replace(UNIVERSAL, '')));
    assert.deepEqual(words, [], file);
    assert.ok(keys.length > 10, file);
  }
  await page.close();
});

test('the built documents contain their English text, which needs no script', async () => {
  const page = await session.browser.newPage({ javaScriptEnabled: false });
  await page.goto(session.url);
  assert.equal(await heading(page), ENGLISH);
  await page.getByRole('button', { name: 'Start camera' }).waitFor();
  assert.match((await page.locator('meta[name=description]').getAttribute('content')) ?? '', /^MobileNet V1, V2/);
  await page.close();
});

/** Removes comments from code, and text that only developers read. */
const withoutComments = (source) =>
  source
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')
    .replace(/new (Error|DOMException)\([^;]*;/g, '');

test('scripts hold no sentence outside text/', async () => {
  const folder = fileURLToPath(new URL('src/', www));
  const files = (await readdir(folder, { recursive: true })).filter(
    // Exported measurements are in English, so that they can be compared.
    (file) => file.endsWith('.ts') && !/^text\/|^bench\/report/.test(file),
  );
  assert.ok(files.length > 10);
  const found = [];
  for (const file of files) {
    const source = withoutComments(await readFile(`${folder}${file}`, 'utf8'));
    for (const [literal] of source.matchAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g)) {
      const words = literal.slice(1, -1).replace(/\$\{[^}]*\}/g, '{}');
      // The pattern finds two words with a space between, or a sentence's first word. Selectors, types and names don't match.
      if (/^\p{Lu}\p{Ll}+[.:?! ]?$|\p{L}{2,} \p{L}{2,}/u.test(words.replace(UNIVERSAL, '')) && !ALLOWED.test(words))
        found.push(`${file}: ${literal}`);
    }
  }
  assert.deepEqual(found, []);
});

/** Names of people, keys, errors and constructors, and lists of classes or selectors. */
const ALLOWED =
  /^(Stéfan van der Walt|Rachel Michetti|Enter|Escape|Tab|Home|End|Arrow\w+|\w+Error|Window|Document)$|^[a-z- .#[\]=>:,]+$/;
