import type { text } from '../en';

const runs = (count: number) => `${count} 次`;
const threads = (count: number) => `${count} 个线程`;

export const bench: (typeof text)['bench'] = {
  title: 'MobileNet：在本机测速',
  description: 'MobileNet V1、V2、V3 和 V4 在此浏览器中有多快：逐个版本、逐层测量。',
  subtitle: '在本机测速',
  privacy: '在本机的处理器上运行，不发送任何数据。',
  toPage: '网络看到了什么',
  runs,
  threads,

  opening: {
    section: '测量',
    invitation: '在这里有多快？',
    best: '各网络最快的版本',
    measure: '开始测量',
    stop: '停止',
    effort: '次数',
    quick: (count) => `快速：各 ${count} 次`,
    thorough: (count) => `充分：各 ${count} 次`,
    asked: (count) => `按要求：各 ${runs(count)}`,
    results: '结果',
    exportJson: '导出 JSON',
    copyMarkdown: '复制为 Markdown',
    progress: '测量进度',
    byHand: '请复制：',
    copied: '已复制。',
    noClipboard: '此页面无法使用剪贴板，请手动复制文本。',
    stopped: '已停止。此前的结果保留。',
    brokeOff: (reason) => `测量中断：${reason}。`,
    measuring: '正在测量。',
    nothing: '这里什么也测不了。',
    milliseconds: (name, time) => `${name} ${time} 毫秒`,
    fastest: (network, build) => `${network}，${build}。`,
    measured: (networks) => `测量完毕。${networks}。`,
    device: (device) => `本机：${device}。`,
    cores: (count, isolated) => `${count} 个核心，${isolated ? '已' : '未'}跨源隔离`,
  },

  doing: {
    warmingUp: (name, build) => `${name}：正在预热 ${build}`,
    running: (name, from, to, of, build) => `${name}：第 ${from} 至 ${to} 次，共 ${of} 次，${build}`,
    path: (name, from, to, of) => `${name}：从帧到标签，第 ${from} 至 ${to} 次，共 ${of} 次`,
  },

  path: {
    heading: '从帧到标签',
    choice: '读取帧的网络',
    empty: '从摄像头的一帧到标签，每一步的用时将显示在这里。',
    frame: '帧',
    read: '读取',
    resize: '缩放',
    network: '网络',
    answer: '应答',
    total: '合计',
    medians: (count) => `${runs(count)}的中位数`,
    noFrames: '此浏览器不支持 VideoFrame',
    failed: (name, reason) => `${name} 无法读取帧：${reason}。`,
  },

  results: {
    heading: '版本',
    caption: '各网络在各版本中一次推理的用时',
    build: '版本',
    minimum: '最短',
    median: '中位数',
    rate: '速率',
    share: '占峰值',
    show: (build, name) => `${build}：显示 ${name} 的各层`,
    unavailable: '不可用',
    failed: '失败',
    notMeasured: (builds, reason) => `未测量 ${builds}，原因：${reason}。`,
    broken: (name, build, reason) => `${name} 在 ${build} 中失败：${reason}。`,
    crashed: (reason) => `其工作线程崩溃：${reason}`,
    memory: '内存不足。请关闭其他标签页后重新测量',
  },

  layers: {
    heading: '各层',
    choice: '查看各层的网络',
    empty: '各网络的各层测量后将显示在这里。',
    kinds: '各类层所占的份额',
    scrollable: '各层，可滚动',
    layer: '层',
    macs: '乘加',
    millions: '百万',
    time: '用时',
    rate: '速率',
    count: (count, time, on) => `${count} 层，${on}用时 ${time} ms`,
    peak: (peak) => `单核峰值 ${peak}`,
    share: (percent) => `占总用时的 ${percent}`,
  },

  about: {
    builds:
      '程序包的每个版本以 224 像素运行每个网络。权重是随机的：无论数值如何，一次乘加的用时相同。每个版本先做一次逐层测量，再预热十次；随后各版本轮流运行，每轮五次，使设备偶尔变慢时影响到所有版本。每轮的第一次缓存尚冷，不计入。标签页处于后台时的轮次会重做。',
    times:
      '用时只含网络本身，在其工作线程中测得，即 `classify` 的 `timing.inference`。速率取最快一次，每次乘加计两次运算。峰值是同一版本在单核上仅用寄存器做乘加所达到的速率，取最好的读数，再乘以线程数。页面未跨源隔离时浏览器的时钟较粗：在 Chromium 中为 0.1 毫秒。',
    path: '从帧到标签：每个网络以其最快的版本读取摄像头那样的帧，每种尺寸次数相同。读取是把网络看到的像素复制到其内存，缩放是由此得到网络的输入，应答是 `timing.total` 中余下的部分：取帧，以及往返工作线程。',
  },
};
