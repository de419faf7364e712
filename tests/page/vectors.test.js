// Tests an engine that makes vectors of 256 bits of pairs of 128 bits, as V8 does with a flag.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstModels, installHelpers, lightest, open, openBlank } from './harness.js';

/**
 * @param {string[]} flags the browser's flags
 * @returns {Promise<{ vectors: number, logits: number[] }[]>} the results of each network, with its logits as bits
 */
async function runWith(flags) {
  const session = await open(flags);
  try {
    const page = await openBlank(session);
    await page.evaluate(installHelpers, lightest);
    return await page.evaluate(async (models) => {
      const outcomes = [];
      for (const { url: weights, config, preprocessorConfig } of models) {
        const net = await MobileNet.load({ weights, config, preprocessorConfig, build: 'relaxed', threads: 1 });
        const input = Float32Array.from({ length: net.info.resolution ** 2 * 3 }, (_, i) => Math.sin(i * i));
        const logits = await net.run(input);
        outcomes.push({ vectors: net.info.vectors, logits: [...new Uint32Array(logits.buffer)] });
        net.dispose();
      }
      return outcomes;
    }, firstModels);
  } finally {
    await session.close();
  }
}

test('the logits are the same bits in an engine that pairs vectors, where the tiles are twice as wide', async (t) => {
  const [plain, paired] = [await runWith([]), await runWith(['--js-flags=--wasm-revectorize'])];
  assert.ok(plain.length > 0);
  assert.deepEqual(
    paired.map(({ logits }) => logits),
    plain.map(({ logits }) => logits),
  );
  // The width depends on the processor, since the engine's own times decide.
  const widths = [...plain, ...paired].map(({ vectors }) => vectors);
  assert.ok(
    widths.every((width) => width === 128 || width === 256),
    String(widths),
  );
  t.diagnostic(`vectors without the flag and with it: ${widths.join(', ')} bits`);
});
