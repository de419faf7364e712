import { defineConfig, type Plugin } from 'vite';

/** Nothing leaves the origin but the fetch from the Hub that the visitor asks for; it redirects to hosts below hf.co. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self' https://huggingface.co https://*.hf.co",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  // The development server injects inline styles and scripts, which the policy forbids.
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' },
  ],
};

export default defineConfig({
  // The page works below any path.
  base: './',
  build: {
    target: 'es2022',
    // Weights are served from where `cargo xtask models` puts them.
    copyPublicDir: false,
  },
  plugins: [contentSecurityPolicy],
});
