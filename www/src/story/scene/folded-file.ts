/** The file that `MobileNet.export` writes with 32 bits, as typed arrays: a safetensors file with the layers in its metadata. */

/** One convolution or dense layer. */
export interface Layer {
  /** Its name, such as `block 3 expand`. */
  readonly site: string;
  readonly kernel: number;
  readonly stride: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Its activation, and whether it had batch normalisation, in the file's notation. */
  readonly rest: string;
  /** `[out][in][ky][kx]`, or `[out][in]`. In a depthwise convolution `in` is 1. */
  readonly weight: Float32Array;
  /** Whether the weight has the dimensions `[ky][kx]`. */
  readonly spatial: boolean;
  readonly bias: Float32Array;
}

/** A network with its weights. It is immutable: a changed network is a new object with new layers. */
export interface FoldedNetwork {
  /** The metadata still lists the layers of the original file. In a narrowed network only `layers` is right. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly layers: readonly Layer[];
  /** The numbers of the blocks that add their input to their output. */
  readonly residuals: ReadonlySet<number>;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [begin: number, end: number];
}

/** @throws if `MobileNet.export` didn't write the file with 32 bits */
export function readFolded(file: Uint8Array): FoldedNetwork {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const data = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, data))) as Record<string, Entry>;
  const { __metadata__: fields, ...tensors } = header;
  const metadata = fields as unknown as Record<string, string> | undefined;
  if (metadata?.['mobilenet-wasm'] !== '1') throw new Error('the file is none that MobileNet.export made');
  const tensor = (name: string): { shape: number[]; values: Float32Array } => {
    const { dtype, shape, data_offsets } = tensors[name] ?? {};
    if (dtype !== 'F32') throw new Error(`${name} is ${dtype ?? 'missing'} instead of F32`);
    const [begin, end] = data_offsets.map((offset) => data + offset);
    return { shape, values: new Float32Array(file.slice(begin, end).buffer) };
  };
  const layers = metadata.layers.split(';').map((line) => {
    const [site, sizes] = line.split(':').map((part) => part.trim());
    const [kernel, stride, inChannels, outChannels, ...rest] = sizes.split(/\s+/);
    const weight = tensor(`${site}.weight`);
    return {
      site,
      kernel: Number(kernel),
      stride: Number(stride),
      inChannels: Number(inChannels),
      outChannels: Number(outChannels),
      rest: rest.join(' '),
      weight: weight.values,
      spatial: weight.shape.length === 4,
      bias: tensor(`${site}.bias`).values,
    };
  });
  const residuals = metadata.residuals.split(/\s+/).filter(Boolean);
  return { metadata, layers, residuals: new Set(residuals.map(Number)) };
}

/** Writes the network as a file that `MobileNet.load` can read. */
export function writeFolded({ metadata, layers }: FoldedNetwork): Uint8Array<ArrayBuffer> {
  const header: Record<string, object> = {
    __metadata__: { ...metadata, layers: layers.map(written).join('; ') },
  };
  const pieces: Float32Array[] = [];
  let length = 0;
  const add = (name: string, shape: number[], values: Float32Array) => {
    header[name] = { dtype: 'F32', shape, data_offsets: [length, length + values.byteLength] };
    pieces.push(values);
    length += values.byteLength;
  };
  for (const { site, kernel, inChannels, outChannels, weight, spatial, bias } of layers) {
    const shape = [outChannels, isDepthwise(site) ? 1 : inChannels];
    add(`${site}.weight`, spatial ? [...shape, kernel, kernel] : shape, weight);
    add(`${site}.bias`, [outChannels], bias);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The numbers must begin at a multiple of their size.
  const padded = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + padded + length).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(text, 8);
  const values = new Float32Array(file.buffer, 8 + padded);
  let place = 0;
  for (const piece of pieces) {
    values.set(piece, place);
    place += piece.length;
  }
  return file;
}

/** Whether a layer filters each channel by itself. */
export function isDepthwise(site: string): boolean {
  return site.endsWith('depthwise');
}

function written({ site, kernel, stride, inChannels, outChannels, rest }: Layer): string {
  return `${site}: ${kernel} ${stride} ${inChannels} ${outChannels} ${rest}`;
}
