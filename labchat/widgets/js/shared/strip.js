// A few bytes in a row, coloured by field; changed ones are boxed.

import { byteOwners } from "./bits.js";
import { h } from "./dom.js";
import { bytesOf, grouped, hex2 } from "./format.js";

export function byteStrip({ hex, fields, size, at = 0 }, { changed = [], perRow = "auto-fill", label = "bytes" } = {}) {
  const bytes = bytesOf(hex);
  const owners = byteOwners(fields, bytes.length);
  const boxed = new Set(changed);
  const cells = Array.from(bytes, (byte, i) => {
    const cls = fields[owners[i].at(-1)]?.cls ?? "text";
    return h("span", { class: `lc-strip-byte lc-f-${cls}${boxed.has(i) ? " lc-boxed" : ""}` }, hex2(byte));
  });
  const said = `${label}: ${Array.from(bytes, hex2).join(" ")}${changed.length ? `; changed: ${changed.map((i) => i + at).join(", ")}` : ""}`;
  const strip = h("div", { class: "lc-strip", role: "img", "aria-label": said, style: { "--per-row": perRow } }, cells);
  const more = bytes.length < size ? h("p", { class: "lc-meta" }, at > 0 ? `from byte ${grouped(at)} on, ${grouped(bytes.length)} of ${grouped(size)}` : `${grouped(bytes.length)} of ${grouped(size)}`) : null;
  return h("div", {}, strip, more);
}
