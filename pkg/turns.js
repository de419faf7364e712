import { unlessEnded } from './ends.js';
import { closeFrame } from './protocol.js';

/**
 * @typedef {import('./ends.js').Ends} Ends
 * @typedef {import('./protocol.js').Frame} Frame
 *
 * @typedef {object} Job a frame that has been taken, and what is to be done with it
 * @property {number} order of the calls
 * @property {Frame} frame
 * @property {(frame: Frame) => Promise<any>} send closes the frame
 * @property {(value: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** Newest frame wins: one is worked on, and at most one more waits, the newest of those that came meanwhile. */
export class Latest {
  #calls = 0;
  #running = false;
  /** @type {Job | null} */
  #waiting = null;

  /** @returns {number} the place of a call in their order, to be had before its frame is taken */
  order() {
    return this.#calls++;
  }

  /**
   * @template T
   * @param {number} order
   * @param {Frame} frame
   * @param {(frame: Frame) => Promise<T>} send
   * @param {Ends} ends
   * @returns {Promise<T | null>} `null`: a newer frame took its place
   */
  async take(order, frame, send, ends) {
    /** @type {Job | undefined} */
    let job;
    const answer = new Promise((resolve, reject) => {
      job = { order, frame, send, resolve, reject };
      if (this.#running) this.#wait(job);
      else this.#run(job);
    });
    try {
      return await unlessEnded(answer, ends);
    } catch (error) {
      // What is being worked on is finished; only the answer comes to nothing.
      if (job && this.#waiting === job) this.#drop(job);
      throw error;
    }
  }

  /**
   * Keeps the newer of this job and the one that waits.
   * @param {Job} job
   */
  #wait(job) {
    const other = this.#waiting;
    const [newer, older] = other && other.order > job.order ? [other, job] : [job, other];
    if (older) this.#drop(older).resolve(null);
    this.#waiting = newer;
  }

  /**
   * Gives back the frame of a job that won't be done.
   * @param {Job} job
   * @returns {Job}
   */
  #drop(job) {
    closeFrame(job.frame);
    if (this.#waiting === job) this.#waiting = null;
    return job;
  }

  /** @param {Job} job */
  async #run(job) {
    this.#running = true;
    try {
      job.resolve(await job.send(job.frame));
    } catch (error) {
      job.reject(error);
    } finally {
      this.#running = false;
      const next = this.#waiting;
      this.#waiting = null;
      if (next) this.#run(next);
    }
  }
}
