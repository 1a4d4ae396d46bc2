// Sixteen bytes a row; each names its field on hover and on focus, in a line below the grid.

import { byteOwners, nextByte, shares } from "./bits.js";
import { copyText } from "./copy.js";
import { h, replace, setAttribute, setText } from "./dom.js";
import { grouped, hex2, hexOf, printable } from "./format.js";

export const PAGE = 4096;

export class ByteGrid {
  constructor({ pick, hover, page }) {
    this.pick = pick;
    this.hover = hover;
    this.at = 0;
    this.grid = h("div", {
      class: "lc-bytes",
      role: "grid",
      "aria-label": "Bytes",
      onKeydown: (event) => this.onKey(event),
      onClick: (event) => this.onClick(event),
      onMouseover: (event) => this.onHover(event),
      onMouseleave: () => this.leave(),
      onFocusin: (event) => this.onFocus(event),
    });
    this.readout = h("p", { class: "lc-readout lc-meta", role: "status" });
    this.pager = h("div", { class: "lc-pager lc-meta" });
    this.page = page;
    this.node = h("div", { class: "lc-byte-box" }, this.grid, this.readout, this.pager);
  }

  /** `bytes` are those of the page that starts at `offset`, of `detail.size` in all. */
  show(detail, bytes, offset = 0) {
    this.detail = detail;
    this.bytes = bytes;
    this.offset = offset;
    this.owners = byteOwners(detail.fields, bytes.length, offset);
    this.at = Math.min(this.at, Math.max(0, bytes.length - 1));
    this.cells = [];
    const rows = [];
    for (let start = 0; start < bytes.length; start += 16) rows.push(this.row(start));
    replace(this.grid, heads(), rows);
    setAttribute(this.grid, "aria-rowcount", Math.ceil(detail.size / 16) + 1);
    this.cells[this.at]?.setAttribute("tabindex", "0");
    this.tellPage();
    this.leave();
  }

  row(start) {
    const row = this.bytes.slice(start, start + 16);
    const cells = Array.from(row, (byte, i) => this.cell(byte, start + i));
    const ascii = Array.from(row, (byte) => h("span", { class: printable(byte) === null ? "lc-dot" : null }, printable(byte) ?? "·"));
    const address = (this.offset + start).toString(16).padStart(4, "0");
    return h(
      "div",
      { class: "lc-byte-row", role: "row", "aria-rowindex": (this.offset + start) / 16 + 2 },
      h("span", { class: "lc-address", role: "rowheader" }, address),
      cells,
      h("span", { class: "lc-ascii", role: "gridcell", "aria-label": "as ASCII" }, ascii),
    );
  }

  cell(byte, index) {
    const parts = shares(this.detail.fields, this.owners[index], this.offset + index);
    const cls = parts[0]?.[0] ?? "text";
    const attributes = { class: `lc-byte lc-f-${cls}`, role: "gridcell", tabindex: "-1", dataset: { byte: index }, "aria-label": this.say(index) };
    const cell = h("span", attributes, hex2(byte));
    if (parts.length > 1) split(cell, parts);
    this.cells.push(cell);
    return cell;
  }

  /** "byte 4, hex 37, Masking-key" */
  say(index) {
    const names = this.owners[index].map((field) => this.detail.fields[field].name);
    return [`byte ${this.offset + index}`, `hex ${hex2(this.bytes[index])}`, joined(names)].join(", ");
  }

  onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c") {
      if (String(window.getSelection())) return;
      const picked = this.pickedBytes();
      void copyText(hexOf(picked));
      setText(this.readout, `copied ${picked.length} ${picked.length === 1 ? "byte" : "bytes"} as hex`);
      event.preventDefault();
      return;
    }
    const how = { shift: event.shiftKey, control: event.ctrlKey };
    const to = nextByte(event.key, this.at, this.bytes.length, this.owners, how);
    if (to === null) return;
    event.preventDefault();
    this.cells[to].focus();
  }

  pickedBytes() {
    const field = this.detail.fields[this.picked];
    if (!field || !this.owners[this.at].includes(this.picked)) return this.bytes.slice(this.at, this.at + 1);
    const start = Math.floor(field.start / 8) - this.offset;
    return this.bytes.slice(Math.max(0, start), Math.ceil(field.stop / 8) - this.offset);
  }

  onFocus(event) {
    const index = indexOf(event);
    if (index === null) return;
    this.cells[this.at]?.setAttribute("tabindex", "-1");
    this.at = index;
    this.cells[index].setAttribute("tabindex", "0");
    this.read(index);
    const owners = this.owners[index];
    if (!owners.includes(this.picked)) this.pick(owners.at(-1) ?? null);
  }

  onClick(event) {
    const index = indexOf(event);
    if (index !== null) this.cells[index].focus();
  }

  onHover(event) {
    const index = indexOf(event);
    if (index === null) return;
    this.read(index);
    this.hover(this.owners[index].at(-1) ?? null, this.owners[index]);
  }

  leave() {
    this.hover(null);
    if (this.grid.contains(document.activeElement)) this.read(this.at);
    else setText(this.readout, "Point at a byte, or step with the arrows: Shift goes by field, Ctrl+C copies hex.");
  }

  read(index) {
    const byte = this.bytes[index];
    const bits = byte.toString(2).padStart(8, "0");
    const names = this.owners[index].map((i) => this.detail.fields[i]).map(({ name, note }) => (note ? `${name}, ${note}` : name));
    const ascii = printable(byte) === null ? "" : ` “${printable(byte)}”`;
    replace(this.readout, h("strong", {}, joined(names)), `  byte ${grouped(this.offset + index)}, hex ${hex2(byte)}, ${byte}${ascii}, bits ${bits}`);
  }

  /** Outline the bytes of the leaves `picked`, tint those of `hot`; `field` is the one picked. */
  mark(picked, hot, field) {
    this.picked = field;
    const inside = this.extent(picked);
    const under = this.extent(hot);
    this.cells.forEach((cell, index) => {
      cell.classList.toggle("lc-hot", within(under, index));
      this.outline(cell, index, inside);
    });
  }

  /** First and last byte (of this page) of some leaves, or null. */
  extent(indexes) {
    if (!indexes || indexes.length === 0) return null;
    const { fields } = this.detail;
    const first = Math.floor(fields[indexes[0]].start / 8) - this.offset;
    return [first, Math.ceil(fields[indexes.at(-1)].stop / 8) - 1 - this.offset];
  }

  outline(cell, index, extent) {
    const inside = within(extent, index);
    cell.classList.toggle("lc-picked", inside);
    if (!inside) return;
    const [first, last] = extent;
    cell.classList.toggle("lc-edge-left", index === first || index % 16 === 0);
    cell.classList.toggle("lc-edge-right", index === last || index % 16 === 15);
    cell.classList.toggle("lc-edge-top", index - 16 < first);
    cell.classList.toggle("lc-edge-bottom", index + 16 > last);
  }

  tellPage() {
    const { size } = this.detail;
    this.pager.hidden = size <= PAGE;
    if (size <= PAGE) return;
    const last = this.offset + this.bytes.length;
    const turn = (to, text, off) => h("button", { class: "lc-button", type: "button", disabled: off, onClick: () => this.page(to) }, text);
    replace(
      this.pager,
      turn(this.offset - PAGE, "Earlier", this.offset === 0),
      `bytes ${grouped(this.offset)} to ${grouped(last - 1)} of ${grouped(size)}`,
      turn(this.offset + PAGE, "Later", last >= size),
    );
  }
}

function within(extent, index) {
  return extent !== null && index >= extent[0] && index <= extent[1];
}

/** ["RSV1", "RSV2", "RSV3"] -> "RSV1 · RSV2 · RSV3", with equal names said once. */
function joined(names) {
  return [...new Set(names)].join(" · ");
}

/** A byte that holds two kinds shows both, each as wide as its bits. */
function split(cell, parts) {
  const stops = [];
  const lines = [];
  let at = 0;
  for (const [cls, bits] of parts) {
    const to = at + bits * 12.5;
    stops.push(`var(--lc-${cls}-tint) ${at}% ${to}%`);
    lines.push(`var(--lc-${cls}) ${at}% ${to}%`);
    at = to;
  }
  cell.classList.add("lc-split");
  cell.style.setProperty("--stops", stops.join(", "));
  cell.style.setProperty("--lines", lines.join(", "));
}

function heads() {
  const columns = Array.from({ length: 16 }, (_, i) => h("span", { role: "columnheader", class: "lc-column" }, i.toString(16)));
  return h(
    "div",
    { class: "lc-byte-row lc-byte-heads", role: "row", "aria-rowindex": "1" },
    h("span", { role: "columnheader", class: "lc-address" }, h("span", { class: "lc-hidden" }, "address")),
    columns,
    h("span", { role: "columnheader", class: "lc-ascii-head" }, "as ASCII"),
  );
}

function indexOf(event) {
  const cell = event.target.closest?.("[data-byte]");
  return cell ? Number(cell.dataset.byte) : null;
}
