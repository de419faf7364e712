import type { ClassifySource } from 'mobilenet-wasm';
import type { Cascade, CascadeClassification, FitChoice } from 'mobilenet-wasm/fit';
import { engine } from '../engine';
import type { Files, Setup } from '../weights';
import type { Column } from './figure';
import { type Candidate, setupOf } from './fit-candidates';

/** A cascade that runs, with the choice and the candidates that it was loaded from. */
interface Running {
  cascade: Cascade;
  choice: FitChoice;
  candidates: readonly Candidate[];
}

/** Applies choices and undoes them, the last one first. The old set-up runs until the new one is ready. */
export class Applied {
  /** Functions that undo each applied choice, and return whether they could. */
  #undo: ((signal: AbortSignal) => Promise<boolean>)[] = [];
  #running: Running | null = null;

  get undoable(): boolean {
    return this.#undo.length > 0;
  }

  /** The choice that the running cascade was made from; `null` if none runs. */
  get choice(): FitChoice | null {
    return this.#running?.choice ?? null;
  }

  /** @returns whether the choice runs; if a network doesn't, its column shows why */
  async apply(choice: FitChoice, candidates: readonly Candidate[], signal: AbortSignal): Promise<boolean> {
    const [network] = choice.networks;
    const candidate = candidates.find(({ column }) => column.name === network.model);
    if (!candidate) return false;
    return choice.margin === null
      ? this.run(candidate.column, setupOf(network, candidate), signal)
      : this.#runCascade(choice, candidates, signal);
  }

  /**
   * Runs a set-up in a column, instead of the cascade if one runs.
   * @returns whether it runs; if not, the column shows why
   */
  async run(column: Column, setup: Setup, signal: AbortSignal): Promise<boolean> {
    const before = column.setup;
    const cascade = this.#running;
    if (!(await column.run(setup, signal))) return false;
    this.#replace(null);
    this.#undo.push(async (signal) => {
      const again = await load(cascade, signal);
      const runs = before === null || (await column.run(before, signal));
      if (runs) this.#replace(again);
      else again?.cascade.dispose();
      return runs;
    });
    return true;
  }

  /** @returns whether the previous set-up runs again */
  async undo(signal: AbortSignal): Promise<boolean> {
    const last = this.#undo[this.#undo.length - 1];
    if (!last || !(await last(signal))) return false;
    this.#undo.pop();
    return true;
  }

  /** The cascade's answer for a picture; `null` if no cascade runs. */
  async answer(source: ClassifySource): Promise<CascadeClassification | null> {
    return this.#running?.cascade.classify(source, { topK: 1 }) ?? null;
  }

  async #runCascade(choice: FitChoice, candidates: readonly Candidate[], signal: AbortSignal): Promise<boolean> {
    const before = this.#running;
    this.#replace(await load({ choice, candidates }, signal));
    this.#undo.push(async (signal) => {
      this.#replace(await load(before, signal));
      return true;
    });
    return true;
  }

  #replace(running: Running | null): void {
    this.#running?.cascade.dispose();
    this.#running = running;
  }
}

/** Loads a cascade into the page's engine, in which it takes turns with the columns. `null` loads none. */
async function load(next: Omit<Running, 'cascade'> | null, signal: AbortSignal): Promise<Running | null> {
  if (!next) return null;
  const { choice, candidates } = next;
  const { Cascade } = await import('mobilenet-wasm/fit');
  const files: Record<string, Files> = {};
  for (const { column, files: get } of candidates) {
    if (choice.networks.some(({ model }) => model === column.name)) files[column.name] = await get();
  }
  return { choice, candidates, cascade: await Cascade.load(choice, { engine: await engine(), files, signal }) };
}
