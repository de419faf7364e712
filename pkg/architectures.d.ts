import type { Architecture } from './index.js';

declare const architectures: Architecture[];
export = architectures;
