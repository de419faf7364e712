// Tests the page that measures: every build and network, its exports, and its messages if something can't be measured.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { GENERATIONS, noWorkers, open } from './harness.js';

let session;
/** A page that has measured everything once, for the tests that only read it. @type {import('playwright-core').Page} */
let measured;
/** The requests that it sent to other hosts. */
const elsewhere = [];
before(async () => {
  session = await open();
  measured = await openBench({
    networks: NETWORKS,
    permissions: ['clipboard-read', 'clipboard-write'],
    prepare: watch,
  });
  await measure(measured);
});
after(() => session?.close());

/** Records a page's requests to other hosts, and its announcements to screen readers. */
async function watch(page) {
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(session.url).origin)
      elsewhere.push(request.url());
  });
  await page.addInitScript(() => {
    globalThis.spoken = [];
    document.addEventListener('DOMContentLoaded', () => {
      const announcement = document.getElementById('announcement');
      new MutationObserver(() => spoken.push(announcement.textContent)).observe(announcement, { childList: true });
    });
  });
}

const NETWORKS = GENERATIONS.flatMap(({ versions }) => versions);
/** The parts of the way from a frame to its labels. */
const PARTS = ['read', 'resize', 'network', 'answer'];
const BUILDS = ['relaxed-threads', 'relaxed', 'simd-threads', 'simd'];

/** The number of runs. It makes more than one turn, and the last turn isn't full. */
const RUNS = 7;

/** Networks for tests in which all are treated alike: the first and the last rows of the table. */
const FEW = ['v1', 'v3-small'];

/**
 * Opens the page, and has it measure as little as possible.
 * @param {import('playwright-core').BrowserContextOptions & { runs?: number, networks?: string[], prepare?: (page: import('playwright-core').Page) => Promise<unknown> }} [options]
 */
async function openBench({ runs = RUNS, networks = FEW, prepare, ...options } = {}) {
  const page = await session.browser.newPage(options);
  page.setDefaultTimeout(60_000);
  await prepare?.(page);
  await page.goto(`${session.url}bench.html?runs=${runs}&networks=${networks}`);
  return page;
}

const measureButton = (page) => page.getByRole('button', { name: 'Measure', exact: true });
const stopButton = (page) => page.getByRole('button', { name: 'Stop', exact: true });

async function measure(page) {
  await measureButton(page).click();
  await stopButton(page).waitFor();
  // The page makes two dozen profiles with warm-ups, which take long on a slow machine.
  await measureButton(page).waitFor({ timeout: 300_000 });
}

/** @returns {Promise<Record<string, string[]>>} the text of the cells, by network and build */
async function table(page) {
  const rows = await page
    .locator('#results tr[data-build]')
    .evaluateAll((rows) =>
      rows.map((row) => [
        `${row.parentElement.dataset.version} ${row.dataset.build}`,
        [...row.querySelectorAll('td')].map(({ textContent }) => textContent),
      ]),
    );
  return Object.fromEntries(rows);
}

async function exported(page) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export JSON' }).click(),
  ]);
  return { name: download.suggestedFilename(), report: JSON.parse(await readFile(await download.path(), 'utf8')) };
}

/** Answers as a server that doesn't send the headers for isolation. */
const withoutIsolation = (page) =>
  page.route('**/bench.html*', async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    delete headers['cross-origin-opener-policy'];
    delete headers['cross-origin-embedder-policy'];
    await route.fulfill({ response, headers });
  });

/** A browser that refuses every wasm build but those with plain SIMD and one thread. */
const withoutRelaxedOrThreads = async (page) => {
  await withoutIsolation(page);
  await page.addInitScript(() => {
    const { validate } = WebAssembly;
    // `f32x4.relaxed_madd`, which the package probes for.
    WebAssembly.validate = (bytes) => !String(bytes).includes('253,133,2') && validate(bytes);
  });
};

