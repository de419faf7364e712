import type { text as english } from '../en';
import { bench } from './bench';
import { figures } from './figures';
import { page } from './page';

/** Simplified Chinese, in the terms of the field's literature. */
export const text: typeof english = { page, figures, bench };
