// The sequence ladder as data: lanes, and one line a unit, a statement or a pause. Pure.

import { AT } from "./store.js";

export const PAUSE = 100; // ms without traffic that get a line of their own
const MOST_CLIENTS = 5;
const WEIGHTS = { tap: 1, server: 1.3, SQLite: 0.85 };

/**
 * Lanes from left to right: the first client, its tap, the server, the database, other clients.
 * Clients beyond five share the lane "others".
 */
export function lanes(connections, { sql = false } = {}) {
  const names = [...new Set(connections.map(({ name }) => name))];
  const shown = names.length > MOST_CLIENTS ? [...names.slice(0, MOST_CLIENTS - 1), "others"] : names;
  const [first = "client", ...right] = shown;
  return [first, "tap", "server", ...(sql ? ["SQLite"] : []), ...right];
}

/** The x of each lane, and of the rings of clients at the right, for `width` pixels. */
export function places(names, width, left = 92) {
  const right = Math.max(left + 120, width - 34);
  const gaps = names.slice(1).map((name, i) => WEIGHTS[name] ?? (i < 2 || names[i] === "server" ? 1.2 : 0.9));
  const unit = (right - left) / gaps.reduce((sum, gap) => sum + gap, 0);
  const xs = [left];
  for (const gap of gaps) xs.push(xs.at(-1) + gap * unit);
  return Object.fromEntries(names.map((name, i) => [name, xs[i]]));
}

/** Which lane a connection's client stands in. */
export function laneOf(connections, names) {
  return Object.fromEntries(connections.map(({ number, name }) => [number, names.includes(name) ? name : "others"]));
}

/**
 * Lines in time order. A unit: {n, ms, from, to, client, style, direction, text, said}; a statement
 * has n 0 and style "sql"; a pause is {pause: ms}.
 */
export function lines(rows, trace, clients) {
  const all = [...rows.map((row) => unitLine(row, clients)), ...trace.map(sqlLine)];
  all.sort((a, b) => a.ms - b.ms || a.n - b.n);
  const out = [];
  for (const line of all) {
    const before = out.at(-1);
    if (before && line.ms - before.ms >= PAUSE) out.push({ pause: line.ms - before.ms, ms: line.ms });
    out.push(line);
  }
  return out;
}

function unitLine(row, clients) {
  const client = clients[row[AT.connection]] ?? "client";
  const toServer = row[AT.direction] === 0;
  const http = row[AT.opcode] < 0;
  const text = http ? row[AT.summary] : `${row[AT.kind]} ${row[AT.summary].replace(/^message /, "")}`;
  const from = toServer ? client : "server";
  const to = toServer ? "server" : client;
  const said = `${row[AT.n]}, ${row[AT.ms].toFixed(2)} ms, ${from} to ${to}, ${text}, ${http ? "HTTP" : "WebSocket"}`;
  const style = http ? "http" : "ws";
  const direction = toServer ? "c2s" : "s2c";
  return { n: row[AT.n], ms: row[AT.ms], from, to, client, style, direction, text, said, broken: row[AT.violations] > 0 };
}

function sqlLine([ms, event, seq]) {
  const insert = event === "insert";
  const [from, to] = insert ? ["server", "SQLite"] : ["SQLite", "server"];
  const text = event.toUpperCase();
  const said = `${ms.toFixed(2)} ms, ${from} to ${to}, ${text}${seq ? `, seq ${seq}` : ""}`;
  return { n: 0, ms, from, to, client: null, style: "sql", direction: "sql", text, said, broken: false };
}
