import { SAMPLES, fetchSample } from '../../samples';
import { cropsOf } from '../fit-frames';

/** The number of crops of each sample picture. The few pictures alone would say little. */
const CROPS_EACH = 8;

export interface OtherPictures {
  crops: ImageData[];
  /** The number of pictures that the crops are from. */
  pictures: number;
}

/**
 * Crops the page's sample pictures, which show how a network answers outside the scene. It leaves out pictures that it can't
 * fetch.
 * @param shown the name of the sample picture that is the scene; `null` if it is none
 */
export async function otherPictures(shown: string | null, signal: AbortSignal): Promise<OtherPictures> {
  const files = await Promise.all(
    SAMPLES.filter(({ name }) => name !== shown).map((sample) => fetchSample(sample, signal)),
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
