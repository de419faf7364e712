import { page } from './page.js';
import { usePlatform } from './platform.js';

usePlatform(page);

export { Engine } from './engine.js';
export { MobileNetError } from './errors.js';
export { MobileNet } from './mobilenet.js';
