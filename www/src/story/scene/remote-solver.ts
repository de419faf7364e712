import type { Consumer, Pruned } from './solver';
import type { Answer, Question } from './solver-worker';

type Asked = Question extends infer Q ? (Q extends Question ? Omit<Q, 'id'> : never) : never;

/** A {@link Solver} in a worker of its own, so that the page goes on while it calculates. */
export class RemoteSolver {
  readonly #worker = new Worker(new URL('./solver-worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #asked = 0;
  /** Why it calculates no more. */
  #ended: Error | null = null;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waits = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) waits?.reject(new Error(data.error));
      else waits?.resolve(data.value);
    };
    // Also where the worker's script doesn't come.
    this.#worker.onerror = ({ message }) => this.end(new Error(message || 'the worker broke'));
  }

  async begin(consumers: Consumer[]): Promise<void> {
    await this.#ask({ ask: 'begin', consumers });
  }

  /** @param inputs is given away */
  async learn(layer: number, inputs: Float32Array<ArrayBuffer>): Promise<void> {
    await this.#ask({ ask: 'learn', layer, inputs }, [inputs.buffer]);
  }

  async losses(layer: number): Promise<number[]> {
    return (await this.#ask({ ask: 'losses', layer })) as number[];
  }

  async prune(layer: number, count: number): Promise<Pruned> {
    return (await this.#ask({ ask: 'prune', layer, count })) as Pruned;
  }

  /** Ends the worker; what it was asked, or is asked later, is rejected with `reason`. */
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
