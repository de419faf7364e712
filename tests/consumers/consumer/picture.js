/** @returns {import('mobilenet-wasm').Pixels} stripes of colour, not of the network's size */
export function picture() {
  const [width, height] = [150, 120];
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < data.length; i++) data[i] = i % 4 === 3 ? 255 : (i * (1 + (i % 4))) % 251;
  return { data, width, height };
}