test('the main page leads to it, and it leads back', async () => {
  const page = await session.browser.newPage();
  await page.goto(session.url);
  await page.getByRole('link', { name: 'How fast is it?' }).click();
  await measureButton(page).waitFor();
  assert.equal(new URL(page.url()).pathname, '/bench.html');
  assert.deepEqual(Object.keys(await table(page)).length, NETWORKS.length * BUILDS.length);
  assert.equal(await page.getByRole('button', { name: 'Export JSON' }).isDisabled(), true);
  await page.getByRole('link', { name: 'What the networks see' }).click();
  await page.locator('.card').first().waitFor();
  await page.close();
});

test('every network is measured in every build, and the export agrees with the table', async () => {
  const page = measured;
  const rows = await table(page);
  const { name, report } = await exported(page);

  assert.match(name, /^mobilenet-wasm-\d{4}-\d\d-\d\dT[\d-]+\.json$/);
  const { version } = JSON.parse(await readFile(new URL('../../pkg/package.json', import.meta.url), 'utf8'));
  const device = await page.evaluate(() => ({
    userAgent: navigator.userAgent,
    hardwareConcurrency: navigator.hardwareConcurrency,
    crossOriginIsolated,
  }));
  assert.equal(device.crossOriginIsolated, true);
  assert.deepEqual(
    { ...device, package: `mobilenet-wasm ${version}`, runs: RUNS, complete: true, resolution: 224 },
    Object.fromEntries(
      ['userAgent', 'hardwareConcurrency', 'crossOriginIsolated', 'package', 'runs', 'complete', 'resolution'].map(
        (key) => [key, report[key]],
      ),
    ),
  );
  assert.ok(Math.abs(Date.parse(report.date) - Date.now()) < 600_000);

  assert.deepEqual(
    report.entries.map(({ version, build }) => `${version} ${build}`),
    NETWORKS.flatMap((version) => BUILDS.map((build) => `${version} ${build}`)),
  );
  for (const entry of report.entries) {
    const { version, build, threads, macs, inference, leftOut, result, profile } = entry;
    const row = rows[`${version} ${build}`];
    assert.equal(entry.problem, null);
    assert.equal(threads, build.endsWith('threads') ? Math.min(device.hardwareConcurrency, 4) : 1);
    assert.equal(inference.length, RUNS);
    // Ten runs warm up, and each turn of five leaves one out.
    assert.equal(leftOut.length, 10 + 2);
    assert.ok([...inference, ...leftOut].every((ms) => ms > 0));

    const sorted = [...inference].sort((a, b) => a - b);
    assert.equal(result.minimum, sorted[0]);
    assert.equal(result.median, sorted[(RUNS - 1) / 2]);
    assert.ok(result.p95 >= result.median && result.p95 <= sorted[RUNS - 1]);
    assert.ok(Math.abs(result.gflops / ((2 * macs) / (sorted[0] * 1e6)) - 1) < 1e-9);
    const peak = Math.max(
      ...report.entries.filter((other) => other.build === build).map(({ profile }) => profile.peak),
    );
    assert.ok(Math.abs(result.shareOfPeak / (result.gflops / (peak * threads)) - 1) < 1e-9);
    assert.deepEqual(
      row.map(Number),
      [result.minimum, result.median, result.p95, result.gflops, 100 * result.shareOfPeak].map((value, i) =>
        Number(row[i].includes('.') ? value.toFixed(row[i].split('.')[1].length) : value.toFixed(0)),
      ),
    );

    assert.equal(profile.runs, RUNS);
    assert.equal(
      profile.steps.reduce((sum, step) => sum + step.macs, 0),
      macs,
    );
  }
  for (const version of NETWORKS) {
    const minima = report.entries.filter((entry) => entry.version === version).map(({ result }) => result.minimum);
    const shown = await page
      .locator(`#results tbody[data-version="${version}"] tr.fastest`)
      .first()
      .getAttribute('data-build');
    assert.equal(shown, BUILDS[minima.indexOf(Math.min(...minima))]);
  }
  assert.equal(await page.locator('.best li').count(), NETWORKS.length);
  assert.equal(await page.locator('#notes li').count(), 0);
});

test('nothing is asked of another host, and no worker is left', async () => {
  assert.deepEqual(elsewhere, []);
  assert.ok(await noWorkers(measured));
});

