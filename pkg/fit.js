export { Cascade } from './cascade.js';
export { fit } from './fitting.js';
export { search, searcher } from './search.js';
