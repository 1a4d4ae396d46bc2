// The RFC's figure: 32 bits a row, drawn from the bytes themselves.

import { bitText, rulerRows } from "./bits.js";
import { h, replace } from "./dom.js";

export class Ruler {
  constructor({ pick, hover }) {
    this.node = h("div", {
      class: "lc-ruler",
      onClick: (event) => pick(fieldOf(event)),
      onMouseover: (event) => hover(fieldOf(event)),
      onMouseleave: () => hover(null),
    });
  }

  show(detail, bytes) {
    const rows = rulerRows(detail.fields, detail.size * 8);
    replace(this.node, scale(), rows.map((pieces, row) => this.row(detail, bytes, pieces, row)));
  }

  row(detail, bytes, pieces, row) {
    const tall = pieces.some(({ bits }) => bits === 1);
    const boxes = pieces.map((piece) => this.piece(detail, bytes, piece, row, tall));
    return h("div", { class: `lc-ruler-row${tall ? " lc-tall" : ""}` }, boxes);
  }

  piece(detail, bytes, { field: index, column, bits, from, more }, row, tall) {
    const field = detail.fields[index];
    const start = row * 32 + column;
    const digits = Array.from(bitText(bytes, start, start + bits), (bit) => h("b", {}, bit));
    const name = bits === 1 ? h("span", { class: "lc-stacked" }, field.name) : label(field, { from, more, start, bits }, tall);
    const cells = h("span", { class: "lc-bits", "aria-hidden": "true", style: { "--bits": bits } }, digits);
    return h(
      "div",
      {
        class: `lc-piece lc-f-${field.cls}${from ? " lc-from" : ""}${more ? " lc-more" : ""}`,
        dataset: { field: index },
        style: { "grid-column": `${column + 1} / span ${bits}` },
        "aria-label": `${field.name}: ${field.value}`,
        role: "img",
      },
      cells,
      name,
    );
  }
}

function label(field, spread, tall) {
  const name = field.note ? `${field.name}, ${field.note}` : field.name;
  const partial = spread.from || spread.more;
  const value = partial && field.cls !== "mask" ? extent(field, spread) : field.value;
  const narrow = spread.bits < 8;
  return h("span", { class: `lc-piece-name${tall ? " lc-two" : ""}${narrow ? " lc-narrow" : ""}` }, h("span", {}, name), " ", h("strong", {}, value));
}

function extent(field, { start, bits }) {
  const first = Math.floor((start - field.start) / 8);
  const last = Math.ceil((start + bits - field.start) / 8) - 1;
  return `bytes ${first} to ${last} of ${Math.ceil((field.stop - field.start) / 8)}`;
}

function scale() {
  const tens = h("div", { class: "lc-scale lc-tens", "aria-hidden": "true" }, [0, 1, 2, 3].map((ten) => h("b", { style: { "grid-column": String(ten * 10 + 1) } }, ten)));
  const units = h("div", { class: "lc-scale", "aria-hidden": "true" }, Array.from({ length: 32 }, (_, bit) => h("span", {}, bit % 10)));
  return [tens, units];
}

function fieldOf(event) {
  const piece = event.target.closest("[data-field]");
  return piece ? Number(piece.dataset.field) : null;
}
