import type { text } from '../en';

export const figures: (typeof text)['figures'] = {};
