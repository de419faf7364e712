export { Cascade } from './cascade.js';
export { fit } from './fitting.js';
export { search } from './search.js';
