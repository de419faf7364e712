// @ts-nocheck The arguments have wrong types on purpose.
// Tests calls that are wrong on purpose. Each rejects soon, with a MobileNetError that has the right code and names the fault.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHOTOS, installHelpers, lightest, noWorkers, open, openBlank } from './harness.js';

let session;
/** @type {import('playwright-core').Page} */
let page;
before(async () => {
  session = await open();
  page = await openBlank(session);
  await page.evaluate(installHelpers, lightest);
  await page.evaluate(installTable);
});
after(() => session?.close());

/** Runs in the page: defines the wrong values, and a function that tries a table of calls. */
function installTable() {
  const throwing = (what) => ({
    get [what]() {
      throw new Error('a getter that throws');
    },
  });
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  /** Values of every type, by their names in this test's messages. */
  const VALUES = {
    undefined: undefined,
    null: null,
    true: true,
    zero: 0,
    five: 5,
    negative: -1,
    fraction: 2.5,
    NaN: NaN,
    Infinity: Infinity,
    huge: 2 ** 53,
    bigint: 5n,
    'empty string': '',
    string: 'wrong',
    'digits in a string': '5',
    Symbol: Symbol('wrong'),
    function: () => {},
    'empty object': {},
    'empty array': [],
    array: [1, 2, 3],
    Map: new Map([['a', 1]]),
    Promise: Promise.resolve({}),
    Response: new Response('{}'),
    ArrayBuffer: new ArrayBuffer(8),
    'detached ArrayBuffer': detached,
    Date: new Date(),
    RegExp: /x/,
    Error: new Error('wrong'),
    Float64Array: new Float64Array(224 ** 2 * 3),
    AbortController: new AbortController(),
    'what only calls itself AbortSignal': {
      aborted: false,
      addEventListener() {},
      [Symbol.toStringTag]: 'AbortSignal',
    },
    'what inherits from AbortSignal': Object.create(AbortSignal.prototype),
    'an object that is no string': {
      toString() {
        throw new Error('no string');
      },
    },
    'an object without a prototype': Object.assign(Object.create(null), { a: 1n }),
    'revoked Proxy': revoked.proxy,
  };
  Object.assign(globalThis, {
    VALUES,
    throwing,
    /** All values except the right ones. */
    except: (...right) => Object.entries(VALUES).filter(([name]) => !right.includes(name)),
    /**
     * @param {[what: string, call: () => Promise<unknown>, code: string, named: string][]} calls
     * @returns {Promise<{ wrong: string[], tried: number }>} the calls that didn't reject as they should
     */
    async attempt(calls) {
      const wrong = [];
      for (const [what, call, code, named] of calls) {
        let outcome;
        const late = new Promise((resolve) => setTimeout(resolve, 10_000, 'no answer within 10 s'));
        try {
          outcome = await Promise.race([
            call().then(
              () => 'it was accepted',
              (error) => error,
            ),
            late,
          ]);
        } catch (error) {
          outcome = `it threw at once: ${error}`;
        }
        if (typeof outcome === 'string') wrong.push(`${what}: ${outcome}`);
        else if (!(outcome instanceof MobileNetError)) wrong.push(`${what}: a plain ${outcome}`);
        else if (outcome.code !== code) wrong.push(`${what}: ${outcome.code}, not ${code}: ${outcome.message}`);
        else if (!outcome.message.includes(named)) wrong.push(`${what}: "${named}" is not in: ${outcome.message}`);
      }
      return { wrong, tried: calls.length };
    },
  });
}

let all = 0;
const check = ({ wrong, tried }, least) => {
  all += tried;
  assert.deepEqual(wrong, []);
  assert.ok(tried >= least, `only ${tried} calls were tried`);
};

