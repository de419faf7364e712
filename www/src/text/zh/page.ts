import type { ErrorCode } from 'mobilenet-wasm';
import type { text } from '../en';

const NUMBERS = ['零', '一', '两', '三', '四', '五'];
const number = (count: number) => NUMBERS[count] ?? String(count);

/** Two English words in a row. The page's own reasons have none. */
const ENGLISH = /[A-Za-z]{2,} [a-z]{2,}/;

/** What English words of the package say more exactly than an error's code. */
const REASONS: [RegExp, string][] = [
  [/cross-origin isolated/, '线程需要跨源隔离的页面'],
  [/no relaxed SIMD/, '此浏览器不支持 relaxed SIMD'],
  [/no WebAssembly SIMD/, '此浏览器不支持 WebAssembly SIMD'],
  [/(\S+) could not be reached/, '无法访问 $1'],
  [/(\S+) answered (\d+)/, '$1 返回了 $2'],
];

/** Chinese counts in 万 (ten thousands) and 亿 (hundred millions). */
function rounded(count: number): string {
  // What would be 10000 万 is 1.00 亿.
  if (count >= 99_995_000) return `${(count / 1e8).toFixed(2)} 亿`;
  return `${(count / 1e4).toFixed(count < 1e6 ? 1 : 0)} 万`;
}

const CODES: Record<ErrorCode, string> = {
  BAD_WEIGHTS: '文件损坏，或不是权重文件',
  UNKNOWN_NETWORK: '无法识别其中的网络',
  BAD_CONFIG: '其配置无法使用',
  BAD_INPUT: '输入不可用',
  FETCH_FAILED: '没有取到文件',
  CHECKSUM: '校验和不符',
  ABORTED: '已取消',
  DISPOSED: '网络已被移除',
  UNSUPPORTED: '此浏览器不支持',
  BLOCKED: '页面的内容安全策略不允许',
  CRASHED: '引擎停止了',
  OUT_OF_MEMORY: '内存不足',
};

