/** The entry `mobilenet-wasm/fit` for Node, Bun and Deno. */
import './node.js';

export { Cascade, fit, measureTrim, search, searcher } from './fit.js';
