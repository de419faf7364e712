import { page } from './page.js';
import { usePlatformElsewhere } from './platform.js';

usePlatformElsewhere(page);

export { Engine } from './engine.js';
export { MobileNetError } from './errors.js';
export { MobileNet } from './mobilenet.js';
