import { MobileNetError } from 'mobilenet-wasm';

/** What went wrong, in sentences that say what to do about it. */

export function cameraMessage(error: unknown): string {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotFoundError':
      return 'No camera was found. Plug one in and start again, or open a picture.';
    case 'NotAllowedError':
      return 'The camera is blocked for this page. Allow it beside the address, then start again; or open a picture.';
    case 'NotReadableError':
    case 'AbortError':
      return 'The camera does not answer: another program may be using it. Close that one and start again.';
    case 'OverconstrainedError':
      return 'That camera is gone. Choose another and start again.';
    default:
      return `The camera could not be started: ${textOf(error)}. Open a picture instead.`;
  }
}

export const CAMERA_INSECURE = 'Browsers open the camera only to https: pages and localhost. Open a picture instead.';
export const CAMERA_ENDED = 'The camera was unplugged or switched off. Plug it in and start again, or open a picture.';
export const NO_WEIGHTS =
  'There are no weights for this network here. Fetch some from the Hub, choose a file, or run it untrained.';
export const TAB_HIDDEN = 'Paused while this tab is hidden. Come back to it to go on.';

/** @param title of weights that came without their configuration */
export function guessedMessage(title: string): string {
  return `${title} came without its config.json, so its settings were guessed and the answers may be wrong. Choose or drop the two files together.`;
}

export function undecodable(name: string): string {
  return `${name} is not a picture this browser can read. Try a PNG, JPEG or WebP.`;
}

export function unusableFiles(names: string[]): string {
  return `${names.join(', ')}: drop a picture, or weights that end in .safetensors.`;
}

/**
 * @param title the weights that were to be loaded
 * @param runningOn whether a network loaded earlier goes on
 */
export function loadMessage(error: unknown, title: string, runningOn: boolean): string {
  const before = runningOn ? ' The network loaded before goes on.' : '';
  const code = error instanceof MobileNetError ? error.code : undefined;
  switch (code) {
    case 'UNSUPPORTED':
      return 'This browser has no WebAssembly SIMD. Update it, or use Chrome 91, Firefox 89, Safari 16.4 or later.';
    case 'BLOCKED':
      return `This page can’t start its engine: ${textOf(error)}.`;
    case 'FETCH_FAILED':
      return navigator.onLine
        ? `${title} could not be fetched: ${textOf(error)}. Try again in a while.${before}`
        : `This device is offline. Connect it and try again, or choose a file from it.${before}`;
    case 'CHECKSUM':
      return `${title} is not the file it should be, so it was not used: ${textOf(error)}. Try again, or take other weights.${before}`;
    case 'BAD_WEIGHTS':
    case 'UNKNOWN_NETWORK':
    case 'BAD_CONFIG':
      return `${title} can’t be used: ${textOf(error)}. Choose another file.${before}`;
    case 'OUT_OF_MEMORY':
      return `There is not enough memory for ${title}. Close other tabs, or take a narrower network.${before}`;
    default:
      return `${title} could not be loaded: ${textOf(error)}.${before}`;
  }
}

/** @param crashed whether the network has to be started again */
export function runMessage(error: unknown, crashed: boolean): string {
  if (!crashed) return `This picture could not be read: ${textOf(error)}.`;
  const code = error instanceof MobileNetError ? error.code : undefined;
  return code === 'CRASHED'
    ? 'The engine stopped while this network was at work. Restart it to go on.'
    : `The engine stopped, and this network could not be loaded again: ${textOf(error)}. Restart it to go on.`;
}

/** An error's own words, without the full stop. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // The host says enough to a visitor; addresses on the Hub are long.
  return text.replace(/\.$/, '').replace(/https?:\/\/([^/\s]+)\S*/g, '$1');
}
