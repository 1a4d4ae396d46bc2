// Between a chat panel's views and its Python side; all views of a model share one. It asks for a
// sign of life, says when there is none, and keeps what was written until Python has taken it.

import { isStatic, watchKernel } from "./session.js";

const PATIENCE = 4000; // ms until "not live" is said
const QUICK = 400; // ms in which the kernel answers when it is free; only then is waiting shown
const TYPING_EVERY = 1000; // ms between two words of typing

/** A post that Python has not answered, or has refused, as a row of the log. */
export function echoRow(n, { text, reason }) {
  const failed = reason !== null;
  return {
    id: `echo-${n}`, text, length: text.length, mine: true, author: "", to: null, at: "",
    delivery: failed ? "failed" : "pending",
    icon: failed ? "warn" : "clock",
    words: failed ? reason : "waits for the kernel",
    actions: failed ? ["edit"] : [],
  };
}

export class Lifeline {
  constructor(model) {
    this.model = model;
    this.state = "waiting"; // waiting, live, saved, gone
    this.listeners = new Set();
    this.written = new Map();
    this.count = 0;
    this.typedAt = -Infinity;
  }

  start() {
    const onMessage = (message) => this.receive(message);
    const onPosts = () => this.settle();
    this.model.on("msg:custom", onMessage);
    this.model.on("change:posts", onPosts);
    const unwatch = watchKernel(this.model, (status) => this.onKernel(status));
    const timer = setTimeout(() => this.state === "waiting" && this.enter("saved"), PATIENCE);
    if (isStatic(this.model)) this.enter("saved");
    this.send({ type: "ready" });
    return () => {
      clearTimeout(timer);
      unwatch();
      this.model.off("msg:custom", onMessage);
      this.model.off("change:posts", onPosts);
      this.listeners.clear();
    };
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(what, detail) {
    for (const listener of [...this.listeners]) listener(what, detail);
  }

  get connected() {
    return this.state === "waiting" || this.state === "live";
  }

  send(message) {
    this.attempt(() => this.model.send(message));
  }

  set(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    if (this.connected) this.attempt(() => this.model.save_changes());
  }

  /** Without a kernel (a static page, a closed comm) sending throws, or nobody answers. */
  attempt(action) {
    try {
      action();
    } catch {
      this.enter(this.state === "live" ? "gone" : "saved");
    }
  }

  receive(message) {
    if (message.type === "live") this.enter("live");
    else if (message.type === "draft") this.emit("draft", message.text);
    else if (this.written.has(message.n)) this.answered(message);
  }

  onKernel(status) {
    if (["restarting", "autorestarting", "dead", "terminating"].includes(status)) this.enter("gone");
  }

  enter(state) {
    if (this.state === state || (this.state === "saved" && state === "gone")) return;
    this.state = state;
    this.emit("state");
  }

  // Writing.

  post(text) {
    const n = (this.count += 1);
    this.typedAt = -Infinity;
    this.written.set(n, { text, id: null, reason: null, shown: false, sent: false });
    this.sendNext();
    setTimeout(() => this.show(n), QUICK);
  }

  /** One after the other: JupyterLab has two roads to a kernel, and the later message may be first. */
  sendNext() {
    const next = [...this.written].find(([, { id, reason }]) => id === null && reason === null);
    if (!next || next[1].sent) return;
    const [n, echo] = next;
    echo.sent = true;
    this.send({ type: "post", n, text: echo.text });
  }

  type() {
    const now = performance.now();
    if (now - this.typedAt < TYPING_EVERY) return;
    this.typedAt = now;
    this.send({ type: "type" });
  }

  /** A refused text is here; a failed post is with Python, which answers with its text. */
  edit(id) {
    const n = Number(id.replace("echo-", ""));
    if (!this.written.has(n)) return this.send({ type: "edit", id });
    this.emit("draft", this.written.get(n).text);
    this.written.delete(n);
    return this.emit("echo");
  }

  show(n) {
    const echo = this.written.get(n);
    if (!echo) return;
    echo.shown = true;
    this.emit("echo");
  }

  answered({ type, n, id, reason }) {
    const echo = this.written.get(n);
    if (type === "posted") echo.id = id;
    if (type === "refused") Object.assign(echo, { reason, shown: true });
    this.sendNext();
    this.settle();
    this.emit("echo");
  }

  /** What Python shows by now needs no echo. */
  settle() {
    const ids = new Set(this.model.get("posts").map(({ id }) => id));
    for (const [n, { id }] of this.written) if (ids.has(id)) this.written.delete(n);
  }

  echoes() {
    return [...this.written].filter(([, { shown }]) => shown).map(([n, echo]) => echoRow(n, echo));
  }

  /** What a person should know about the link to the kernel, or null. */
  notice() {
    if (this.state === "gone") return "The kernel is gone. Run the cell again to go on.";
    if (this.state === "saved") return "Not live: this is what was said when the notebook was saved. Run the cell to join in.";
    return null;
  }
}

/** One lifeline for all views of a model: `export default () => withLifeline(render)`; render gets {…, life}. */
export function withLifeline(render) {
  let life = null;
  const begin = (model) => {
    life = new Lifeline(model);
    return life.start();
  };
  return {
    initialize: ({ model }) => begin(model),
    render: (context) => {
      if (life === null) begin(context.model);
      return render({ ...context, life });
    },
  };
}
