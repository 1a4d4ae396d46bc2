// The conversation of one widget model with its Python side; all views of the model share it.
//
// The front end says "ready" (what was sent before is lost) and gets numbered batches of rows. What
// it finds missing it asks for again. Without an answer it shows the `saved` trait and says so.

import { RowStore } from "./store.js";

const PATIENCE = 4000; // ms until "not live" is said
const REPAIR = 2000; // ms to wait for missing rows before asking again

export class Session {
  constructor(model, limit) {
    this.model = model;
    this.store = new RowStore(limit);
    this.details = new Map();
    this.asked = new Map();
    this.state = "waiting"; // waiting, live, saved, gone
    this.kernel = null; // the kernel's own word: idle, busy, restarting, dead
    this.listeners = new Set();
    this.unsaved = false; // traits were set that Python has not been told of
    this.undo = [];
  }

  start() {
    const onMessage = (message) => this.receive(message);
    const onConnections = () => this.emit("connections");
    this.model.on("msg:custom", onMessage);
    this.model.on("change:connections", onConnections);
    this.undo.push(() => this.model.off("msg:custom", onMessage));
    this.undo.push(() => this.model.off("change:connections", onConnections));
    this.undo.push(watchKernel(this.model, (status) => this.onKernel(status)));
    this.restore();
    this.timer = setTimeout(() => this.state === "waiting" && this.enter("saved"), isStatic(this.model) ? 0 : PATIENCE);
    this.send({ type: "ready" });
    return () => this.stop();
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.repairing);
    for (const undo of this.undo.splice(0)) undo();
    this.listeners.clear();
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(what, detail) {
    for (const listener of [...this.listeners]) listener(what, detail);
  }

  send(message) {
    try {
      this.model.send(message);
    } catch {
      this.enter("gone");
    }
  }

  /** Set synced traits, and tell Python when it listens; the view follows in any case. */
  set(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.unsaved = true;
    if (this.state === "live") this.save();
  }

  save() {
    if (!this.unsaved) return;
    this.unsaved = false;
    try {
      this.model.save_changes();
    } catch {
      this.enter("gone");
    }
  }

  receive(message) {
    if (message.type === "rows") this.onRows(message);
    else if (message.type === "detail") this.onDetail(message.detail);
    else this.emit(message.type, message);
  }

  onRows(message) {
    if (this.state !== "live") this.goLive();
    this.store.add(message);
    if (message.seq === null) this.answered();
    this.repair();
    this.emit("rows");
  }

  goLive() {
    clearTimeout(this.timer);
    const { query, limit } = this.store;
    this.store = new RowStore(limit);
    this.store.query = query;
    this.enter("live");
    this.save();
  }

  /** Ask for what is missing, one range at a time. */
  repair() {
    if (this.repairing || this.state !== "live") return;
    const hole = this.store.hole();
    if (hole === null) return;
    this.send({ type: "need", ...hole });
    this.repairing = setTimeout(() => {
      this.answered();
      this.repair();
    }, REPAIR);
  }

  answered() {
    clearTimeout(this.repairing);
    this.repairing = null;
  }

  earlier(count) {
    this.store.lower(count);
    this.repair();
    this.emit("rows");
  }

  onDetail(detail) {
    this.asked.delete(detail.n);
    this.details.delete(detail.n);
    this.details.set(detail.n, detail);
    if (this.details.size > 400) this.details.delete(this.details.keys().next().value);
    this.emit("detail", detail);
  }

  /** The detail of a unit, or null: then it has been asked for. */
  detail(n) {
    const known = this.details.get(n);
    if (known) return known;
    if (n > 0 && this.state === "live" && !this.asked.has(n)) {
      this.asked.set(n, Date.now());
      this.send({ type: "detail", n });
    }
    return null;
  }

  /** Show what the model keeps, until Python answers (or for good). */
  restore() {
    const { rows = [], details = [], total = 0 } = this.model.get("saved") ?? {};
    this.store.floor = rows.length > 0 ? rows[0][0] - 1 : 0;
    this.store.add({ seq: null, total, rows });
    for (const detail of details) this.details.set(detail.n, detail);
  }

  onKernel(status) {
    this.kernel = status;
    if (["restarting", "autorestarting", "dead", "terminating"].includes(status)) this.enter("gone");
    else this.emit("state");
  }

  enter(state) {
    if (this.state === state || (this.state === "saved" && state === "gone")) return;
    this.state = state;
    this.emit("state");
  }

  /** What a person should know about the link to the kernel, or null. */
  notice() {
    if (this.state === "gone") return "The kernel is gone. This is what was recorded; run the cell again to go on.";
    if (this.state !== "saved") return null;
    const at = this.model.get("saved")?.at;
    const when = at ? ` ${at.replace("T", " ").slice(0, 16)} UTC` : "";
    return `Not live: this is what was saved${when}. Run the cell to connect.`;
  }
}

/** One session per model: `export default () => withSession(render)`; render gets {…, session}. */
export function withSession(render, limit) {
  let session = null;
  const begin = (model) => {
    session = new Session(model, limit);
    return session.start();
  };
  return {
    initialize: ({ model }) => begin(model),
    render: (context) => {
      if (session === null) begin(context.model);
      return render({ ...context, session });
    },
  };
}

/** Call back with the kernel's status where the host tells it (JupyterLab, Notebook 7). */
export function watchKernel(model, callback) {
  const kernel = model.widget_manager?.kernel;
  if (!kernel?.statusChanged?.connect) return () => {};
  const slot = (_, status) => callback(status);
  kernel.statusChanged.connect(slot);
  return () => kernel.statusChanged.disconnect(slot);
}

export function isStatic(model) {
  return model.widget_manager !== undefined && !("kernel" in Object(model.widget_manager));
}
