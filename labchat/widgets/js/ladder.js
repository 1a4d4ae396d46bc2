// The sequence ladder: who sent what to whom, line by line, each recorded where the ring is.

import { Kept, arrange, canScroll, h, listen, onUnit, replace, root, s, setAttribute, setText, whenSeen } from "./shared/dom.js";
import { duration, milliseconds, plural } from "./shared/format.js";
import { icon } from "./shared/icons.js";
import { head, legend, shortened } from "./shared/ladder_art.js";
import { laneOf, lanes, lines, places } from "./shared/lanes.js";
import { withSession } from "./shared/session.js";

const ROWS = [22, 27, 36, 48]; // heights of a line, by zoom
const SPARE = 6;
const KEPT = 2000;
let ladders = 0;

class Ladder {
  constructor({ model, session }) {
    this.model = model;
    this.session = session;
    this.id = `lc-ladder-${(ladders += 1)}-${Math.random().toString(36).slice(2, 8)}`;
    this.lines = [];
    this.rungs = new Kept();
    this.zoom = 1;
    this.until = null; // while replaying: how many lines are shown
    this.following = true;
    this.build();
  }

  build() {
    this.head = s("svg", { class: "lc-lanes-head", "aria-hidden": "true" });
    this.body = h("div", { class: "lc-ladder-body" });
    this.list = h(
      "div",
      {
        class: "lc-ladder-list",
        role: "listbox",
        tabindex: "0",
        "aria-label": "Sequence of units",
        onScroll: () => this.onScroll(),
        onKeydown: (event) => this.onKey(event),
      },
      this.body,
    );
    onUnit(this.list, (n) => this.session.set({ selected: n, field: -1 }));
    this.waiting = h("span");
    this.pill = h("button", { class: "lc-button lc-pill", type: "button", hidden: true, onClick: () => this.toEnd() }, icon("down"), this.waiting);
    this.empty = h("p", { class: "lc-empty" }, "Nothing has crossed the tap yet.");
    this.earlier = h("button", { class: "lc-link lc-earlier", type: "button", hidden: true, onClick: () => this.session.earlier(KEPT) });
    const box = h("div", { class: "lc-ladder-box" }, this.list, this.empty, this.pill);
    this.notice = h("p", { class: "lc-notice", role: "status", hidden: true });
    this.node = h("div", { class: "lc-ladder-parts" }, this.notice, h("div", { class: "lc-lanes" }, this.head), this.earlier, box, this.player(), legend());
    this.settled = false;
    this.seeing = whenSeen(this.list, () => this.onResize());
  }

  /** The box changed: stay at the end, or where one reads. */
  onResize() {
    if (!this.settle() && this.following && this.until === null) this.scrollToEnd();
    this.draw();
  }

  get row() {
    return ROWS[this.zoom];
  }

  /** Closer or further; what stands in the middle stays there. */
  zoomBy(step) {
    const middle = (this.list.scrollTop + this.list.clientHeight / 2) / this.row;
    this.zoom = Math.max(0, Math.min(ROWS.length - 1, this.zoom + step));
    this.node.style.setProperty("--rung", `${this.row}px`);
    this.closer.disabled = this.zoom === ROWS.length - 1;
    this.further.disabled = this.zoom === 0;
    this.draw();
    this.list.scrollTop = middle * this.row - this.list.clientHeight / 2;
  }

  zoomButton(step, text, label) {
    return h("button", { class: "lc-button lc-small", type: "button", "aria-label": label, onClick: () => this.zoomBy(step) }, text);
  }

