import type { MobileNet, Version } from 'mobilenet-wasm';
import type { Setup } from '../weights';
import type { Still } from '../still';

/** A figure that reads the page's frames while the visitor watches. */
export interface Figure {
  readonly element: HTMLElement;
  /** The networks that it needs, in the order in which {@link look} gets them. */
  readonly versions: readonly Version[];
  /** The time between two looks at a camera's frames. It looks at a still picture once. ms */
  readonly pause: number;
  /** Whether it shows a network's maps, which are random in an untrained one. Other figures show only times. */
  readonly showsMaps: boolean;
  /** The figure calls this when a control was moved, to look again soon. */
  changed: () => void;
  /**
   * Looks at the frame that `source` shows now.
   * @param networks one for each of {@link versions}
   * @param frame the frame that `source` was taken from
   */
  look(source: Still, networks: readonly MobileNet[], frame: Frame): Promise<void>;
  /** Draws the last look again in the current theme's colours. */
  redraw(): void;
}

/** The parts of the page that figures use. */
export interface Surroundings {
  /** The frame that the columns classify. */
  frame(): Frame | null;
  /** The network of a column, or an untrained one if the column has none. */
  network(version: Version): Promise<MobileNet>;
  readonly columns: readonly Column[];
  /** Pauses columns and figures until `work` is done, so that they don't disturb its times. Other such work waits. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** A column of the page, for a figure that changes what runs in it. */
export interface Column {
  readonly name: string;
  readonly loaded: MobileNet | null;
  readonly setup: Setup | null;
  /** @returns whether the set-up runs; if not, the previous one goes on */
  run(setup: Setup, signal: AbortSignal): Promise<boolean>;
}

export interface Frame {
  /** An object that identifies the picture: another picture has another object. */
  picture: object;
  /** An object that identifies the chosen part of the picture; `null` for the whole picture. */
  part: object | null;
  live: boolean;
  /** The picture's name; `null` for the camera's. */
  name: string | null;
  /** Whether the page mirrors the picture. */
  mirrored: boolean;
  /**
   * Gives what is shown now as a picture that stands still, so that all parts of a figure use the same pixels. The caller calls
   * `release` at the end.
   */
  take(): Promise<{ source: Still; release: () => void }>;
}
