/** Colours of feature maps: ink on paper, as the page's theme has them. */

/** 256 colours from nothing to the most. */
export type Ramp = Uint8ClampedArray;

type Colour = [red: number, green: number, blue: number];

/** From paper to ink, for values that are none below zero. */
export function inkRamp(): Ramp {
  return ramp((share) => mix(colour('--paper'), colour('--ink'), share));
}

/** From one colour by way of paper to another: below zero, zero, above. */
export function signedRamp(): Ramp {
  const [below, paper, above] = [colour('--answer-1'), colour('--paper'), colour('--answer-4')];
  return ramp((share) => (share < 0.5 ? mix(below, paper, 2 * share) : mix(paper, above, 2 * share - 1)));
}

function ramp(at: (share: number) => Colour): Ramp {
  const colours = new Uint8ClampedArray(256 * 4);
  for (let index = 0; index < 256; index++) colours.set([...at(index / 255), 255], 4 * index);
  return colours;
}

/** A colour of the style sheet, where all are `#rrggbb`. */
function colour(name: string): Colour {
  const value = Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue(name).trim().slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function mix(a: Colour, b: Colour, share: number): Colour {
  return a.map((value, index) => value + share * (b[index] - value)) as Colour;
}
