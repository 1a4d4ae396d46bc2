/**
 * The connection as a table of states. PURE: events in, commands out; time is an argument.
 *
 * Commands: `{do: "open"}`, `{do: "close"}`, `{do: "timer", name: "due", ms}`, `{do: "cancel", name: "due"}`.
 */

/** state -> event -> next state. An event without a row changes nothing. */
export const LINK = {
  connecting: { registered: "connected", dropped: "reconnecting", exhausted: "offline", refused: "refused", leave: "offline" },
  connected: { dropped: "reconnecting", exhausted: "offline", refused: "refused", leave: "offline" },
  reconnecting: { due: "connecting", now: "connecting", refused: "refused", leave: "offline" },
  offline: { now: "connecting" },
  refused: { now: "connecting", leave: "offline" },
};

const CANCEL = { do: "cancel", name: "due" };

/** What entering a state asks for; a wait is added where the attempt is known. */
const ENTERING = {
  connecting: [CANCEL, { do: "open" }],
  connected: [CANCEL],
  reconnecting: [{ do: "close" }],
  offline: [CANCEL, { do: "close" }],
  refused: [CANCEL, { do: "close" }],
};

export class Link {
  #policy;
  #random;
  #delays;

  /** @param {import("./backoff.js").Policy} policy */
  constructor(policy, random = Math.random) {
    this.state = "offline";
    /** Number of the coming (or running) attempt to reconnect; 0 while all is well. */
    this.attempt = 0;
    /** When the next attempt is due, in the caller's milliseconds, or null. */
    this.dueAt = null;
    /** A sentence for the person, or "". */
    this.detail = "";
    this.#random = random;
    this.choose(policy);
  }

  get attempts() {
    return this.#policy.attempts;
  }

  /** Wait by this policy from now on. */
  choose(policy) {
    this.#policy = policy;
    this.#rewind();
  }

  /** Take one event; returns the commands it leads to. */
  on(event, now, detail = "") {
    if (event === "dropped") return this.#dropped(now, detail);
    return this.#enter(event, detail);
  }

  #dropped(now, detail) {
    if (!LINK[this.state].dropped) return [];
    const { value: ms, done } = this.#delays.next();
    if (done) return this.#enter("exhausted", gaveUp(this.attempts));
    const commands = this.#enter("dropped", detail);
    this.attempt += 1;
    this.dueAt = now + ms;
    return [...commands, { do: "timer", name: "due", ms }];
  }

  #enter(event, detail) {
    const next = LINK[this.state][event];
    if (!next) return [];
    this.state = next;
    this.detail = detail;
    this.dueAt = null;
    if (next === "connected" || next === "offline" || next === "refused") this.#rewind();
    return [...ENTERING[next]];
  }

  #rewind() {
    this.attempt = 0;
    this.#delays = this.#policy.delays(this.#random);
  }
}

const gaveUp = (attempts) => `${attempts} attempts failed. Nothing stored is lost.`;
