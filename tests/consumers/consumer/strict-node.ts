// The same in a program that has no page.
import { MobileNet } from 'mobilenet-wasm';

export async function program(data: Uint8Array): Promise<string | null> {
  const net = await MobileNet.load({ weights: new URL('file:///model.safetensors') });
  const { predictions } = await net.classify({ data, width: 8, height: 8 });
  return predictions[0].label;
}
