import type { Consumer, Pruned } from './solver';
import type { Answer, Question } from './solver-worker';

/** A question without its number. `Omit` of the whole union would lose the fields that only some questions have. */
type Asked = Question extends infer Q ? (Q extends Question ? Omit<Q, 'id'> : never) : never;

/** A {@link Solver} in its own worker, so that the page stays responsive while it calculates. */
export class RemoteSolver {
  readonly #worker = new Worker(new URL('./solver-worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #asked = 0;
  /** The reason why the worker was ended; `null` while it runs. */
  #ended: Error | null = null;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waits = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) waits?.reject(new Error(data.error));
      else waits?.resolve(data.value);
    };
    // This also happens if the worker's script can't be loaded.
    this.#worker.onerror = ({ message }) => this.end(new Error(message || 'the worker broke'));
  }

  async begin(consumers: Consumer[]): Promise<void> {
    await this.#ask({ ask: 'begin', consumers });
  }

  /** @param inputs transferred to the worker: the caller can't use them afterwards */
  async learn(layer: number, inputs: Float32Array<ArrayBuffer>): Promise<void> {
    await this.#ask({ ask: 'learn', layer, inputs }, [inputs.buffer]);
  }

  async losses(layer: number): Promise<number[]> {
    return (await this.#ask({ ask: 'losses', layer })) as number[];
  }

  async prune(layer: number, count: number): Promise<Pruned> {
    return (await this.#ask({ ask: 'prune', layer, count })) as Pruned;
  }

  /** Ends the worker. Its pending and later calls are rejected with `reason`. */
  end(reason: Error): void {
    this.#ended ??= reason;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #ask(question: Asked, transfer: Transferable[] = []): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...question, id }, transfer);
    });
  }
}
