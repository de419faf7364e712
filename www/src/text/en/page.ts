import type { ErrorCode, Version } from 'mobilenet-wasm';

const columns: Record<Version, string | null> = {
  v1: 'Splits each convolution in two: filter every channel by itself, then mix them with a 1×1. Eight to nine times less work.',
  v2: 'Turns the bottleneck inside out: widen, filter, narrow again with no activation, and skip between the narrow ends.',
  'v3-small': 'Blocks shaped by a search for phones. Squeeze-and-excite weighs the channels, h‑swish bends them.',
  'v3-large':
    'The same search, with nearly four times the room: more accurate than V2 on three quarters of its arithmetic.',
  'v4-conv-small':
    'One universal block in four forms, V2’s among them, arranged by a search to be fast on many kinds of hardware.',
  'v4-conv-medium': null,
  'mnasnet-b1': null,
  'efficientnet-lite0': null,
};

/** Words for as many voices as there are columns. */
const NUMBERS = ['None', 'One', 'Two', 'Three', 'Four', 'Five'];
const number = (count: number) => NUMBERS[count] ?? String(count);

/** The page's fixed texts, and the messages of its parts. */
export const page = {
  title: 'MobileNet, five readings of one frame',
  description: 'MobileNet V1, V2, V3 and V4 read the same frame, on this device’s processor.',
  subtitle: 'five readings of one frame',
  /** A large number of parameters or multiply-adds. */
  rounded: (count: number) => `${(count / 1e6).toFixed(count < 100e6 ? 1 : 0)} M`,
  privacy: 'All of it runs here, on this device’s processor. No picture leaves it.',
  toBench: 'How fast is it?',
  languages: 'Language',

  picture: {
    section: 'Picture',
    empty: 'Drop or paste a picture here, or start the camera.',
    open: 'Open a picture…',
    save: 'Save picture',
    choosePart: 'Choose a part',
    wholePicture: 'Show all of it',
    region:
      'Picture. Drag on it to show the networks a part; double click for all of it. By keyboard: plus, minus, arrows, Escape.',
    samples: 'Sample pictures',
    chelsea: 'Chelsea the cat',
    coffee: 'A cup of coffee',
    flower: 'A flower',
    temple: 'A temple in China',
    rocket: 'A rocket taking off',
    astronaut: 'An astronaut',
    publicDomain: 'public domain',
    credits: 'Sample pictures: ',
    pasted: 'The pasted picture',
    prepared: (time: string) => `Frame read and resized in ${time}, once for all networks`,
    undecodable: (name: string) => `${name} is not a picture this browser can read. Try a PNG, JPEG or WebP.`,
    unusable: (names: string, endings: readonly string[]) =>
      `${names}: drop a picture, or weights: ${endings.join(', ')}, which may be a zip of Teachable Machine.`,
    unread: (reason: string) => `This picture could not be read: ${reason}.`,
  },

  camera: {
    start: 'Start camera',
    stop: 'Stop camera',
    choice: 'Camera',
    size: 'Resolution of the camera',
    front: 'Front camera',
    back: 'Back camera',
    pause: 'Pause',
    resume: 'Go on',
    paused: 'The camera’s picture, paused',
    unnamed: (number: number) => `Camera ${number}`,
    none: 'No camera was found. Plug one in and start again, or open a picture.',
    blocked: 'The camera is blocked for this page. Allow it beside the address, then start again; or open a picture.',
    busy: 'The camera does not answer: another program may be using it. Close that one and start again.',
    gone: 'That camera is gone. Choose another and start again.',
    failed: (reason: string) => `The camera could not be started: ${reason}. Open a picture instead.`,
    insecure: 'Browsers open the camera only to https: pages and localhost. Open a picture instead.',
    ended: 'The camera was unplugged or switched off. Plug it in and start again, or open a picture.',
    hidden: 'Paused while this tab is hidden. Come back to it to go on.',
  },

  verdict: {
    kicker: 'What they see',
    invitation: 'Show all five the same thing.',
    unsure: 'None is sure enough',
    untrained: 'Untrained, they see nothing yet.',
    alone: (name: string) => `${name} alone`,
    both: 'Both agree',
    all: (count: number) => `All ${number(count).toLowerCase()} agree`,
    allDiffer: (count: number) => `${number(count)} answers`,
    split: 'Split down the middle',
    against: (count: number) => `${number(count)} against ${number(count).toLowerCase()}`,
    most: (count: number, of: number) => `${number(count)} of ${number(of).toLowerCase()} agree`,
    spoken: (kicker: string, label: string) => `${kicker}: ${label}`,
  },

  column: {
    section: 'The networks',
    ideas: columns,
    paper: (name: string) => `The paper of MobileNet ${name}`,
    run: (name: string) => `Run ${name}`,
    weights: (name: string) => `Weights of ${name}`,
    silhouette: (name: string, blocks: number, first: number, last: number) =>
      `${name}: ${blocks} blocks, from ${first} channels to ${last}`,
    unlabelled: 'Random weights. The time is real, an answer would not be.',
    nameless: 'Its classes have no names here: there is only its time.',
    time: 'Inference time, median',
    slow: 'Inference time that one in twenty exceeds',
    p95: (time: string) => `p95 ${time}`,
    where: 'Show where',
    whereNamed: (name: string) => `Show where ${name} sees it`,
    rate: 'Frame rate',
    perSecond: (rate: string) => `${rate} frames/s`,
    parameters: (count: string) => `${count} params`,
    macs: (count: string) => `${count} MACs`,
    loading: (title: string) => `Loading ${title}`,
    progress: (loaded: string, total: string) => `${loaded} of ${total}`,
    cancel: 'Cancel',
    tryAgain: 'Try again',
    restart: 'Restart',
    moved: (title: string, network: string) => `${title} is for ${network}: it runs in that column.`,
    homeless: (title: string, network: string) => `${title} is for ${network}: there is no column for it.`,
    anotherNetwork: 'another network',
  },

  weights: {
    other: 'Other weights',
    width: 'Width',
    side: 'Input',
    pixels: (side: number) => `${side} pixels`,
    shaped: (title: string, width: number | null, side: number) =>
      [title, ...(width === null ? [] : [`${width} wide`]), `${side} px`].join(', '),
    precision: 'Computes with',
    precisions: { f32: '32-bit floats', int8: '8 bits', auto: '8 bits where faster' },
    catalogue: 'From the Hugging Face Hub or ModelScope:',
    choose: 'Choose a file of weights…',
    runUntrained: 'Run it untrained, for speed only',
    untrained: 'Untrained',
    wide: (width: string, top1: string | null) => `${width} wide${top1 === null ? '' : `, ${top1}\u00a0% top-1`}`,
    top1: (percent: string) => `${percent}\u00a0% top-1`,
    fetch: (size: string) => `Fetch ${size}`,
    fetchNamed: (name: string, size: string) => `Fetch ${size}: ${name}`,
    fetchAll: (count: number, size: string) => `Fetch weights for ${number(count).toLowerCase()} networks, ${size}`,
    fetchingAll: 'Weights of all networks',
    nowhere: 'no host has it',
    guessed: (title: string) =>
      `${title} came without its config.json, so its settings were guessed and the answers may be wrong. Choose or drop the two files together.`,
    left: (names: readonly string[]) =>
      `${names.join(', ')}: left out. Settings of one of several files must begin with its name, as mine.json does beside mine.safetensors; a model.json is loaded by itself.`,
    before: 'The network loaded before goes on.',
    unsupported: 'This browser has no WebAssembly SIMD. Update it, or use Chrome 91, Firefox 89, Safari 16.4 or later.',
    blocked: (reason: string) => `This page can’t start its engine: ${reason}.`,
    unfetched: (title: string, reason: string) => `${title} could not be fetched: ${reason}. Try again in a while.`,
    offline: 'This device is offline. Connect it and try again, or choose a file from it.',
    wrongFile: (title: string, reason: string) =>
      `${title} is not the file it should be, so it was not used: ${reason}. Try again, or take other weights.`,
    unusable: (title: string, reason: string) => `${title} can’t be used: ${reason}. Choose another file.`,
    memory: (title: string) => `There is not enough memory for ${title}. Close other tabs, or take a narrower network.`,
    unloaded: (title: string, reason: string) => `${title} could not be loaded: ${reason}.`,
    lost: 'it is no longer kept here',
  },

  activation: {
    tour: 'Show where, in turn',
    caption: (name: string, label: string) => `Where ${name} sees “${label}”`,
  },

  tools: {
    section: 'Answers',
    threshold: 'Answers count from',
    copy: 'Copy as JSON',
    copied: 'The answers and times are in the clipboard.',
    byHand: 'Copy this:',
    record: 'Record a minute as CSV',
    recording: (seconds: number) => `Stop recording, ${seconds} s left`,
  },

  scatter: {
    heading: 'Accuracy against time on this device',
    about:
      'Up: how often a network’s first answer is right on ImageNet’s photos of a thousand kinds of things, as published (top-1). To the right: the median time here. How a network was trained counts too: in V1’s paper it has 70.6 %. Dots move as the columns are measured, and are hollow where a network runs untrained; marks on the left are what else the catalogue has.',
    time: 'Time of one frame here, ms',
    accuracy: 'Top-1, %',
    measured: (name: string, top1: string, time: string) => `${name}: ${top1} % top-1, ${time} ms`,
    untrained: (name: string, top1: string, time: string) => `${name}: ${top1} % top-1, ${time} ms, untrained here`,
    unmeasured: (name: string, top1: string) => `${name}: ${top1} % top-1, not run here`,
    unpublished: (names: string) =>
      `Not in the chart, because nobody published an accuracy of these weights: ${names}.`,
    timed: (name: string, time: string) => `${name} (${time} ms)`,
  },

  kept: {
    summary: (count: number, size: string) =>
      `Weights kept on this device: ${count} ${count === 1 ? 'file' : 'files'}, ${size}`,
    all: 'All of them',
    delete: 'Delete',
    deleteNamed: (name: string) => `Delete: ${name}`,
  },

  engine: {
    crashed: 'The engine stopped while this network was at work. Restart it to go on.',
    unloadable: (reason: string) =>
      `The engine stopped, and this network could not be loaded again: ${reason}. Restart it to go on.`,
    running: (build: string, threads: number) =>
      `One engine runs all networks in turn: the ${build} build, ${threads} ${threads === 1 ? 'thread' : 'threads'}.`,
    skipped: (build: string, reason: string) => `Not ${build}: ${reason}.`,
  },

  /** Why something failed or isn't used, from the package's or the browser's English words, and an error's code. */
  reason: (words: string, _code: ErrorCode | null): string => words,

  legend: {
    silhouettes: 'The silhouettes show the papers’ networks block by block.',
    inside: 'channels inside a block, where it filters,',
    passed: 'channels passed on,',
    squeeze: 'squeeze-and-excite.',
  },
};
