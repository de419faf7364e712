import type { LoadOptions, NetworkInfo, Prediction } from '../../pkg/index.js';

declare global {
  // consumer/main.js
  var classify: (options: Partial<LoadOptions>) => Promise<{ info: NetworkInfo; predictions: Prediction[] }>;
  var exported: typeof classify;
  // consumer/entries.js
  var entries: (
    options: Partial<LoadOptions>,
  ) => Promise<{ net: unknown; teach: unknown; fit: unknown; camera: unknown }>;
}
