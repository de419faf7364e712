import { MobileNetError } from 'mobilenet-wasm';
import { paragraph, text } from './text';

/** Errors as sentences that say what the visitor can do. */

export function cameraMessage(error: unknown): string {
  const words = text.page.camera;
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotFoundError':
      return words.none;
    case 'NotAllowedError':
      return words.blocked;
    case 'NotReadableError':
    case 'AbortError':
      return words.busy;
    case 'OverconstrainedError':
      return words.gone;
    default:
      return words.failed(textOf(error));
  }
}

/**
 * @param title the title of the weights
 * @param runningOn whether an earlier network goes on
 */
export function loadMessage(error: unknown, title: string, runningOn: boolean): string {
  const words = text.page.weights;
  const told = (problem: string) => paragraph(problem, runningOn ? words.before : '');
  const code = error instanceof MobileNetError ? error.code : undefined;
  switch (code) {
    case 'UNSUPPORTED':
      return words.unsupported;
    case 'BLOCKED':
      return words.blocked(textOf(error));
    case 'FETCH_FAILED':
      return told(navigator.onLine ? words.unfetched(title, textOf(error)) : words.offline);
    case 'CHECKSUM':
      return told(words.wrongFile(title, textOf(error)));
    case 'BAD_WEIGHTS':
    case 'UNKNOWN_NETWORK':
    case 'BAD_CONFIG':
      return told(words.unusable(title, textOf(error)));
    case 'OUT_OF_MEMORY':
      return told(words.memory(title));
    default:
      return told(words.unloaded(title, textOf(error)));
  }
}

/** @param crashed whether the network must be started again */
export function runMessage(error: unknown, crashed: boolean): string {
  if (!crashed) return text.page.picture.unread(textOf(error));
  const code = error instanceof MobileNetError ? error.code : undefined;
  return code === 'CRASHED' ? text.page.engine.crashed : text.page.engine.unloadable(textOf(error));
}

/** An error's message in the visitor's language, without the full stop. */
export function textOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  // Addresses on the Hub are long; the host is enough.
  const short = words.replace(/\.$/, '').replace(/https?:\/\/([^/\s]+)\S*/g, '$1');
  return text.page.reason(short, error instanceof MobileNetError ? error.code : null);
}
