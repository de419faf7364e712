export { Cascade } from './cascade.js';
export { fit } from './fitting.js';
export { search, searcher } from './search.js';
export { measureTrim } from './trimming.js';
