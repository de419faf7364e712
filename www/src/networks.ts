import type { Version } from 'mobilenet-wasm';

/** One block of a network: channels its depthwise filter works on, channels it passes on. */
export interface Block {
  filtered: number;
  out: number;
  squeezeExcite: boolean;
}

export interface Generation {
  version: Version;
  name: string;
  year: number;
  /** What the paper brought, in a sentence. */
  idea: string;
  paper: string;
  blocks: Block[];
  /** Channels of the layers around the blocks: the first convolution, and the last ones. */
  stem: number;
  head: number[];
}

const v1Blocks: Block[] = (() => {
  const outs = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
  return outs.map((out, i) => ({ filtered: i === 0 ? 32 : outs[i - 1], out, squeezeExcite: false }));
})();

/** Rows of the paper's table 2: expansion, channels, repeats. */
const v2Blocks: Block[] = (() => {
  const rows = [
    [1, 16, 1],
    [6, 24, 2],
    [6, 32, 3],
    [6, 64, 4],
    [6, 96, 3],
    [6, 160, 3],
    [6, 320, 1],
  ];
  const blocks: Block[] = [];
  let channels = 32;
  for (const [expansion, out, repeats] of rows) {
    for (let i = 0; i < repeats; i++) {
      blocks.push({ filtered: channels * expansion, out, squeezeExcite: false });
      channels = out;
    }
  }
  return blocks;
})();

/** Rows of the paper's tables 1 and 2: expanded channels, channels out, squeeze-and-excite. */
function v3Blocks(rows: [number, number, boolean][]): Block[] {
  return rows.map(([filtered, out, squeezeExcite]) => ({ filtered, out, squeezeExcite }));
}

export const GENERATIONS: Generation[] = [
  {
    version: 'v1',
    name: 'V1',
    year: 2017,
    idea: 'Splits each convolution in two: filter every channel by itself, then mix them with a 1×1. Eight to nine times less work.',
    paper: 'https://arxiv.org/abs/1704.04861',
    stem: 32,
    blocks: v1Blocks,
    head: [],
  },
  {
    version: 'v2',
    name: 'V2',
    year: 2018,
    idea: 'Turns the bottleneck inside out: widen, filter, narrow again with no activation, and skip between the narrow ends.',
    paper: 'https://arxiv.org/abs/1801.04381',
    stem: 32,
    blocks: v2Blocks,
    head: [1280],
  },
  {
    version: 'v3-small',
    name: 'V3-Small',
    year: 2019,
    idea: 'Blocks shaped by a search for phones. Squeeze-and-excite weighs the channels, h‑swish bends them.',
    paper: 'https://arxiv.org/abs/1905.02244',
    stem: 16,
    blocks: v3Blocks([
      [16, 16, true],
      [72, 24, false],
      [88, 24, false],
      [96, 40, true],
      [240, 40, true],
      [240, 40, true],
      [120, 48, true],
      [144, 48, true],
      [288, 96, true],
      [576, 96, true],
      [576, 96, true],
    ]),
    head: [576, 1024],
  },
  {
    version: 'v3-large',
    name: 'V3-Large',
    year: 2019,
    idea: 'The same search, with nearly four times the room: more accurate than V2 on three quarters of its arithmetic.',
    paper: 'https://arxiv.org/abs/1905.02244',
    stem: 16,
    blocks: v3Blocks([
      [16, 16, false],
      [64, 24, false],
      [72, 24, false],
      [72, 40, true],
      [120, 40, true],
      [120, 40, true],
      [240, 80, false],
      [200, 80, false],
      [184, 80, false],
      [184, 80, false],
      [480, 112, true],
      [672, 112, true],
      [672, 160, true],
      [960, 160, true],
      [960, 160, true],
    ]),
    head: [960, 1280],
  },
];
