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
  const files = await Promise.all(
    SAMPLES.filter(({ name }) => name !== shown).map(async ({ url }) => {
      const response = await fetch(url, { signal }).catch(() => null);
      return response?.ok ? response.blob() : null;
    }),
  );
  const others: OtherPictures = { crops: [], pictures: 0 };
  for (const file of files) {
    if (!file) continue;
    const picture = await createImageBitmap(file);
    others.crops.push(...(await cropsOf(picture, CROPS_EACH)));
    signal.throwIfAborted();
    others.pictures++;
    picture.close();
  }
  return others;
}
