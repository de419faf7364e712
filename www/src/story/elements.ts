/** Makes the small elements of which the figures consist. */

const SVG = 'http://www.w3.org/2000/svg';

type Child = Node | string;

/** Makes an element with a class and content. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Makes an SVG shape with attributes. */
export function shape<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number>,
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * Makes a drawing that fills the available width and has the coordinates of `width` x `height`.
 * @param label a description for screen readers; empty if `describe` adds one later
 */
export function drawing(width: number, height: number, label: string, ...children: Child[]): SVGSVGElement {
  const svg = shape('svg', { viewBox: `0 0 ${width} ${height}` }, ...children);
  if (label) describe(svg, label);
  return svg;
}

/** Describes a drawing for screen readers. */
export function describe(svg: SVGSVGElement, label: string): void {
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
}

export interface Slider {
  element: HTMLLabelElement;
  readonly value: number;
  set(index: number): void;
}

/**
 * Makes a slider over a list of values.
 * @param first the initial value
 * @param written writes a value as text
 */
export function slider(
  label: string,
  values: readonly number[],
  first: number,
  onInput: () => void,
  written: (value: number) => string = String,
): Slider {
  const input = make('input');
  Object.assign(input, { type: 'range', min: '0', max: String(values.length - 1), step: '1' });
  const output = make('output');
  const show = () => {
    output.textContent = written(values[input.valueAsNumber]);
    input.setAttribute('aria-valuetext', output.textContent);
  };
  const set = (index: number) => {
    input.value = String(Math.min(Math.max(index, 0), values.length - 1));
    show();
  };
  set(values.indexOf(first));
  input.addEventListener('input', () => {
    show();
    onInput();
  });
  const element = make('label', 'slider', make('span', '', label), input, output);
  return {
    element,
    get value() {
      return values[input.valueAsNumber];
    },
    set,
  };
}

export interface Choice {
  element: HTMLLabelElement;
  readonly value: number;
}

/** Makes a list of names from which the visitor chooses a number. */
export function choice(
  label: string,
  options: readonly [number, string][],
  first: number,
  onChange: () => void,
): Choice {
  const select = make('select');
  select.append(...options.map(([value, name]) => new Option(name, String(value), false, value === first)));
  select.addEventListener('change', onChange);
  return {
    element: make('label', 'pick', make('span', '', label), select),
    get value() {
      return Number(select.value);
    },
  };
}

/** Makes a paragraph of small text whose content changes. */
export function line(className = 'reading'): HTMLParagraphElement {
  return make('p', className);
}

/** A bar of one or more parts. Lengths are shares of the longest bar. */
export interface Bar {
  element: HTMLLIElement;
  /** @param shares the length of each part, 0 to 1, in their order */
  show(shares: readonly number[], value: string): void;
}

export function bar(name: string): Bar {
  const value = make('span', 'bar-value');
  const track = make('span', 'bar-track');
  return {
    element: make('li', 'bar', make('span', 'bar-name', name), track, value),
    show(shares, text) {
      while (track.childElementCount < shares.length) track.append(make('i'));
      for (const [index, part] of [...track.children].entries()) {
        (part as HTMLElement).style.width = `${100 * Math.min(1, Math.max(0, shares[index] ?? 0))}%`;
      }
      value.textContent = text;
    },
  };
}
