import { fieldsOf, signalOf, stringOf } from './arguments.js';
import { Engine } from './index.js';
import { WISHES, engineOf } from './wishes.js';

/**
 * @typedef {import('./index.js').MobileNet} MobileNet
 * @typedef {import('./fit.js').TrimSaving} TrimSaving
 */

/** The two networks take turns, and the least disturbed turn of each counts. */
const TURNS = 3;

/** The number of runs in a turn: the fewest for a median. */
const RUNS = 20;

/**
 * Documented in `fit.d.ts`.
 * @param {import('./index.js').ModelName | import('./index.js').LoadOptions} what
 * @param {import('./index.js').NamedLoadOptions} [options]
 * @returns {Promise<TrimSaving>}
 */
export async function measureTrim(what, options = {}) {
  const name = stringOf(what);
  const given = /** @type {any} */ (name === undefined ? what : options);
  const { engine: asked, signal: end, ...wishes } = fieldsOf('measureTrim', given, ['engine', 'signal', ...WISHES]);
  const signal = signalOf(end);
  const own = engineOf(asked) === null;
  const engine = own ? await Engine.create(/** @type {any} */ ({ ...wishes, signal })) : /** @type {Engine} */ (asked);
  const { engine: _engine, threads: _threads, build: _build, assets: _assets, ...loadOptions } = given;
  // An engine that was given refuses options of its own.
  const rest = own ? loadOptions : { ...loadOptions, ...wishes };
  /** @type {MobileNet[]} */
  const nets = [];
  try {
    for (const trim of [false, true]) {
      const more = { ...rest, trim };
      nets.push(await (name === undefined ? engine.load(more) : engine.load(name, more)));
    }
    const times = nets.map(() => Infinity);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [place, net] of nets.entries()) {
        const { total } = await net.profile(null, { runs: RUNS, signal });
        times[place] = Math.min(times[place], total.median);
      }
    }
    const [whole, trimmed] = times;
    const channels = nets[1].info.trimmed;
    // Without a difference between the networks, a difference of their times is only noise.
    return { channels, microseconds: channels === 0 ? 0 : whole - trimmed, of: whole };
  } finally {
    for (const one of own ? [engine] : nets) one.dispose();
  }
}
