import type { Card, Opinion } from './card';
import { element } from './element';
import { percent } from './format';
import { list, text } from './text';

/** The time between changes of the large label while the camera runs. ms */
const SHOWN_EVERY = 400;
/** The time between sentences for a screen reader while the camera runs. ms */
const SPOKEN_EVERY = 2000;

interface Voice {
  card: Card;
  opinion: Opinion;
}

/** Compares the networks' first answers, and shows which networks agree. */
export class Verdict {
  readonly #kicker = element('verdict-kicker');
  readonly #answers = element('answers');
  readonly #invitation = element('invitation');
  readonly #announcement = element('announcement');
  #shownAt = 0;
  #spokenAt = 0;

  constructor(private readonly cards: readonly Card[]) {}

  /** @param settled whether the picture won't be read again, so that this is shown at once */
  update(settled: boolean): void {
    const voices = this.cards.flatMap((card) =>
      card.network && card.opinion ? [{ card, opinion: card.opinion }] : [],
    );
    const groups = groupByAnswer(voices);
    for (const card of this.cards) {
      const group = groups.findIndex((voices) => voices.some((voice) => voice.card === card));
      card.markAnswer(group < 0 ? null : group);
    }
    const slowest = Math.max(...this.cards.map(({ time }) => time ?? 0));
    for (const card of this.cards) card.showPace(slowest);

    const now = performance.now();
    if (!settled && now - this.#shownAt < SHOWN_EVERY) return;
    this.#shownAt = now;
    const kicker = this.#unsure ? text.page.verdict.unsure : agreement(groups);
    this.#kicker.textContent = kicker;
    this.#answers.replaceChildren(...groups.map(answerElement));
    this.#invitation.hidden = groups.length > 0 || this.#unsure;
    this.#invitation.textContent = this.#untrained ? text.page.verdict.untrained : text.page.verdict.invitation;
    if (groups.length > 0 && (settled || now - this.#spokenAt > SPOKEN_EVERY)) {
      this.#spokenAt = now;
      const sentence = text.page.verdict.spoken(kicker, groups[0][0].opinion.label);
      if (sentence !== this.#announcement.textContent) this.#announcement.textContent = sentence;
    }
  }

  /** Whether there are answers but none counts. */
  get #unsure(): boolean {
    const answers = this.cards.filter(({ network, answered }) => network && answered);
    return answers.length > 0 && answers.every(({ opinion }) => opinion === null);
  }

  /** Whether networks run but none has answers. */
  get #untrained(): boolean {
    const running = this.cards.flatMap(({ network }) => network ?? []);
    return running.length > 0 && running.every(({ labels }) => labels === null);
  }

  clear(): void {
    this.#kicker.textContent = agreement([]);
    this.#answers.replaceChildren();
    this.#invitation.hidden = false;
    this.#announcement.textContent = '';
    this.#shownAt = 0;
    this.#spokenAt = 0;
  }
}

/** The largest group first; of equal ones the surer. */
function groupByAnswer(voices: Voice[]): Voice[][] {
  const groups = new Map<string, Voice[]>();
  for (const voice of voices) groups.set(voice.opinion.key, [...(groups.get(voice.opinion.key) ?? []), voice]);
  const sureness = (group: Voice[]) => group.reduce((sum, { opinion }) => sum + opinion.probability, 0);
  return [...groups.values()].sort((a, b) => b.length - a.length || sureness(b) - sureness(a));
}

/** Says in a few words how far they agree. */
function agreement(groups: Voice[][]): string {
  const voices = groups.reduce((sum, { length }) => sum + length, 0);
  const most = groups[0]?.length ?? 0;
  const words = text.page.verdict;
  if (voices === 0) return words.kicker;
  if (voices === 1) return words.alone(groups[0][0].card.name);
  if (most === voices) return voices === 2 ? words.both : words.all(voices);
  if (most === 1) return words.allDiffer(voices);
  if (groups.length === 2 && groups[1].length === most) return words.split;
  if (groups[1].length === most) return words.against(most);
  return words.most(most, voices);
}

function answerElement(voices: Voice[], group: number): HTMLLIElement {
  const item = document.createElement('li');
  item.dataset.answer = String(group);
  const label = document.createElement('strong');
  label.textContent = voices[0].opinion.label;
  const who = document.createElement('span');
  who.textContent = list(voices.map(({ card, opinion }) => `${card.name} ${percent(opinion.probability)}`));
  item.append(label, who);
  return item;
}
