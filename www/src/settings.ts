import type { JsonObject } from 'mobilenet-wasm';
import { keptFile } from './kept';

type Source = string | Blob | null | undefined;

/** The files beside weights. */
interface Settings {
  config?: Source | JsonObject;
  preprocessorConfig?: Source | JsonObject;
}

/** @param side of the input that the network is to have in place of its own; pixels */
export async function settings(config: Source, preprocessorConfig: Source, side?: number): Promise<Settings> {
  if (side === undefined) return { config, preprocessorConfig };
  // Without both of them the resized picture is cropped by the share that is usual.
  const { crop_size: _crop, size: _size, ...preprocessor } = await read(preprocessorConfig);
  return { config: { ...(await read(config)), image_size: side }, preprocessorConfig: preprocessor };
}

async function read(source: Source): Promise<JsonObject> {
  if (!source) return {};
  if (source instanceof Blob) return JSON.parse(await source.text());
  return ((await await keptFile(source)) ?? (await fetch(source))).json();
}
