/** Colours of feature maps, from the page's theme: ink on paper. */

/** 256 colours from the least value to the largest. */
export type Ramp = Uint8ClampedArray;

type Colour = [red: number, green: number, blue: number];

/** From paper to ink, for values of 0 and more. */
export function inkRamp(): Ramp {
  return ramp((share) => mix(colour('--paper'), colour('--ink'), share));
}

/** From one colour for negative values through paper for 0 to another for positive values. */
export function signedRamp(): Ramp {
  const [below, paper, above] = [colour('--answer-1'), colour('--paper'), colour('--answer-4')];
  return ramp((share) => (share < 0.5 ? mix(below, paper, 2 * share) : mix(paper, above, 2 * share - 1)));
}

function ramp(at: (share: number) => Colour): Ramp {
  const colours = new Uint8ClampedArray(256 * 4);
  for (let index = 0; index < 256; index++) colours.set([...at(index / 255), 255], 4 * index);
  return colours;
}

/** A colour of the style sheet, in which all are written `#rrggbb`. */
function colour(name: string): Colour {
  const value = Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue(name).trim().slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function mix(a: Colour, b: Colour, share: number): Colour {
  return a.map((value, index) => value + share * (b[index] - value)) as Colour;
}
