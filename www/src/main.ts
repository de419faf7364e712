import { ActivationView } from './activation';
import { CameraPanel } from './camera';
import { Card } from './card';
import { loadClassNames } from './class-names';
import { element } from './element';
import { engine } from './engine';
import { FetchAll } from './fetch-all';
import { KeptPanel } from './kept-panel';
import { complete } from './late-controls';
import { GENERATIONS, architectureOf } from './networks';
import { keepForOffline } from './offline/register';
import { PicturePanel } from './picture';
import { RegionPicker } from './region';
import { Scatter } from './scatter';
import { Scheduler } from './scheduler';
import { ShownMedian } from './speed';
import { Stage } from './stage';
import { tellStory } from './story';
import { paragraph, text } from './text';
import { localise } from './text/localise';
import { Tools } from './tools';
import { Tour } from './tour';
import { Verdict } from './verdict';
import { servedChoices } from './weights';

/** Lets the browser paint and handle input before the next part is made. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

localise();
await pause();

const stage = new Stage();
const status = element('status');
const report = (message: string): void => {
  status.textContent = message;
};

const cards: Card[] = [];
for (const generation of GENERATIONS) {
  cards.push(
    new Card(generation, {
      onChange: refresh,
      onAnswer: (card, answer) => tools.note(card, answer),
      onPoint: (question) => activation.point(question),
      onPin(card, classIndex) {
        tour.stop();
        if (classIndex === null) activation.toggle(card);
        else activation.pin({ card, classIndex });
      },
      onOtherVersion(version, net, choice) {
        const card = version && cards.find((card) => card.runs(version));
        const { moved, homeless } = text.page.column;
        if (card) card.adopt(net, choice);
        else net.dispose();
        cards
          .find((other) => other.runs(generation.versions[0]))
          ?.say(
            (card ? moved : homeless)(
              choice.title,
              version ? architectureOf(version).name : text.page.column.anotherNetwork,
            ),
          );
      },
    }),
  );
  await pause();
}
element('generations').append(...cards.map((card) => card.element));

const fetchAll = new FetchAll(cards);
const kept = new KeptPanel();
const verdict = new Verdict(cards);
const activation = new ActivationView(stage);
const tour = new Tour(cards, (card) => {
  if (card) activation.pin(null);
  activation.turn(card);
});
const scatter = new Scatter(cards);
const preprocess = new ShownMedian((time) => {
  element('preprocess').textContent = text.page.picture.prepared(time);
});
const scheduler = new Scheduler(cards, stage, (round) => {
  if (round.preprocess !== null) preprocess.add(round.preprocess);
  if (round.settled) {
    for (const card of cards) card.settle();
    preprocess.settle();
  }
  verdict.update(round.settled);
  activation.refresh();
  scatter.refresh();
});

const pictures = new PicturePanel(stage, {
  onPicture() {
    if (camera.running) camera.stop();
    startAfresh();
  },
  onWeights(files, target) {
    const card = cards.find(({ element }) => element === target) ?? cards[0];
    void card.loadFiles(files);
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

const tools = new Tools(cards, stage, camera, () => verdict.update(true), report);
new RegionPicker(stage, startAfresh);

/** Forgets all answers, since the picture or the part of it is another one. */
function startAfresh(): void {
  for (const card of cards) card.clear();
  verdict.clear();
  preprocess.clear();
  element('preprocess').textContent = '';
  activation.forget();
  // A camera's frames follow each other faster than bars glide.
  element('generations').classList.toggle('live', stage.picture?.kind === 'live');
  tools.refresh();
  scheduler.refresh();
}

/** Updates the page for another set of networks. */
function refresh(): void {
  verdict.update(true);
  scheduler.refresh();
  fetchAll.refresh();
  tour.refresh();
  activation.refresh();
  scatter.refresh();
  void kept.refresh();
  showEngine();
}

function showEngine(): void {
  const info = cards.find(({ info }) => info)?.info;
  if (!info) return;
  stage.markCrop(info.preprocessing.crop / info.preprocessing.resizeShortSide);
  const { running, skipped } = text.page.engine;
  element('engine').textContent = paragraph(
    running(info.build, info.threads),
    ...info.skipped.map(({ build, reason }) => skipped(build, text.page.reason(reason, null))),
  );
}

/** Whether the columns wait for a measurement. */
let resting = false;

document.addEventListener('visibilitychange', () => {
  scheduler.paused = document.hidden || resting;
  if (document.hidden) report(text.page.camera.hidden);
  else if (status.textContent === text.page.camera.hidden) report('');
});

async function begin(): Promise<void> {
  // If the engine can't be started, each column reports it.
  engine().catch(() => {});
  void pictures.offerSamples();
  // If the names can't be loaded, the classes have their English names.
  const [served] = await Promise.all([servedChoices(), loadClassNames().catch(() => {})]);
  // Checkpoints of versions without a column are left out.
  for (const card of cards) card.offer(served.filter(({ version }) => card.runs(version)));
  await Promise.all(cards.map((card) => card.offerCatalogue()));
  // They load one after the other, the lightest first, so that the first answer comes soonest.
  for (const card of [...cards].sort((a, b) => a.firstBytes - b.firstBytes)) await card.begin();
}

/** The time in which the page comes to rest after its networks have been loaded. ms */
const SETTLING = 8000;

const begun = begin().finally(() => scheduler.opened());
void begun.then(() => {
  setTimeout(() => void complete(), SETTLING);
  void keepForOffline();
  return fetchAll.offer();
});

void tellStory(element('story'), {
  stage,
  columnNetwork(version) {
    const loaded = cards.map(({ loaded }) => loaded).find((net) => net?.info.version === version);
    return loaded ?? null;
  },
  columns: cards,
  rest(now) {
    resting = now;
    scheduler.paused = document.hidden || resting;
  },
  begun,
});
