// Packages that only these tests install. Without their types, the tests can be checked where they are not installed.
declare module '@rollup/plugin-node-resolve';
declare module '@web/rollup-plugin-import-meta-assets';
declare module 'esbuild';
declare module 'rollup';
declare module 'vite-5';
declare module 'vite-6';
declare module 'vite-7';
declare module 'vite-8';
declare module 'webpack';