test('options that are no objects', async () => {
  const result = await page.evaluate(async () => {
    const net = await MobileNet.untrained({ version: 'v3-small', resolution: 96, threads: 1 });
    const input = new Float32Array(96 * 96 * 3);
    const picture = new ImageData(8, 8);
    const notObjects = ['null', 'true', 'five', 'NaN', 'bigint', 'string', 'Symbol', 'function'];
    const calls = [];
    for (const name of [...notObjects, 'undefined']) {
      const value = VALUES[name];
      if (name === 'string') calls.push(['load(wrong)', () => MobileNet.load(value), 'UNKNOWN_NETWORK', 'one of v1']);
      else calls.push([`load(${name})`, () => MobileNet.load(value), 'BAD_INPUT', 'options of load']);
      calls.push([`untrained(${name})`, () => MobileNet.untrained(value), 'BAD_INPUT', 'options of untrained']);
    }
    for (const name of notObjects) {
      const value = VALUES[name];
      calls.push([`classify(x, ${name})`, () => net.classify(picture, value), 'BAD_INPUT', 'options of classify']);
      calls.push([`run(x, ${name})`, () => net.run(input, value), 'BAD_INPUT', 'options of run']);
      calls.push([`profile(x, ${name})`, () => net.profile(input, value), 'BAD_INPUT', 'options of profile']);
    }
    for (const [name, value] of except('undefined', 'Infinity')) {
      if (!['null', 'true', 'five', 'NaN', 'bigint', 'string', 'Symbol'].includes(name)) continue;
      calls.push([`load(v1, ${name})`, () => MobileNet.load('v1', value), 'BAD_INPUT', 'options of load']);
    }
    for (const [field, ...right] of [
      ['hosts', 'undefined', 'null'],
      ['baseUrl', 'undefined', 'null', 'string', 'digits in a string'],
      ['fetch', 'undefined', 'null', 'function'],
    ]) {
      for (const [name, value] of except(...right)) {
        calls.push([`load(v1, ${field}: ${name})`, () => MobileNet.load('v1', { [field]: value }), 'BAD_INPUT', field]);
      }
    }
    calls.push(['load(v1, hosts)', () => MobileNet.load('v1', { hosts: ['https://x/'] }), 'BAD_INPUT', 'hosts[0]']);
    calls.push(['load()', () => MobileNet.load(), 'BAD_INPUT', 'options of load']);
    calls.push(['untrained()', () => MobileNet.untrained(), 'BAD_INPUT', 'options of untrained']);
    for (const field of ['weights', 'config', 'signal', 'cache', 'threads']) {
      calls.push([`load, ${field} throws`, () => MobileNet.load(throwing(field)), 'BAD_INPUT', field]);
    }
    calls.push(['untrained, width throws', () => MobileNet.untrained(throwing('width')), 'BAD_INPUT', 'width']);
    calls.push(['classify, topK throws', () => net.classify(picture, throwing('topK')), 'BAD_INPUT', 'topK']);
    calls.push(['run, signal throws', () => net.run(input, throwing('signal')), 'BAD_INPUT', 'signal']);
    calls.push(['profile, runs throws', () => net.profile(input, throwing('runs')), 'BAD_INPUT', 'runs']);
    calls.push(['new MobileNet()', async () => new MobileNet(), 'BAD_INPUT', 'MobileNet.load']);
    const result = await attempt(calls);
    net.dispose();
    return result;
  });
  check(result, 50);
});

