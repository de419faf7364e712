import { type ClassifySource, Engine, type MobileNet, type Tensor } from 'mobilenet-wasm';
import type { Files } from '../../weights';
import { type Answer, agreement, answerOf, answersOf, divergence, median } from './answers';
import { ChannelSums } from './channel-sums';
import { type FoldedNetwork, type Layer, readFolded, writeFolded } from './folded-file';
import { type Cut, type Inside, insidesOf, narrowed } from './insides';
import { type Channels, LatencyTable, type Timed, WIDTHS, channelsAt } from './latency';
import { type Proposal, proposals } from './netadapt';
import { somePixels } from './pixels';
import { RemoteSolver } from './remote-solver';
import { split, spread } from './split';

/** The share of the whole network's time that each step should save. */
const STEP = 0.03;
/** The number of proposals that are tried in a step. */
const TRIES = 3;
/** The number of frames on which a proposal is tried. */
const TRIAL_FRAMES = 24;
/** How often each width is timed. The device's other work should not disturb every round. */
const ROUNDS = 2;
/** The number of runs in which each layer is timed. */
const PROFILE_RUNS = 10;
/** The number of runs of a step's network and of the whole one, which take turns. */
const TURNS = 25;
/** Where the progress bar stands when the first step begins. */
const PREPARING = 0.3;

export interface Wishes {
  files: Files;
  /** The side of the input. Pixels. */
  side: number;
  /** Frames of the scene in order: some choose channels, the others verify the result. */
  frames: readonly ClassifySource[];
  /** Pictures of other things; may be empty. */
  others: readonly ClassifySource[];
  /** The network shrinks until it takes about this share of its time, as measured. */
  target: number;
  onProgress: (progress: Progress) => void;
  onStep: (step: Step) => void;
  signal: AbortSignal;
}

export interface Progress {
  doing: 'learning' | 'timing' | 'removing';
  /** The share that is done, 0 to 1. */
  done: number;
}

/** A network of the series: first the whole one, then ever narrower ones. */
export interface Step {
  /** The change from the network before; `null` for the whole network. */
  change: { block: number; from: number; to: number } | null;
  /**
   * Its time as a share of the whole network's: predicted by the table, times the table's error in the step before, and measured
   * while both take turns.
   */
  predicted: number;
  measured: number;
  /** Agreement with the whole network on the frames of the scene that verify. */
  scene: number;
  /** Agreement on other pictures; `null` if there are none. */
  others: number | null;
  /** The numbers of frames on which the agreements were counted. */
  frames: { scene: number; others: number };
  /** Its weights as a file. */
  file: () => Uint8Array<ArrayBuffer>;
}

/** Narrows a network step by step for one scene, in its own engine. If aborted, it rejects with the signal's reason. */
export async function shrink(wishes: Wishes): Promise<void> {
  const { files, side, signal } = wishes;
  const solver = new RemoteSolver();
  const end = () => solver.end(signal.reason as Error);
  signal.addEventListener('abort', end);
  let engine: Engine | null = null;
  try {
    engine = await Engine.create({ signal });
    const whole = await engine.load({ ...files, resolution: side, precision: 'f32', signal });
    const network = readFolded(await whole.export({ precision: 'f32', signal }));
    await new Shrinking(wishes, engine, solver, whole, network).run();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    solver.end(new Error('nothing is left to solve'));
    engine?.dispose();
  }
}

/** The whole network's answers, which count as right for narrower ones. */
interface Right {
  chooseBy: Answer[];
  verify: Answer[];
  others: Answer[];
}

/** The sums of an inside; new ones if it has none yet. */
function sumsOf(all: Map<Inside, ChannelSums>, inside: Inside, channels: number): ChannelSums {
  const sums = all.get(inside) ?? new ChannelSums(channels);
  all.set(inside, sums);
  return sums;
}

/** Proposals for the usual step, or for a smaller one if no part of the network can save that much. */
function cheapest(share: number, propose: (goal: number) => Proposal[]): Proposal[] {
  for (let step = STEP; step > STEP / 8; step /= 2) {
    const found = propose(share - step);
    if (found.length > 0) return found;
  }
  return [];
}

class Shrinking {
  readonly #insides: Inside[];
  /** The frames that choose channels, and those that only verify. */
  readonly #chooseBy: readonly ClassifySource[];
  readonly #verify: readonly ClassifySource[];
  /** Sums of the gates' inputs. */
  readonly #pooled = new Map<Inside, ChannelSums>();

  constructor(
    private readonly wishes: Wishes,
    private readonly engine: Engine,
    private readonly solver: RemoteSolver,
    private readonly whole: MobileNet,
    private readonly network: FoldedNetwork,
  ) {
    this.#insides = insidesOf(network);
    const { chooseBy, verify } = split(wishes.frames);
    this.#chooseBy = chooseBy;
    this.#verify = verify;
  }

