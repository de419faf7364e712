/**
 * An input of any kind: no runtime's time depends on the values, but for zeros and denormals, which these aren't.
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