test('options of load', async () => {
  const result = await page.evaluate(async () => {
    const calls = [];
    const add = (field, code, right) => {
      for (const [name, value] of except(...right)) {
        calls.push([`load, ${field}: ${name}`, () => load({ [field]: value }), code, field]);
      }
    };
    // A string or bytes are right arguments, even if the address leads nowhere or the bytes hold no weights.
    add('weights', 'BAD_INPUT', ['string', 'digits in a string', 'ArrayBuffer', 'Float64Array']);
    const plain = ['undefined', 'null', 'string', 'digits in a string', 'empty object', 'an object that is no string'];
    // An object's tag doesn't matter: this is an object as in JSON.
    plain.push('what only calls itself AbortSignal');
    add('config', 'BAD_CONFIG', plain);
    add('preprocessorConfig', 'BAD_CONFIG', plain);
    add('labels', 'BAD_CONFIG', ['undefined', 'null']);
    add('precision', 'BAD_CONFIG', ['undefined']);
    add('resolution', 'BAD_CONFIG', ['undefined', 'null']);
    add('trim', 'BAD_INPUT', ['undefined', 'true']);
    add('onProgress', 'BAD_INPUT', ['undefined', 'null', 'function']);
    add('signal', 'BAD_INPUT', ['undefined', 'null']);
    add('sha256', 'BAD_INPUT', ['undefined', 'null']);
    add('cache', 'BAD_INPUT', ['undefined', 'null', 'string', 'digits in a string']);
    add('threads', 'BAD_INPUT', ['undefined', 'five']);
    add('build', 'BAD_INPUT', ['undefined']);
    add('assets', 'BAD_INPUT', ['undefined', 'null', 'string', 'digits in a string']);
    for (const [name, sha256] of Object.entries({
      short: '0'.repeat(63),
      long: '0'.repeat(65),
      'no hexadecimal': 'g'.repeat(64),
      prefixed: `0x${'0'.repeat(62)}`,
      base64: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    })) {
      calls.push([`load, sha256: ${name}`, () => load({ sha256 }), 'BAD_INPUT', 'sha256']);
    }
    for (const [name, labels] of Object.entries({
      'too few': ['one', 'two'],
      'a string of the right length': 'x'.repeat(1000),
      numbers: Array.from({ length: 1000 }, (_, i) => i),
      'a hole': new Array(1000),
      'a Symbol among them': Array.from({ length: 1000 }, (_, i) => (i === 7 ? Symbol('seven') : 'x')),
    })) {
      calls.push([`load, labels: ${name}`, () => load({ labels }), 'BAD_CONFIG', 'labels']);
    }
    const circular = {};
    circular.self = circular;
    for (const field of ['config', 'preprocessorConfig']) {
      for (const [name, config] of Object.entries({
        'an unawaited fetch': fetch('/blank'),
        'an awaited one': await fetch('/blank'),
        circular,
        'a bigint in it': { num_classes: 5n },
        'nothing by toJSON': { toJSON: () => undefined },
        'an address that is none': 'http://',
        'a URLSearchParams': new URLSearchParams('a=1'),
        'a class': new (class Config {})(),
      })) {
        calls.push([`load, ${field}: ${name}`, () => load({ [field]: config }), 'BAD_CONFIG', field]);
      }
    }
    const view = new Uint8Array(new ArrayBuffer(64), 8);
    const dataView = new DataView(view.buffer);
    structuredClone(view, { transfer: [view.buffer] });
    for (const [name, weights] of Object.entries({
      'an address that is none': 'http://',
      'a view of a detached buffer': view,
      'a DataView of a detached buffer': dataView,
      'an unawaited fetch': fetch('/blank'),
      'an awaited one': await fetch('/blank'),
      'what only calls itself a Blob': { size: 3, arrayBuffer() {}, [Symbol.toStringTag]: 'Blob' },
      'what inherits from URL': Object.create(URL.prototype),
    })) {
      calls.push([`load, weights: ${name}`, () => load({ weights }), 'BAD_INPUT', 'weights']);
    }
    for (const threads of [0, 65, -3, 1.5, 1e9]) {
      calls.push([`load, threads: ${threads}`, () => load({ threads }), 'BAD_INPUT', 'threads']);
    }
    return attempt(calls);
  });
  check(result, 300);
  assert.ok(await noWorkers(page));
});

test('options of untrained', async () => {
  const result = await page.evaluate(async () => {
    const calls = [];
    const add = (field, code, right) => {
      for (const [name, value] of except(...right)) {
        const call = () => MobileNet.untrained({ version: 'v2', threads: 1, [field]: value });
        calls.push([`untrained, ${field}: ${name}`, call, code, field]);
      }
    };
    const strings = ['string', 'digits in a string', 'empty string'];
    add('version', 'BAD_CONFIG', strings);
    add('minimalistic', 'BAD_CONFIG', ['undefined', 'true']);
    const numbers = ['zero', 'five', 'negative', 'fraction', 'NaN', 'Infinity', 'huge'];
    add('width', 'BAD_CONFIG', ['undefined', ...numbers]);
    add('resolution', 'BAD_CONFIG', ['undefined', 'five']);
    add('classes', 'BAD_CONFIG', ['undefined', 'five']);
    add('precision', 'BAD_CONFIG', ['undefined']);
    add('signal', 'BAD_INPUT', ['undefined', 'null']);
    add('threads', 'BAD_INPUT', ['undefined', 'five']);
    add('build', 'BAD_INPUT', ['undefined']);
    for (const [more, code, named] of [
      [{ version: 'wrong' }, 'UNKNOWN_NETWORK', 'wrong'],
      [{ version: '' }, 'UNKNOWN_NETWORK', '""'],
      [{ version: 'v2'.repeat(1e6) }, 'BAD_CONFIG', 'version'],
      [{ minimalistic: true }, 'BAD_CONFIG', 'minimalistic'],
      [{ width: 0 }, 'BAD_CONFIG', 'width'],
      [{ width: -1 }, 'BAD_CONFIG', 'width'],
      [{ width: NaN }, 'BAD_CONFIG', 'width'],
      [{ width: 5 }, 'BAD_CONFIG', 'width'],
      [{ resolution: 5 }, 'BAD_CONFIG', 'resolution'],
      [{ resolution: 225 }, 'BAD_CONFIG', 'resolution'],
      [{ resolution: 2 ** 31 - 1 }, 'BAD_CONFIG', 'resolution'],
      [{ resolution: 2 ** 32 + 224 }, 'BAD_CONFIG', 'resolution'],
      [{ classes: 65537 }, 'BAD_CONFIG', 'class'],
      [{ classes: 2 ** 31 - 1 }, 'BAD_CONFIG', 'class'],
    ]) {
      const call = () => MobileNet.untrained({ version: 'v2', threads: 1, ...more });
      calls.push([`untrained, ${JSON.stringify(more).slice(0, 40)}`, call, code, named]);
    }
    return attempt(calls);
  });
  check(result, 200);
  assert.ok(await noWorkers(page));
});

