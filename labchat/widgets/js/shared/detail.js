// Everything about one unit: title, bits, bytes, fields, unmask, message; one field picked in all.

import { ByteGrid, PAGE } from "./byte_grid.js";
import { asC, asHex, asPython, copyText } from "./copy.js";
import { h, replace, setText, whenSeen } from "./dom.js";
import { FieldTable, section } from "./field_table.js";
import { KIND_NAMES, legend } from "./fields.js";
import { bytesOf, grouped } from "./format.js";
import { icon } from "./icons.js";
import { messageSection } from "./message.js";
import { Ruler } from "./ruler.js";
import { UnmaskStrip } from "./unmask_strip.js";

export class Detail {
  constructor({ session, pick }) {
    this.session = session;
    this.pick = pick;
    this.picked = null;
    const actions = { pick: (field) => field !== null && this.pick(field), hover: (field) => this.hover(field) };
    this.ruler = new Ruler(actions);
    this.grid = new ByteGrid({ ...actions, page: (offset) => this.turn(offset) });
    this.table = new FieldTable(actions);
    this.strip = new UnmaskStrip();
    this.node = h("section", { class: "lc-detail", "aria-label": "Unit in detail", tabindex: "-1", onScroll: () => this.seeing.scrolled() });
    this.seeing = whenSeen(this.node, () => {});
    this.copied = h("span", { class: "lc-meta", role: "status" });
  }

  destroy() {
    this.seeing.stop();
    this.strip.destroy();
  }

  focus() {
    const target = this.table.rows?.[this.table.at] ?? this.grid.cells?.[0] ?? this.node;
    target.focus();
  }

  /** Draw anew; a keyboard that is in here stays in here, among the bytes if it was there. */
  redraw(draw) {
    const at = this.node.getRootNode().activeElement;
    const within = this.node.contains(at);
    const amongBytes = this.grid.node.contains(at);
    draw();
    if (!within) return;
    if (amongBytes && this.shown) this.grid.cells[this.grid.at]?.focus();
    else if (this.shown) this.focus();
    else this.node.focus();
  }

  clear(text) {
    this.shown = null;
    this.redraw(() => replace(this.node, h("p", { class: "lc-empty" }, text)));
  }

  show(detail) {
    if (!sameDetail(this.shown, detail)) this.redraw(() => this.draw(detail));
  }

  draw(detail) {
    const again = this.shown?.n === detail.n;
    this.shown = detail;
    this.bytes = bytesOf(detail.hex);
    this.picked = null;
    this.table.show(detail);
    this.grid.show(detail, this.bytes.slice(0, PAGE));
    if (detail.kind === "frame") this.ruler.show(detail, this.bytes);
    if (detail.mask) this.strip.show(this.bytes.slice(detail.mask.start), bytesOf(detail.mask.key));
    replace(this.node, this.parts(detail));
    if (!again) this.node.scrollTop = 0;
  }

  parts(detail) {
    const frame = detail.kind === "frame";
    const kinds = new Set(detail.fields.map(({ cls }) => cls));
    const names = frame ? KIND_NAMES : { ...KIND_NAMES, bit: "what it is", payload: "header lines", text: "body" };
    return [
      h("div", { class: "lc-pinned" }, this.title(detail), this.problems(detail), frame ? part("Bits", "", this.ruler.node) : null),
      h("section", { class: "lc-part" }, h("div", { class: "lc-head" }, h("h4", {}, "Bytes"), legend(kinds, names)), this.grid.node),
      detail.table.length > 0 ? part(frame ? "Fields" : "Anatomy", detail.source, this.table.node) : null,
      detail.mask && detail.mask.start < detail.size ? this.strip.node : null,
      messageSection(detail.message),
    ];
  }

  title(detail) {
    return h(
      "header",
      { class: "lc-title" },
      h("h3", {}, grouped(detail.n)),
      h("p", { class: "lc-title-what" }, `${detail.title}, `, h("span", { class: `lc-${detail.direction}` }, `${detail.from} → ${detail.to}`)),
      h("p", { class: "lc-meta" }, detail.sizes),
      this.copying(detail),
    );
  }

  copying(detail) {
    const forms = { hex: asHex, "Python bytes": asPython, "C array": asC };
    if (detail.curl) forms.curl = () => detail.curl;
    const choose = h("select", { "aria-label": "Copy as", class: "lc-copy" }, h("option", { value: "" }, "Copy as…"), Object.keys(forms).map((name) => h("option", {}, name)));
    choose.addEventListener("change", () => {
      const name = choose.value;
      choose.value = "";
      void this.copy(name, forms[name]);
    });
    setText(this.copied, "");
    return h("span", { class: "lc-copying" }, this.copied, choose);
  }

  async copy(name, form) {
    const whole = this.bytes.length >= this.shown.size;
    await copyText(form(this.bytes));
    const part = whole || name === "curl" ? "" : `, the first ${grouped(this.bytes.length)} bytes`;
    setText(this.copied, `copied as ${name}${part}`);
  }

  problems({ violations }) {
    if (violations.length === 0) return null;
    const lines = violations.map((violation) => h("li", {}, icon("cross"), h("span", {}, violation.rule), section(violation)));
    const head = violations.length === 1 ? "1 rule broken" : `${violations.length} rules broken`;
    return h("div", { class: "lc-problems" }, h("strong", {}, head), h("ul", {}, lines));
  }

  turn(offset) {
    const slice = this.bytes.slice(offset, offset + PAGE);
    if (slice.length > 0) this.grid.show(this.shown, slice, offset);
    else this.session.send({ type: "bytes", n: this.shown.n, offset });
    this.mark(this.picked);
  }

  /** More of a unit than came with its detail. */
  more({ n, offset, hex }) {
    if (this.shown?.n === n) this.grid.show(this.shown, bytesOf(hex), offset);
  }

  hover(field) {
    if (this.shown && this.hot !== field) this.paint(this.picked, field);
  }

  mark(field) {
    if (!this.shown) return;
    this.paint(field !== null && field >= 0 && field < this.shown.fields.length ? field : null, null);
  }

  /** The bytes a picked field stands for: itself in a frame, its whole line in HTTP. */
  reach(index) {
    if (index === null || this.shown.kind === "frame") return index === null ? null : [index];
    return this.shown.table.find(({ fields }) => fields.includes(index))?.fields ?? [index];
  }

  paint(picked, hot) {
    this.picked = picked;
    this.hot = hot;
    this.grid.mark(this.reach(picked), this.reach(hot), picked);
    this.table.mark(picked, hot);
    for (const piece of this.ruler.node.querySelectorAll("[data-field]")) {
      const field = Number(piece.dataset.field);
      piece.classList.toggle("lc-picked", field === picked);
      piece.classList.toggle("lc-hot", field === hot);
    }
  }
}

/** The kernel may answer twice, as when a detail was on its way already. */
function sameDetail(one, other) {
  return one === other || (one?.n === other.n && JSON.stringify(one) === JSON.stringify(other));
}

function part(name, meta, node) {
  return h("section", { class: "lc-part" }, h("h4", {}, name, " ", meta ? h("span", { class: "lc-meta" }, meta) : null), node);
}
