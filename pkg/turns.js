import { throwIfEnded, unlessEnded } from './ends.js';
import { closeFrame } from './protocol.js';

/**
 * @typedef {import('./ends.js').Ends} Ends
 * @typedef {import('./protocol.js').Frame} Frame
 *
 * @typedef {object} Call
 * @property {number} order of the calls, from {@link Turns.order}
 * @property {boolean} newest whether it gives way to a newer call of this kind
 * @property {() => Promise<Frame>} capture takes the frame
 * @property {boolean} patient whether the source never changes, so that the frame need not be taken before its turn
 * @property {(frame: Frame) => Promise<any>} send closes the frame
 *
 * @typedef {object} Job a call that waits for its turn
 * @property {Call} call
 * @property {Promise<Frame> | undefined} frame `undefined` until it is being taken
 * @property {boolean} dropped whether nobody waits for it any more
 * @property {(value: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/**
 * A queue: one frame is worked on at a time, and the others wait in the order of their calls. Of the calls that give way to newer ones
 * only the newest waits. A file is decoded while the one before it is worked on, and not earlier, because a picture takes ten times
 * its file's memory.
 */
export class Turns {
  #calls = 0;
  #running = false;
  /** @type {Job[]} In the order of the calls. */
  #waiting = [];

  /** @returns {number} the position of a call in the queue; called before its frame is taken */
  order() {
    return this.#calls++;
  }

  /**
   * @param {Call} call
   * @param {Ends} ends
   * @returns {Promise<any>} the result of `send`; `null` if a newer call took its place
   */
  async take(call, ends) {
    throwIfEnded(ends);
    /** @type {Job} */
    const job = { call, frame: undefined, dropped: false, resolve: () => {}, reject: () => {} };
    if (!call.patient) {
      await begun(job);
      try {
        throwIfEnded(ends);
      } catch (error) {
        this.#drop(job);
        throw error;
      }
    }
    const answer = new Promise((resolve, reject) => {
      Object.assign(job, { resolve, reject });
      this.#wait(job);
    });
    if (!this.#running) this.#runNext();
    try {
      return await unlessEnded(answer, ends);
    } catch (error) {
      // A frame that is being worked on is finished; only its answer is dropped.
      if (this.#waiting.includes(job)) this.#drop(job);
      job.dropped = true;
      throw error;
    }
  }

  /** @param {Job} job */
  #wait(job) {
    if (job.call.newest) {
      const other = this.#waiting.find(({ call }) => call.newest);
      const older = other && other.call.order > job.call.order ? job : other;
      if (older) this.#drop(older).resolve(null);
      if (older === job) return;
    }
    const place = this.#waiting.findIndex(({ call }) => call.order > job.call.order);
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, job);
    if (this.#running) this.#prepareNext();
  }

  /**
   * Frees the frame of a job that won't be done.
   * @param {Job} job
   * @returns {Job}
   */
  #drop(job) {
    job.frame?.then(closeFrame, () => {});
    this.#waiting = this.#waiting.filter((other) => other !== job);
    job.dropped = true;
    return job;
  }

  /** Decodes the next file. */
  #prepareNext() {
    // An error is reported when its turn comes.
    if (this.#waiting.length > 0) begun(this.#waiting[0]).catch(() => {});
  }

  async #runNext() {
    const job = this.#waiting.shift();
    if (!job) return;
    this.#running = true;
    try {
      const frame = await begun(job);
      this.#prepareNext();
      if (job.dropped) closeFrame(frame);
      else job.resolve(await job.call.send(frame));
    } catch (error) {
      job.reject(error);
    } finally {
      this.#running = false;
      this.#runNext();
    }
  }
}

/**
 * @param {Job} job
 * @returns {Promise<Frame>}
 */
function begun(job) {
  return (job.frame ??= job.call.capture());
}
