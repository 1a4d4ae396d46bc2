// Bytes in the forms people paste elsewhere; pure but for `copyText`.

import { hex2, hexOf, printable } from "./format.js";

const NAMED = { 9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\" };

export function asHex(bytes) {
  return hexOf(bytes, " ");
}

export function asPython(bytes) {
  return `b"${Array.from(bytes, (byte) => NAMED[byte] ?? printable(byte) ?? `\\x${hex2(byte)}`).join("")}"`;
}

export function asC(bytes) {
  const cells = Array.from(bytes, (byte) => `0x${hex2(byte)}`);
  const lines = [];
  for (let i = 0; i < cells.length; i += 12) lines.push(`  ${cells.slice(i, i + 12).join(", ")}`);
  return `static const unsigned char unit[${bytes.length}] = {\n${lines.join(",\n")}\n};`;
}

/** To the clipboard; where the page may not use it (plain http), by way of a selection. */
export async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  before?.focus();
}
