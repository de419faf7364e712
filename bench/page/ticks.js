// Tells the main thread the time once a millisecond, so that it sees how long it was kept from hearing it.
const never = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  Atomics.wait(never, 0, 0, 1);
  postMessage(performance.timeOrigin + performance.now());
}
