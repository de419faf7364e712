const runs = (count: number) => (count === 1 ? '1 run' : `${count} runs`);
const threads = (count: number) => (count === 1 ? '1 thread' : `${count} threads`);

/** What the page that measures says. */
export const bench = {
  title: 'MobileNet, measured here',
  description: 'How fast MobileNet V1, V2, V3 and V4 run in this browser, build by build and layer by layer.',
  subtitle: 'measured on this device',
  privacy: 'It runs on this device’s processor, and nothing is sent.',
  toPage: 'What the networks see',
  runs,
  threads,

  opening: {
    section: 'Measurement',
    invitation: 'How fast is it here?',
    best: 'Fastest build of each network',
    measure: 'Measure',
    stop: 'Stop',
    effort: 'Runs',
    quick: (count: number) => `Quick: ${count} runs each`,
    thorough: (count: number) => `Thorough: ${count} runs each`,
    asked: (count: number) => `As asked: ${runs(count)} each`,
    results: 'Results',
    exportJson: 'Export JSON',
    copyMarkdown: 'Copy as Markdown',
    progress: 'Measured so far',
    byHand: 'Copy this:',
    copied: 'Copied.',
    noClipboard: 'The clipboard is closed to this page: copy the text by hand.',
    stopped: 'Stopped. What was measured until then stays.',
    brokeOff: (reason: string) => `The measurement broke off: ${reason}.`,
    measuring: 'Measuring.',
    nothing: 'Nothing could be measured here.',
    milliseconds: (name: string, time: string) => `${name} ${time} milliseconds`,
    fastest: (network: string, build: string) => `${network} with ${build}.`,
    measured: (networks: string) => `Measured. ${networks}.`,
    device: (device: string) => `This device: ${device}.`,
    cores: (count: number, isolated: boolean) =>
      `${count === 1 ? '1 core' : `${count} cores`}, ${isolated ? '' : 'not '}cross-origin isolated`,
  },

  doing: {
    warmingUp: (name: string, build: string) => `${name}: warming up ${build}`,
    running: (name: string, from: number, to: number, of: number, build: string) =>
      `${name}: run ${from} to ${to} of ${of}, ${build}`,
    path: (name: string, from: number, to: number, of: number) =>
      `${name}: frame to label, run ${from} to ${to} of ${of}`,
  },

  path: {
    heading: 'From frame to label',
    choice: 'Frames read by',
    empty: 'What each step between a camera’s frame and its labels takes appears here.',
    frame: 'Frame',
    read: 'Read',
    resize: 'Resize',
    network: 'Network',
    answer: 'Answer',
    total: 'Total',
    medians: (count: number) => `Medians of ${runs(count)}`,
    noFrames: 'this browser has no VideoFrame',
    failed: (name: string, reason: string) => `Frames for ${name} failed: ${reason}.`,
  },

  results: {
    heading: 'Builds',
    caption: 'Time of one inference of each network in each build',
    build: 'Build',
    minimum: 'Min',
    median: 'Median',
    rate: 'Rate',
    share: 'Of peak',
    show: (build: string, name: string) => `${build}: show the layers of ${name}`,
    unavailable: 'not here',
    failed: 'failed',
    notMeasured: (builds: string, reason: string) => `Not measured: ${builds}, because ${reason}.`,
    broken: (name: string, build: string, reason: string) => `${name} in ${build} failed: ${reason}.`,
    crashed: (reason: string) => `its worker crashed: ${reason}`,
    memory: 'there is not enough memory. Close other tabs and measure again',
  },

  layers: {
    heading: 'Layers',
    choice: 'Layers of',
    empty: 'The layers of each network appear here as they are measured.',
    kinds: 'Share of each kind of layer',
    scrollable: 'Layers, scrollable',
    layer: 'Layer',
    macs: 'MACs',
    millions: 'M',
    time: 'Time',
    rate: 'Rate',
    count: (count: number, time: string, on: string) => `${count} layers, ${time} ms on ${on}`,
    peak: (peak: string) => `peak of one core ${peak}`,
    share: (percent: string) => `${percent} of the time`,
  },

  about: {
    builds:
      'Each build of the package runs each network at 224 pixels. The weights are random: a multiply-add takes as long whatever the numbers. A build is warmed up by a profile and ten more runs; then the builds take turns of five runs each, so that a slow moment of the device hits all of them. The first run of a turn finds the caches cold and is left out. Turns during which the tab was hidden are made again.',
    times:
      'Times are the network’s alone, in its worker: `timing.inference` of `classify`. The rate is that of the fastest run, two operations for each multiply-accumulate. Peak is what multiply-adds in registers alone reach on one core in the same build, the best of its readings, times the number of threads. The browser’s clock is coarser where a page is not cross-origin isolated: a tenth of a millisecond in Chromium.',
    path: 'From frame to label, each network reads frames as cameras give them, in its fastest build and as many times for each size. Read is the copying of the pixels that the network sees into its memory, resize what makes them its input, and answer all that is left of `timing.total`: the taking of the frame, and the way to the worker and back.',
  },
};
