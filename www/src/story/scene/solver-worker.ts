import { type Consumer, Solver } from './solver';

/** A call from the page. Its answer has the same `id`. */
export type Question = { id: number } & (
  | { ask: 'begin'; consumers: Consumer[] }
  | { ask: 'learn'; layer: number; inputs: Float32Array }
  | { ask: 'losses'; layer: number }
  | { ask: 'prune'; layer: number; count: number }
);

export type Answer = { id: number } & ({ value: unknown } | { error: string });

let solver = new Solver([]);

function answer(question: Question): unknown {
  switch (question.ask) {
    case 'begin':
      solver = new Solver(question.consumers);
      return null;
    case 'learn':
      solver.learn(question.layer, question.inputs);
      return null;
    case 'losses':
      return solver.losses(question.layer);
    case 'prune':
      return solver.prune(question.layer, question.count);
  }
}

self.onmessage = ({ data }: MessageEvent<Question>) => {
  let said: Answer;
  try {
    said = { id: data.id, value: answer(data) };
  } catch (error) {
    said = { id: data.id, error: String(error) };
  }
  self.postMessage(said);
};
