// The list of units: a virtual grid that follows the newest only while it stands at the end.

import { canScroll, h, onUnit, setAttribute, setText, whenSeen } from "./dom.js";
import { matcher } from "./filter.js";
import { grouped, milliseconds, plural } from "./format.js";
import { icon } from "./icons.js";
import { AT } from "./store.js";

const ROW = 25;
const SPARE = 8;
const HEADS = ["n", "ms", "peer", "kind", "bytes", "summary"];
const KEYS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
let lists = 0;

export class UnitList {
  constructor({ session, select, enter }) {
    this.session = session;
    this.select = select;
    this.enter = enter;
    this.id = `lc-list-${(lists += 1)}-${Math.random().toString(36).slice(2, 8)}`;
    this.selected = 0;
    this.following = true;
    this.seen = 0; // the newest unit that was there when the end was in sight
    this.settled = false;
    this.lines = new Map();
    this.drawn = new WeakMap(); // line -> what it looks like
    this.build();
  }

  get store() {
    return this.session.store;
  }

  build() {
    this.input = h("input", {
      class: "lc-filter",
      type: "search",
      placeholder: "Filter: text, opcode, A or B",
      "aria-label": "Filter units",
      "aria-describedby": `${this.id}-hint`,
      onInput: () => this.filter(this.input.value),
      onKeydown: (event) => this.onFilterKey(event),
    });
    this.hint = h(
      "p",
      { class: "lc-filter-hint lc-meta", id: `${this.id}-hint` },
      "text ping http · 0x9 · A · → ← · ! rule broken · any words",
    );
    this.earlier = h("button", { class: "lc-link lc-earlier", type: "button", onClick: () => this.session.earlier(10_000) });
    this.body = h("div", { class: "lc-rows", role: "rowgroup" });
    const heads = HEADS.map((name) => h("span", { role: "columnheader", class: `lc-cell-${name}` }, name === "peer" ? h("span", { class: "lc-hidden" }, "peer") : name));
    this.head = h("div", { class: "lc-line lc-heads", role: "row", "aria-rowindex": "1" }, heads);
    this.grid = h(
      "div",
      {
        class: "lc-list",
        role: "grid",
        tabindex: "0",
        "aria-label": "Units on the wire",
        "aria-colcount": HEADS.length,
        onScroll: () => this.onScroll(),
        onKeydown: (event) => this.onKey(event),
      },
      h("div", { role: "rowgroup", class: "lc-heads-group" }, this.head),
      this.body,
    );
    onUnit(this.grid, (n) => this.select(n));
    this.waiting = h("span");
    this.pill = h("button", { class: "lc-button lc-pill", type: "button", hidden: true, onClick: () => this.toEnd() }, icon("down"), this.waiting);
    this.empty = h("p", { class: "lc-empty" });
    this.foot = h("p", { class: "lc-foot lc-meta" });
    const middle = h("div", { class: "lc-list-box" }, this.grid, this.empty, this.pill);
    this.node = h("section", { class: "lc-units", "aria-label": "Units" }, h("div", { class: "lc-filter-box" }, this.input, this.hint), this.earlier, middle, this.foot);
    this.seeing = whenSeen(this.grid, () => this.onResize());
  }

  /** The box changed: stay at the end, or keep the selected unit in sight. */
  onResize() {
    const index = this.store.indexOf(this.selected);
    if (this.settle()) return;
    if (this.following) this.scrollToEnd();
    else if (this.inSight && index >= 0) this.reveal(index);
    this.draw();
  }

  destroy() {
    this.seeing.stop();
  }

  /** New rows came, or letters changed. */
  update() {
    const added = this.store.after(this.seen) > 0;
    this.stay(() => this.size());
    if (!this.settle() && added && this.following) this.scrollToEnd();
    if (this.following) this.seen = this.store.total;
    this.draw(true);
    this.tellNew();
  }

  /** What is read stays where it is when lines come or go above it. */
  stay(change) {
    const index = Math.floor(this.top / ROW);
    const [read] = [...this.lines].find(([, line]) => lineIndex(line) === index) ?? [0];
    change();
    const now = this.store.indexOf(read);
    if (now < 0 || now === index || this.following) return;
    this.grid.scrollTop = this.top + (now - index) * ROW;
    this.seeing.scrolled();
  }

