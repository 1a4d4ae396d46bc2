// masked ^ key = text, byte by byte; a rule at every fourth byte shows the key repeat.

import { h, replace } from "./dom.js";
import { grouped, hex2, printable, unmask } from "./format.js";

const BYTE = 28;
const LABEL = 52;

export class UnmaskStrip {
  constructor() {
    this.offset = 0;
    this.title = h("h4", {});
    this.table = h("div", { class: "lc-unmask", role: "table", "aria-label": "Unmask: masked XOR key gives the text" });
    this.sum = h("p", { class: "lc-readout lc-meta", role: "status" });
    this.back = this.turn("Earlier bytes", "‹", -1);
    this.on = this.turn("Later bytes", "›", 1);
    const head = h("div", { class: "lc-head" }, this.title, h("span", { class: "lc-turns" }, this.back, this.on));
    this.node = h("section", { class: "lc-part" }, head, this.table, this.sum);
    this.table.addEventListener("mouseover", (event) => this.explain(event.target.closest("[data-i]")));
    this.table.addEventListener("mouseleave", () => this.explain(null));
    this.resize = new ResizeObserver(() => this.width !== this.columns() && this.draw());
    this.resize.observe(this.node);
  }

  destroy() {
    this.resize.disconnect();
  }

  turn(label, text, step) {
    return h("button", { class: "lc-button lc-turn", type: "button", "aria-label": label, onClick: () => this.move(step) }, text);
  }

  move(step) {
    this.offset = Math.max(0, Math.min(this.offset + step * this.columns(), this.masked.length - 1));
    this.draw();
  }

  show(masked, key) {
    if (this.masked?.length !== masked.length) this.offset = 0;
    this.masked = masked;
    this.key = key;
    this.draw();
  }

  columns() {
    return Math.max(4, Math.floor(((this.node.clientWidth || 560) - LABEL) / BYTE));
  }

  draw() {
    if (!this.masked) return;
    this.width = this.columns();
    const { masked, offset } = this;
    const part = masked.slice(offset, offset + this.width);
    const key = Uint8Array.from(part, (_, i) => this.key[(offset + i) % 4]);
    const text = unmask(part, this.key, offset);
    const last = offset + part.length - 1;
    replace(this.title, "Unmask ", h("span", { class: "lc-meta" }, part.length ? `bytes ${grouped(offset)} to ${grouped(last)} of ${grouped(masked.length)}` : "no payload"));
    const numbers = Array.from(part, (_, i) => String(offset + i));
    const letters = Array.from(text, (byte) => (byte === 32 ? "␣" : printable(byte) ?? hex2(byte)));
    replace(
      this.table,
      this.line("byte", numbers, "lc-meta"),
      this.line("masked", Array.from(part, hex2), "lc-f-payload"),
      this.line("^ key", Array.from(key, hex2), "lc-f-mask lc-ruled"),
      this.line("= text", letters, "lc-f-text lc-clear"),
    );
    this.back.disabled = offset === 0;
    this.on.disabled = last >= masked.length - 1;
    this.back.parentElement.hidden = masked.length <= this.width;
    this.shown = { part, key, text };
    this.explain(null);
  }

  line(name, cells, cls) {
    const boxes = cells.map((cell, i) => h("span", { role: "cell", class: `lc-x ${cls}${(this.offset + i) % 4 === 0 ? " lc-fourth" : ""}`, dataset: { i } }, cell));
    return h("div", { class: "lc-unmask-row", role: "row" }, h("span", { role: "rowheader", class: "lc-meta" }, name), boxes);
  }

  explain(cell) {
    const i = cell ? Number(cell.dataset.i) : 0;
    const { part, key, text } = this.shown;
    if (i >= part.length) return;
    const bits = (byte) => byte.toString(2).padStart(8, "0");
    const n = this.offset + i;
    const letter = printable(text[i]);
    replace(this.sum, `byte ${n}: ${hex2(part[i])} ^ key ${n % 4} ${hex2(key[i])} = ${hex2(text[i])}${letter ? ` “${letter}”` : ""}   `, h("span", { class: "lc-sum" }, `${bits(part[i])} ^ ${bits(key[i])} = ${bits(text[i])}`));
  }
}
