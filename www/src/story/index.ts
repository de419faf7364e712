import type { MobileNet, Version } from 'mobilenet-wasm';
import { engine } from '../engine';
import type { Stage } from '../stage';
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

/** What the story takes from the page. */
export interface Page {
  stage: Stage;
  /** The network of a column, `null` where there is none. */
  columnNetwork(version: Version): MobileNet | null;
  columns: readonly Column[];
  /** Has the columns rest, or go on. */
  rest(resting: boolean): void;
  /** Settled when the columns have the networks that they begin with. */
  begun: Promise<unknown>;
}

/** The ideas in the order in which they came, with a figure for each. */
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

/** Tells how one network came of the other, on the frame that the columns see. */
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
  const around = surroundings(page, (resting) => (watch.paused = resting));
  const watch: Watch = new Watch(
    around,
    (figure, error) => of.get(figure)?.report(error),
    (figure, networks) => of.get(figure)?.note(networks),
    (figure) => of.get(figure)?.wait(),
  );
  for (const { id, year, figure } of IDEAS) {
    // One by one: nobody sees them yet, and what is on the screen comes first.
    await new Promise((resolve) => setTimeout(resolve));
    const section = new Section(id, year, text.figures[id], new figure(around));
    of.set(section.figure, section);
    container.append(section.element);
    watch.add(section.figure);
  }
  // The browser looked for it before it was there.
  if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

/** @param rest has the figures rest, or go on */
function surroundings(
  { stage, columns, columnNetwork, begun, ...page }: Page,
  rest: (resting: boolean) => void,
): Surroundings {
  /** Those of versions whose column has none. */
  const untrained = new Map<Version, Promise<MobileNet>>();
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
          if (source !== stage.video) return { source, release };
          const still = await createImageBitmap(stage.video);
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
    async alone(work) {
      rest(true);
      page.rest(true);
      try {
        return await work();
      } finally {
        page.rest(false);
        rest(false);
      }
    },
  };

  function keep(version: Version): Promise<MobileNet> {
    const made = engine().then((engine) => engine.untrained({ version }));
    untrained.set(version, made);
    made.catch(() => untrained.delete(version));
    return made;
  }
}
