import type { Plugin } from 'vite';

/** Where the site's owner has weights, as an address with places for `{repository}`, `{revision}` and `{file}`. */
const OWNERS_HOST = process.env.WEIGHTS_HOST ?? '';

/** Nothing leaves the origin but the fetch of weights. The Hub redirects to hosts below hf.co, ModelScope to its own. */
const HOSTS: Record<string, string[]> = {
  '/index.html': [
    'https://huggingface.co',
    'https://*.hf.co',
    'https://*.modelscope.cn',
    ...(/^https?:/.test(OWNERS_HOST) ? [new URL(OWNERS_HOST).origin] : []),
  ],
  '/bench.html': [],
};

/** @param hosts that the page may ask besides its own */
const policy = (hosts: string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    ["connect-src 'self'", ...hosts].join(' '),
    "img-src 'self' blob: data:",
    "manifest-src 'self'",
    "media-src 'self' blob:",
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** Documents that name their Content-Security-Policy themselves, for hosts that send no header; `serve.js` sends the same. */
export const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  // The development server injects inline styles and scripts, which the policy forbids.
  apply: 'build',
  transformIndexHtml: (_html, { path }) => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: policy(HOSTS[path]) },
      injectTo: 'head-prepend',
    },
    { tag: 'meta', attrs: { name: 'weights-host', content: OWNERS_HOST }, injectTo: 'head' },
  ],
};
