import { defineConfig, type Plugin } from 'vite';

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

export default defineConfig({
  // The page works below any path.
  base: './',
  build: {
    target: 'es2022',
    // Weights are served from where `cargo xtask models` puts them.
    copyPublicDir: false,
    rolldownOptions: { input: Object.keys(HOSTS).map((path) => `.${path}`) },
  },
  plugins: [contentSecurityPolicy],
});
