// Turns the readings of several networks in one engine, and of a large photo, into a section of BENCHMARKS.md.
import { ms, oursAs, ratio, titleOf } from './format.js';
import { paragraph, table } from './markdown.js';
import { summary } from './statistics.js';

/** @param {import('./engine.js').EngineReadings} readings */
export function engineSection({ versions, setup, sets, photos }) {
  const names = versions.map(titleOf).join(', ');
  return [
    '## Several networks, one engine',
    paragraph(`${names} in one engine, ${oursAs(setup)}, answer for the same frame one after the other. Medians of \`engine.classify\`
    from the call to the last answer, and of the sum of the networks' own times: what is between is the frame's way, once.`),
    table(
      ['frame', 'all:', 'networks:', 'all / networks:'],
      sets.map(({ source: { kind, width, height }, samples }) => {
        const all = summary(samples.map(({ total }) => total)).median;
        const networks = summary(samples.map(({ inference }) => inference)).median;
        return [`${kind} ${width}x${height}`, ms(all), ms(networks), ratio(all / networks)];
      }),
    ),
    paragraph(`A photo as a Blob of JPEG, which the browser decodes. Read: its pixels are taken, in strips. Resize: to the network's
    input, as Pillow does. Medians.`),
    table(
      ['network', 'photo', 'threads:', 'in all:', 'read:', 'resize:', 'network:', '(read + resize) / network:'],
      photos.map(({ threads, version, width, height, samples }) => {
        const [total, read, resize, inference, preprocess] = [
          samples.map(({ total }) => total),
          samples.map(({ read }) => read),
          samples.map(({ resize }) => resize),
          samples.map(({ inference }) => inference),
          samples.map(({ read, resize }) => read + resize),
        ].map((times) => summary(times).median);
        return [
          titleOf(version),
          `${width}x${height}`,
          String(threads),
          ...[total, read, resize, inference].map(ms),
          ratio(preprocess / inference),
        ];
      }),
    ),
  ].join('\n\n');
}
