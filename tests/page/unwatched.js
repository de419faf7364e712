// Opens a page in a Chromium that is controlled only through a pipe. With Playwright, the browser's inspector would keep every
// response, such as weights and a worker's scripts, in the memory of the measured page: some 100 MB with four networks.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ARGUMENTS, EXECUTABLE } from './chromium.js';
import { largestRenderer, privateBytesOf, proportionalBytes } from './renderer.js';

/** How often a condition is tried. ms */
const TRIED_EVERY = 200;
/** The time in which a condition must come true. ms */
const PATIENCE = 60_000;

/**
 * @param {string} url
 * @param {string[]} [flags] more flags for Chromium
 */
export async function openUnwatched(url, flags = []) {
  const profile = await mkdtemp(join(tmpdir(), 'unwatched-'));
  const own = ['--headless', '--remote-debugging-pipe', `--user-data-dir=${profile}`];
  const child = spawn(EXECUTABLE, [...ARGUMENTS, ...own, ...flags], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const [commands, answers] = [
    /** @type {import('node:stream').Writable} */ (child.stdio[3]),
    /** @type {import('node:stream').Readable} */ (child.stdio[4]),
  ];
  /** @type {Map<number, (answer: any) => void>} the receivers of answers, by the commands' numbers */
  const waiting = new Map();
  let text = '';
  answers.setEncoding('utf8').on('data', (more) => {
    const messages = (text + more).split('\0');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const answer = JSON.parse(message);
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    }
  });
  // After the exit no answer can come.
  child.once('exit', () => waiting.forEach((settle) => settle({ error: { message: 'the browser ended' } })));
  let sent = 0;
  /** @type {(method: string, params?: object, sessionId?: string) => Promise<any>} */
  const send = async (method, params = {}, sessionId) => {
    const id = ++sent;
    const { result, error } = await new Promise((resolve) => {
      waiting.set(id, resolve);
      commands.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };

  const { targetId } = await send('Target.createTarget', { url });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  /**
   * Runs an expression as if the visitor had just touched the page.
   * @param {string} expression its value, or its promise's value, must be JSON
   */
  const evaluate = async (expression) => {
    const parameters = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await send('Runtime.evaluate', parameters, sessionId);
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails.exception ?? exceptionDetails));
    return result.value;
  };
  const close = async () => {
    if (child.exitCode === null) await send('Browser.close');
    await ended;
    await rm(profile, { recursive: true, force: true });
  };
  /** Whether the document is there. Between the empty document and this one there is nothing that could run the question. */
  const complete = () =>
    evaluate('location.href + document.readyState').then(
      (state) => state === `${url}complete`,
      (error) => {
        if (/execution context/i.test(error.message)) return false;
        throw error;
      },
    );
  try {
    while (!(await complete())) await setTimeout(100);
  } catch (error) {
    await close();
    throw error;
  }

  const processes = async () => (await send('SystemInfo.getProcessInfo')).processInfo;

  return {
    evaluate,
    /** @param {string} condition an expression */
    async until(condition) {
      const end = Date.now() + PATIENCE;
      while (!(await evaluate(`Boolean(${condition})`))) {
        if (Date.now() > end) throw new Error(`not true after ${PATIENCE / 1000} s: ${condition}`);
        await setTimeout(TRIED_EVERY);
      }
    },
    /** The memory of the page's renderer, with its share of the browser's code. Bytes */
    proportional: async () => proportionalBytes(await largestRenderer(await processes())),
    /** The private memory of all renderers, and the page's heap, both after a garbage collection. Bytes */
    async memory() {
      await send('HeapProfiler.collectGarbage', {}, sessionId);
      await setTimeout(1000);
      const { usedSize } = await send('Runtime.getHeapUsage', {}, sessionId);
      return { renderers: await privateBytesOf(await processes()), heap: usedSize };
    },
    close,
  };
}
