// What the scripts of `page/` leave on their pages for Node to call.
import type { FirstPrediction } from './page/cold.js';
import type { Tab } from './page/contender.js';
import type { EngineSet } from './page/engine.js';
import type { Fitting } from './page/fit.js';
import type { Soak } from './page/soak.js';

declare global {
  var bench: Tab;
  var soak: Soak;
  var set: EngineSet;
  var fitting: Fitting;
  var firstPrediction: Promise<FirstPrediction>;
}