  async run(): Promise<void> {
    const { target, onStep } = this.wishes;
    const right = await this.#askWhole();
    const others = right.others.length > 0 ? 1 : null;
    onStep(this.#step(null, new Map(), { predicted: 1, measured: 1, scene: 1, others }));
    const table = await this.#time();
    const losses = await this.#learn();
    let channels: Channels = new Map(this.#insides.map((inside) => [inside, inside.channels]));
    let cuts: ReadonlyMap<Inside, Cut> = new Map();
    let share = 1;
    // How much longer the network takes than the table says.
    let error = 1;
    // Measurements can't tell less than half a step.
    while (share > target + STEP / 2) {
      this.#report('removing', PREPARING + ((1 - PREPARING) * (1 - share)) / (1 - target));
      const cheap = cheapest(share, (goal) => proposals(channels, table, losses, Math.max(goal, target) / error));
      const found = await this.#best(cheap.slice(0, TRIES), cuts, right);
      if (!found) return;
      const { inside, count } = found.proposal;
      const predicted = found.proposal.predicted * error;
      const change = { block: inside.block, from: channels.get(inside) as number, to: count };
      channels = new Map(channels).set(inside, count);
      cuts = found.cuts;
      const judged = await this.#judge(cuts, right);
      share = judged.measured;
      error = share / found.proposal.predicted;
      onStep(this.#step(change, cuts, { predicted, ...judged }));
    }
  }

  #report(doing: Progress['doing'], done: number): void {
    this.wishes.onProgress({ doing, done });
  }

  async #askWhole(): Promise<Right> {
    const { frames, others, signal } = this.wishes;
    const report = (before: number) => (done: number) =>
      this.#report('learning', (0.3 * PREPARING * (before + done)) / (frames.length + others.length));
    const chooseBy = await answersOf(this.whole, this.#chooseBy, signal, report(0));
    const verify = await answersOf(this.whole, this.#verify, signal, report(chooseBy.length));
    return { chooseBy, verify, others: await answersOf(this.whole, others, signal, report(frames.length)) };
  }

  /** Times the network's steps at several widths. */
  async #time(): Promise<LatencyTable> {
    const { signal } = this.wishes;
    const widths: { channels: Channels; net: MobileNet }[] = [];
    for (const width of WIDTHS) {
      const channels = new Map(this.#insides.map((inside) => [inside, channelsAt(inside.channels, width)]));
      const cuts = new Map(Array.from(channels, ([inside, count]) => [inside, this.#firstChannels(inside, count)]));
      widths.push({ channels, net: width === 1 ? this.whole : await this.#load(cuts) });
    }
    const timed: Timed[] = [];
    const total = ROUNDS * widths.length;
    while (timed.length < total) {
      this.#report('timing', PREPARING * (0.3 + (0.3 * timed.length) / total));
      const { channels, net } = widths[timed.length % widths.length];
      const { steps } = await net.profile(null, { runs: PROFILE_RUNS, signal });
      timed.push({ channels, steps });
    }
    for (const { net } of widths) if (net !== this.whole) net.dispose();
    return new LatencyTable(timed);
  }

  /** A cut for timing only, in which the weights don't matter. */
  #firstChannels({ consumer, channels }: Inside, count: number): Cut {
    const { weight, bias } = this.#layer(consumer);
    return {
      kept: Array.from({ length: count }, (_, channel) => channel),
      weight: weight.filter((_, place) => place % channels < count),
      bias,
      squeezed: null,
    };
  }

  /** Feeds the solver with the insides' values on the frames that choose. @returns the losses of each inside */
  async #learn(): Promise<Map<Inside, number[]>> {
    const { signal } = this.wishes;
    const report = (done: number) => this.#report('learning', PREPARING * (0.6 + 0.4 * done));
    await this.solver.begin(
      this.#insides.map(({ consumer, channels }) => {
        const { weight, bias } = this.#layer(consumer);
        return { channels, weight, bias };
      }),
    );
    const layers = this.#insides.flatMap(({ input, output, pooled }) =>
      pooled ? [input, output, pooled] : [input, output],
    );
    const outputs = new Map<Inside, ChannelSums>();
    const learnt: Promise<void>[] = [];
    for (const [frame, picture] of this.#chooseBy.entries()) {
      const tensors = await this.whole.inspect(picture, { layers, signal });
      // At most one frame waits for the solver.
      await Promise.all(learnt.splice(0));
      for (const [index, inside] of this.#insides.entries()) {
        const pixels = (name: string) => somePixels(tensors.get(name) as Tensor, frame);
        const learning = this.solver.learn(index, pixels(inside.input));
        // If inspecting the next frame fails, nothing awaits this promise.
        learning.catch(() => {});
        learnt.push(learning);
        sumsOf(outputs, inside, inside.outputs).add(pixels(inside.output));
        if (inside.pooled) sumsOf(this.#pooled, inside, inside.channels).add(pixels(inside.pooled));
      }
      report((0.7 * frame) / this.#chooseBy.length);
    }
    await Promise.all(learnt);
    const losses = new Map<Inside, number[]>();
    for (const [index, inside] of this.#insides.entries()) {
      report(0.7 + (0.3 * index) / this.#insides.length);
      const errors = await this.solver.losses(index);
      // The errors are divided by the variance of the block's output, residual included; by 1 if that output never changes.
      const variance = sumsOf(outputs, inside, inside.outputs).variance || 1;
      losses.set(
        inside,
        errors.map((error) => error / variance),
      );
    }
    return losses;
  }

  /** The proposal whose answers differ least from the whole network's; `null` if there is none. */
  async #best(
    found: readonly Proposal[],
    cuts: ReadonlyMap<Inside, Cut>,
    { chooseBy }: Right,
  ): Promise<{ proposal: Proposal; cuts: ReadonlyMap<Inside, Cut> } | null> {
    const { signal } = this.wishes;
    let best: { proposal: Proposal; cuts: ReadonlyMap<Inside, Cut>; differs: number } | null = null;
    const trial = spread(this.#chooseBy.length, TRIAL_FRAMES);
    const frames = trial.map((index) => this.#chooseBy[index]);
    const right = trial.map((index) => chooseBy[index]);
    for (const proposal of found) {
      const tried = new Map(cuts).set(proposal.inside, await this.#cut(proposal));
      const net = await this.#load(tried);
      const answers = await answersOf(net, frames, signal);
      net.dispose();
      const differs = divergence(right, answers);
      if (!best || differs < best.differs) best = { proposal, cuts: tried, differs };
    }
    return best;
  }

  async #cut({ inside, count }: Proposal): Promise<Cut> {
    const { kept, weight, bias } = await this.solver.prune(this.#insides.indexOf(inside), count);
    return { kept, weight, bias, squeezed: this.#squeezed(inside, kept) };
  }

  /** What the removed channels gave on average to each output of the gates' first layer; it is added to the biases. */
  #squeezed(inside: Inside, kept: readonly number[]): Float32Array | null {
    const means = this.#pooled.get(inside)?.means;
    if (!means || !inside.squeeze) return null;
    const { weight, inChannels, outChannels } = this.#layer(inside.squeeze.reduce);
    const left = new Set(kept);
    return Float32Array.from({ length: outChannels }, (_, output) =>
      means.reduce((sum, mean, i) => (left.has(i) ? sum : sum + mean * weight[output * inChannels + i]), 0),
    );
  }

  /** Measures a narrower network's time and agreement. */
  async #judge(cuts: ReadonlyMap<Inside, Cut>, right: Right): Promise<Pick<Step, 'measured' | 'scene' | 'others'>> {
    const { others, signal } = this.wishes;
    const net = await this.#load(cuts);
    const scene = agreement(right.verify, await answersOf(net, this.#verify, signal));
    const elsewhere = others.length > 0 ? agreement(right.others, await answersOf(net, others, signal)) : null;
    const ratios: number[] = [];
    // The two take turns, so that other work disturbs both alike.
    for (let turn = 0; turn < TURNS; turn++) {
      const frame = this.#verify[turn % this.#verify.length];
      const before = await answerOf(this.whole, frame, signal);
      const after = await answerOf(net, frame, signal);
      ratios.push(after.time / before.time);
    }
    net.dispose();
    return { measured: median(ratios), scene, others: elsewhere };
  }

  #load(cuts: ReadonlyMap<Inside, Cut>): Promise<MobileNet> {
    return this.engine.load({ weights: this.#file(cuts), signal: this.wishes.signal });
  }

  #file(cuts: ReadonlyMap<Inside, Cut>): Uint8Array<ArrayBuffer> {
    return writeFolded(narrowed(this.network, cuts));
  }

  #step(
    change: Step['change'],
    cuts: ReadonlyMap<Inside, Cut>,
    numbers: Pick<Step, 'predicted' | 'measured' | 'scene' | 'others'>,
  ): Step {
    const frames = { scene: this.#verify.length, others: this.wishes.others.length };
    return { change, ...numbers, frames, file: () => this.#file(cuts) };
  }

  #layer(site: string): Layer {
    return this.network.layers.find((layer) => layer.site === site) as Layer;
  }
}
