import type { ClassifySource } from 'mobilenet-wasm';
import type { Cascade, CascadeClassification, FitChoice } from 'mobilenet-wasm/fit';
import { engine } from '../engine';
import type { Files, Setup } from '../weights';
import type { Column } from './figure';
import { type Candidate, setupOf } from './fit-candidates';

/** A cascade that runs, and what it was made of. */
interface Running {
  cascade: Cascade;
  choice: FitChoice;
  candidates: readonly Candidate[];
}

/** Puts choices into effect, and takes them back, the last one first. Until a new set-up runs, the one before does. */
export class Applied {
  /** What takes back each that was applied, and tells whether it could. */
  #undo: ((signal: AbortSignal) => Promise<boolean>)[] = [];
  #running: Running | null = null;

  get undoable(): boolean {
    return this.#undo.length > 0;
  }

  /** The cascade that runs, as it was chosen. */
  get choice(): FitChoice | null {
    return this.#running?.choice ?? null;
  }

  /** @returns whether it runs; a network's column tells why not */
  async apply(choice: FitChoice, candidates: readonly Candidate[], signal: AbortSignal): Promise<boolean> {
    const [network] = choice.networks;
    const candidate = candidates.find(({ column }) => column.name === network.model);
    if (!candidate) return false;
    return choice.margin === null
      ? this.run(candidate.column, setupOf(network, candidate), signal)
      : this.#runCascade(choice, candidates, signal);
  }

  /** @returns whether it runs in the column now, which tells why not */
  async run(column: Column, setup: Setup, signal: AbortSignal): Promise<boolean> {
    const before = column.setup;
    const runs = await column.run(setup, signal);
    if (runs && before) this.#undo.push((signal) => column.run(before, signal));
    return runs;
  }

  /** @returns whether the set-up before runs again */
  async undo(signal: AbortSignal): Promise<boolean> {
    const last = this.#undo[this.#undo.length - 1];
    if (!last || !(await last(signal))) return false;
    this.#undo.pop();
    return true;
  }

  /** What the cascade says of a picture; `null` where none runs. */
  async answer(source: ClassifySource): Promise<CascadeClassification | null> {
    return this.#running?.cascade.classify(source, { topK: 1 }) ?? null;
  }

  async #runCascade(choice: FitChoice, candidates: readonly Candidate[], signal: AbortSignal): Promise<boolean> {
    const before = this.#running;
    await this.#load({ choice, candidates }, signal);
    this.#undo.push(async (signal) => {
      await this.#load(before, signal);
      return true;
    });
    return true;
  }

  /** Runs a cascade in the page's engine, in turns with the columns, in place of the one before. */
  async #load(next: Omit<Running, 'cascade'> | null, signal: AbortSignal): Promise<void> {
    let running: Running | null = null;
    if (next) {
      const { Cascade } = await import('mobilenet-wasm/fit');
      const files: Record<string, Files> = {};
      for (const { column, files: get } of next.candidates) {
        if (next.choice.networks.some(({ model }) => model === column.name)) files[column.name] = await get();
      }
      running = { ...next, cascade: await Cascade.load(next.choice, { engine: await engine(), files, signal }) };
    }
    this.#running?.cascade.dispose();
    this.#running = running;
  }
}
