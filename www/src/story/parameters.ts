import type { Architecture, ArchitectureBlock, ArchitectureLayer, ProfileStep } from 'mobilenet-wasm';

/** The layers of a profile's step: none for pooling and scaling, two for a fused step. */
export function layersOf(name: string, network: Architecture): ArchitectureLayer[] {
  const { stem, blocks, last, head, classifier } = network;
  const alone: Record<string, ArchitectureLayer | null> = { stem, 'last pointwise': last, head, classifier };
  const found = Object.hasOwn(alone, name) ? [alone[name]] : inBlock(name, blocks);
  return found.flatMap((layer) => layer ?? []);
}

function inBlock(name: string, blocks: readonly ArchitectureBlock[]): (ArchitectureLayer | null | undefined)[] {
  const [, index, part] = /^block (\d+) (.*)$/.exec(name) ?? [];
  const block = blocks[Number(index)];
  switch (part) {
    case 'start depthwise':
      return [block.start];
    case 'expand':
      return [block.expand];
    case 'depthwise':
      return [block.depthwise];
    case 'expand + depthwise':
      return [block.expand, block.depthwise];
    case 'squeeze':
      return [block.squeezeExcite?.reduce];
    case 'excite':
      return [block.squeezeExcite?.expand];
    case 'project':
      return [block.project];
    default:
      return [];
  }
}

/**
 * Trainable parameters of a step: its weights, and for each output channel a bias, or batch normalisation's scale and shift. Channel
 * counts come from the step: `network` has the paper's, at width 1.
 */
export function parametersOf(step: ProfileStep, network: Architecture): number {
  const layers = layersOf(step.name, network);
  const [inputs, outputs] = [step.input[2], step.output[2]];
  return layers.reduce((sum, { kind, kernel, batchNorm }, index) => {
    // The second layer's input is the output of the first.
    const given = index === 0 ? inputs : outputs;
    return sum + kernel ** 2 * (kind === 'depthwise' ? 1 : given) * outputs + (batchNorm ? 2 : 1) * outputs;
  }, 0);
}
