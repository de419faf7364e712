import { CameraPanel } from './camera';
import { Card } from './card';
import { engine } from './engine';
import { TAB_HIDDEN } from './messages';
import { GENERATIONS, architectureOf } from './networks';
import { PicturePanel } from './picture';
import { Scheduler } from './scheduler';
import { ShownMedian } from './speed';
import { Stage, element } from './stage';
import { Verdict } from './verdict';
import { fileChoice, servedChoices } from './weights';

const stage = new Stage();
const status = element('status');
const report = (message: string): void => {
  status.textContent = message;
};

const cards = GENERATIONS.map(
  (generation) =>
    new Card(generation, {
      onChange: refresh,
      onOtherVersion(version, net, choice) {
        const card = version && cards.find((card) => card.runs(version));
        const there = card ? 'it runs in that column' : 'there is no column for it';
        if (card) card.adopt(net, choice);
        else net.dispose();
        cards
          .find((other) => other.runs(generation.versions[0]))
          ?.say(`${choice.title} is for ${version ? architectureOf(version).name : 'another network'}: ${there}.`);
      },
    }),
);
element('generations').append(...cards.map((card) => card.element));

const verdict = new Verdict(cards);
const preprocess = new ShownMedian((text) => {
  element('preprocess').textContent = `Frame read and resized in ${text}, once for all networks`;
});
const scheduler = new Scheduler(cards, stage, (round) => {
  verdict.update(round.settled);
  if (round.preprocess !== null) preprocess.add(round.preprocess, stage.picture?.kind === 'live');
});

const pictures = new PicturePanel(stage, {
  onPicture() {
    if (camera.running) camera.stop();
    startAfresh();
  },
  onWeights(files, target) {
    const card = cards.find(({ element }) => element === target) ?? cards[0];
    const choice = fileChoice(files);
    if (choice) void card.load(choice);
  },
  report,
});

const camera = new CameraPanel(
  stage,
  () => {
    if (camera.running) pictures.cancel();
    startAfresh();
  },
  report,
);

/** Another picture: nothing that was said of the one before holds. */
function startAfresh(): void {
  for (const card of cards) card.clear();
  verdict.clear();
  preprocess.clear();
  element('preprocess').textContent = '';
  scheduler.refresh();
}

/** Another network, or one more or less. */
function refresh(): void {
  verdict.update(true);
  scheduler.refresh();
  showEngine();
}

function showEngine(): void {
  const info = cards.find(({ info }) => info)?.info;
  if (!info) return;
  stage.markCrop(info.preprocessing.crop / info.preprocessing.resizeShortSide);
  const skipped = info.skipped.map(({ build, reason }) => ` Not ${build}: ${reason}.`).join('');
  element('engine').textContent =
    `One engine runs all networks in turn: the ${info.build} build, ${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}.${skipped}`;
}

document.addEventListener('visibilitychange', () => {
  scheduler.paused = document.hidden;
  if (document.hidden) report(TAB_HIDDEN);
  else if (status.textContent === TAB_HIDDEN) report('');
});

async function begin(): Promise<void> {
  // If it can't be started, each column says so where its network would be.
  engine().catch(() => {});
  void pictures.offerSamples();
  const served = await servedChoices();
  // Of a version that has no column nothing is offered.
  for (const card of cards) card.offer(served.filter(({ version }) => card.runs(version)));
  await Promise.all(cards.map((card) => card.offerHub()));
  // One after the other, the lightest first: the first answer comes soonest.
  for (const card of [...cards].sort((a, b) => a.firstBytes - b.firstBytes)) await card.begin();
}

void begin();
