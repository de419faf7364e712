import type { Plugin } from 'vite';

/** The template of the site owner's host of weights, with the placeholders `{repository}`, `{revision}` and `{file}`. */
const OWNERS_HOST = process.env.WEIGHTS_HOST ?? '';

/** The only requests to other origins fetch weights. The Hub redirects to hosts below hf.co, ModelScope to its own. */
const HOSTS: Record<string, string[]> = {
  '/index.html': [
    'https://huggingface.co',
    'https://*.hf.co',
    'https://*.modelscope.cn',
    ...(/^https?:/.test(OWNERS_HOST) ? [new URL(OWNERS_HOST).origin] : []),
  ],
  '/bench.html': [],
};

/** @param hosts the other hosts that the page may ask */
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

/** Writes the Content-Security-Policy into the documents, for hosts that send no header; `serve.js` sends the same one. */
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