test('calls of a network, which goes on', async () => {
  const { outcome, index } = await page.evaluate(async () => {
    const net = await load();
    const picture = await photo();
    const { resolution } = net.info;
    const input = new Float32Array(resolution ** 2 * 3);
    const calls = [];
    for (const [name, topK] of except('undefined', 'five', 'huge')) {
      calls.push([`classify, topK: ${name}`, () => net.classify(picture, { topK }), 'BAD_INPUT', 'topK']);
    }
    for (const [field, ...right] of [
      ['threshold', 'undefined', 'zero'],
      ['allow', 'undefined', 'null', 'empty array', 'array'],
      ['deny', 'undefined', 'null', 'empty array', 'array'],
      ['region', 'undefined', 'null'],
      ['rotation', 'undefined', 'zero'],
      ['when', 'undefined'],
    ]) {
      for (const [name, value] of except(...right)) {
        calls.push([
          `classify, ${field}: ${name}`,
          () => net.classify(picture, { [field]: value }),
          'BAD_INPUT',
          field,
        ]);
      }
    }
    for (const [field, value] of [
      ['threshold', 1.1],
      ['allow', ['no such thing']],
      ['deny', [1000]],
      ['allow', [-1]],
      ['deny', ['']],
      ['region', { x: 0, y: 0, width: 0, height: 9 }],
      ['region', { x: -1, y: 0, width: 9, height: 9 }],
      ['region', { x: 0, y: 0, width: 1e6, height: 9 }],
      ['region', { x: 0, y: 0, width: 9, height: NaN }],
      ['region', { x: 0, y: 0, width: 9 }],
      ['rotation', 45],
      ['rotation', -90],
    ]) {
      const what = `classify, ${field}: ${JSON.stringify(value)}`;
      calls.push([what, () => net.classify(picture, { [field]: value }), 'BAD_INPUT', field]);
    }
    for (const [what, source] of Object.entries({
      'pixels of the wrong length': { data: new Uint8Array(63), width: 4, height: 4 },
      'pixels without a width': { data: new Uint8Array(64), height: 4 },
      'pixels of half a width': { data: new Uint8Array(64), width: 1.5, height: 4 },
      'pixels in floats': { data: new Float32Array(64), width: 4, height: 4 },
    })) {
      calls.push([`classify(${what})`, () => net.classify(source), 'BAD_INPUT', 'picture']);
    }
    calls.push(['classifyBatch of one', () => net.classifyBatch(picture), 'BAD_INPUT', 'sources']);
    calls.push(['classifyBatch, when', () => net.classifyBatch([], { when: 'newest' }), 'BAD_INPUT', 'when']);
    calls.push(['classifyBatch with one', () => net.classifyBatch([picture, 'x']), 'BAD_INPUT', 'give a']);
    calls.push(['run, region', () => net.embed(input, { region: {} }), 'BAD_INPUT', 'region']);
    for (const [name, runs] of except('undefined', 'five')) {
      calls.push([`profile, runs: ${name}`, () => net.profile(input, { runs }), 'BAD_INPUT', 'runs']);
    }
    for (const runs of [0, 1001, 1.5, -1]) {
      calls.push([`profile, runs: ${runs}`, () => net.profile(input, { runs }), 'BAD_INPUT', 'runs']);
    }
    for (const warmUp of [1001, 1.5, -1, null, '5']) {
      calls.push([`profile, warmUp: ${warmUp}`, () => net.profile(input, { warmUp }), 'BAD_INPUT', 'warmUp']);
    }
    for (const [name, signal] of except('undefined', 'null')) {
      calls.push([`classify, signal: ${name}`, () => net.classify(picture, { signal }), 'BAD_INPUT', 'signal']);
      calls.push([`run, signal: ${name}`, () => net.run(input, { signal }), 'BAD_INPUT', 'signal']);
      calls.push([`profile, signal: ${name}`, () => net.profile(input, { signal }), 'BAD_INPUT', 'signal']);
    }
    const gone = new Float32Array(resolution ** 2 * 3);
    structuredClone(gone, { transfer: [gone.buffer] });
    const inputs = {
      ...Object.fromEntries(except()),
      'too short': new Float32Array(7),
      'too long': new Float32Array(resolution ** 2 * 3 + 1),
      'far too long': new Float32Array(3e8),
      detached: gone,
      'a subarray': input.subarray(1),
      'what inherits from Float32Array': Object.create(Float32Array.prototype),
      'what only calls itself Float32Array': { length: input.length, [Symbol.toStringTag]: 'Float32Array' },
      Uint8ClampedArray: new Uint8ClampedArray(resolution ** 2 * 3),
    };
    for (const [name, value] of Object.entries(inputs)) {
      calls.push([`run(${name})`, () => net.run(value), 'BAD_INPUT', 'input of run']);
      if (value === undefined || value === null) continue;
      calls.push([`profile(${name})`, () => net.profile(value), 'BAD_INPUT', 'input of profile']);
    }
    for (const value of [NaN, Infinity, -Infinity]) {
      const wrong = input.slice();
      wrong[777] = value;
      calls.push([`run of ${value}`, () => net.run(wrong), 'BAD_INPUT', 'index 777']);
      calls.push([`profile of ${value}`, () => net.profile(wrong), 'BAD_INPUT', 'index 777']);
    }

    for (const [name, value] of except())
      calls.push([`classify(${name})`, () => net.classify(value), 'BAD_INPUT', 'give a']);
    const kinds = ['HTMLVideoElement', 'HTMLImageElement', 'HTMLCanvasElement', 'OffscreenCanvas', 'ImageBitmap'];
    for (const kind of [...kinds, 'ImageData', 'VideoFrame', 'Blob', 'File']) {
      // The impostor has the same properties as the real objects.
      const impostor = {
        ...{
          readyState: 4,
          videoWidth: 8,
          videoHeight: 8,
          complete: true,
          naturalWidth: 8,
          width: 8,
          height: 8,
          size: 8,
        },
        ...{
          data: new Uint8ClampedArray(256),
          colorSpace: 'srgb',
          close() {},
          arrayBuffer: () => new Promise(() => {}),
        },
        clone: () => ({ close() {}, displayWidth: 8, displayHeight: 8 }),
        [Symbol.toStringTag]: kind,
      };
      for (const [how, fake] of [
        ['calls itself', impostor],
        ['inherits from', Object.create(globalThis[kind].prototype)],
        ['is a Proxy of', new Proxy(globalThis[kind].prototype, {})],
      ]) {
        calls.push([`classify of what ${how} ${kind}`, () => net.classify(fake), 'BAD_INPUT', kind]);
      }
    }
    const empty = document.createElement('canvas');
    empty.width = 0;
    const closed = await createImageBitmap(picture);
    closed.close();
    const goneData = new ImageData(8, 8);
    structuredClone(goneData.data, { transfer: [goneData.data.buffer] });
    const unlike = new ImageData(8, 8);
    Object.defineProperty(unlike, 'data', { value: Object.create(Uint8ClampedArray.prototype) });
    for (const [name, source] of Object.entries({
      'image without a picture': new Image(),
      'video without a frame': document.createElement('video'),
      'canvas without pixels': empty,
      'closed ImageBitmap': closed,
      'Blob that is no picture': new Blob(['no picture']),
      'empty Blob': new Blob([]),
      'ImageData of a detached buffer': goneData,
      'ImageData with data of another kind': unlike,
      'div element': document.createElement('div'),
      window,
      document,
    })) {
      calls.push([`classify(${name})`, () => net.classify(source), 'BAD_INPUT', '']);
    }
    const tricky = new VideoFrame(await createImageBitmap(picture), { timestamp: 0 });
    tricky.clone = () => ({ close: 5 });
    const answer = await net.classify(tricky);
    tricky.close();
    calls.push(['classify(closed VideoFrame)', () => net.classify(tricky), 'BAD_INPUT', 'VideoFrame']);

    const outcome = await attempt(calls);
    if (answer.predictions.length !== 5) outcome.wrong.push('a VideoFrame with a clone of its own');
    if (net.state !== 'ready') outcome.wrong.push(`the network is ${net.state}`);
    const { predictions } = await net.classify(picture);
    net.dispose();
    return { outcome, index: predictions[0].index };
  });
  assert.equal(index, PHOTOS[0].index);
  check(outcome, 270);
});

