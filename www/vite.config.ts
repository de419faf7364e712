import { defineConfig } from 'vite';
import { contentSecurityPolicy } from './build/policy.ts';
import { site } from './build/site.ts';
import { englishText } from './build/text.ts';

export default defineConfig({
  // The page works below any path.
  base: './',
  build: {
    target: 'es2022',
    // Weights are not copied: `cargo xtask models` puts them where they are served.
    copyPublicDir: false,
    rolldownOptions: {
      input: { index: './index.html', bench: './bench.html', 'service-worker': './src/offline/worker.ts' },
      output: {
        // A service worker controls the folder that it lies in, and must have the same name in the next build.
        entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  plugins: [englishText, contentSecurityPolicy, site],
});
