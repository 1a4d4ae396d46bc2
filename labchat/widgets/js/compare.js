// The same message on two paths: every bar to one scale, every header line with its size.

import { pixelsPerByte, ruleBytes } from "./shared/bars.js";
import { h, listen, replace, root } from "./shared/dom.js";
import { FieldTable, section } from "./shared/field_table.js";
import { legend } from "./shared/fields.js";
import { grouped, plural } from "./shared/format.js";

const NAMES = { bit: "what it is", control: "control frame", payload: "header lines", len: "length", mask: "mask", text: "the message" };
const LABEL = 142;

function render({ model, el }) {
  root(el, "lc-card", "lc-compare");
  const head = h("div", { class: "lc-bar-head" });
  const bars = h("div", { class: "lc-bar-groups" });
  const below = h("div", { class: "lc-anatomies" });
  const finding = h("div", { class: "lc-finding" });
  el.append(head, bars, below, finding);
  let tables = [];

  const pick = (n) => {
    model.set("selected", n);
    model.save_changes();
  };
  const drawBars = () => {
    const view = model.get("view");
    const all = view.groups.flatMap((group) => group.bars);
    const scale = pixelsPerByte(all.map(({ total }) => total), (bars.clientWidth || 900) - LABEL - 32);
    replace(head, h("h3", {}, view.title), h("span", { class: "lc-meta" }, view.units), rule(scale));
    const kinds = new Set(all.flatMap(({ parts }) => parts.map(([kind]) => kind)));
    replace(bars, view.groups.map((group, i) => groupOf(group, scale, i === 0 ? legend(kinds, NAMES) : null, model.get("selected"), pick)));
  };
  const drawRest = () => {
    const view = model.get("view");
    tables = view.anatomy.map((unit) => anatomy(unit, pick));
    replace(below, tables);
    below.hidden = tables.length === 0;
    finding.hidden = !view.finding;
    if (view.finding) replace(finding, findingOf(view.finding));
  };
  const undo = [
    listen(model, "change:view", () => [drawBars, drawRest].forEach((draw) => draw())),
    listen(model, "change:selected", drawBars),
  ];
  let width = 0;
  const resize = new ResizeObserver(() => {
    if (bars.clientWidth === width) return;
    width = bars.clientWidth;
    drawBars();
  });
  resize.observe(bars);
  drawRest();
  drawBars();
  return () => {
    resize.disconnect();
    for (const stop of undo) stop();
  };
}

function rule(scale) {
  const bytes = ruleBytes(scale);
  return h(
    "span",
    { class: "lc-rule lc-meta" },
    "every bar to one scale",
    h("span", { class: "lc-rule-line", "aria-hidden": "true", style: { width: `${bytes * scale}px` } }),
    plural(bytes, "byte"),
  );
}

function groupOf({ name, note, bars }, scale, key, selected, pick) {
  const head = h("div", { class: "lc-head" }, h("h4", {}, name, " ", h("span", { class: "lc-meta" }, note)), key);
  return h("section", { class: "lc-bar-group" }, head, bars.map((bar) => barOf(bar, scale, selected, pick)));
}

function barOf({ n, name, direction, parts, total, note }, scale, selected, pick) {
  const way = direction === "c2s" ? "→ to server" : "← to client";
  const pieces = parts.map(([kind, size]) => {
    const width = size * scale;
    return h("span", { class: `lc-bar-part lc-f-${kind}`, style: { width: `${width}px` } }, width > 22 ? grouped(size) : null);
  });
  const said = `${name}, unit ${n}, ${plural(total, "byte")}: ${parts.map(([kind, size]) => `${NAMES[kind]} ${size}`).join(", ")}`;
  return h(
    "button",
    { class: `lc-bar${n === selected ? " lc-chosen" : ""}`, type: "button", "aria-label": said, "aria-pressed": String(n === selected), onClick: () => pick(n) },
    h("span", { class: "lc-bar-name" }, h("strong", {}, name), h("span", { class: `lc-${direction}` }, way)),
    h("span", { class: "lc-bar-parts" }, pieces),
    h("strong", { class: "lc-bar-total" }, grouped(total)),
    h("span", { class: "lc-meta" }, note),
  );
}

function anatomy({ n, name, direction, lines }, pick) {
  const table = new FieldTable({ pick: () => pick(n), hover: () => {} });
  table.show({ table: lines.map((line) => ({ ...line, sentence: "", section: "" })) });
  const head = h("div", { class: "lc-head" }, h("h4", { class: `lc-${direction}` }, name), h("span", { class: "lc-meta" }, "bytes"));
  return h("section", { class: "lc-anatomy" }, head, table.node);
}

function findingOf(finding) {
  return [
    h("div", {}, h("p", { class: "lc-meta" }, "The text says"), h("p", {}, finding.claim)),
    h("div", {}, h("p", { class: "lc-meta" }, "Measured"), h("p", {}, finding.measured, " ", section({ ...finding, section: finding.section }))),
  ];
}

export default { render };