test('calls about the inside of a network, which goes on', async () => {
  const outcome = await page.evaluate(async () => {
    const net = await MobileNet.untrained({ version: 'v3-small', resolution: 96, threads: 1 });
    const input = new Float32Array(96 * 96 * 3);
    const picture = new ImageData(8, 8);
    const calls = [];
    const methods = {
      embed: (source, options) => net.embed(source, options),
      inspect: (source, options) => net.inspect(source, options),
      activationMap: (source, options) => net.activationMap(source, 0, options),
    };
    const wrongInput = input.slice();
    wrongInput[777] = NaN;
    for (const [method, call] of Object.entries(methods)) {
      for (const name of ['null', 'true', 'five', 'NaN', 'bigint', 'string', 'Symbol', 'function']) {
        calls.push([`${method}(x, ${name})`, () => call(input, VALUES[name]), 'BAD_INPUT', `options of ${method}`]);
      }
      for (const [name, signal] of except('undefined', 'null')) {
        calls.push([`${method}, signal: ${name}`, () => call(picture, { signal }), 'BAD_INPUT', 'signal']);
      }
      for (const [name, value] of except('Float64Array')) {
        calls.push([`${method}(${name})`, () => call(value), 'BAD_INPUT', 'give a']);
      }
      for (const [name, value] of Object.entries({
        Float64Array: VALUES.Float64Array,
        'too short': new Float32Array(7),
        Uint8Array: new Uint8Array(input.length),
      })) {
        calls.push([`${method}(${name})`, () => call(value), 'BAD_INPUT', `input of ${method}`]);
      }
      calls.push([`${method} of NaN`, () => call(wrongInput), 'BAD_INPUT', 'index 777']);
      calls.push([`${method}, signal throws`, () => call(input, throwing('signal')), 'BAD_INPUT', 'signal']);
    }
    for (const [name, layers] of except('undefined', 'null', 'empty array')) {
      calls.push([`inspect, layers: ${name}`, () => net.inspect(input, { layers }), 'BAD_INPUT', 'layers']);
    }
    for (const [name, layers] of Object.entries({
      'a Symbol': [Symbol('stem')],
      'a hole': new Array(3),
      'a long name': ['stem'.repeat(1e6)],
    })) {
      calls.push([`inspect, layers: ${name}`, () => net.inspect(input, { layers }), 'BAD_INPUT', 'layers[0]']);
    }
    for (const layer of ['', 'Stem', 'block 99 project', 'toString']) {
      calls.push([`inspect, ${layer}`, () => net.inspect(input, { layers: ['stem', layer] }), 'BAD_INPUT', layer]);
    }
    for (const [name, gates] of [...except('undefined'), ['closed', 'closed']]) {
      calls.push([`inspect, gates: ${name}`, () => net.inspect(input, { gates }), 'BAD_INPUT', 'gates']);
    }
    const indices = except('undefined', 'null', 'zero', 'five').concat([['one too many', 1000]]);
    for (const [name, index] of indices) {
      calls.push([`activationMap(x, ${name})`, () => net.activationMap(input, index), 'BAD_INPUT', 'classIndex']);
    }
    for (const [name, transfer] of except('undefined', 'true')) {
      calls.push([`run, transfer: ${name}`, () => net.run(input, { transfer }), 'BAD_INPUT', 'transfer']);
    }
    const wasm = new Float32Array(new WebAssembly.Memory({ initial: 2 }).buffer).subarray(0, input.length);
    calls.push(['run, transfer of wasm memory', () => net.run(wasm, { transfer: true }), 'BAD_INPUT', 'handed']);
    const outcome = await attempt(calls);
    if (net.state !== 'ready') outcome.wrong.push(`the network is ${net.state}`);
    await net.embed(picture);
    if (input.length === 0) outcome.wrong.push('an input was taken by a call that failed');
    net.dispose();
    return outcome;
  });
  check(outcome, 250);
});

