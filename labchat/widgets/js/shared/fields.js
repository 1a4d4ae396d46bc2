// The legend of field kinds, as far as they occur.

import { h } from "./dom.js";

export const KIND_NAMES = {
  bit: "header bits",
  control: "control frame",
  len: "length",
  mask: "mask",
  payload: "masked payload",
  text: "readable",
};

export function legend(kinds, names = KIND_NAMES) {
  const known = Object.keys(names).filter((kind) => kinds.has(kind));
  return h(
    "div",
    { class: "lc-legend" },
    known.map((kind) => h("span", {}, h("span", { class: `lc-swatch lc-f-${kind}`, "aria-hidden": "true" }), names[kind])),
  );
}
