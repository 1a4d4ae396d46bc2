// What the unit says, once the veil is off: JSON, text, or why neither.

import { h } from "./dom.js";
import { bytesOf, grouped, hexOf } from "./format.js";
import { jsonTokens } from "./json.js";

export function messageSection(message) {
  if (!message) return null;
  return h(
    "section",
    { class: "lc-part" },
    h("h4", {}, "Message ", h("span", { class: "lc-meta" }, message.label)),
    message.compression ? compression(message.compression) : null,
    message.json ? jsonBlock(message.json) : plainBlock(message),
  );
}

export function jsonBlock(source) {
  const tokens = jsonTokens(source).map(([kind, text]) => h("span", { class: `lc-json-${kind}` }, text));
  return h("pre", { class: "lc-json", tabindex: "0", role: "region", "aria-label": "Message as JSON" }, tokens);
}

function plainBlock({ text, cut }) {
  if (text === null) return h("p", { class: "lc-quiet" }, "Not text: see the bytes above.");
  if (text === "") return h("p", { class: "lc-quiet" }, "Empty.");
  return h("pre", { class: "lc-json", tabindex: "0", role: "region", "aria-label": "Message as text" }, text, cut ? h("span", { class: "lc-quiet" }, `\n… ${grouped(cut)} more characters`) : null);
}

function compression({ before, after, beforeHex, afterHex }) {
  const wide = Math.max(before, after, 1);
  const line = (name, size, hex, cls) =>
    h(
      "div",
      { class: "lc-squeeze" },
      h("span", { class: "lc-meta" }, name),
      h("span", { class: `lc-squeeze-bar lc-f-${cls}`, style: { width: `${(100 * size) / wide}%` } }),
      h("span", { class: "lc-squeeze-size" }, `${grouped(size)} bytes`),
      h("code", { class: "lc-squeeze-bytes" }, hexOf(bytesOf(hex)), size * 2 > hex.length ? " …" : ""),
    );
  return h(
    "div",
    { class: "lc-squeezes" },
    line("on the wire", before, beforeHex, "payload"),
    line("inflated", after, afterHex, "text"),
    h("p", { class: "lc-meta" }, `permessage-deflate sent ${((100 * before) / Math.max(1, after)).toFixed(0)} % of it, RFC 7692`),
  );
}
