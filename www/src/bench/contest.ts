import { MobileNet, type Version } from 'mobilenet-wasm';
import { textOf } from '../messages';
import { text } from '../text';
import type { Effort } from './effort';
import { type Entry, NETWORKS, RESOLUTION, fastest } from './entry';
import { type Path, pathTurn } from './path';
import { problemOf } from './problems';
import { whileVisible } from './visibility';

const WARM_UP = 10;
const RUNS_A_TURN = 5;
/** The pause between turns: the threads of the last build go on spinning for a moment. ms */
const PAUSE = 30;
/** The steps of progress for loading and for profiling, which take as long as some turns. */
const LOADING_STEPS = 4;

export interface ContestEvents {
  /**
   * @param doing the step that begins; `null` after a skipped one
   * @param done the share of everything that is done, 0 to 1
   */
  onProgress: (doing: string | null, done: number) => void;
  /** There is a new measurement or error. */
  onChange: (entry: Entry) => void;
  /** The same for the path of a frame. */
  onPath: (path: Path) => void;
  /** All builds of a network are measured or unavailable. */
  onNetwork: (version: Version) => void;
}

/**
 * Measures every entry, one network after the other, since a phone has no room for all of them at once; then the path of a frame in
 * the network's fastest build. An error is stored in its entry, and the others go on.
 * @param signal when it is aborted, its reason is thrown, and the entries keep what was measured
 */
export async function contest(
  entries: readonly Entry[],
  paths: readonly Path[],
  effort: Effort,
  signal: AbortSignal,
  events: ContestEvents,
): Promise<void> {
  const rounds = Math.ceil(effort.runs / RUNS_A_TURN);
  const steps = entries.length * (LOADING_STEPS + rounds) + paths.length * rounds;
  let done = 0;
  const advance = (doing: string | null, by: number): void => {
    events.onProgress(doing, done / steps);
    done += by;
  };
  for (const { version } of NETWORKS) {
    const contenders = entries.filter((entry) => entry.version === version);
    const [path] = paths.filter((path) => path.version === version);
    await measureNetwork(contenders, path, effort, signal, events, (doing, loading) =>
      advance(doing, loading ? LOADING_STEPS : 1),
    );
    events.onNetwork(version);
  }
}

/** Measures the builds of one network in turns, and then its path. */
async function measureNetwork(
  entries: readonly Entry[],
  path: Path,
  { runs, profileRuns }: Effort,
  signal: AbortSignal,
  { onChange, onPath }: ContestEvents,
  onStep: (doing: string | null, loading: boolean) => void,
): Promise<void> {
  const nets = new Map<Entry, MobileNet>();
  const dispose = (): void => {
    for (const net of nets.values()) net.dispose();
  };
  // A running profile has no signal, but ends with its network.
  signal.addEventListener('abort', dispose);
  const attempt = async (entry: Entry, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      entry.problem = problemOf(error, entry.build);
    }
    onChange(entry);
  };
  try {
    for (const entry of entries) {
      onStep(text.bench.doing.warmingUp(entry.name, entry.build), true);
      await attempt(entry, async () => {
        const { version, build } = entry;
        const net = await MobileNet.untrained({ version, resolution: RESOLUTION, build, signal });
        nets.set(entry, net);
        await warmUp(net, entry, profileRuns, signal);
      });
    }
    for (let begun = 0; begun < runs; begun += RUNS_A_TURN) {
      const count = Math.min(RUNS_A_TURN, runs - begun);
      // The order alternates, so that no build always follows the same one.
      const order = (begun / RUNS_A_TURN) % 2 ? [...entries].reverse() : entries;
      for (const entry of order) {
        const net = nets.get(entry);
        const fit = net && !entry.problem;
        const doing = text.bench.doing.running(entry.name, begun + 1, begun + count, runs, entry.build);
        onStep(fit ? doing : null, false);
        if (!fit) continue;
        await attempt(entry, async () => {
          await new Promise((resolve) => setTimeout(resolve, PAUSE));
          // The first run finds other builds' data in the caches.
          const [first, ...times] = await turn(net, 1 + count, signal);
          entry.leftOut.push(first);
          entry.inference.push(...times);
        });
      }
    }
    const best = fastest(
      entries.filter(({ problem }) => !problem),
      path.version,
    );
    const net = best && nets.get(best);
    if (!net) return;
    Object.assign(path, { build: best.build, threads: best.threads });
    await measurePath(net, path, runs, signal, (doing) => onStep(doing, false), onPath);
  } finally {
    signal.removeEventListener('abort', dispose);
    dispose();
  }
}

async function warmUp(
  net: MobileNet,
  entry: Entry,
  profileRuns: Effort['profileRuns'],
  signal: AbortSignal,
): Promise<void> {
  entry.threads = net.info.threads;
  entry.macs = net.info.macs;
  entry.profile = await whileVisible(() => net.profile(null, { runs: profileRuns }), signal);
  entry.leftOut.push(...(await turn(net, WARM_UP, signal)));
}

async function measurePath(
  net: MobileNet,
  path: Path,
  runs: number,
  signal: AbortSignal,
  onStep: (doing: string) => void,
  onPath: ContestEvents['onPath'],
): Promise<void> {
  for (let begun = 0; begun < runs && !path.problem; begun += RUNS_A_TURN) {
    const count = Math.min(RUNS_A_TURN, runs - begun);
    onStep(text.bench.doing.path(path.name, begun + 1, begun + count, runs));
    try {
      await pathTurn(net, path, count, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      path.problem = textOf(error);
    }
    onPath(path);
  }
}

/** @returns ms of each run */
function turn(net: MobileNet, runs: number, signal: AbortSignal): Promise<number[]> {
  return whileVisible(async () => {
    const times: number[] = [];
    for (let i = 0; i < runs; i++) {
      times.push((await net.classify(picture, { signal })).timing.inference);
    }
    return times;
  }, signal);
}

/** Any picture will do: the time doesn't depend on the values. */
const picture = new ImageData(
  Uint8ClampedArray.from({ length: RESOLUTION ** 2 * 4 }, () => Math.random() * 256),
  RESOLUTION,
);