  player() {
    this.further = this.zoomButton(-1, "−", "Closer lines");
    this.closer = this.zoomButton(1, "+", "Wider lines");
    this.playing = null;
    this.playButton = h("button", { class: "lc-button lc-small", type: "button", onClick: () => this.play() });
    this.stepButton = h("button", { class: "lc-button lc-small", type: "button", onClick: () => this.stepOn() }, icon("step"), "Step");
    this.slider = h("input", { type: "range", min: "0", "aria-label": "Replay: lines shown", class: "lc-slider", onInput: () => this.seek(Number(this.slider.value)) });
    this.clock = h("span", { class: "lc-meta lc-clock", role: "status" });
    this.tellPlayer();
    return h("div", { class: "lc-player" }, this.playButton, this.stepButton, this.slider, this.clock, this.further, this.closer);
  }

  tellPlayer() {
    const running = this.playing !== null;
    replace(this.playButton, icon(running ? "pause" : "play"), running ? "Pause" : "Replay");
    this.stepButton.disabled = running || this.lines.length === 0;
    this.playButton.disabled = this.lines.length === 0;
    this.slider.max = String(this.lines.length);
    this.slider.value = String(this.shown);
    const line = this.lines[this.shown - 1];
    const text = this.until === null ? (this.session.state === "live" ? "live" : "all") : line ? `${milliseconds(line.ms)} ms` : "start";
    setText(this.clock, text);
    setAttribute(this.slider, "aria-valuetext", text);
  }

  get shown() {
    return this.until ?? this.lines.length;
  }

  seek(count) {
    this.pause();
    this.until = count >= this.lines.length ? null : count;
    this.afterStep();
  }

  stepOn() {
    const from = this.until === null ? 0 : this.until;
    let to = from + 1;
    while (to < this.lines.length && this.lines[to - 1].pause) to += 1;
    this.until = to >= this.lines.length ? null : to;
    this.afterStep();
    const line = this.lines[to - 1];
    if (line?.n) this.session.set({ selected: line.n, field: -1 });
  }

  afterStep() {
    this.draw(true);
    this.reveal(this.shown - 1);
    this.tellPlayer();
  }

  play() {
    if (this.playing !== null) {
      this.pause();
      return;
    }
    if (this.until === null) this.until = 0;
    this.advance();
  }

  advance() {
    const here = this.lines[this.until - 1];
    const next = this.lines[this.until];
    if (!next) {
      this.until = null;
      this.pause();
      this.draw(true);
      return;
    }
    const wait = here && !next.pause ? Math.min(800, Math.max(120, next.ms - here.ms)) : 350;
    this.playing = setTimeout(() => {
      this.until += 1;
      this.afterStep();
      this.advance();
    }, wait);
    this.tellPlayer();
  }

  pause() {
    clearTimeout(this.playing);
    this.playing = null;
    this.tellPlayer();
  }

  destroy() {
    this.pause();
    this.seeing.stop();
  }

  update() {
    const connections = this.model.get("connections");
    const trace = this.model.get("trace");
    this.names = lanes(connections, { sql: trace.length > 0 });
    const before = this.lines.length;
    const rows = [...this.session.store.rows.values()];
    this.stay(() => {
      this.lines = lines(rows, trace, laneOf(connections, this.names));
    });
    if (this.following) this.seen = this.session.store.total;
    this.tellEarlier();
    this.empty.hidden = this.lines.length > 0;
    this.draw(true);
    if (this.settle()) return;
    if (this.following && this.until === null && this.lines.length !== before) this.scrollToEnd();
    this.tellNew();
    this.tellPlayer();
  }

  /** What is read, and where a replay stands, stay when lines come or go above. */
  stay(change) {
    const top = Math.floor(this.list.scrollTop / this.row);
    const from = this.until === null ? top : Math.min(top, Math.max(0, this.until - 1));
    const read = this.lines.slice(from).find(({ n }) => n > 0);
    const before = this.lines.indexOf(read);
    change();
    const moved = this.lines.findIndex(({ n }) => n === read?.n) - before;
    if (!read || moved === 0 || before + moved < 0) return;
    if (this.until !== null) this.until += moved;
    if (this.following) return;
    this.body.style.height = `${this.shown * this.row}px`;
    this.list.scrollTop += moved * this.row;
    this.seeing.scrolled();
  }

