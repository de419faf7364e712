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

  /** @returns whether the set-up runs in the column; if not, the column shows why */
  async run(column: Column, setup: Setup, signal: AbortSignal): Promise<boolean> {
    const before = column.setup;
    const runs = await column.run(setup, signal);
    if (runs && before) this.#undo.push((signal) => column.run(before, signal));
    return runs;
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
    await this.#load({ choice, candidates }, signal);
    this.#undo.push(async (signal) => {
      await this.#load(before, signal);
      return true;
    });
    return true;
  }

  /** Replaces the cascade by another one, or by none. It runs in the page's engine, in turns with the columns. */
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