test('calls of an engine, which goes on', async () => {
  const outcome = await page.evaluate(async () => {
    const { Engine } = await import('/pkg/index.js');
    const engine = await Engine.create({ threads: 1 });
    const other = await Engine.create({ threads: 1 });
    const net = await engine.untrained({ version: 'v3-small', resolution: 96 });
    const foreign = await other.untrained({ version: 'v3-small', resolution: 96 });
    const picture = new ImageData(8, 8);
    const shape = { version: 'v3-small', resolution: 96 };
    const calls = [];
    const notObjects = ['null', 'true', 'five', 'NaN', 'bigint', 'string', 'Symbol', 'function'];
    for (const name of notObjects) {
      const value = VALUES[name];
      calls.push([`create(${name})`, () => Engine.create(value), 'BAD_INPUT', 'options of create']);
      if (name !== 'string') {
        calls.push([`engine.load(${name})`, () => engine.load(value), 'BAD_INPUT', 'options of load']);
      }
      calls.push([`engine.untrained(${name})`, () => engine.untrained(value), 'BAD_INPUT', 'options of untrained']);
      const call = () => engine.classify(picture, [net], value);
      calls.push([`engine.classify(x, y, ${name})`, call, 'BAD_INPUT', 'options of classify']);
    }
    calls.push(['engine.load()', () => engine.load(), 'BAD_INPUT', 'options of load']);
    calls.push(['engine.classify()', () => engine.classify(), 'BAD_INPUT', 'networks']);
    calls.push(['new Engine()', async () => new Engine(), 'BAD_INPUT', 'Engine.create']);
    for (const [name, threads] of except('undefined', 'five')) {
      calls.push([`create, threads: ${name}`, () => Engine.create({ threads }), 'BAD_INPUT', 'threads']);
    }
    for (const [name, build] of except('undefined')) {
      calls.push([`create, build: ${name}`, () => Engine.create({ build }), 'BAD_INPUT', 'build']);
    }
    for (const [name, signal] of except('undefined', 'null')) {
      calls.push([`create, signal: ${name}`, () => Engine.create({ signal }), 'BAD_INPUT', 'signal']);
      const call = () => engine.classify(picture, [net], { signal });
      calls.push([`engine.classify, signal: ${name}`, call, 'BAD_INPUT', 'signal']);
    }
    for (const [name, value] of except('undefined', 'null')) {
      calls.push([`load, engine: ${name}`, () => load({ engine: value }), 'BAD_INPUT', 'engine']);
      const call = () => MobileNet.untrained({ ...shape, engine: value });
      calls.push([`untrained, engine: ${name}`, call, 'BAD_INPUT', 'engine']);
    }
    for (const [name, value] of Object.entries({
      'a network': net,
      'what inherits from Engine': Object.create(Engine.prototype),
      'a Proxy of one': new Proxy(engine, {}),
      'an unawaited one': Promise.resolve(engine),
    })) {
      calls.push([`load, engine: ${name}`, () => load({ engine: value }), 'BAD_INPUT', 'engine']);
    }
    for (const more of [{ threads: 2 }, { build: 'simd' }, { engine }]) {
      const [named] = Object.keys(more);
      calls.push([`engine.load, ${named}`, () => engine.load({ ...options, ...more }), 'BAD_INPUT', named]);
      calls.push([`engine.untrained, ${named}`, () => engine.untrained({ ...shape, ...more }), 'BAD_INPUT', named]);
      if (named === 'engine') continue;
      calls.push([`load, engine and ${named}`, () => load({ engine, ...more }), 'BAD_INPUT', named]);
    }
    for (const [name, networks] of except()) {
      calls.push([`engine.classify(x, ${name})`, () => engine.classify(picture, networks), 'BAD_INPUT', 'networks']);
    }
    for (const [name, network] of [
      ...except(),
      ['a network of another engine', foreign],
      ['an engine', engine],
      ['what inherits from MobileNet', Object.create(MobileNet.prototype)],
      ['an unawaited network', Promise.resolve(net)],
    ]) {
      const call = () => engine.classify(picture, [net, network]);
      calls.push([`engine.classify(x, [net, ${name}])`, call, 'BAD_INPUT', 'networks[1]']);
    }
    for (const [name, source] of except()) {
      calls.push([`engine.classify(${name}, y)`, () => engine.classify(source, [net]), 'BAD_INPUT', 'give a']);
    }
    for (const [name, topK] of except('undefined', 'five', 'huge')) {
      const call = () => engine.classify(picture, [net], { topK });
      calls.push([`engine.classify, topK: ${name}`, call, 'BAD_INPUT', 'topK']);
    }
    for (const [name, onResult] of except('undefined', 'null', 'function')) {
      const call = () => engine.classify(picture, [net], { onResult });
      calls.push([`engine.classify, onResult: ${name}`, call, 'BAD_INPUT', 'onResult']);
    }
    const layer = { kind: 'pointwise', kernel: 1, inChannels: 8, outChannels: 8, height: 5, width: 3 };
    for (const name of [...notObjects, 'undefined']) {
      const call = () => engine.timeLayer(VALUES[name]);
      calls.push([`engine.timeLayer(${name})`, call, 'BAD_INPUT', 'options of timeLayer']);
    }
    for (const field of Object.keys(layer)) {
      calls.push([`timeLayer, ${field} throws`, () => engine.timeLayer(throwing(field)), 'BAD_INPUT', field]);
      for (const [name, value] of except(...(field === 'kind' ? [] : ['five']))) {
        const call = () => engine.timeLayer({ ...layer, [field]: value });
        calls.push([`timeLayer, ${field}: ${name}`, call, 'BAD_INPUT', field]);
      }
    }
    for (const [more, named] of [
      [{ kernel: 3 }, 'filter of 3'],
      [{ kernel: 6 }, 'kernel'],
      [{ kind: 'convolution' }, 'filter of 1'],
      [{ kind: 'convolution', kernel: 4 }, 'filter of 4'],
      [{ kind: 'stem' }, 'kind'],
      [{ kind: 'depthwise', kernel: 3, outChannels: 9 }, '8 channels become 9'],
      [{ inChannels: 1025 }, 'inChannels'],
      [{ height: 225 }, 'height'],
      [{ width: 225 }, 'width'],
      [{ inChannels: 1024, outChannels: 1024, height: 224, width: 224 }, 'at most'],
      [
        { kind: 'convolution', kernel: 5, inChannels: 512, outChannels: 512, height: 56, width: 56 },
        'multiply-accumulates',
      ],
      [{ kind: 'convolution', kernel: 3, inChannels: 1024, outChannels: 1024 }, 'values'],
    ]) {
      const what = `timeLayer ${JSON.stringify(more)}`;
      calls.push([what, () => engine.timeLayer({ ...layer, ...more }), 'BAD_INPUT', named]);
    }
    for (const [name, value] of [...except(), ['mish', 'mish'], ['in capitals', 'ReLU6']]) {
      calls.push([`engine.timeActivation(${name})`, () => engine.timeActivation(value), 'BAD_INPUT', 'activation']);
    }
    for (const [name, signal] of except('undefined', 'null')) {
      calls.push([`timeLayer, signal: ${name}`, () => engine.timeLayer(layer, { signal }), 'BAD_INPUT', 'signal']);
      const call = () => engine.timeActivation('swish', { signal });
      calls.push([`timeActivation, signal: ${name}`, call, 'BAD_INPUT', 'signal']);
      calls.push([`filters, signal: ${name}`, () => net.filters('stem', { signal }), 'BAD_INPUT', 'signal']);
    }
    for (const [name, value] of [...except(), ['no depthwise layer', 'stem'], ['none', 'block 99 depthwise']]) {
      calls.push([`filters(${name})`, () => net.filters(value), 'BAD_INPUT', 'layer']);
    }
    const outcome = await attempt(calls);
    if ((await net.filters('block 0 depthwise')).channels !== 16) outcome.wrong.push('no filters');
    const { macs } = await engine.timeLayer(layer);
    if (macs !== 8 * 8 * 5 * 3 || !((await engine.timeActivation('swish')) >= 0))
      outcome.wrong.push('nothing is timed');
    const answers = await engine.classify(picture, [net]);
    if (answers.length !== 1 || engine.state !== 'ready') outcome.wrong.push('the engine does not go on');
    engine.dispose();
    other.dispose();
    return outcome;
  });
  check(outcome, 350);
  assert.ok(await noWorkers(page));
});

test('the whole surface was covered', () => {
  console.log(`${all} wrong calls`);
  assert.ok(all > 306);
});
