// Sends the main thread the time once a millisecond, so that it notices how long it was blocked.
const never = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  Atomics.wait(never, 0, 0, 1);
  postMessage(performance.timeOrigin + performance.now());
}
