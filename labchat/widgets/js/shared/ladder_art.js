// What a ladder's lines are drawn with: arrow heads, texts that fit, the legend.

import { h, s } from "./dom.js";
import { icon } from "./icons.js";

/** As much of a line's text as fits between two lanes. */
export function shortened(text, room) {
  const most = Math.max(8, Math.floor((room + 24) / 6.4) - 4);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** The tip of an arrow: filled for WebSocket, open for HTTP and SQL. */
export function head(style, x, side, y) {
  const back = x - side * 8;
  if (style === "ws") return s("path", { d: `M${x} ${y}L${back} ${y - 3.9}V${y + 3.7}Z`, class: "lc-head-filled" });
  return s("path", { d: `M${back} ${y - 4.1}L${x} ${y}L${back} ${y + 3.9}`, class: `lc-head-open lc-head-${style}` });
}

/** What the arrows, hues and the ring mean. */
export function legend() {
  const arrow = (style) => s("svg", { width: 28, height: 12, class: `lc-rung-c2s`, viewBox: "0 12 28 12", "aria-hidden": "true" }, s("line", { x1: 0, x2: 22, y1: 18.5, y2: 18.5, class: `lc-arrow lc-arrow-${style}` }), head(style, 27, 1, 18.5));
  return h(
    "div",
    { class: "lc-ladder-legend lc-meta" },
    h("span", {}, arrow("ws"), "WebSocket"),
    h("span", {}, arrow("http"), "HTTP"),
    h("span", { class: "lc-c2s" }, "to server"),
    h("span", { class: "lc-s2c" }, "to client"),
    h("span", {}, icon("tap"), "recorded"),
    h("span", { class: "lc-scale-word" }, "not to scale"),
  );
}
