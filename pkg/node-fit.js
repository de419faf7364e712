/** What `mobilenet-wasm/fit` is in Node, Bun and Deno. */
import './node.js';

export { Cascade, fit, search, searcher } from './fit.js';