  tellEarlier() {
    const { floor } = this.session.store;
    this.earlier.hidden = floor === 0 || this.session.state !== "live";
    setText(this.earlier, `${plural(floor, "earlier unit")}, load`);
  }

  tellState() {
    this.tellEarlier();
    const text = this.session.notice();
    this.notice.hidden = text === null;
    setText(this.notice, text ?? "");
    this.tellPlayer();
  }

  tellNew() {
    const waiting = this.following ? 0 : this.session.store.total - this.seen;
    this.pill.hidden = waiting <= 0 || this.until !== null;
    if (waiting > 0) setText(this.waiting, `${waiting} new`);
  }

  selectedLine() {
    const selected = this.model.get("selected");
    return selected > 0 ? this.lines.findIndex(({ n }) => n === selected) : -1;
  }

  /** Once there is room and something to show: the selected unit into the middle. */
  settle() {
    if (this.settled || !canScroll(this.list) || this.session.store.rows.size === 0) return false;
    this.settled = true;
    if (this.selectedLine() < 0) return false;
    this.showSelected();
    this.tellPlayer();
    return true;
  }

  showSelected() {
    this.list.scrollTop = this.selectedLine() * this.row - this.list.clientHeight / 2;
    this.seen = this.session.store.total;
    this.onScroll();
  }

  scrollToEnd() {
    this.list.scrollTop = this.lines.length * this.row;
  }

  toEnd() {
    this.following = true;
    this.seen = this.session.store.total;
    this.scrollToEnd();
    this.tellNew();
    this.list.focus();
  }

  onScroll() {
    if (!this.seeing.scrolled()) return;
    const { scrollTop, clientHeight } = this.list;
    this.following = scrollTop + clientHeight >= this.shown * this.row - this.row;
    if (this.following) this.seen = this.session.store.total;
    this.draw();
    this.tellNew();
  }

  reveal(index) {
    const y = index * this.row;
    if (y < this.list.scrollTop) this.list.scrollTop = y - this.row;
    else if (y + 2 * this.row > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = y + 2 * this.row - this.list.clientHeight;
    this.seeing.scrolled();
  }

  mark() {
    const index = this.selectedLine();
    if (index >= 0) this.reveal(index);
    this.draw(true);
  }

  onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const units = this.lines.slice(0, this.shown).filter(({ n }) => n > 0);
    if (units.length === 0) return;
    const at = units.findIndex(({ n }) => n === this.model.get("selected"));
    const to = at < 0 ? (step > 0 ? 0 : units.length - 1) : Math.max(0, Math.min(units.length - 1, at + step));
    this.session.set({ selected: units[to].n, field: -1 });
  }

  draw() {
    const width = this.list.clientWidth;
    if (width === 0 || !this.names) return;
    const longest = milliseconds(this.lines.at(-1)?.ms ?? 0).length;
    this.xs = places(this.names, width, Math.max(104, longest * 7.3 + 40));
    this.drawHead(width);
    this.body.style.height = `${this.shown * this.row}px`;
    const first = Math.max(0, Math.floor(this.list.scrollTop / this.row) - SPARE);
    const stop = Math.min(this.shown, Math.ceil((this.list.scrollTop + this.list.clientHeight) / this.row) + SPARE);
    const around = JSON.stringify([width, this.row, this.xs]);
    const shown = this.lines.slice(first, stop).map((line, i) => this.rung(line, first + i, width, around));
    arrange(this.body, this.rungs.nodes(shown));
    const selected = this.body.querySelector('[aria-selected="true"]');
    setAttribute(this.list, "aria-activedescendant", selected?.id ?? null);
  }

  drawHead(width) {
    const names = this.names.map((name) => s("text", { x: this.xs[name], y: 15, "text-anchor": "middle", class: "lc-lane-name" }, name));
    setAttribute(this.head, "width", width);
    replace(this.head, s("text", { x: this.xs[this.names[0]] - 32, y: 15, "text-anchor": "end", class: "lc-lane-ms" }, "ms"), names);
  }

