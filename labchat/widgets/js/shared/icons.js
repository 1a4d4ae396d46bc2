// One set: 16 px box, 1.6 px stroke, drawn in the colour of the text beside it.

import { s } from "./dom.js";

const line = (d) => ["path", { d }];
const disc = (cx, cy, r) => ["circle", { cx, cy, r, fill: "currentColor", stroke: "none" }];
const ring = (cx, cy, r) => ["circle", { cx, cy, r }];

export const ICONS = {
  check: [line("M3 8.5 6.5 12 13 4.5")],
  cross: [line("M4 4 12 12M12 4 4 12")],
  dash: [line("M4 8H12")],
  clock: [ring(8, 8, 6), line("M8 4.5V8L10.5 9.5")],
  cylinder: [
    ["ellipse", { cx: 8, cy: 4, rx: 5, ry: 2 }],
    line("M3 4V12C3 13.1 5.2 14 8 14S13 13.1 13 12V4M3 8C3 9.1 5.2 10 8 10S13 9.1 13 8"),
  ],
  warn: [line("M8 2.5 14.2 13.5H1.8ZM8 6.5V9.5M8 11.4V11.5")],
  pause: [line("M5.5 3.5V12.5M10.5 3.5V12.5")],
  play: [line("M4.5 3 12.5 8 4.5 13Z")],
  step: [line("M3 3 10 8 3 13ZM13 3V13")],
  pencil: [line("M3 13 3.7 10.2 10.8 3.1 12.9 5.2 5.8 12.3Z")],
  download: [line("M8 2.5V10M4.8 7 8 10.2 11.2 7M3 13.2H13")],
  send: [line("M2.5 8H13M9 4 13 8 9 12")],
  refresh: [line("M12.8 8A4.9 4.9 0 1 1 11.2 4.4M11.4 1.8V4.6H8.6")],
  dot: [disc(8, 8, 5)],
  offline: [line("M3 7H13M3 9H13")],
  waiting: [line("M11.5 4.8A4.6 4.6 0 1 0 11.5 11.2")],
  tap: [ring(8, 8, 3.4)],
  copy: [line("M5.5 5.5H13.5V13.5H5.5ZM2.5 10.5V2.5H10.5")],
  close: [line("M4 4 12 12M12 4 4 12")],
  down: [line("M4 6 8 10 12 6")],
};

/** A decorative icon: the word beside it carries the meaning. */
export function icon(name) {
  const parts = ICONS[name].map(([tag, attributes]) => s(tag, attributes));
  const attributes = { class: "lc-icon", viewBox: "0 0 16 16", "aria-hidden": "true" };
  return s("svg", { ...attributes, "data-icon": name }, parts);
}
