export { Engine } from './engine.js';
export { MobileNetError } from './errors.js';
export { MobileNet } from './mobilenet.js';
