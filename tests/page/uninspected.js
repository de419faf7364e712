// Opens the page as a visitor gets it. In a page that Playwright opens, the browser's inspector keeps a copy of each response and
// object it was told of in the page's own process: some 100 MB with the weights of four columns.

/** How often a condition is tried. ms */
const TRIED_EVERY = 200;
/** ms */
const PATIENCE = 60_000;

/**
 * @param {{ browser: import('playwright-core').Browser, url: string }} session
 * @returns an object whose `evaluate` runs an expression in the page, as if the visitor had just clicked, and whose `until` waits for
 *   one to be true
 */
export async function openUninspected({ browser, url }) {
  const cdp = await browser.newBrowserCDPSession();
  const { targetId } = await cdp.send('Target.createTarget', { url });
  // Only one part of the protocol is used, `Runtime.evaluate`. It keeps nothing.
  const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: false });
  const answers = new Map();
  let asked = 0;
  cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    answers.get(id)?.(error ?? result);
    answers.delete(id);
  });

  /** @param {string} expression its value is JSON */
  const evaluate = async (expression) => {
    const id = ++asked;
    const answer = new Promise((resolve) => answers.set(id, resolve));
    const params = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const message = JSON.stringify({ id, method: 'Runtime.evaluate', params });
    await cdp.send('Target.sendMessageToTarget', { sessionId, message });
    const { result, exceptionDetails } = await answer;
    if (!result || exceptionDetails) throw new Error(`${expression}: ${exceptionDetails?.exception?.description}`);
    return result.value;
  };

  /** @param {string} condition an expression */
  const until = async (condition) => {
    const end = Date.now() + PATIENCE;
    while (!(await evaluate(`Boolean(${condition})`))) {
      if (Date.now() > end) throw new Error(`not true after ${PATIENCE / 1000} s: ${condition}`);
      await new Promise((resolve) => setTimeout(resolve, TRIED_EVERY));
    }
  };

  return { evaluate, until };
}
