import { type FoldedNetwork, type Layer, isDepthwise } from './folded-file';

/** Channels between two convolutions that mix, which can be removed without a change to what is around them. */
export interface Inside {
  readonly block: number;
  /** The layer that sums over them, whose weights can make up for those that go. */
  readonly consumer: string;
  /** The layer that makes them. */
  readonly producer: string;
  /** The layers that handle each by itself; both may be missing. */
  readonly depthwise: string | null;
  /** Whose gates scale them. */
  readonly squeeze: { readonly reduce: string; readonly excite: string } | null;
  /** The names, as `MobileNet.inspect` has them, of the tensor that the consumer reads, and of the gates' input. */
  readonly input: string;
  readonly pooled: string | null;
  /** That of what the block hands on. */
  readonly output: string;
  readonly channels: number;
  /** Of the consumer. */
  readonly outputs: number;
}

/** What is left of an inside. */
export interface Cut {
  /** The channels that stay, in ascending order. */
  readonly kept: readonly number[];
  /** Of the consumer, `[out][kept]`. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** What is added to the biases of the gates' first layer; `null` where there are no gates. */
  readonly squeezed: Float32Array | null;
}

/** All insides of a network, from its input on. */
export function insidesOf({ layers, residuals }: FoldedNetwork): Inside[] {
  const at = new Map(layers.map((layer) => [layer.site, layer]));
  const blocks = layers.flatMap(({ site }) => /^block (\d+) project$/.exec(site)?.[1] ?? []).map(Number);
  return blocks.flatMap((block) => {
    const part = (name: string) => at.get(`block ${block} ${name}`) ?? null;
    const [project, expand, depthwise] = [part('project') as Layer, part('expand'), part('depthwise')];
    const [reduce, excite] = [part('squeeze'), part('excite')];
    if (project.kernel !== 1) return [];
    let producer = expand;
    if (!producer) {
      // The block before makes them, unless they are added to something.
      const isShared = residuals.has(block) || residuals.has(block - 1) || part('start depthwise') !== null;
      producer = isShared || !depthwise ? null : (at.get(block === 0 ? 'stem' : `block ${block - 1} project`) ?? null);
    }
    if (!producer) return [];
    const last = depthwise ?? producer;
    return {
      block,
      consumer: project.site,
      producer: producer.site,
      depthwise: depthwise?.site ?? null,
      squeeze: reduce && excite ? { reduce: reduce.site, excite: excite.site } : null,
      input: reduce ? `block ${block} scale` : last.site,
      pooled: reduce ? `block ${block} pool` : null,
      output: residuals.has(block) ? `block ${block} add` : project.site,
      channels: project.inChannels,
      outputs: project.outChannels,
    };
  });
}

/** The network with less inside. */
export function narrowed(network: FoldedNetwork, cuts: ReadonlyMap<Inside, Cut>): FoldedNetwork {
  const layers = new Map(network.layers.map((layer) => [layer.site, layer]));
  const change = (site: string, by: (layer: Layer) => Layer) => layers.set(site, by(layers.get(site) as Layer));
  for (const [{ consumer, depthwise, squeeze }, { kept, weight, bias, squeezed }] of cuts) {
    change(consumer, (layer) => ({ ...layer, inChannels: kept.length, weight, bias }));
    if (depthwise) change(depthwise, (layer) => withOutputs(layer, kept));
    if (squeeze) {
      change(squeeze.reduce, (layer) => withInputs(layer, kept, squeezed));
      change(squeeze.excite, (layer) => withOutputs(layer, kept));
    }
  }
  // In V1 a layer is the consumer of one inside and the producer of the next.
  for (const [{ producer }, { kept }] of cuts) change(producer, (layer) => withOutputs(layer, kept));
  return { ...network, layers: [...layers.values()] };
}

/** The layer with some of its outputs. */
function withOutputs(layer: Layer, kept: readonly number[]): Layer {
  const size = layer.weight.length / layer.outChannels;
  const weight = new Float32Array(kept.length * size);
  kept.forEach((channel, i) => weight.set(layer.weight.subarray(channel * size, (channel + 1) * size), i * size));
  return {
    ...layer,
    inChannels: isDepthwise(layer.site) ? kept.length : layer.inChannels,
    outChannels: kept.length,
    weight,
    bias: Float32Array.from(kept, (channel) => layer.bias[channel]),
  };
}

/** A dense layer with some of its inputs. */
function withInputs(layer: Layer, kept: readonly number[], added: Float32Array | null): Layer {
  const { inChannels, outChannels, weight, bias } = layer;
  const left = new Float32Array(outChannels * kept.length);
  for (let output = 0; output < outChannels; output++) {
    kept.forEach((channel, i) => (left[output * kept.length + i] = weight[output * inChannels + channel]));
  }
  return {
    ...layer,
    inChannels: kept.length,
    weight: left,
    bias: bias.map((value, output) => value + (added?.[output] ?? 0)),
  };
}
