import { text } from '../../text';
import { drawing, make, shape } from '../elements';
import type { Step } from './shrink';

const WIDTH = 560;
const HEIGHT = 300;
const PLOT = { left: 62, right: WIDTH - 24, top: 30, bottom: HEIGHT - 52 };
/** The axis reaches down to this share of the whole network's time, or further. */
const LEAST = 0.5;

/** Plots each step's measured share of the time against its agreement, with a point for the scene and one for other pictures. */
export class ScenePlot {
  readonly element = make('div', 'scene-plot');
  readonly #legend = make('ul', 'kinds');
  readonly #drawing = make('div');

  constructor() {
    this.element.append(this.#legend, this.#drawing);
  }

  /** @param chosen the index of the step to mark; -1 for none */
  draw(steps: readonly Step[], chosen: number): void {
    // The axis is the same for all steps of a trace, so that its points don't move.
    const end = Math.min(LEAST, ...steps.map(({ measured }) => measured)) - 0.02;
    // The whole network is on the left, and the narrowest one on the right.
    const x = (share: number) => PLOT.left + ((PLOT.right - PLOT.left) * (1 - share)) / (1 - end);
    const y = (agreement: number) => PLOT.bottom - (PLOT.bottom - PLOT.top) * agreement;
    const ticks = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4].filter((share) => share >= end);
    const lines = (['scene', 'others'] as const).filter((which) => steps.every((step) => step[which] !== null));
    this.#legend.replaceChildren(
      ...lines.map((which) => make('li', `of-${which}`, text.figures.fit.scene.lines[which])),
    );
    const mark = steps[chosen];
    this.#drawing.replaceChildren(
      drawing(
        WIDTH,
        HEIGHT,
        text.figures.fit.scene.plot(steps.length - 1),
        ...[0, 0.5, 1].flatMap((share) => [
          shape('path', { class: 'rule', d: `M${PLOT.left} ${y(share)}H${PLOT.right}` }),
          shape('text', { x: PLOT.left - 8, y: y(share) + 5, 'text-anchor': 'end' }, whole(share)),
        ]),
        ...ticks.map((share) =>
          shape('text', { x: x(share), y: PLOT.bottom + 20, 'text-anchor': 'middle' }, whole(share)),
        ),
        shape('text', { x: PLOT.right, y: HEIGHT - 4, 'text-anchor': 'end' }, text.figures.fit.scene.time),
        shape('text', { x: PLOT.left, y: PLOT.top - 12 }, text.figures.fit.agreement),
        ...(mark ? [shape('path', { class: 'chosen', d: `M${x(mark.measured)} ${PLOT.top - 6}V${PLOT.bottom}` })] : []),
        // The scene's line is drawn last, in front of the other.
        ...[...lines].reverse().flatMap((which) => {
          const points = steps.map((step) => [x(step.measured), y(step[which] ?? 0)]);
          return [
            shape('path', {
              class: ['trace', `of-${which}`].join(' '),
              d: points.map(([cx, cy], i) => `${i === 0 ? 'M' : 'L'}${cx} ${cy}`).join(''),
            }),
            ...points.map(([cx, cy], i) =>
              shape('circle', {
                class: ['stop', `of-${which}`].join(' '),
                'data-time': steps[i].measured,
                'data-agreement': steps[i][which] ?? 0,
                ...{ cx, cy, r: i === chosen ? 7 : 4.5 },
              }),
            ),
          ];
        }),
      ),
    );
  }
}

/** Writes a tick's share in whole per cents. */
function whole(share: number): string {
  return `${Math.round(100 * share)} %`;
}
