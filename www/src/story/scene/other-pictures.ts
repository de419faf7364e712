import { SAMPLES } from '../../samples';
import { cropsOf } from '../fit-frames';

/** Crops of each of the page's sample pictures: few pictures by themselves say little. */
const CROPS_EACH = 8;

export interface OtherPictures {
  crops: ImageData[];
  /** Of how many pictures. */
  pictures: number;
}

/**
 * The page's sample pictures, for what a network makes of anything but the scene. One that can't be fetched is left out.
 * @param shown the name of the picture that is the scene
 */
export async function otherPictures(shown: string | null, signal: AbortSignal): Promise<OtherPictures> {
  const found = await Promise.all(
    SAMPLES.filter(({ name }) => name !== shown).map(async ({ url }) => {
      const response = await fetch(url, { signal }).catch(() => null);
      signal.throwIfAborted();
      return response?.ok ? createImageBitmap(await response.blob()) : null;
    }),
  );
  const pictures = found.filter((picture) => picture !== null);
  const crops = pictures.flatMap((picture) => cropsOf(picture, CROPS_EACH));
  for (const picture of pictures) picture.close();
  return { crops, pictures: pictures.length };
}
