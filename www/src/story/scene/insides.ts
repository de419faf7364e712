import { type FoldedNetwork, type Layer, isDepthwise } from './folded-file';

/**
 * The channels between two layers that sum over channels. Removing some of them changes only those two layers and the
 * layers between them.
 */
export interface Inside {
  readonly block: number;
  /** The layer that sums over the channels. New weights of it can make up for the channels that are removed. */
  readonly consumer: string;
  /** The layer that computes the channels. */
  readonly producer: string;
  /** The layer that filters each channel by itself; `null` if there is none. */
  readonly depthwise: string | null;
  /** The layers whose gates scale the channels; `null` if there are none. */
  readonly squeeze: { readonly reduce: string; readonly excite: string } | null;
  /** The names, for `MobileNet.inspect`, of the consumer's input and of the gates' input. */
  readonly input: string;
  readonly pooled: string | null;
  /** The name of the block's output. */
  readonly output: string;
  readonly channels: number;
  /** The number of the consumer's output channels. */
  readonly outputs: number;
}

/** What remains of an inside. */
export interface Cut {
  /** The channels that stay, in ascending order. */
  readonly kept: readonly number[];
  /** The consumer's weights, `[out][kept]`. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** Added to the biases of the gates' first layer; `null` if there are no gates. */
  readonly squeezed: Float32Array | null;
}

/** All insides of a network, in the order from its input to its output. */
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
      // Without an expansion the block before computes these channels. They must stay if a residual or this block's first depthwise
      // convolution uses them too.
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

/** The network after the cuts. */
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