export const page: (typeof text)['page'] = {
  title: 'MobileNet：五个网络看同一帧',
  description: 'MobileNet V1、V2、V3 和 V4 在本机处理器上识别同一帧画面。',
  subtitle: '五个网络看同一帧',
  rounded,
  privacy: '一切都在本机的处理器上运行，画面不会离开这台设备。',
  toBench: '有多快？',
  languages: '语言',

  picture: {
    section: '画面',
    empty: '把图片拖放或粘贴到这里，或者打开摄像头。',
    open: '打开图片…',
    save: '保存图片',
    choosePart: '选取一部分',
    wholePicture: '恢复全部',
    region: '画面。拖动可让网络只看一部分；双击恢复全部。键盘：加号、减号、方向键、Esc。',
    samples: '示例图片',
    chelsea: '小猫切尔西',
    coffee: '一杯咖啡',
    flower: '一朵花',
    temple: '中国的寺庙',
    rocket: '起飞的火箭',
    astronaut: '宇航员',
    publicDomain: '公有领域',
    credits: '示例图片：',
    pasted: '粘贴的图片',
    prepared: (time) => `读取并缩放一帧用时 ${time}，供所有网络共用`,
    undecodable: (name) => `浏览器无法读取图片 ${name}。请换用 PNG、JPEG 或 WebP。`,
    unusable: (names, endings) =>
      `${names}：请拖入图片，或权重文件：${endings.join('、')}，其中 zip 可以来自 Teachable Machine。`,
    unread: (reason) => `无法读取这张图片：${reason}。`,
  },

  camera: {
    start: '打开摄像头',
    stop: '关闭摄像头',
    choice: '摄像头',
    size: '摄像头分辨率',
    front: '前置摄像头',
    back: '后置摄像头',
    pause: '暂停',
    resume: '继续',
    paused: '已暂停的摄像头画面',
    unnamed: (number) => `摄像头 ${number}`,
    none: '没有找到摄像头。请接上摄像头后重试，或打开一张图片。',
    blocked: '此页面被禁止使用摄像头。请在地址栏旁允许后重试，或打开一张图片。',
    busy: '摄像头没有响应，可能正被其他程序占用。请关闭该程序后重试。',
    gone: '该摄像头已不可用。请选择其他摄像头后重试。',
    failed: (reason) => `无法打开摄像头：${reason}。请改为打开一张图片。`,
    insecure: '浏览器只允许 https: 页面和 localhost 使用摄像头。请改为打开一张图片。',
    ended: '摄像头已被拔出或关闭。请重新接上后再试，或打开一张图片。',
    hidden: '此标签页处于后台，识别已暂停。回到此页即可继续。',
  },

  verdict: {
    kicker: '它们看到了什么',
    invitation: '让五个网络看同一样东西。',
    unsure: '没有一个网络足够有把握',
    untrained: '未经训练，它们还什么都看不懂。',
    alone: (name) => `只有 ${name} 作答`,
    both: '两者一致',
    all: (count) => `${number(count)}个网络一致`,
    allDiffer: (count) => `${number(count)}种答案`,
    split: '势均力敌',
    against: (count) => `${count} 比 ${count}`,
    most: (count, of) => `${number(of)}个中有${number(count)}个一致`,
    spoken: (kicker, label) => `${kicker}：${label}`,
  },

  column: {
    section: '各代网络',
    ideas: {
      v1: '把一次卷积拆成两步：先逐通道滤波，再用 1×1 卷积混合通道，即深度可分离卷积。计算量减少到八分之一至九分之一。',
      v2: '把瓶颈结构里外翻转，即倒置残差：先扩展，再滤波，最后不加激活地压缩（线性瓶颈），跳跃连接架在两个窄端之间。',
      'v3-small': '由搜索得到、面向手机的结构。挤压-激励为各通道加权，h‑swish 作激活函数。',
      'v3-large': '同样的搜索，计算量放宽到 V3-Small 的近四倍：仍只有 V2 的四分之三，准确率却更高。',
      'v4-conv-small': '一种通用模块，有四种形式，V2 的模块是其中之一；由搜索来安排，在多种硬件上都快。',
      'v4-conv-medium': null,
      'mnasnet-b1': null,
      'efficientnet-lite0': null,
    },
    paper: (name) => `MobileNet ${name} 的论文`,
    run: (name) => `运行 ${name}`,
    weights: (name) => `${name} 的权重`,
    silhouette: (name, blocks, first, last) => `${name}：${blocks} 个模块，通道数从 ${first} 到 ${last}`,
    unlabelled: '权重是随机的：用时是真实的，答案没有意义。',
    nameless: '它的类别在这里没有名称，只显示用时。',
    time: '推理用时（中位数）',
    slow: '二十次中有一次超过的推理用时',
    p95: (time) => `p95 ${time}`,
    where: '看哪里',
    whereNamed: (name) => `显示 ${name} 在看哪里`,
    rate: '帧率',
    perSecond: (rate) => `${rate} 帧/秒`,
    parameters: (count) => `参数 ${count}`,
    macs: (count) => `乘加 ${count}`,
    loading: (title) => `正在载入 ${title}`,
    progress: (loaded, total) => `${loaded} / ${total}`,
    cancel: '取消',
    tryAgain: '重试',
    restart: '重新启动',
    moved: (title, network) => `${title} 属于 ${network}，已在对应的一栏中运行。`,
    homeless: (title, network) => `${title} 属于 ${network}，这里没有对应的一栏。`,
    anotherNetwork: '另一种网络',
  },

  weights: {
    other: '其他权重',
    width: '宽度',
    side: '输入',
    pixels: (side) => `${side} 像素`,
    shaped: (title, width, side) => [title, ...(width === null ? [] : [`宽度 ${width}`]), `${side} 像素`].join('，'),
    precision: '计算精度',
    precisions: { f32: '32 位浮点', int8: '8 位', auto: '更快时用 8 位' },
    catalogue: '来自 Hugging Face Hub 或 ModelScope：',
    choose: '选择权重文件…',
    runUntrained: '用随机权重运行，只看速度',
    untrained: '未训练',
    wide: (width, top1) => `宽度 ${width}${top1 === null ? '' : `，top-1 ${top1}\u00a0%`}`,
    top1: (percent) => `top-1 ${percent}\u00a0%`,
    fetch: (size) => `下载 ${size}`,
    fetchNamed: (name, size) => `下载 ${size}：${name}`,
    fetchAll: (count, size) => `下载${number(count)}个网络的权重，${size}`,
    fetchingAll: '全部网络的权重',
    nowhere: '没有站点提供它',
    guessed: (title) => `${title} 缺少 config.json，其设置是推测的，答案可能有误。请同时选择或拖入这两个文件。`,
    left: (names) =>
      `${names.join('、')}：没有采用。同时有多个权重文件时，各自的设置文件须以其文件名开头，例如 mine.safetensors 与 mine.json；model.json 须单独载入。`,
    before: '之前载入的网络继续运行。',
    unsupported: '此浏览器不支持 WebAssembly SIMD。请更新，或使用 Chrome 91、Firefox 89、Safari 16.4 及以上版本。',
    blocked: (reason) => `此页面无法启动引擎：${reason}。`,
    unfetched: (title, reason) => `无法下载 ${title}：${reason}。请稍后重试。`,
    offline: '设备处于离线状态。请联网后重试，或从本机选择文件。',
    wrongFile: (title, reason) => `${title} 不是应有的文件，因此没有使用：${reason}。请重试，或换用其他权重。`,
    unusable: (title, reason) => `${title} 无法使用：${reason}。请选择其他文件。`,
    memory: (title) => `内存不足，无法载入 ${title}。请关闭其他标签页，或选用更窄的网络。`,
    unloaded: (title, reason) => `无法载入 ${title}：${reason}。`,
    lost: '它已不在本机',
  },

  activation: {
    tour: '轮流显示各网络所见',
    caption: (name, label) => `${name} 在这里看到“${label}”`,
  },

  tools: {
    section: '答案',
    threshold: '计入答案的最低概率',
    copy: '复制为 JSON',
    copied: '答案和用时已复制到剪贴板。',
    byHand: '请复制：',
    record: '记录一分钟（CSV）',
    recording: (seconds) => `停止记录，还剩 ${seconds} 秒`,
  },

  scatter: {
    heading: '本机上的准确率与用时',
    about:
      '纵轴为公布的准确率：对 ImageNet 上一千类照片，第一个答案正确的比例（top-1）；横轴为本机用时的中位数。训练方法也有影响：V1 的论文中是 70.6 %。圆点随各栏的测量而移动，空心的表示以随机权重运行；左侧的短线是目录中的其他网络。',
    time: '本机处理一帧的用时，毫秒',
    accuracy: 'top-1，%',
    measured: (name, top1, time) => `${name}：top-1 ${top1} %，${time} 毫秒`,
    untrained: (name, top1, time) => `${name}：top-1 ${top1} %，${time} 毫秒，在这里未经训练`,
    unmeasured: (name, top1) => `${name}：top-1 ${top1} %，未在本机运行`,
    unpublished: (names) => `图中没有 ${names}：这些权重没有公布的准确率。`,
    timed: (name, time) => `${name}（${time} 毫秒）`,
  },

  kept: {
    summary: (count, size) => `保存在本机的权重：${count} 个文件，${size}`,
    all: '全部',
    delete: '删除',
    deleteNamed: (name) => `删除：${name}`,
  },

  engine: {
    crashed: '引擎在运行此网络时停止了。请重新启动以继续。',
    unloadable: (reason) => `引擎停止了，并且无法重新载入此网络：${reason}。请重新启动以继续。`,
    running: (build, threads) => `所有网络轮流在同一个引擎中运行：${build} 版本，${threads} 个线程。`,
    skipped: (build, reason) => `未使用 ${build}：${reason}。`,
  },

  reason(words, code) {
    if (!ENGLISH.test(words)) return words;
    for (const [pattern, said] of REASONS) {
      const found = pattern.exec(words);
      if (found) return said.replace(/\$(\d)/g, (_, group: string) => found[Number(group)]);
    }
    // What else the English says is left out.
    return code ? CODES[code] : '原因不明';
  },

  legend: {
    silhouettes: '剪影逐模块地画出论文中的网络：',
    inside: '模块内部做滤波的通道，',
    passed: '向后传递的通道，',
    squeeze: '挤压-激励。',
  },
};
