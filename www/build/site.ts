import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { Plugin } from 'vite';
import { text } from '../src/text/en/index.ts';

/** Sides of the icons for home screens. Pixels. */
const ICONS = [192, 512];
const WORKER = 'service-worker.js';
/** The name in the worker's source that is replaced by the list. */
const PLACE = '__BUILD__';
const SAMPLES = new URL('../public/samples/', import.meta.url);

/** Whether a file is stored only when the page has loaded it, and tells the worker. */
const isOptional = (file: string): boolean => /\.wasm$|^samples\//.test(file);

/** Makes a site of the build that can be installed, and that works offline and from any static host. */
export const site: Plugin = {
  name: 'site',
  apply: 'build',
  enforce: 'post',
  transformIndexHtml: () => [
    { tag: 'link', attrs: { rel: 'manifest', href: './manifest.webmanifest' }, injectTo: 'head' },
    { tag: 'link', attrs: { rel: 'apple-touch-icon', href: `./${iconName(ICONS[0])}` }, injectTo: 'head' },
  ],
  generateBundle(_options, bundle) {
    for (const fileName of ['icon.svg', ...ICONS.map(iconName)]) {
      const source = readFileSync(new URL(`../src/${fileName}`, import.meta.url));
      this.emitFile({ type: 'asset', fileName, source });
    }
    this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: manifest() });
    for (const name of existsSync(SAMPLES) ? readdirSync(SAMPLES) : []) {
      this.emitFile({ type: 'asset', fileName: `samples/${name}`, source: readFileSync(new URL(name, SAMPLES)) });
    }
    const worker = bundle[WORKER];
    if (worker?.type !== 'chunk' || !worker.code.includes(PLACE)) this.error(`${WORKER} has no place for its list`);
    const files = Object.values(bundle).filter(({ fileName }) => fileName !== WORKER);
    const hash = createHash('sha256');
    for (const file of files) hash.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source);
    const build = {
      version: hash.digest('hex').slice(0, 16),
      // The folder's address leads to its page.
      assets: ['./', ...files.map(({ fileName }) => fileName).filter((name) => !isOptional(name))],
    };
    worker.code = worker.code.replace(PLACE, () => JSON.stringify(build));
  },
};

const iconName = (side: number): string => `icon-${side}.png`;

function manifest(): string {
  const png = (side: number, purpose: string) => ({
    src: `./${iconName(side)}`,
    sizes: `${side}x${side}`,
    type: 'image/png',
    purpose,
  });
  return JSON.stringify({
    name: text.page.title,
    short_name: 'MobileNet',
    description: text.page.description,
    lang: 'en',
    start_url: './',
    scope: './',
    display: 'standalone',
    background_color: '#f6f7f6',
    theme_color: '#f6f7f6',
    icons: [
      { src: './icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
      ...ICONS.map((side) => png(side, 'any')),
      png(ICONS[1], 'maskable'),
    ],
  });
}