test('the layers of the chosen network and build are shown', async () => {
  const page = measured;
  const { report } = await exported(page);
  const { profile } = report.entries.find(({ version, build }) => version === 'v3-small' && build === 'relaxed');
  await page.getByRole('button', { name: 'relaxed: show the layers of V3-Small' }).click();
  assert.equal(await page.locator('#profile-select').inputValue(), 'v3-small relaxed');
  const names = page.locator('#steps th');
  assert.equal(await names.count(), profile.steps.length);
  const kinds = await page.locator('#steps tr').evaluateAll((rows) => rows.map(({ dataset }) => dataset.kind));
  assert.deepEqual(
    kinds,
    profile.steps.map(({ kind }) => kind),
  );
  const [stem] = profile.steps;
  const text = await page.locator('#steps tr').first().innerText();
  for (const part of [
    stem.name,
    stem.kind,
    '224×224×3 → 112×112×16',
    (stem.macs / 1e6).toFixed(2),
    // Times have three digits, and from a thousand on all digits.
    stem.microseconds < 1000 ? stem.microseconds.toPrecision(3) : stem.microseconds.toFixed(),
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
  assert.equal(await page.locator('#kinds li').count(), new Set(kinds).size);
  await page.locator('#profile-select').selectOption({ label: 'V1, simd' });
  assert.equal(await names.count(), report.entries[BUILDS.indexOf('simd')].profile.steps.length);
});

test('the way of a frame to its labels is measured for each size, shown, and exported', async () => {
  const page = measured;
  const { report } = await exported(page);
  const median = (values) => [...values].sort((a, b) => a - b)[(RUNS - 1) / 2];
  assert.deepEqual(
    report.paths.map(({ version }) => version),
    NETWORKS,
  );
  for (const { version, build, threads, problem, frames } of report.paths) {
    assert.equal(problem, null);
    const fastest = page.locator(`#results tbody[data-version="${version}"] tr.fastest`);
    assert.equal(build, await fastest.first().getAttribute('data-build'));
    assert.ok(threads >= 1);
    assert.deepEqual(
      frames.map(({ kind, width, height }) => `${kind} ${width}x${height}`),
      ['VideoFrame 640x480', 'VideoFrame 1280x720', 'VideoFrame 1920x1080'],
    );
    for (const { times, medians } of frames) {
      assert.deepEqual(Object.keys(times), [...PARTS, 'total']);
      for (const [part, values] of Object.entries(times)) {
        assert.equal(values.length, RUNS);
        assert.ok(
          values.every((ms) => ms > 0),
          `${part}: ${values}`,
        );
        assert.equal(medians[part], median(values));
      }
      times.total.forEach((total, run) => {
        const sum = PARTS.reduce((sum, part) => sum + times[part][run], 0);
        assert.ok(Math.abs(sum - total) < 1e-6, `${sum} of ${total}`);
      });
    }
  }

  // The list comes after the buttons, and the keyboard can change it.
  await page.getByRole('button', { name: 'Copy as Markdown' }).focus();
  await page.keyboard.press('Tab');
  const select = page.getByRole('combobox', { name: 'Frames read by' });
  assert.equal(await select.evaluate((select) => document.activeElement === select), true);
  const names = await select.locator('option').allInnerTexts();
  assert.equal(names.length, NETWORKS.length);
  for (const [i, { frames }] of report.paths.entries()) {
    if (i > 0) await page.keyboard.press('ArrowDown');
    await page.waitForFunction(
      (i) => /** @type {HTMLSelectElement} */ (document.getElementById('path-select')).selectedIndex === i,
      i,
    );
    const rows = await page
      .locator('#path-rows tr')
      .evaluateAll((/** @type {HTMLTableRowElement[]} */ rows) =>
        rows.map(({ cells }) => [...cells].map(({ textContent }) => textContent)),
      );
    assert.deepEqual(
      rows.map(([size]) => size),
      ['640×480', '1280×720', '1920×1080'],
    );
    for (const [row, { medians }] of frames.entries()) {
      for (const [cell, part] of [...PARTS, 'total'].entries()) {
        assert.ok(
          Math.abs(Number(rows[row][cell + 1]) - medians[part]) <= 0.05 + medians[part] / 20,
          `${part}: ${rows[row]}`,
        );
      }
    }
  }
  // The longest bar fills its place.
  const widths = await page
    .locator('.path-bar')
    .evaluateAll((bars) =>
      bars.map((bar) =>
        [...bar.children].reduce((sum, part) => sum + part.getBoundingClientRect().width / bar.clientWidth, 0),
      ),
    );
  assert.ok(Math.abs(Math.max(...widths) - 1) < 0.01 && Math.min(...widths) > 0, String(widths));
});

test('a browser without frames says so, and measures the rest', async () => {
  const page = await openBench({
    runs: 1,
    prepare: (page) => page.addInitScript(() => (globalThis.VideoFrame = undefined)),
  });
  await measure(page);
  await page.locator('#path-problems').getByText('Frames for V1 failed: this browser has no VideoFrame.').waitFor();
  assert.equal(await page.locator('#path').isVisible(), false);
  assert.match((await table(page))['v3-small simd'][0], /^\d/);
  const { report } = await exported(page);
  assert.equal(report.complete, true);
  assert.ok(report.paths.every(({ problem }) => problem));
  await page.close();
});

test('the table can be copied as Markdown, by hand where there is no clipboard', async () => {
  const page = measured;
  const copy = page.getByRole('button', { name: 'Copy as Markdown' });
  await copy.click();
  await page.locator('#status').filter({ hasText: 'Copied.' }).waitFor();
  const markdown = await page.evaluate(() => navigator.clipboard.readText());
  const lines = markdown.trimEnd().split('\n');
  assert.match(lines[0], new RegExp(`^mobilenet-wasm \\d+\\.\\d+\\.\\d+, .+, ${RUNS} runs each at 224 pixels$`));
  assert.match(lines[1], /Chrome.+cores?, cross-origin isolated$/);
  const [header, rule, ...body] = lines.slice(3, lines.indexOf('', 3)).map((line) => line.slice(2, -2).split(' | '));
  assert.ok(rule.length === header.length && rule.every((cell) => /^--[-:]$/.test(cell)));
  const rows = await table(page);
  assert.deepEqual(
    body.map(([, build, , ...figures]) => [build, ...figures.map((figure) => figure.replace(' %', ''))]),
    NETWORKS.flatMap((version) => BUILDS.map((build) => [build, ...rows[`${version} ${build}`]])),
  );

  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await copy.click();
  const area = page.getByLabel('Copy this:');
  await area.waitFor();
  assert.equal(await area.inputValue(), markdown);
  assert.equal(
    await area.evaluate(
      (/** @type {HTMLTextAreaElement} */ area) =>
        document.activeElement === area && area.selectionEnd - area.selectionStart,
    ),
    markdown.length,
  );
});

test('a page that is not isolated says why threads are missing, and measures the rest', async () => {
  const page = await openBench({ runs: 1, prepare: withoutIsolation });
  await measure(page);
  const rows = await table(page);
  for (const version of FEW) {
    for (const build of ['relaxed-threads', 'simd-threads'])
      assert.deepEqual(rows[`${version} ${build}`], ['not here']);
    for (const build of ['relaxed', 'simd']) assert.match(rows[`${version} ${build}`][0], /^\d/);
  }
  assert.deepEqual(await page.locator('#notes li').allInnerTexts(), [
    'Not measured: relaxed-threads and simd-threads, because threads need a page that is cross-origin isolated: send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
  ]);
  await page.locator('#device').filter({ hasText: 'not cross-origin isolated' }).waitFor();
  const { report } = await exported(page);
  assert.match(report.entries[0].problem, /^threads need a page/);
  assert.deepEqual(
    [report.entries[0].inference, report.entries[0].profile, report.entries[0].result],
    [[], null, null],
  );
  await page.close();
});

test('each reason for which a build is missing is told once', async () => {
  const page = await openBench({ runs: 1, prepare: withoutRelaxedOrThreads });
  await measure(page);
  const notes = await page.locator('#notes li').allInnerTexts();
  assert.deepEqual(notes[0], 'Not measured: relaxed-threads and relaxed, because this browser has no relaxed SIMD.');
  assert.match(notes[1], /^Not measured: simd-threads, because threads need/);
  assert.equal(notes.length, 2);
  assert.match((await table(page))['v3-small simd'][0], /^\d/);
  await page.close();
});

test('where no build runs, it says so', async () => {
  const page = await openBench({ prepare: (page) => page.addInitScript(() => (WebAssembly.validate = () => false)) });
  await measureButton(page).click();
  await page.locator('#status').filter({ hasText: 'Nothing could be measured here.' }).waitFor();
  await page.locator('#notes').getByText('because this browser has no WebAssembly SIMD').waitFor();
  await page.close();
});

test('a build that breaks is reported, and the others go on', async () => {
  // The page fetches the wasm of the first build first.
  let broken;
  const page = await openBench({
    runs: 1,
    prepare: (page) =>
      page.route('**/*.wasm', (route, request) => {
        broken ??= request.url();
        return request.url() === broken ? route.fulfill({ status: 404 }) : route.continue();
      }),
  });
  await measure(page);
  await page.locator('#notes li').first().waitFor();
  const notes = await page.locator('#notes li').allInnerTexts();
  assert.equal(notes.length, FEW.length);
  assert.match(notes[0], /^V1 in relaxed-threads failed: 127\.0\.0\.1:\d+ answered 404\.$/);
  const rows = await table(page);
  assert.deepEqual(rows['v1 relaxed-threads'], ['failed']);
  assert.match(rows['v1 relaxed'][0], /^\d/);
  await page.close();
});

test('it can be stopped, and what was read until then stays', async () => {
  const page = await openBench({ runs: 1000 });
  await measureButton(page).click();
  await page.waitForFunction(
    () => Number(/^V1: run (\d+) to/.exec(document.getElementById('progress-text').textContent)?.[1]) >= 16,
  );
  await stopButton(page).click();
  await page.locator('#status').filter({ hasText: 'Stopped.' }).waitFor();
  assert.ok(await noWorkers(page));
  assert.equal(await page.getByRole('progressbar').isVisible(), false);
  const { report } = await exported(page);
  assert.equal(report.complete, false);
  for (const { version, inference, result } of report.entries) {
    if (version === 'v1') {
      assert.ok(inference.length >= 15 && inference.length % 5 === 0, `${inference.length} runs`);
      assert.equal(result.minimum, Math.min(...inference));
    } else {
      assert.deepEqual([inference, result], [[], null]);
    }
  }
  const rows = await table(page);
  assert.deepEqual(rows['v3-small relaxed'], Array(5).fill('–'));

  // It can also be stopped during the first network's profile. Everything begins again.
  await measureButton(page).click();
  assert.deepEqual((await table(page))['v1 relaxed'], Array(5).fill('–'));
  await page.locator('#progress-text').filter({ hasText: 'warming up' }).waitFor();
  await stopButton(page).click();
  await measureButton(page).waitFor();
  assert.ok(await noWorkers(page));
  await page.close();
});

test('a turn during which the tab was hidden is made again', async () => {
  const page = await openBench({
    runs: 1,
    prepare: (page) =>
      page.addInitScript(() => {
        const { postMessage } = Worker.prototype;
        globalThis.profiles = 0;
        Worker.prototype.postMessage = function (message, ...rest) {
          if (message.request?.type === 'profile') profiles++;
          return postMessage.call(this, message, ...rest);
        };
      }),
  });
  await page.evaluate(() => {
    globalThis.hide = (hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    };
  });
  await measureButton(page).click();
  // The page is hidden while it makes the first profile.
  await page.waitForFunction(() => profiles === 1);
  const doing = await page.evaluate(() => {
    hide(true);
    return document.getElementById('progress-text').textContent;
  });
  // The wait is longer than the run that was under way.
  await page.waitForTimeout(4000);
  assert.equal(await page.locator('#progress-text').innerText(), doing);
  await page.evaluate(() => hide(false));
  await measureButton(page).waitFor({ timeout: 300_000 });
  assert.equal((await exported(page)).report.complete, true);
  const made = await page.evaluate(() => globalThis.profiles);
  assert.equal(made, FEW.length * BUILDS.length + 1, 'one of them again');
  await page.close();
});

test('it is worked by keyboard, the focus is seen, and the page could ask no other host', async () => {
  const page = await openBench({ runs: 1000 });
  const reached = [];
  const tab = async () => {
    await page.keyboard.press('Tab');
    return page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const name =
        document.activeElement.getAttribute('aria-label') ??
        /** @type {HTMLInputElement} */ (document.activeElement).labels?.[0]?.firstElementChild?.textContent ??
        document.activeElement.textContent;
      return { name: name.trim(), outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
    });
  };
  while (!reached.includes('Measure')) {
    const { name, outlined } = await tab();
    assert.ok(outlined, `no focus to be seen on ${name}`);
    reached.push(name);
  }
  await page.keyboard.press('Enter');
  await page.locator('#steps tr').first().waitFor();
  while (!reached.includes('Layers, scrollable')) {
    const { name, outlined } = await tab();
    assert.ok(outlined, `no focus to be seen on ${name}`);
    reached.push(name);
  }
  for (const name of [
    'What the networks see',
    'Export JSON',
    'Copy as Markdown',
    'relaxed-threads: show the layers of V1',
    'Layers of',
    'Layers, scrollable',
  ]) {
    assert.ok(reached.includes(name), `${name} is not reached: ${reached.join(', ')}`);
  }
  await stopButton(page).focus();
  await page.keyboard.press('Space');
  await measureButton(page).waitFor();
  assert.equal(await measureButton(page).evaluate((button) => document.activeElement === button), true);

  const refused = await page.evaluate(async () => {
    const violation = new Promise((resolve) =>
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective)),
    );
    const outcome = await fetch('https://huggingface.co/').then(
      () => 'answered',
      () => 'refused',
    );
    return [outcome, await violation];
  });
  assert.deepEqual(refused, ['refused', 'connect-src']);
  await page.close();
});

