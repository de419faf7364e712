import type { MobileNet, Profile, Version } from 'mobilenet-wasm';
import { milliseconds } from '../format';
import { textOf } from '../messages';
import { COLUMNS } from '../networks';
import { paragraph, text } from '../text';
import { rankCorrelation } from './correlation';
import { bar, line, make, slider } from './elements';
import type { Figure, Surroundings } from './figure';
import { EXPONENT, type Measured, measureCatalogue, placesOfPaper, reward } from './measured';
import { written } from './numbers';
import { type Group, ProfileRow } from './profile-row';
import { rankChart } from './rank-chart';

const GROUPS: Group[] = ['stem', 'depthwise', 'pointwise', 'fused', 'rest'];

/** The choices for the exponent of time. */
const EXPONENTS = [0, -0.03, EXPONENT.mnasnet, EXPONENT.small, -0.3, -0.6];

/** Shows each network's time by layer, and how a search for this device would rank the catalogue. */
export class SearchFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = COLUMNS;
  readonly pause = 3000;
  readonly showsMaps = false;
  changed = () => {};
  #networks: readonly MobileNet[] = [];
  #measured: Measured[] = [];
  #working = false;
  readonly #profile = make('button', 'primary', text.figures.search.profile);
  readonly #rank = make('button', 'primary', text.figures.search.rank);
  readonly #rows = make('div', 'profile-rows');
  readonly #step = line();
  readonly #progress = line();
  readonly #ranking = make('div', 'ranking');
  readonly #chart = make('div', 'rank-chart');
  readonly #correlation = line('correlation');
  readonly #exponent;
  readonly #rewards = make('ul', 'bars');
  readonly #rewardTold = line();
  readonly #paper = line('paper-places');

  constructor(private readonly around: Surroundings) {
    const words = text.figures.search;
    this.#exponent = slider(words.exponent, EXPONENTS, EXPONENT.mnasnet, () => this.#showRewards(), written);
    for (const button of [this.#profile, this.#rank]) button.type = 'button';
    this.#profile.addEventListener('click', () => void this.#run(() => this.#profileAll()));
    this.#rank.addEventListener('click', () => void this.#run(() => this.#rankAll()));
    this.#showReady();
    this.#progress.setAttribute('role', 'status');
    this.#ranking.hidden = true;
    this.#ranking.append(
      make('h3', '', words.ranks),
      this.#chart,
      this.#correlation,
      make('h3', '', words.reward),
      this.#exponent.element,
      this.#rewards,
      this.#rewardTold,
      this.#paper,
    );
    const legend = GROUPS.map((group) => make('li', group, words.groups[group]));
    this.element = make(
      'div',
      'search',
      make('div', 'row', this.#profile, this.#rank),
      this.#progress,
      make('h3', '', words.profiles),
      make('ul', 'kinds', ...legend),
      this.#rows,
      this.#step,
      this.#ranking,
    );
    this.#step.textContent = words.unmeasured;
  }

  look(_source: unknown, networks: readonly MobileNet[]): Promise<void> {
    this.#networks = networks;
    this.#showReady();
    return Promise.resolve();
  }

  redraw(): void {
    // The style sheet has all of its colours.
  }

  /** Does work that takes some seconds, with the buttons disabled meanwhile. */
  async #run(work: () => Promise<void>): Promise<void> {
    this.#working = true;
    this.#showReady();
    let told = '';
    try {
      await this.around.alone(work);
    } catch (error) {
      told = text.figures.failed(textOf(error));
    }
    this.#progress.textContent = told;
    this.#working = false;
    this.#showReady();
  }

  #showReady(): void {
    // The columns' networks are known from the first picture on.
    this.#profile.disabled = this.#working || this.#networks.length === 0;
    this.#rank.disabled = this.#working;
  }

  async #profileAll(): Promise<void> {
    const { measuring, choose } = text.figures.search;
    const networks = this.#networks;
    const profiles: Profile[] = [];
    for (const net of networks) {
      this.#progress.textContent = measuring(profiles.length + 1, networks.length);
      profiles.push(await net.profile());
    }
    const longest = Math.max(...profiles.map(({ total }) => total.microseconds));
    const rows: ProfileRow[] = profiles.map(
      (profile, index) =>
        new ProfileRow(networks[index], profile, longest, (chosen, said) => {
          for (const row of rows) if (row !== chosen) row.clear();
          this.#step.textContent = said;
        }),
    );
    this.#rows.replaceChildren(...rows.map(({ element }) => element));
    this.#step.textContent = choose;
  }

  async #rankAll(): Promise<void> {
    const words = text.figures.search;
    this.#measured = await measureCatalogue((done, of) => {
      this.#progress.textContent = words.measuring(done + 1, of);
    });
    const of = (key: 'macs' | 'time') => this.#measured.map((measured) => measured[key]);
    const rho = rankCorrelation(of('macs'), of('time'));
    this.#chart.replaceChildren(rankChart(this.#measured));
    this.#correlation.textContent = words.correlation(written(Number(rho.toFixed(3))), this.#measured.length);
    this.#ranking.hidden = false;
    this.#showRewards();
  }

  #showRewards(): void {
    if (this.#measured.length === 0) return;
    const w = this.#exponent.value;
    const target = this.#measured.find(({ name }) => name === 'V2')?.time ?? this.#measured[0].time;
    const ranked = this.#measured
      .map((measured) => ({ ...measured, reward: reward(measured, target, w) }))
      .sort((a, b) => b.reward - a.reward);
    this.#rewards.replaceChildren(
      ...ranked.map(({ name, reward }) => {
        const row = bar(name);
        row.show([reward / ranked[0].reward], reward.toFixed(3));
        return row.element;
      }),
    );
    const { inPaper, rewardTold } = text.figures.search;
    this.#rewardTold.textContent = rewardTold(target.toFixed(1), ranked[0].name);
    const places = placesOfPaper(this.#measured, target, w).map(({ name, top1, time, reward, rank }) =>
      inPaper(name, top1.toFixed(1), milliseconds(time), reward.toFixed(3), rank, ranked.length),
    );
    this.#paper.textContent = paragraph(...places);
  }
}
