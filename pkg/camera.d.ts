import type { Classification, MobileNet, NetworkInfo, Progress } from './index.js';

/** The events of a {@link MobileNetCamera}. */
export interface MobileNetCameraEventMap {
  /** Bytes of the weights. */
  progress: CustomEvent<Progress>;
  /** The network is loaded and the camera runs. */
  ready: CustomEvent<NetworkInfo>;
  /** The answer for a frame. */
  prediction: CustomEvent<Classification>;
  /** The reason why it has stopped: a `MobileNetError`, the browser's `DOMException` about the camera, or an `Error` if it was unplugged. */
  error: CustomEvent<unknown>;
}

/**
 * `<mobilenet-camera>`: shows the camera's picture and its predictions while it is in the page. Importing `mobilenet-wasm/camera`
 * defines it.
 *
 * Attributes: `model` (a name, default `v3-small`), or `weights` and `config` (addresses); `facing` (`environment`, the default, or
 * `user`); `top-k`; `threshold`; `assets`. Parts for styles: `video`, `predictions`, `message`.
 */
export declare class MobileNetCamera extends HTMLElement {
  /** `null` before the network is loaded. It is disposed of when the element stops. */
  readonly net: MobileNet | null;

  /** Starts the camera and the network, or restarts them. An element that is added to a page starts by itself. */
  start(): void;

  /** Stops the camera and frees the network. */
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
