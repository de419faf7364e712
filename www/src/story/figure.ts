import type { ClassifySource, MobileNet, Version } from 'mobilenet-wasm';
import type { Setup } from '../weights';

/** A live figure: what it needs, and how it looks at a frame. */
export interface Figure {
  readonly element: HTMLElement;
  /** The networks that it looks into, in the order in which {@link look} gets them. */
  readonly versions: readonly Version[];
  /** ms between two looks at a camera's frames. A still picture is looked at once. */
  readonly pause: number;
  /** Whether it shows what networks see: an untrained one sees chance. Of others only the time counts. */
  readonly showsMaps: boolean;
  /** Has it look again, soon: a control was moved. */
  changed: () => void;
  /**
   * Looks at the frame that `source` shows now.
   * @param networks one for each of {@link versions}
   * @param frame of which `source` was taken
   */
  look(source: ClassifySource, networks: readonly MobileNet[], frame: Frame): Promise<void>;
  /** Draws again what was looked at last, in the colours of the theme that holds now. */
  redraw(): void;
}

/** What a figure needs to know of the page. */
export interface Surroundings {
  /** What the columns look at. */
  frame(): Frame | null;
  /** The network of a column, or an untrained one where there is none. */
  network(version: Version): Promise<MobileNet>;
  readonly columns: readonly Column[];
  /** Has columns and figures rest until `work` is done, which is timed. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** A column of the page, for a figure that changes what runs in it. */
export interface Column {
  readonly name: string;
  readonly loaded: MobileNet | null;
  readonly setup: Setup | null;
  /** @returns whether it runs; where it doesn't, what ran before goes on */
  run(setup: Setup, signal: AbortSignal): Promise<boolean>;
}

export interface Frame {
  /** Another object for another picture. */
  picture: object;
  /** Another one where another part of it is looked at; `null` for all of it. */
  part: object | null;
  live: boolean;
  /** What the picture is called; `null` for the camera's. */
  name: string | null;
  /** Whether the page shows it as a mirror does. */
  mirrored: boolean;
  /** Keeps what is shown now, of which all that a figure shows is made; `release` is to be called at the end. */
  take(): Promise<{ source: ClassifySource; release: () => void }>;
}
