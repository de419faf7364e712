// The worker of the build `simd-threads`. Each build has an entry of its own, so that bundlers see which files belong together
// and a page downloads only those of the build it runs.
import * as glue from '../wasm/simd-threads/mobilenet_wasm.js';
import { serve } from '../worker.js';

serve(glue);
