import { text } from './text';

/** A picture that lies beside the page, if `cargo xtask models` put it there. */
export interface Sample {
  name: string;
  url: string;
  author: string;
  /** The page on which the author published or described it. */
  source: string;
  licence: { name: string; url: string };
}

const CC0 = { name: 'CC0', url: 'https://creativecommons.org/publicdomain/zero/1.0/' };
const CC_BY = { name: 'CC BY 2.0', url: 'https://creativecommons.org/licenses/by/2.0/' };
const PUBLIC_DOMAIN = {
  name: text.page.picture.publicDomain,
  url: 'https://creativecommons.org/publicdomain/mark/1.0/',
};
const SCIKIT_IMAGE = 'https://scikit-image.org/docs/stable/api/skimage.data.html';

export const SAMPLES: Sample[] = [
  {
    name: text.page.picture.chelsea,
    url: 'samples/chelsea.png',
    author: 'Stéfan van der Walt',
    source: SCIKIT_IMAGE,
    licence: CC0,
  },
  {
    name: text.page.picture.coffee,
    url: 'samples/coffee.png',
    author: 'Rachel Michetti',
    source: SCIKIT_IMAGE,
    licence: CC0,
  },
  {
    name: text.page.picture.flower,
    url: 'samples/flower.jpg',
    author: 'vultilion',
    source: 'https://www.flickr.com/photos/vultilion/6056698931/',
    licence: CC_BY,
  },
  {
    name: text.page.picture.temple,
    url: 'samples/china.jpg',
    author: 'danielbuechele',
    source: 'https://www.flickr.com/photos/danielbuechele/6061409035/',
    licence: CC_BY,
  },
  {
    name: text.page.picture.rocket,
    url: 'samples/rocket.jpg',
    author: 'SpaceX',
    source: 'https://www.flickr.com/photos/spacexphotos/16511594820/',
    licence: PUBLIC_DOMAIN,
  },
  {
    name: text.page.picture.astronaut,
    url: 'samples/astronaut.png',
    author: 'NASA',
    source: SCIKIT_IMAGE,
    licence: PUBLIC_DOMAIN,
  },
];

/** @returns `null` if the site doesn't have the picture */
export async function fetchSample({ url }: Sample, signal?: AbortSignal): Promise<Blob | null> {
  const response = await fetch(url, { signal }).catch(() => null);
  const blob = response?.ok ? await response.blob() : null;
  // A server may send a page of its own for a missing file.
  return blob?.type.startsWith('text/') ? null : blob;
}
