import { defineConfig, type Plugin } from 'vite';
import { text } from './src/text/en';
import { ATTRIBUTES, textAt } from './src/text/keys';

/** @param hosts that the page may ask besides its own */
const policy = (hosts: string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    ["connect-src 'self'", ...hosts].join(' '),
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** Nothing leaves the origin but the fetch from the Hub that the visitor asks for; it redirects to hosts below hf.co. */
const HOSTS: Record<string, string[]> = {
  '/index.html': ['https://huggingface.co', 'https://*.hf.co'],
  '/bench.html': [],
};

const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  // The development server injects inline styles and scripts, which the policy forbids.
  apply: 'build',
  transformIndexHtml: (_html, { path }) => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: policy(HOSTS[path]) },
      injectTo: 'head-prepend',
    },
  ],
};

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The documents come with their English text: who waits for the script, or has none, can read it, and nothing moves. */
const englishText: Plugin = {
  name: 'english-text',
  transformIndexHtml: {
    order: 'pre',
    handler(html) {
      const attribute = new RegExp(`data-text-(${ATTRIBUTES.join('|')})="([^"]+)"`, 'g');
      return html
        .replace(/ data-text="([^"]+)"[^>]*>(?=<\/)/g, (tag, key: string) => tag + escape(textAt(text, key)))
        .replace(attribute, (all, name: string, key: string) => `${all} ${name}="${escape(textAt(text, key))}"`);
    },
  },
};

export default defineConfig({
  // The page works below any path.
  base: './',
  build: {
    target: 'es2022',
    // Weights are served from where `cargo xtask models` puts them.
    copyPublicDir: false,
    rolldownOptions: { input: Object.keys(HOSTS).map((path) => `.${path}`) },
  },
  plugins: [englishText, contentSecurityPolicy],
});
