import type { ClassifySource, MobileNet } from 'mobilenet-wasm';
import { type TaughtPrediction, Teach, type TeachJson } from 'mobilenet-wasm/teach';
import { text } from '../text';

/** The method `nearest` needs no training, and answers from the first example on. */
const OPTIONS = { method: 'nearest' } as const;

/** Identifies a file of lessons. */
const FORMAT = 'mobilenet-wasm/lessons';

/** The content of a file: what each network was taught, with the classes' names as labels. */
interface LessonsJson {
  format: typeof FORMAT;
  lessons: TeachJson[];
}

/** One network's examples. */
interface Lesson {
  teach: Teach;
  /** As {@link TeachJson.network}. */
  network: string;
}

/** The visitor's classes, and each network's examples of them. */
export class Lessons {
  /** The classes' names by label. The examples have the label, which stays when a class is renamed. */
  readonly names = new Map<string, string>();
  #lessons = new Map<MobileNet, Lesson>();
  /** The lessons of networks that don't run now. */
  #absent: TeachJson[] = [];
  #nextLabel = 0;

  /** @returns the label of a new class */
  addClass(name: string): string {
    const label = String(this.#nextLabel++);
    this.names.set(label, name);
    return label;
  }

  removeClass(label: string): void {
    this.names.delete(label);
    for (const { teach } of this.#lessons.values()) teach.remove(label);
    this.#absent = this.#absent.map(({ examples, ...json }) => ({
      ...json,
      examples: examples.filter((example) => json.labels[example.label] !== label),
    }));
  }

  /** @param networks the networks that run from now on; the lessons of others are kept until they come back */
  use(networks: readonly MobileNet[]): void {
    for (const [net, { teach }] of this.#lessons) {
      if (networks.includes(net)) continue;
      this.#lessons.delete(net);
      this.#absent.push(teach.toJSON());
    }
    for (const net of networks) {
      if (this.#lessons.has(net)) continue;
      const { network } = new Teach(net).toJSON();
      const own = this.#absent.filter((json) => json.network === network);
      this.#absent = this.#absent.filter((json) => json.network !== network);
      const teach = own.length > 0 ? Teach.fromJSON(net, own.reduce(joined), OPTIONS) : new Teach(net, OPTIONS);
      this.#lessons.set(net, { teach, network });
    }
  }

  async add(net: MobileNet, source: ClassifySource, label: string): Promise<void> {
    await this.#lessons.get(net)?.teach.add(source, label);
  }

  /** The classes that a network finds in a picture, the nearest first; none if it has no examples. */
  async predict(net: MobileNet, source: ClassifySource): Promise<TaughtPrediction[]> {
    const teach = this.#lessons.get(net)?.teach;
    return teach && teach.labels.length > 0 ? teach.predict(source) : [];
  }

  /** The share of examples that get the right class from all other examples; `null` if there are too few. */
  accuracy(net: MobileNet): number | null {
    const teach = this.#lessons.get(net)?.teach;
    const counts = [...(teach?.counts.values() ?? [])];
    return teach && counts.length > 1 && Math.min(...counts) > 1 ? teach.accuracy().accuracy : null;
  }

  /** The number of examples of a class, in the network that has the most. */
  count(label: string): number {
    return Math.max(0, ...[...this.#lessons.values()].map(({ teach }) => teach.counts.get(label) ?? 0));
  }

  /** The number of a network's examples of all classes. */
  countOf(net: MobileNet): number {
    return [...(this.#lessons.get(net)?.teach.counts.values() ?? [])].reduce((sum, count) => sum + count, 0);
  }

  get empty(): boolean {
    const absent = this.#absent.some(({ examples }) => examples.length > 0);
    return !absent && [...this.#lessons.keys()].every((net) => this.countOf(net) === 0);
  }

  toJSON(): LessonsJson {
    const all = [...[...this.#lessons.values()].map(({ teach }) => teach.toJSON()), ...this.#absent];
    const name = (label: string) => this.names.get(label) ?? label;
    return {
      format: FORMAT,
      lessons: all
        .filter(({ examples }) => examples.length > 0)
        .map((json) => ({ ...json, labels: json.labels.map(name) })),
    };
  }

  /**
   * Adds a file from {@link toJSON} or from the package's own `Teach`. Classes of the same name become one.
   * @returns the file's networks that don't run now, whose lessons were left out
   * @throws if the file holds no lessons; then nothing has changed
   */
  import(json: string): string[] {
    const given = lessonsOf(JSON.parse(json));
    const names = new Map(this.names);
    const [before, left] = [this.#nextLabel, [] as string[]];
    const labelOf = (name: string) => {
      const known = [...names].find(([, other]) => other === name)?.[0];
      if (known !== undefined) return known;
      const label = String(this.#nextLabel++);
      names.set(label, name);
      return label;
    };
    try {
      const taught: [MobileNet, Lesson][] = [];
      for (const lesson of given) {
        const found = [...this.#lessons].find(([, { network }]) => network === lesson.network);
        if (!found) {
          left.push(String(lesson.network));
          continue;
        }
        const [net, { teach, network }] = found;
        // This throws an error that says what is wrong with a malformed lesson.
        Teach.fromJSON(net, lesson, OPTIONS);
        const labels = lesson.labels.map((name) => labelOf(String(name)));
        taught.push([
          net,
          { teach: Teach.fromJSON(net, joined(teach.toJSON(), { ...lesson, labels }), OPTIONS), network },
        ]);
      }
      if (taught.length === 0) throw new Error(text.figures.teach.noneRuns(left));
      for (const [net, lesson] of taught) this.#lessons.set(net, lesson);
      for (const [label, name] of names) this.names.set(label, name);
      return left;
    } catch (error) {
      this.#nextLabel = before;
      throw error;
    }
  }
}

/** The lessons of a file, which may still be malformed. */
function lessonsOf(json: unknown): TeachJson[] {
  const given = json as { format?: unknown; lessons?: unknown } | null;
  const lessons: unknown = given?.format === FORMAT ? given.lessons : [given];
  const are = (all: unknown): all is TeachJson[] =>
    Array.isArray(all) && all.length > 0 && all.every((one) => Array.isArray(one?.labels));
  if (!are(lessons)) throw new Error(text.figures.teach.noLessons);
  return lessons;
}

/** All examples of `a`, and those of `b` that `a` doesn't have. Both have the same labels for the same classes. */
function joined(a: TeachJson, b: TeachJson): TeachJson {
  const labels = [...new Set([...a.labels, ...b.labels])];
  const [own, others] = [a, b].map((json) =>
    json.examples.map(({ label, features }) => ({ label: labels.indexOf(json.labels[label]), features })),
  );
  const keyOf = ({ label, features }: TeachJson['examples'][number]) => `${label} ${features}`;
  const known = new Set(own.map(keyOf));
  // What tells the network's weights comes with examples.
  const { sample } = a.examples.length > 0 ? a : b;
  return { ...a, sample, labels, examples: [...own, ...others.filter((example) => !known.has(keyOf(example)))] };
}
