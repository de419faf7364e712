import { bench } from './bench.ts';
import { figures } from './figures.ts';
import { page } from './page.ts';

/** English, after whose shape the other languages are made: what one of them lacks is an error of types. */
export const text = { page, figures, bench };
