/** What `mobilenet-wasm/fit` is in Node, Bun and Deno. */
import './node.js';

export { Cascade, fit, search } from './fit.js';
