/**
 * Does what a session says: WebSocket, requests, timers, storage. The only I/O of the page.
 * Every address is relative to the page, so that it works behind a path prefix.
 */

import { retryAfter } from "./delivery.js";
import { decode, isPost } from "./events.js";
import { PAGE, lows, reachedBy } from "./history.js";

const PATIENCE = 15_000;

export class Net {
  #session;
  #changed;
  #keeper;
  #say;
  #base;
  #socket = null;
  #timers = new Map();
  #stopped = false;

  /** `changed()` after every event; `say(text)` to a screen reader. */
  constructor({ session, changed, keeper, say, base = document.baseURI }) {
    this.#session = session;
    this.#changed = changed;
    this.#keeper = keeper;
    this.#say = say;
    this.#base = new URL(".", base);
  }

  /** Give the session an event and do what it says. */
  take(event) {
    if (this.#stopped) return;
    for (const command of this.#session.on(event, performance.now())) DO[command.do](this, command);
    this.#changed();
  }

  /** Close everything; whatever still arrives is nobody's. */
  stop() {
    this.#stopped = true;
    this.closeSocket();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  openSocket() {
    this.closeSocket();
    const url = new URL("ws", this.#base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    const whenCurrent = (handle) => (event) => { if (socket === this.#socket) handle(event); };
    this.#socket = socket;
    socket.onopen = whenCurrent(() => this.take({ type: "opened" }));
    socket.onmessage = whenCurrent(({ data }) => this.#heard(data));
    socket.onclose = whenCurrent(({ code, reason }) => this.#dropped(code, reason));
  }

  closeSocket() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  send(event) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(event));
  }

  #heard(data) {
    const event = decode(data);
    if (event !== null) this.take({ type: "heard", event });
  }

  #dropped(code, reason) {
    this.#socket = null;
    this.take({ type: "dropped", code, reason });
  }

  async post(post) {
    const { id } = post;
    const answer = await this.#fetch("api/messages", { method: "POST", body: JSON.stringify(bodyOf(post)) });
    if (answer.status === 200 && isPost(answer.body)) this.take({ type: "posted", id, data: answer.body });
    else this.take({ type: "unposted", id, status: answer.status, reason: reasonOf(answer), wait: answer.wait });
  }

  async history(peer) {
    const messages = await this.#page(peer, {});
    if (messages !== null) this.take({ type: "history", peer, messages, reached: reachedBy(messages) });
  }

  /** The posts next below `before`; without an answer nothing has happened. */
  async earlier(peer, before) {
    for (const low of lows(before)) {
      const messages = await this.#between(peer, low, before);
      if (messages === null) return;
      if (messages.length > 0 || low === 0) return this.take({ type: "history", peer, messages, reached: low });
    }
  }

  async #between(peer, low, before) {
    const found = [];
    for (let after = low; ; after = found.at(-1).seq) {
      const page = await this.#page(peer, { after });
      if (page === null) return null;
      const wanted = page.filter(({ seq }) => seq < before);
      found.push(...wanted);
      if (wanted.length < PAGE) return found;
    }
  }

  async #page(peer, { after }) {
    const query = new URLSearchParams({ user: this.#session.user, peer, limit: PAGE, ...(after !== undefined && { after }) });
    const { status, body } = await this.#fetch(`api/messages?${query}`);
    return status === 200 && Array.isArray(body) ? body.filter(isPost) : null;
  }

  async people() {
    const { status, body } = await this.#fetch("api/users");
    if (status !== 200 || !Array.isArray(body)) return;
    const known = body.filter((user) => typeof user?.userId === "string");
    this.take({ type: "people", people: known.map(({ userId, name }) => ({ id: userId, name })) });
  }

  /** Status 0 and no body when there was no answer. The token goes in a header, never in a URL. */
  async #fetch(path, options = {}) {
    const { token } = this.#session;
    const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
    const signal = AbortSignal.timeout(PATIENCE);
    try {
      const response = await fetch(new URL(path, this.#base), { headers, signal, ...options });
      const body = await response.json().catch(() => null);
      return { status: response.status, body, wait: retryAfter(response.headers.get("Retry-After"), Date.now()) };
    } catch {
      return { status: 0, body: null, wait: null };
    }
  }

  timer(name, ms) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(() => this.take({ type: name }), ms));
  }

  cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  keep(post) {
    this.#keeper.keepPost(post);
  }

  forget(id) {
    this.#keeper.forgetPost(this.#session.user, id);
  }

  say(text) {
    this.#say(text);
  }
}

const DO = {
  open: (net) => net.openSocket(),
  close: (net) => net.closeSocket(),
  send: (net, { event }) => net.send(event),
  post: (net, { post }) => net.post(post),
  history: (net, { peer }) => net.history(peer),
  earlier: (net, { peer, before }) => net.earlier(peer, before),
  people: (net) => net.people(),
  timer: (net, { name, ms }) => net.timer(name, ms),
  cancel: (net, { name }) => net.cancel(name),
  keep: (net, { post }) => net.keep(post),
  forget: (net, { id }) => net.forget(id),
  say: (net, { text }) => net.say(text),
};

/** The text's body, and the id that names the post on both paths. */
const bodyOf = ({ text, senderId, receiverId, id, createdAt }) => ({ text, senderId, receiverId, id, createdAt });

const reasonOf = ({ status, body }) => {
  if (status === 0) return "no answer";
  return typeof body?.error === "string" ? body.error : `server error ${status}`;
};
