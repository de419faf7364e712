import type { FitMeasured } from '../../story/fit-measured';

/** What the sections below the columns say. */
export const figures = {
  contents: 'What changed, and why',
  channel: (channel: number, channels: number) => `channel ${channel + 1} of ${channels}`,
  filter: (rows: string) => `Filter: ${rows}`,
  pixels: 'Pixels of the map',
  untrained: (names: string) => `There are no weights for ${names} here, so what the maps show is chance.`,
  waiting: 'This figure waits for a picture: start the camera above, or open one.',
  failed: (reason: string) => `This figure could not look at the frame: ${reason}.`,

  depthwise: {
    title: 'Filter each channel by itself, then mix',
    prose: [
      'Inside a network the picture becomes many maps, its channels. A convolution does two jobs at once: it looks at a pixel’s neighbours, and it mixes all channels. For every output channel it has a filter, a small grid of weights, over every input channel.',
      'V1 splits the jobs. A depthwise convolution gives each channel one filter of its own. A pointwise convolution, 1×1, then mixes the channels at each pixel. Together they cost 1/C + 1/k² of the full convolution, for C output channels and a filter of k×k: with 3×3 filters eight to nine times less, in V1’s wide layers.',
      'Choose a channel and see its filter work. Then move the sliders: both forms run on this device.',
    ],
    chooseBlock: 'Block of V1',
    block: (number: number) => `block ${number}`,
    inputs: 'Channels that go in',
    mixed: 'Channels that come out',
    stepInputs: 'Channels go in',
    stepFilter: 'Each has its own filter',
    stepMix: 'Then all are mixed',
    weights: 'Weights of the filter',
    filtered: (channel: number, weights: number, most: string) =>
      `Channel ${channel + 1}: ${weights} weights, which see no other channel. What comes out is ${most} at most.`,
    pixel: (x: number, y: number, sum: string, bias: string, total: string, value: string) =>
      `At (${x}, ${y}) the products add up to ${sum}; with the bias, ${bias}, to ${total}. ReLU6 makes ${value} of it.`,
    sum: (channel: number, channels: number) =>
      `Output ${channel + 1}: at each pixel a weighted sum of all ${channels} filtered channels.`,
    costs: {
      title: 'What it saves, here',
      kernel: 'Filter k',
      inChannels: 'Channels in',
      outChannels: 'Channels out',
      height: 'Height H',
      width: 'Width W',
      full: 'Full convolution',
      separable: 'Depthwise + pointwise',
      counted: 'Multiply-adds',
      timed: 'Time on one core of this device',
      timing: 'Timing both…',
      tooLarge: 'too much work to wait for',
      both: (fewer: string, faster: string) => `${fewer} times fewer multiply-adds, ${faster} times less time.`,
      slower: (fewer: string, slower: string) => `${fewer} times fewer multiply-adds, but ${slower} times the time.`,
      follows: 'The time follows the count.',
      gathers:
        'The time doesn’t follow the count: for each multiply-add the full convolution takes longer here than the separated form.',
      differs: (work: string, time: string) =>
        `The time doesn’t follow the count: the depthwise part is ${work} of the separated form’s multiply-adds and ${time} of its time. It does little with each value that it reads.`,
    },
    plane: {
      label:
        'The share of a full convolution’s work that the separated form has, over the output channels; V1’s blocks as points',
      vertical: 'share of the full convolution’s work',
      horizontal: 'output channels',
      point: (blocks: string, channels: number, share: string) =>
        `V1, block ${blocks}: ${channels} output channels, ${share}`,
    },
  },

  relu: {
    title: 'What ReLU destroys',
    prose: [
      'ReLU, the activation after most layers, makes every value below zero zero; ReLU6 also cuts above six. With few channels that is final: what was cut off is in no other channel.',
      'The V2 paper shows it with a spiral: a random matrix takes each point into n dimensions, ReLU cuts, and the pseudo-inverse leads back. With two or three dimensions much of it is gone; with thirty there are copies enough.',
      'So V2 widens before it cuts, and leaves the narrow ends linear, that is, uncut. V1 cuts everywhere, and a channel that is zero feeds a filter that has nothing to do. Below: the channels that are zero at every pixel of your picture, layer by layer.',
    ],
    spiral: 'There and back through ReLU',
    before: 'The spiral',
    after: 'What comes back',
    dimensions: 'Dimensions n',
    again: 'Another matrix',
    lost: (n: number, share: string) =>
      `Of ${share} of the spiral fewer than two of ${n} values are left: no place in the plane can be told from them.`,
    here: 'Channels that are zero everywhere in this frame',
    kinds: {
      filter: 'depthwise, with activation',
      widen: 'pointwise, with activation',
      narrow: 'pointwise, linear',
    },
    chart: {
      label: (name: string, most: string) =>
        `Layers of ${name}: at most ${most} of a layer’s channels are zero everywhere`,
      layer: (block: number, part: 'expand' | 'depthwise' | 'project', dead: number, channels: number) =>
        `Block ${block}, ${{ expand: 'widening', depthwise: 'depthwise', project: 'pointwise' }[part]}: ${dead} of ${channels} channels are zero everywhere`,
      first: 'first layer',
      last: 'last',
    },
    total: (v1: string, v2: string) => `Of all channels ${v1} are zero everywhere in V1, ${v2} in V2.`,
    filters: 'Filters of V1 that give nothing',
    dead: 'Zero everywhere',
    living: 'Others of the same layer',
    none: 'In no depthwise layer is a channel zero everywhere.',
    worst: (block: number, dead: number, channels: number, starved: number) =>
      `Block ${block}: ${dead} of ${channels} filters give nothing on this frame; ${starved} of them get nothing either.`,
  },

  residual: {
    title: 'The bottleneck turned inside out',
    prose: [
      'Earlier residual networks passed on many channels and filtered few. V2 turns that around, and calls it the inverted residual: few channels are passed on. Inside a block a 1×1 convolution makes six times as many, a depthwise one filters each, and another 1×1 narrows them again, with no activation: the linear bottleneck.',
      'Where input and output are alike, in ten of its 17 blocks, the input is added: a block only has to learn what to change.',
      'What has to be kept between blocks is the narrow part. Choose a channel and follow it.',
    ],
    chooseBlock: 'Block of V2',
    block: (number: number) => `block ${number}`,
    stages: { input: 'Input', expanded: 'Widened', filtered: 'Filtered', projected: 'Narrowed', sum: 'Sum' },
    skip: 'the input is added',
    added: (channel: number) =>
      `Channel ${channel}: what the block found, and the input, make the sum. All on one scale; blue is above zero, orange below.`,
    filteredTold: (channel: number, before: string, after: string) =>
      `Channel ${channel} inside: up to ${before} before its filter, up to ${after} behind it.`,
    memory: 'Memory of the wide part against the narrow one',
    wide: 'Widened',
    narrow: 'Input',
    memoryTold: (times: string) =>
      `${times} times as much. On large maps this page’s engine never holds the wide part: it widens and filters eight channels at a time.`,
  },

  squeeze: {
    title: 'Each channel gets a gate',
    prose: [
      'A 1×1 convolution mixes channels the same way for every picture. Squeeze-and-excite looks at the whole map first. It squeezes each channel to its mean, sends the means through two small layers, and gets a gate for each channel, from 0 to 1, by which the map is multiplied.',
      'V3-Small has such gates in nine of its eleven blocks. In each the first layer has a quarter of the channels. V3 makes the gate cheap: a hard sigmoid, ReLU6(x + 3) / 6, in place of a smooth one, so that many gates are exactly 0 or 1.',
      'Show it something else, and other gates open. Below is the answer with all of them forced open.',
    ],
    chooseBlock: 'Block of V3-Small',
    block: (number: number) => `block ${number}`,
    chart: (channels: number) => `The gates of ${channels} channels, the strongest first`,
    gate: (channel: number, gate: string) => `channel ${channel}: ${gate}`,
    told: (channels: number, shut: number, open: number) =>
      `${channels} gates: ${shut} shut, ${open} wide open, the others in between.`,
    strongest: 'Maps before the strongest gates',
    weakest: 'Maps before the weakest',
    answer: 'What it makes of the answer',
    learned: 'With its gates',
    open: 'All forced open',
    named: (label: string, probability: string) => `${label}, ${probability}`,
    unnamed: (index: number, probability: string) => `class ${index}, ${probability}`,
    minimalistic:
      'The weights in V3-Small’s column are of its minimalistic form, which has no gates. Choose others there.',
  },

  hswish: {
    title: 'A curve that costs next to nothing',
    prose: [
      'Swish, x · sigmoid(x), makes deep networks more accurate than ReLU does. It dips below zero before it rises. But the sigmoid has an exponential in it, for each of millions of values.',
      'V3 puts straight pieces in the sigmoid’s place: h‑swish is x · ReLU6(x + 3) / 6. Nowhere is it more than 0.142 from swish, at ±3, and it takes a few multiplications and comparisons.',
      'Beside the curves: how often V3-Small’s last wide layer gives each value on your picture. In orange those that ReLU would have cut off.',
    ],
    names: { relu6: 'ReLU6', 'hard-swish': 'h-swish', swish: 'swish' },
    chart: 'ReLU6, h-swish and swish from −6 to 6',
    differenceChart: 'h-swish minus swish, from −6 to 6',
    histogram: 'values in this frame, root scale',
    place: 'At x =',
    told: (values: string, apart: string) => `${values}. h-swish minus swish: ${apart}.`,
    dip: (share: string) => `${share} of these values are below zero, in the dip.`,
    minimalistic: 'The weights in V3-Small’s column are of its minimalistic form, which has ReLU in place of h-swish.',
    difference: 'h-swish minus swish',
    times: 'A million values on one core of this device',
    faster: (ratio: string) =>
      `h-swish takes 1/${ratio} of the time of swish, both in our code, four values at a time.`,
    slower: (ratio: string) =>
      `Here h-swish takes ${ratio} times the time of swish, both in our code, four values at a time.`,
    noTime: 'The clock of this browser saw no time pass.',
    again: 'Time again',
  },

  search: {
    title: 'Shaped by a search for a device',
    prose: [
      'V1 and V2 were drawn by people who counted multiplications. V3’s blocks were found by a search that timed candidates on a phone and gave each MnasNet’s reward: accuracy × (time / target)^w, with w = −0.07, and −0.15 for V3-Small. The further w is below zero, the more time counts. NetAdapt then narrowed single layers, and people redrew the first and last ones.',
      'Equal work can take unequal time. A depthwise layer does little with each value that it reads, and each device differs. Measure yours: each network as a line of its layers, as wide as the time that they take here. Choose one for its numbers.',
      'Then let this device rank the catalogue.',
    ],
    profile: 'Profile the five networks',
    rank: 'Time the catalogue',
    measuring: (number: number, of: number) => `Measuring ${number} of ${of}…`,
    profiles: 'Where the time goes',
    groups: {
      stem: 'full convolution',
      depthwise: 'depthwise',
      pointwise: 'pointwise',
      fused: 'pointwise and depthwise in one',
      rest: 'dense, pooling, gates',
    },
    stepsOf: (name: string) => `Layers of ${name}`,
    total: (time: string, macs: string) => `${time} · ${macs} MACs`,
    inBlock: (block: string, step: string) => `${block}, ${step}`,
    whole: (block: string, facts: string) => `All of ${block}: ${facts}`,
    stride: 'stride',
    parameters: (count: string) => `${count} parameters`,
    block: (number: number) => `block ${number}`,
    steps: {
      stem: 'stem',
      'start depthwise': 'depthwise before widening',
      expand: 'widening',
      depthwise: 'depthwise',
      'expand + depthwise': 'widening and depthwise',
      pool: 'pooling',
      squeeze: 'squeeze',
      excite: 'excite',
      scale: 'gating',
      project: 'narrowing',
      'last pointwise': 'last pointwise',
      head: 'head',
      classifier: 'classifier',
    },
    unmeasured: 'Nothing is measured yet.',
    choose: 'Choose a layer.',
    ranks: 'The catalogue by work and by time',
    rankLabel: 'The networks of the catalogue, ordered by multiply-adds on the left and by time on the right',
    byWork: 'least multiply-adds first',
    byTime: 'least time first, here',
    correlation: (rho: string, networks: number) =>
      `Rank correlation of work and time over ${networks} networks: ${rho}. It would be 1 if both put them in the same order.`,
    reward: 'What the search would choose here',
    exponent: 'Exponent w',
    rewardTold: (target: string, best: string) =>
      `Published top-1 accuracy × (time here / target)^w, with V2’s ${target} ms as the target. The most goes to ${best}. The target changes no order, the exponent does.`,
    inPaper: (name: string, top1: string, time: string, reward: string, rank: number, of: number) =>
      `With its paper’s ${top1} % and ${time} ms here, ${name} gets ${reward}: rank ${rank} of ${of}.`,
  },

  fit: {
    title: 'Searched for your device',
    prose: [
      'Move the camera for twenty seconds: 128 frames are kept, in memory alone. Every network reads them, also on smaller inputs, and on 8 bits where that is faster; so do pairs, a small one first and a large one where it isn’t sure.',
      'Then drag the line to the time that you allow. The page takes what agrees most with the reference, whose answers count as right here. MnasNet’s reward, agreement × (time / target)^−0.07, hardly counts time, so it is only shown.',
      'V3’s search trained its candidates; this one can’t, and chooses among trained networks. It guesses no accuracy: it measures agreement. Parameters alone rank the catalogue almost as published top-1 does (rank correlation 0.95).',
    ],
    reference: 'Reference',
    record: (seconds: number) => `Record ${seconds} seconds`,
    crops: 'Search on this picture',
    stills: (count: number) =>
      `The camera is off: ${count} crops of this picture stand in for its frames, taken as a camera would see it that is moved over it.`,
    needsWeights: 'A search needs trained weights, and no column has any.',
    toColumns: 'Fetch some in the columns.',
    recording: 'Recording. Move the camera about.',
    cropping: 'Cropping the picture…',
    measuring: (number: number, of: number) => `Measuring ${number} of ${of}… The columns rest meanwhile.`,
    measured: (points: number, frames: number) =>
      `${points} set-ups measured on ${frames} frames: half of these choose, the other half verify.`,
    cancelled: 'Cancelled. Everything is as it was.',
    failed: (reason: string) => `That went wrong: ${reason}. Everything is as it was.`,
    pictureChanged: 'the picture changed',
    preview: 'The frame that was kept last',
    progress: 'Progress of the search',
    target: 'Time allowed',
    time: 'Time of one frame, ms',
    agreement: 'Agreement',
    plot: (points: number) => `Time against agreement with the reference, ${points} networks`,
    point: (name: string, time: string, agreement: string) => `${name}: ${time} ms, ${agreement}, measured here`,
    network: (name: string, side: number, precision: string) => `${name} (${side} px, ${precision})`,
    cascade: (small: string, large: string, margin: string, escalated: string) =>
      `${small}; where its two best answers are closer than ${margin}, ${large} answers: on ${escalated} of the frames`,
    legend: { cascade: 'a pair that nothing beats', eightBits: 'on 8 bits' },
    tooFast: (nearest: string, time: string) => `Nothing is as fast as that. The fastest takes ${time} ms: ${nearest}.`,
    facts: { network: 'Network', time: 'Time', agreement: 'Agreement', reward: 'Reward', top1: 'ImageNet top-1' },
    marks: { here: 'measured here', published: 'published' },
    verified: (agreement: string, low: string, high: string, frames: number) =>
      `${agreement} of ${frames} frames that it wasn’t chosen by (95 %: ${low} to ${high})`,
    rewards: (times: string, cost: string, agreements: readonly string[], rewards: readonly string[]) =>
      `Along the frontier agreement goes from ${agreements[0]} to ${agreements[1]}, the reward from ${rewards[0]} to ${rewards[1]}: ${times} times the time takes only ${cost} off it.`,
    all: (points: number) => `All ${points} networks by themselves`,
    notes: ({ frames, agreement, pair }: FitMeasured) =>
      `Times are those of the kept frames, 256 pixels a side; to resize a larger picture takes a little longer. On smaller inputs nobody published these weights’ accuracy: what papers give there is of weights that were trained there. Agreement holds for scenes like those kept. Its interval takes frames as independent; neighbours aren’t, so the true one is wider. On five photos of ours, seen by a moving camera, the choices agreed in ${agreement.less.toFixed(1)} points less to ${agreement.more.toFixed(1)} points more of ${frames} other frames than expected; V3-Small, then V2, agreed with V2 in ${pair.agreement.toFixed(1)} % of them at ${pair.time.toFixed(2)} of its time.`,
    export: 'Export as JSON',
    apply: 'Apply',
    undo: 'Undo',
    applying: 'Loading…',
    applied: (column: string) => `It runs in the column of ${column} now.`,
    appliedCascade: 'The pair runs now, below: it reads up to ten frames a second while this figure is on the screen.',
    refused: (column: string) =>
      `It could not be loaded: the column of ${column} says why. The network before goes on.`,
    undone: 'What ran before runs again.',
    notUndone: 'What ran before could not be loaded: its column says why.',
    alone: (small: string) => `${small} answered alone.`,
    escalated: (small: string, large: string) => `${small} wasn’t sure; ${large} answered.`,
    scene: {
      title: 'This scene only',
      prose: [
        'A camera that always looks at one scene hardly needs a network for a thousand classes. As in NetAdapt, which V3 used, channels go in steps: of the ways to save 3 % of the time the three cheapest are tried on your frames, and the one stays that changes the answers least. NetAdapt trains after each step; here least squares finds the next layer’s weights anew.',
        'The network goes on working here and forgets everything else, as the two lines show.',
      ],
      network: 'Network',
      record: (seconds: number) => `Record ${seconds} seconds and shrink`,
      crops: 'Shrink on this picture',
      progress: 'Progress of the shrinking',
      learning: 'Looking at what goes on inside… The columns rest meanwhile.',
      timing: 'Timing the layers at four widths…',
      removing: (step: number) => `Step ${step}: channels go…`,
      done: (steps: number, frames: number) =>
        `${steps} steps on ${frames} frames: half of these choose, the other half verify.`,
      stopped: (steps: number) => `Stopped after ${steps} steps. What runs is as it was.`,
      nothing: 'there are no channels that could go',
      lines: { scene: 'This scene', others: 'Other photos' },
      plot: (steps: number) => `Time against agreement with the whole network, ${steps} steps`,
      time: 'Time, of the whole network’s, measured here',
      step: 'Step',
      stepOf: (step: number, of: number) => `${step} of ${of}`,
      facts: { removed: 'Channels', time: 'Time' },
      none: 'all of them',
      removed: (block: number, from: number, to: number) => `${to} of ${from} stay inside block ${block}`,
      times: (measured: string, predicted: string) =>
        `${measured} of the whole network’s; by the table of layers and the step before it would be ${predicted}`,
      onScene: (agreement: string, frames: number) => `${agreement} of ${frames} frames that it wasn’t chosen by`,
      onOthers: (agreement: string, crops: number, pictures: number) =>
        `${agreement} of ${crops} crops of ${pictures} sample photos`,
      weights: (name: string, time: string) => `${name}, for one scene, ${time} of the time`,
    },
  },

  universal: {
    title: 'One block in four forms',
    prose: [
      'V4’s universal inverted bottleneck is V2’s block with two switches: a depthwise convolution before the widening, and one in the middle. Both, either or none gives four blocks, three of them known from elsewhere, and a search chooses at each place.',
      'Filtering before the widening is cheap, since there are few channels; filtering in the middle sees more of them. Without both, a block only mixes. The result is fast on many kinds of hardware: the paper names CPUs, DSPs, GPUs and accelerators of phones.',
      'Turn the switches. Below are the blocks that V4 is made of.',
    ],
    start: 'Depthwise before the widening',
    middle: 'Depthwise in the middle',
    input: 'Input',
    parts: {
      'start depthwise': 'Depthwise',
      expand: 'Widen, 1×1',
      depthwise: 'Depthwise',
      project: 'Narrow, 1×1',
    },
    kinds: {
      inverted: {
        letter: 'I',
        name: 'Inverted bottleneck',
        told: 'V2’s block: it filters where there are most channels.',
      },
      convnext: {
        letter: 'C',
        name: 'ConvNext-like',
        told: 'It filters before the widening, so that a large filter costs little.',
      },
      extra: { letter: 'E', name: 'Extra depthwise', told: 'It filters twice, and sees furthest.' },
      feedforward: {
        letter: 'F',
        name: 'Feed-forward',
        told: 'It filters nothing, and mixes channels only: two plain 1×1 convolutions.',
      },
    },
    cost: (shape: string, inside: number, kernel: number, macs: string) =>
      `For ${shape}, ${inside} channels inside and filters of ${kernel}×${kernel}: ${macs} multiply-adds.`,
    convolution: 'Full convolution',
    present: (number: number) =>
      `The maps are those of V4-Conv-Small’s block ${number}, its first of this kind; of each layer the liveliest channel.`,
    absent: 'V4-Conv-Small has no such block.',
  },

  teach: {
    title: 'Teach them classes of your own',
    prose: [
      'Before its classifier a network has turned the picture into a thousand numbers or so, its features. Pictures of one thing lie close together there, also of things that ImageNet has no name for.',
      'Name two things or more, and hold a thing’s button while the camera sees it: that keeps the features of some frames. Each network then names what it sees by its five nearest examples.',
      'Nothing is trained, and no picture is kept. How good a network’s features are, its examples tell: each is left out in turn and named by all the others.',
    ],
    preview: 'What the networks look at',
    unnamed: (number: number) => `Thing ${number}`,
    name: 'Name of the class',
    hold: 'Hold to add',
    holdFor: (name: string) => `Hold to add frames to ${name}`,
    remove: (name: string) => `Remove ${name} and its examples`,
    another: 'Another class',
    taken: (name: string) => `There is a class called ${name} already.`,
    enough: (most: number) => `${most} examples of one class are enough.`,
    answers: 'What each sees, by its nearest examples',
    examples: (count: number) => `${count} ${count === 1 ? 'example' : 'examples'}`,
    accuracy: (share: string) => `${share} named rightly, each left out in turn`,
    alike: 'Frames of one press are nearly alike, so that share flatters. Press again from elsewhere.',
    untrained: 'random weights',
    export: 'Export as JSON',
    import: 'Import…',
    notJson: 'it isn’t JSON',
    noLessons: 'there are no lessons in it',
    noneRuns: (networks: readonly string[]) =>
      `none of the networks that were taught runs here now (${networks.join('; ')})`,
    unread: (file: string, reason: string) => `${file} was not imported: ${reason}. Your examples are as they were.`,
    left: (networks: readonly string[]) =>
      `What these were taught was left out, since they don’t run here now: ${networks.join('; ')}.`,
  },
};
