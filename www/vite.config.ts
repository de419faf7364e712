import { defineConfig } from 'vite';
import { contentSecurityPolicy } from './build/policy.ts';
import { site } from './build/site.ts';
import { englishText } from './build/text.ts';

export default defineConfig({
  // The page works below any path.
  base: './',
  build: {
    target: 'es2022',
    // Weights are served from where `cargo xtask models` puts them.
    copyPublicDir: false,
    rolldownOptions: {
      input: { index: './index.html', bench: './bench.html', 'service-worker': './src/offline/worker.ts' },
      output: {
        // A service worker answers for the folder that it lies in, and is found under the same name by the next build.
        entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  plugins: [englishText, contentSecurityPolicy, site],
});
