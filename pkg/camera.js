import { MobileNetCamera } from './camera-element.js';

if (globalThis.customElements && !customElements.get('mobilenet-camera')) {
  customElements.define('mobilenet-camera', MobileNetCamera);
}

export { MobileNetCamera };
