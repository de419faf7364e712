// The same in a program outside of a page.
import { readFile } from 'node:fs/promises';
import { Engine, MobileNet } from 'mobilenet-wasm';
import { picture } from './picture.js';

/** @param {Partial<import('mobilenet-wasm').LoadOptions>} options */
async function classify(options) {
  const net = await MobileNet.load({ weights: 'public/model.safetensors', config: 'public/config.json', ...options });
  const { predictions } = await net.classify(picture());
  const logits = await net.run(new Float32Array(net.info.resolution ** 2 * 3).fill(0.25));
  const { build, threads } = net.info;
  net.dispose();
  return { build, threads, predictions, logits: [...logits.slice(0, 5)] };
}

const bytes = { weights: await readFile('public/model.safetensors'), threads: 1 };
const config = JSON.parse(await readFile('public/config.json', 'utf8'));
const answers = [
  await classify({ threads: 1 }),
  await classify({ threads: 2 }),
  await classify({ ...bytes, config }),
  await classify({ threads: 1, assets: new URL('node_modules/mobilenet-wasm/wasm', import.meta.url) }),
];
const net = await MobileNet.load({ ...bytes, config });
answers.push(await classify({ weights: await net.export(), config: null, threads: 1 }));
net.dispose();
const code = await MobileNet.load({ weights: 'public/none.safetensors' }).catch((error) => error.code);

// An engine that is not disposed of must not keep the process running.
const engine = await Engine.create({ threads: 2 });
await engine.untrained({ version: 'v3-small', width: 0.5, resolution: 96 });
console.log(JSON.stringify({ answers, code }));