test('a screen reader is told of each network, not of each reading', async () => {
  const spoken = await measured.evaluate(() => spoken);
  assert.equal(spoken.length, 1 + NETWORKS.length + 1, spoken.join('\n'));
  assert.match(spoken.at(-1), /^Measured\. V1 .+ milliseconds, V2 .+ and V/);
  const live = await measured
    .locator('#results, #best, #progress, #steps')
    .evaluateAll((elements) => elements.filter((element) => element.closest('[aria-live], [role=status]')).length);
  assert.equal(live, 0);
});

test('at 390 and 320 pixels nothing is cut off, and nothing moves if less motion is asked for', async () => {
  const page = await openBench({
    runs: 1,
    viewport: { width: 390, height: 844 },
    reducedMotion: 'reduce',
    prepare: withoutRelaxedOrThreads,
  });
  const outside = () =>
    page.evaluate(() => [
      document.documentElement.scrollWidth - innerWidth,
      ...[...document.querySelectorAll('button, select, textarea, p, li, h1, h2, th, td, progress')]
        .filter((element) => element.checkVisibility() && !element.closest('.visually-hidden'))
        .filter(
          (element) =>
            element.getBoundingClientRect().right > innerWidth + 0.5 ||
            (element.matches('th, td') && element.scrollWidth > element.clientWidth + 1),
        )
        .map(({ className, textContent }) => `${className} ${textContent}`),
    ]);
  const everywhere = async () => {
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      assert.deepEqual(await outside(), [0], `at ${width}`);
    }
  };
  await everywhere();
  await measureButton(page).click();
  await page.locator('#steps tr').first().waitFor();
  await everywhere();
  await measureButton(page).waitFor();
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await page.getByRole('button', { name: 'Copy as Markdown' }).click();
  await page.getByLabel('Copy this:').waitFor();
  await page.locator('#profile-select').selectOption({ label: 'V3-Small, simd' });
  await everywhere();
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll('body *')].filter(
        (element) => parseFloat(getComputedStyle(element).transitionDuration) > 0,
      ).length,
  );
  assert.equal(moving, 0);
  await page.close();
});
