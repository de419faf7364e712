// Formats numbers and names.
import { NETWORKS } from './contenders.js';

/** @param {string} version */
export function titleOf(version) {
  return NETWORKS.find((network) => network.version === version)?.title ?? version;
}

/** @param {{ build: string, threads: number }} contender */
export function oursAs({ build, threads }) {
  return `the \`${build}\` build with ${threads === 1 ? 'one thread' : `${threads} threads`}`;
}

/** @param {number} value */
export function ms(value) {
  return value.toFixed(2);
}

/** @param {number} value */
export function ratio(value) {
  return value.toFixed(2);
}

/** @param {number} value */
export function percent(value) {
  return `${(value * 100).toFixed(0)} %`;
}

/** @param {number} bytes */
export function kib(bytes) {
  return (bytes / 1024).toFixed(1);
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}
