// The filter line: words, all of which must hold. Pure.
//
//   text ping    the kind            A B          the peer, by letter
//   0x9          the opcode          -> <-        the direction (also → ←)
//   !            a rule is broken    "as sent"    anything else: part of the summary

import { AT } from "./store.js";

const ARROWS = { "->": 0, "→": 0, "<-": 1, "←": 1 };
const KINDS = new Set([
  "http", "text", "bin", "cont", "ping", "pong", "close", "raw", "gap", "event",
]);

export function words(query) {
  return Array.from(query.matchAll(/"([^"]*)"|(\S+)/g), (m) => m[1] ?? m[2]).filter(Boolean);
}

/** A predicate on rows, or null when the query asks for nothing. `letters`: connection -> letter. */
export function matcher(query, letters) {
  const tests = words(query).map((word) => test(word, letters));
  return tests.length === 0 ? null : (row) => tests.every((holds) => holds(row));
}

function test(word, letters) {
  const low = word.toLowerCase();
  if (word in ARROWS) return (row) => row[AT.direction] === ARROWS[word];
  if (word === "!") return (row) => row[AT.violations] > 0;
  if (/^0x[0-9a-f]$/.test(low)) return (row) => row[AT.opcode] === Number.parseInt(low, 16);
  if (KINDS.has(low)) return (row) => row[AT.kind].toLowerCase() === low;
  if (Object.values(letters).includes(word.toUpperCase())) {
    return (row) => letters[row[AT.connection]] === word.toUpperCase();
  }
  return (row) => has(row, low);
}

function has(row, low) {
  return row[AT.summary].toLowerCase().includes(low);
}
