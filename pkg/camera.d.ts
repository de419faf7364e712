import type { Classification, MobileNet, NetworkInfo, Progress } from './index.js';

/** What happens to a {@link MobileNetCamera}. */
export interface MobileNetCameraEventMap {
  /** Bytes of the weights. */
  progress: CustomEvent<Progress>;
  /** The network is loaded and the camera runs. */
  ready: CustomEvent<NetworkInfo>;
  /** For each frame that the network could look at. */
  prediction: CustomEvent<Classification>;
  /** It has stopped: a `MobileNetError`, or the browser's `DOMException` about the camera. */
  error: CustomEvent<unknown>;
}

/**
 * `<mobilenet-camera>`: shows the camera and says what is in front of it, for as long as it is in the page. Importing
 * `mobilenet-wasm/camera` defines it.
 *
 * Attributes: `model` (a name, default `v3-small`), or `weights` and `config` (addresses); `facing` (`environment`, the default, or
 * `user`); `top-k`; `threshold`; `assets`. Parts for styles: `video`, `predictions`, `message`.
 */
export declare class MobileNetCamera extends HTMLElement {
  /** `null` before it is loaded. It is disposed of when the element stops. */
  readonly net: MobileNet | null;

  /** Afresh where it runs. An element that comes into a page starts by itself. */
  start(): void;

  /** Gives back the camera and the network. */
  stop(): void;

  addEventListener<Name extends keyof MobileNetCameraEventMap>(
    type: Name,
    listener: (this: MobileNetCamera, event: MobileNetCameraEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'mobilenet-camera': MobileNetCamera;
  }
}