  size() {
    this.body.style.height = `${this.store.length * ROW}px`;
    setAttribute(this.grid, "aria-rowcount", this.store.length + 1);
    this.widths();
    this.earlier.hidden = this.store.floor === 0 || this.session.state !== "live";
    setText(this.earlier, `${plural(this.store.floor, "earlier unit")}, load`);
    this.tellEmpty();
    this.tellTotals();
  }

  /** Columns as wide as their longest number: the last unit has the largest. */
  widths() {
    const last = this.store.get(this.store.total);
    const set = (name, text, least) => this.grid.style.setProperty(`--${name}`, `${Math.max(least, text.length * 6.8 + 4)}px`);
    set("n", grouped(this.store.total), 26);
    if (last) set("ms", milliseconds(last[AT.ms]), 58);
    set("bytes", grouped(this.store.longest), 36);
  }

  tellEmpty() {
    this.empty.hidden = this.store.length > 0;
    if (this.store.length > 0) return;
    setText(
      this.empty,
      this.store.query ? "No unit matches the filter." : "Nothing has crossed the tap yet. Send a message and it appears here.",
    );
  }

  tellTotals() {
    const connections = Object.keys(this.session.letters ?? {}).length;
    const parts = [plural(this.store.total, "unit"), plural(connections, "connection")];
    if (this.store.rows.size === this.store.total) parts.push(plural(this.store.bytes, "byte"));
    if (this.store.query) parts.unshift(`${grouped(this.store.length)} of`);
    setText(this.foot, parts.join(", ").replace(" of,", " of"));
  }

  tellNew() {
    const waiting = this.following ? 0 : this.store.after(this.seen);
    this.pill.hidden = waiting <= 0;
    if (waiting > 0) setText(this.waiting, `${grouped(waiting)} new`);
  }

  filter(query) {
    this.store.filter(matcher(query, this.session.letters ?? {}));
    this.size();
    this.seen = this.store.total;
    const index = this.store.indexOf(this.selected);
    if (index >= 0) this.reveal(index);
    this.draw(true);
    this.tellNew();
  }

  mark(n) {
    if (n === this.selected) return;
    this.selected = n;
    const index = this.store.indexOf(n);
    this.inSight = index >= 0;
    if (index >= 0) this.reveal(index);
    this.draw(true);
  }

  get top() {
    return Math.max(0, this.grid.scrollTop);
  }

  get room() {
    return Math.max(ROW, this.grid.clientHeight - this.head.offsetHeight);
  }

  reveal(index) {
    const y = index * ROW;
    if (y < this.top) this.grid.scrollTop = y;
    else if (y + ROW > this.top + this.room) this.grid.scrollTop = y + ROW - this.room + (this.following ? 0 : 2 * ROW);
    this.seeing.scrolled();
  }

  /** Once there is room and something to show: the selected unit in the middle. */
  settle() {
    if (this.settled || !canScroll(this.grid) || this.store.length === 0) return false;
    this.settled = true;
    if (this.store.indexOf(this.selected) < 0) return false;
    this.showSelected();
    return true;
  }

  showSelected() {
    this.grid.scrollTop = this.store.indexOf(this.selected) * ROW - this.room / 2;
    this.seen = this.store.total;
    this.onScroll();
  }

  scrollToEnd() {
    this.grid.scrollTop = this.store.length * ROW;
  }

  toEnd() {
    this.following = true;
    this.seen = this.store.total;
    this.scrollToEnd();
    this.draw();
    this.tellNew();
    this.grid.focus();
  }

  onScroll() {
    if (!this.seeing.scrolled()) return;
    this.following = this.top + this.room >= this.store.length * ROW - ROW;
    const y = this.store.indexOf(this.selected) * ROW;
    this.inSight = y >= this.top && y + ROW <= this.top + this.room;
    if (this.following) this.seen = this.store.total;
    this.draw();
    this.tellNew();
  }

