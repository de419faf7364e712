// The worker of the build `relaxed-threads`. Each build has an entry of its own, so that bundlers see which files belong together
// and a page downloads only those of the build it runs.
import * as glue from '../wasm/relaxed-threads/mobilenet_wasm.js';
import { serve } from '../worker.js';

serve(glue);