  /** A line for `Kept`: its place, what it looks like, how to make it. */
  rung(line, index, width, around) {
    const looks = JSON.stringify([line, line.n > 0 && line.n === this.model.get("selected")]) + around;
    return [index, looks, () => this.line(line, index, width)];
  }

  line(line, index, width) {
    const style = { transform: `translateY(${index * this.row}px)` };
    if (line.pause) return h("div", { class: "lc-rung lc-rung-pause", "aria-hidden": "true", style }, this.pauseArt(line, width));
    const selected = line.n > 0 && line.n === this.model.get("selected");
    return h(
      "div",
      {
        class: `lc-rung lc-rung-${line.direction}`,
        role: "option",
        id: `${this.id}-${index}`,
        "aria-selected": String(selected),
        "aria-disabled": line.n === 0 ? "true" : null,
        "aria-label": line.said,
        dataset: { n: line.n },
        style,
      },
      this.art(line, width),
    );
  }

  lanesArt() {
    return Object.values(this.xs).map((x) => s("line", { x1: x, x2: x, y1: 0, y2: this.row, class: "lc-lane" }));
  }

  pauseArt(line, width) {
    const left = this.xs[this.names[0]];
    return s(
      "svg",
      { width, height: this.row, "aria-hidden": "true" },
      this.lanesArt(),
      s("line", { x1: left - 12, x2: width - 14, y1: this.row / 2, y2: this.row / 2, class: "lc-pause-line" }),
      s("text", { x: left - 32, y: this.row / 2 + 4, "text-anchor": "end", class: "lc-pause-text" }, duration(line.pause)),
    );
  }

  art(line, width) {
    const [from, to] = [this.xs[line.from], this.xs[line.to]];
    const side = Math.sign(to - from);
    const tip = to - side * 2;
    const left = this.xs[this.names[0]];
    const y = this.row - 11;
    const parts = [
      ...this.lanesArt(),
      s("text", { x: left - 32, y: y + 4, "text-anchor": "end", class: "lc-rung-ms" }, milliseconds(line.ms)),
      s("line", { x1: from, y1: y, x2: tip - side * (line.style === "ws" ? 6 : 1), y2: y + 2.4, class: `lc-arrow lc-arrow-${line.style}` }),
      head(line.style, tip, side, y + 2.5),
      line.client === null ? null : s("circle", { cx: this.ring(line.client), cy: y + 1.2, r: 3.4, class: "lc-ring" }),
      s("text", { x: (from + to) / 2, y: y - 5.5, "text-anchor": "middle", class: "lc-rung-text" }, shortened(line.text, Math.abs(to - from)), line.n ? s("tspan", { class: "lc-rung-n" }, ` ${line.n}`) : null),
    ];
    return s("svg", { width, height: this.row, "aria-hidden": "true" }, parts);
  }

  /** Where the tap recorded: on its lane for the client at the left, just before the others. */
  ring(client) {
    return client === this.names[0] ? this.xs.tap : this.xs[client] - 24;
  }
}

function render({ model, el, session }) {
  root(el, "lc-card", "lc-ladder");
  el.style.setProperty("--lc-height", `${model.get("height")}px`);
  const ladder = new Ladder({ model, session });
  el.append(ladder.node);
  const onSession = (what) => {
    if (what === "rows" || what === "connections") ladder.update();
    else if (what === "state") ladder.tellState();
  };
  const undo = [
    session.listen(onSession),
    listen(model, "change:selected", () => ladder.mark()),
    listen(model, "change:trace", () => ladder.update()),
  ];
  requestAnimationFrame(() => {
    ladder.update();
    ladder.tellState();
  });
  return () => {
    for (const stop of undo) stop();
    ladder.destroy();
  };
}

export default () => withSession(render, KEPT);
