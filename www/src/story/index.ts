import type { MobileNet, Version } from 'mobilenet-wasm';
import { engine } from '../engine';
import type { Stage } from '../stage';
import { stillOf } from '../still';
import { text } from '../text';
import { DepthwiseFigure } from './depthwise';
import { make } from './elements';
import type { Column, Figure, Frame, Surroundings } from './figure';
import { FitFigure } from './fit';
import { HswishFigure } from './hswish';
import { ReluFigure } from './relu';
import { ResidualFigure } from './residual';
import { SearchFigure } from './search';
import { Section } from './section';
import { SqueezeFigure } from './squeeze';
import { TeachFigure } from './teach';
import { UniversalFigure } from './universal';
import { Watch } from './watch';

/** The parts of the page that the story uses. */
export interface Page {
  stage: Stage;
  /** The network of a column; `null` if the column has none. */
  columnNetwork(version: Version): MobileNet | null;
  columns: readonly Column[];
  /** Pauses or resumes the columns. */
  rest(resting: boolean): void;
  /** Settles when the columns have their first networks. */
  begun: Promise<unknown>;
}

/** The ideas in the order of their publication, with a figure for each. */
const IDEAS = [
  { id: 'depthwise', year: 'V1 · 2017', figure: DepthwiseFigure },
  { id: 'relu', year: 'V2 · 2018', figure: ReluFigure },
  { id: 'residual', year: 'V2 · 2018', figure: ResidualFigure },
  { id: 'squeeze', year: 'V3 · 2019', figure: SqueezeFigure },
  { id: 'hswish', year: 'V3 · 2019', figure: HswishFigure },
  { id: 'search', year: 'V3 · 2019', figure: SearchFigure },
  { id: 'fit', year: 'V1–V4', figure: FitFigure },
  { id: 'universal', year: 'V4 · 2024', figure: UniversalFigure },
  { id: 'teach', year: 'V1–V4', figure: TeachFigure },
] as const;

/** Explains how each network developed from the one before, on the frame that the columns classify. */
export async function tellStory(container: HTMLElement, page: Page): Promise<void> {
  const of = new Map<Figure, Section>();
  const links = IDEAS.map(({ id }) => {
    const link = make('a', '', text.figures[id].title);
    link.href = `#${id}`;
    return make('li', '', link);
  });
  const contents = make('nav', 'contents', make('ol', '', ...links));
  contents.setAttribute('aria-label', text.figures.contents);
  container.append(contents);
  const around = surroundings(page, (resting) => {
    watch.paused = resting;
    return watch.looking;
  });
  const watch: Watch = new Watch(
    around,
    (figure, error) => of.get(figure)?.report(error),
    (figure, networks) => of.get(figure)?.note(networks),
    (figure) => of.get(figure)?.wait(),
  );
  for (const { id, year, figure } of IDEAS) {
    // The sections are made one by one, so that the visible part of the page comes first.
    await new Promise((resolve) => setTimeout(resolve));
    const section = new Section(id, year, text.figures[id], new figure(around));
    of.set(section.figure, section);
    container.append(section.element);
    watch.add(section.figure);
  }
  // The browser looked for the address's section before it existed.
  if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

/** @param rest pauses or resumes the figures; settled when the look that was going on is over */
function surroundings(
  { stage, columns, columnNetwork, begun, ...page }: Page,
  rest: (resting: boolean) => Promise<void>,
): Surroundings {
  /** Untrained networks of the versions whose columns have none. */
  const untrained = new Map<Version, Promise<MobileNet>>();
  /** The measurement that was begun last. */
  let measured: Promise<unknown> = Promise.resolve();
  return {
    frame(): Frame | null {
      const { picture } = stage;
      if (!picture) return null;
      const live = picture.kind === 'live';
      if (live && stage.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
      return {
        picture,
        part: stage.region,
        live,
        name: picture.kind === 'still' ? picture.name : null,
        mirrored: stage.mirrored,
        async take() {
          const { source, release } = await stage.source(picture);
          if (!(source instanceof HTMLVideoElement)) return { source, release };
          const still = await stillOf(source, null);
          return { source: still, release: () => still.close() };
        },
      };
    },
    async network(version) {
      await begun;
      const own = columnNetwork(version);
      const made = untrained.get(version);
      if (!own) {
        const kept = await made;
        if (kept?.state === 'ready') return kept;
        kept?.dispose();
        return keep(version);
      }
      if (made) {
        untrained.delete(version);
        void made.then((net) => net.dispose());
      }
      return own;
    },
    columns,
    alone(work) {
      const before = measured;
      const own = (async () => {
        await before;
        const looked = rest(true);
        page.rest(true);
        try {
          await looked;
          return await work();
        } finally {
          page.rest(false);
          void rest(false);
        }
      })();
      measured = own.catch(() => {});
      return own;
    },
  };

  function keep(version: Version): Promise<MobileNet> {
    const made = engine().then((engine) => engine.untrained({ version }));
    untrained.set(version, made);
    made.catch(() => untrained.delete(version));
    return made;
  }
}
