// Name as in the RFC, value, one sentence, section; the focused row marks its bits and bytes.

import { h, replace } from "./dom.js";

export class FieldTable {
  constructor({ pick, hover }) {
    this.pick = pick;
    this.hover = hover;
    this.at = 0;
    this.node = h("div", {
      class: "lc-fields",
      role: "grid",
      "aria-label": "Fields",
      onKeydown: (event) => this.onKey(event),
      onFocusin: (event) => this.onFocus(event),
      onClick: (event) => this.onClick(event),
      onMouseover: (event) => this.onHover(event),
      onMouseleave: () => hover(null),
    });
  }

  show(detail) {
    this.table = detail.table;
    this.at = Math.min(this.at, Math.max(0, this.table.length - 1));
    this.rows = this.table.map((entry, index) => this.row(entry, index));
    replace(this.node, this.rows);
  }

  row(entry, index) {
    const cell = (key, ...content) => h("span", { role: "gridcell", class: `lc-field-${key}` }, content);
    if (entry.line) return this.httpLine(entry, index);
    const broken = entry.warning ? h("span", { class: "lc-warn lc-field-warning" }, ` ${entry.warning}`) : null;
    return h(
      "div",
      { class: `lc-field lc-f-${entry.cls}`, role: "row", tabindex: index === this.at ? "0" : "-1", dataset: { row: index } },
      h("span", { role: "rowheader", class: "lc-field-name" }, entry.name),
      cell("value", entry.value),
      cell("sentence", entry.sentence, broken),
      cell("section", section(entry)),
    );
  }

  /** An HTTP line as it is, its size at the right, what it is for below. */
  httpLine({ line: [name, rest], value, cls, sentence, warning, ...where }, index) {
    const text = name ? [h("strong", {}, name), rest] : cls === "payload" ? h("span", { class: "lc-quiet" }, `empty line: ${rest}`) : rest;
    return h(
      "div",
      { class: `lc-field lc-http-line lc-f-${cls}`, role: "row", tabindex: index === this.at ? "0" : "-1", dataset: { row: index } },
      h("span", { role: "rowheader", class: "lc-http-text" }, text),
      h("span", { role: "gridcell", class: "lc-http-size" }, value, h("span", { class: "lc-hidden" }, " bytes")),
      h("span", { role: "gridcell", class: "lc-http-why" }, sentence, warning ? h("span", { class: "lc-warn lc-field-warning" }, ` ${warning}`) : null, " ", section(where)),
    );
  }

  onKey(event) {
    const last = this.rows.length - 1;
    const to = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) this.rows[Math.max(0, Math.min(last, to))].focus();
    else if (event.key === "Enter" && event.target.matches("[data-row]")) event.target.querySelector("a")?.click();
    else return;
    event.preventDefault();
  }

  onFocus(event) {
    const index = indexOf(event);
    if (index === null) return;
    this.rows[this.at]?.setAttribute("tabindex", "-1");
    this.at = index;
    this.rows[index].setAttribute("tabindex", "0");
    if (event.target.matches("[data-row]")) this.pick(this.table[index].fields[0] ?? null);
  }

  onClick(event) {
    const index = indexOf(event);
    if (index !== null && !event.target.closest("a")) this.rows[index].focus();
  }

  onHover(event) {
    const index = indexOf(event);
    if (index !== null) this.hover(this.table[index].fields[0] ?? null, this.table[index].fields);
  }

  mark(picked, hot) {
    this.table.forEach(({ fields }, index) => {
      this.rows[index].classList.toggle("lc-picked", picked !== null && fields.includes(picked));
      this.rows[index].classList.toggle("lc-hot", hot !== null && fields.includes(hot));
    });
  }
}

/** A link to the section, or its bare name where there is no address. */
export function section({ section: name, url }) {
  if (!name) return null;
  const short = name.replace(/^RFC \d+ /, "");
  if (!url) return short;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", "aria-label": `${name}, opens the RFC` }, short);
}

function indexOf(event) {
  const row = event.target.closest?.("[data-row]");
  return row ? Number(row.dataset.row) : null;
}
