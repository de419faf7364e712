/** Browsers slow down hidden tabs, so measurements in one are worthless. */

let hides = 0;
document.addEventListener('visibilitychange', () => {
  if (document.hidden) hides++;
});

/**
 * Does the work while the tab is visible, and repeats it if the tab was hidden meanwhile.
 * @param signal rejects the wait for the tab to come back
 */
export async function whileVisible<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    await untilVisible(signal);
    const before = hides;
    const result = await work();
    if (hides === before) return result;
  }
}

/** Keeps the screen on: a phone would turn it off before the measurement is done. */
export async function keepAwake(): Promise<WakeLockSentinel | null> {
  // Some browsers don't have this, or refuse it when the battery is low.
  return (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
}

async function untilVisible(signal: AbortSignal): Promise<void> {
  while (document.hidden && !signal.aborted) {
    await new Promise<void>((resolve) => {
      document.addEventListener('visibilitychange', () => resolve(), { once: true });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  if (signal.aborted) throw signal.reason;
}
