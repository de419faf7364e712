import { element } from '../element';
import { textOf } from '../messages';
import { text } from '../text';
import { localise } from '../text/localise';
import { contest } from './contest';
import { efforts } from './effort';
import { newEntries } from './entry';
import { copy, download, fileTime } from '../hand-over';
import { Opening } from './opening';
import { newPaths } from './path';
import { PathView } from './path-view';
import { ProfileView } from './profile-view';
import { type Measurement, deviceText, reportJson, reportMarkdown } from './report';
import { ResultsTable } from './results-table';
import { keepAwake } from './visibility';

localise();

const button = element<HTMLButtonElement>('measure');
const effortSelect = element<HTMLSelectElement>('effort');
const exportButton = element<HTMLButtonElement>('export-json');
const copyButton = element<HTMLButtonElement>('copy-markdown');
const choices = efforts(location.search);

const opening = new Opening();
const pathView = new PathView();
const profile = new ProfileView();
const table = new ResultsTable((entry) => {
  profile.choose(entry);
  profile.scrollIntoView();
});

let measurement: Measurement | null = null;
let running: AbortController | null = null;

effortSelect.append(...choices.map(({ label }, i) => new Option(label, String(i))));
element('device').textContent = text.bench.opening.device(deviceText());
table.show(newEntries());

button.addEventListener('click', () => {
  if (running) running.abort(new DOMException('The visitor stopped it', 'AbortError'));
  else void measure();
});

exportButton.addEventListener('click', () => {
  if (!measurement) return;
  download(`mobilenet-wasm-${fileTime(measurement.date)}.json`, 'application/json', reportJson(measurement));
});

copyButton.addEventListener('click', () => {
  if (measurement) void copyMarkdown(measurement);
});

async function measure(): Promise<void> {
  const effort = choices[effortSelect.selectedIndex];
  const entries = newEntries();
  const paths = newPaths();
  const stop = new AbortController();
  const awake = keepAwake();
  running = stop;
  measurement = { entries, paths, date: new Date(), runs: effort.runs, complete: false };
  profile.clear();
  pathView.clear();
  table.show(entries);
  opening.begin();
  opening.showBest(entries);
  showState();
  try {
    await contest(entries, paths, effort, stop.signal, {
      onProgress: (doing, done) => opening.showProgress(doing, done),
      onChange(entry) {
        table.update();
        profile.offer(entry);
        opening.showBest(entries);
        showState();
      },
      onPath: (path) => pathView.offer(path),
      onNetwork: (version) => opening.announceNetwork(entries, version),
    });
    measurement.complete = true;
    opening.announceEnd(entries);
  } catch (error) {
    opening.say(stop.signal.aborted ? text.bench.opening.stopped : text.bench.opening.brokeOff(textOf(error)));
  } finally {
    running = null;
    opening.end();
    showState();
    void awake.then((lock) => lock?.release());
  }
}

function showState(): void {
  button.textContent = running ? text.bench.opening.stop : text.bench.opening.measure;
  effortSelect.disabled = running !== null;
  const nothingRead = !measurement?.entries.some(({ threads, problem }) => threads !== null || problem);
  exportButton.disabled = copyButton.disabled = nothingRead;
}

async function copyMarkdown(measurement: Measurement): Promise<void> {
  const copied = await copy(reportMarkdown(measurement));
  opening.say(copied ? text.bench.opening.copied : text.bench.opening.noClipboard);
}
