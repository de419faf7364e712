/**
 * An input without zeros and denormals. A runtime's time doesn't depend on other values.
 * @param {number} length
 */
export function noise(length) {
  return Float32Array.from({ length }, Math.random);
}

/**
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ inference: number }>} its time in ms
 */
export async function timed(work) {
  const began = performance.now();
  await work();
  return { inference: performance.now() - began };
}