  onFilterKey(event) {
    if (event.key === "Escape" && this.input.value !== "") {
      this.input.value = "";
      this.filter("");
      event.stopPropagation();
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      this.grid.focus();
      event.preventDefault();
    }
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") this.input.focus();
    else if (event.key === "Enter") this.enter();
    else if (!this.move(event.key)) return;
    event.preventDefault();
  }

  move(key) {
    const last = this.store.length - 1;
    const at = this.store.indexOf(this.selected);
    if (last < 0) return false;
    let to;
    if (key === "Home") to = 0;
    else if (key === "End") to = last;
    else if (key in KEYS) to = at < 0 ? Math.floor(this.top / ROW) : at + KEYS[key];
    else return false;
    this.select(this.store.at(Math.min(last, Math.max(0, to))));
    return true;
  }

  draw(all = false) {
    const first = Math.max(0, Math.floor(this.top / ROW) - SPARE);
    const stop = Math.min(this.store.length, Math.ceil((this.top + this.room) / ROW) + SPARE);
    for (const [n, line] of this.lines) {
      const index = this.store.indexOf(n);
      if (index < first || index >= stop) {
        line.remove();
        this.lines.delete(n);
      }
    }
    for (let index = first; index < stop; index += 1) this.place(index, all);
    const shown = this.lines.has(this.selected);
    setAttribute(this.grid, "aria-activedescendant", shown ? `${this.id}-${this.selected}` : null);
  }

  place(index, all) {
    const n = this.store.at(index);
    let line = this.lines.get(n);
    if (!line || all || line.dataset.hollow) line = this.renew(n, line);
    line.style.transform = `translateY(${index * ROW}px)`;
    setAttribute(line, "aria-rowindex", index + 2);
  }

  /** The line of unit `n`; the one that stands there stays, while it looks the same. */
  renew(n, line) {
    const row = this.store.get(n);
    const { letters, names } = this.session;
    const looks = row ? JSON.stringify([row, letters?.[row[AT.connection]], names?.[row[AT.connection]], n === this.selected]) : "";
    if (line && this.drawn.get(line) === looks) return line;
    const fresh = this.line(n, row);
    if (line) line.replaceWith(fresh);
    else this.body.append(fresh);
    this.drawn.set(fresh, looks);
    this.lines.set(n, fresh);
    return fresh;
  }

  line(n, row) {
    const attributes = { class: "lc-line", role: "row", id: `${this.id}-${n}`, dataset: { n } };
    if (!row) return h("div", { ...attributes, "data-hollow": "1" }, h("span", { role: "gridcell", class: "lc-cell-n" }, grouped(n)), h("span", { role: "gridcell", class: "lc-cell-summary lc-quiet" }, "…"));
    return h("div", { ...attributes, "aria-selected": String(n === this.selected), "data-direction": row[AT.direction] ? "s2c" : "c2s" }, this.cells(row));
  }

  cells(row) {
    const toServer = row[AT.direction] === 0;
    const letter = this.session.letters?.[row[AT.connection]] ?? String(row[AT.connection]);
    const name = this.session.names?.[row[AT.connection]] ?? `client ${row[AT.connection]}`;
    const said = toServer ? `${name} to server` : `server to ${name}`;
    const control = row[AT.opcode] >= 8 ? " lc-control" : "";
    const broken = row[AT.violations] > 0;
    const cell = (key, extra, ...content) => h("span", { role: "gridcell", class: `lc-cell-${key}${extra}` }, content);
    return [
      cell("n", "", grouped(row[AT.n])),
      cell("ms", "", milliseconds(row[AT.ms])),
      cell("peer", toServer ? " lc-c2s" : " lc-s2c", h("span", { "aria-hidden": "true" }, `${letter} ${toServer ? "→" : "←"}`), h("span", { class: "lc-hidden" }, said)),
      cell("kind", control, row[AT.kind]),
      cell("bytes", "", grouped(row[AT.bytes])),
      cell("summary", broken ? " lc-broken" : "", broken ? [icon("cross"), h("span", { class: "lc-hidden" }, "rule broken: ")] : null, row[AT.summary]),
    ];
  }
}

function lineIndex(line) {
  return Number(line.getAttribute("aria-rowindex")) - 2;
}
