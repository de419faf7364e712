import type { LoadOptions, NetworkInfo, Prediction } from '../../pkg/index.js';

declare global {
  // consumer/main.js
  var classify: (options: Partial<LoadOptions>) => Promise<{ info: NetworkInfo; predictions: Prediction[] }>;
  var exported: typeof classify;
}
