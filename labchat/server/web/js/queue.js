/** Which post goes out next by POST: one at a time, so that they are stored in order. PURE. */
export class PostQueue {
  #ids = [];
  #held = false;

  /** The id of the post whose request is under way, or null. */
  flying = null;

  add(id) {
    if (id !== this.flying && !this.#ids.includes(id)) this.#ids.push(id);
  }

  /** The id to post now, or null: nothing waits, one is under way, or the queue is held. */
  next() {
    if (this.#held || this.flying !== null || this.#ids.length === 0) return null;
    this.flying = this.#ids.shift();
    return this.flying;
  }

  /** The request has its answer. */
  done(id) {
    if (this.flying === id) this.flying = null;
  }

  /** The request failed for now: its post is first again, and nothing goes out until release(). */
  hold(id) {
    this.done(id);
    if (!this.#ids.includes(id)) this.#ids.unshift(id);
    this.#held = true;
  }

  release() {
    this.#held = false;
  }

  remove(id) {
    this.#ids = this.#ids.filter((other) => other !== id);
  }
}
