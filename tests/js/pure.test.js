import assert from "node:assert/strict";
import { test } from "node:test";

import { pixelsPerByte, ruleBytes } from "../../labchat/widgets/js/shared/bars.js";
import { bitText, byteOwners, nextByte, rulerRows, shares } from "../../labchat/widgets/js/shared/bits.js";
import { asC, asHex, asPython } from "../../labchat/widgets/js/shared/copy.js";
import { matcher, words } from "../../labchat/widgets/js/shared/filter.js";
import * as format from "../../labchat/widgets/js/shared/format.js";
import { jsonTokens } from "../../labchat/widgets/js/shared/json.js";
import { laneOf, lanes, lines, places } from "../../labchat/widgets/js/shared/lanes.js";
import { RowStore, rank } from "../../labchat/widgets/js/shared/store.js";

const field = (name, start, stop, cls) => ({ name, start, stop, cls });
const FRAME = [
  field("FIN", 0, 1, "bit"), field("RSV1", 1, 2, "bit"), field("RSV2", 2, 3, "bit"),
  field("RSV3", 3, 4, "bit"), field("opcode", 4, 8, "bit"), field("MASK", 8, 9, "bit"),
  field("Payload len", 9, 16, "len"), field("Masking-key", 16, 48, "mask"),
  field("Payload Data", 48, 88, "payload"),
];
// "Hello", masked, of RFC 6455 section 5.7.
const HELLO = format.bytesOf("818537fa213d7f9f4d5158");

test("numbers", () => {
  assert.equal(format.grouped(999), "999");
  assert.equal(format.grouped(1234567), "1\u202f234\u202f567");
  assert.equal(format.milliseconds(4127.5512), "4\u202f127.55");
  assert.equal(format.milliseconds(-0.5), "−0.50");
  assert.equal(format.duration(0.312), "0.31 ms");
  assert.equal(format.duration(684.4), "684 ms");
  assert.equal(format.duration(2400), "2.4 s");
  assert.equal(format.duration(90_000), "1.5 min");
  assert.equal(format.plural(1, "byte"), "1 byte");
  assert.equal(format.plural(0, "byte"), "0 bytes");
});

test("the mask comes off, from any offset", () => {
  const key = HELLO.slice(2, 6);
  const text = format.unmask(HELLO.slice(6), key);
  assert.equal(String.fromCharCode(...text), "Hello");
  assert.deepEqual(format.unmask(HELLO.slice(8), key, 2), text.slice(2));
});

test("copy as", () => {
  assert.equal(asHex(HELLO.slice(0, 3)), "81 85 37");
  assert.equal(asPython(new Uint8Array([0x81, 0x41, 0x22, 0x5c, 0x0d, 0x0a])), 'b"\\x81A\\"\\\\\\r\\n"');
  assert.equal(asC(HELLO.slice(0, 2)), "static const unsigned char unit[2] = {\n  0x81, 0x85\n};");
  assert.equal(asC(new Uint8Array(13)).split("\n").length, 4);
});

test("a byte is owned by every field that has a bit in it", () => {
  const owners = byteOwners(FRAME, 11);
  assert.deepEqual(owners[0], [0, 1, 2, 3, 4]);
  assert.deepEqual(owners[1], [5, 6]);
  assert.deepEqual(owners[2], [7]);
  assert.deepEqual(owners[10], [8]);
  assert.deepEqual(byteOwners(FRAME, 2, 5), [[7], [8]]);
  assert.deepEqual(shares(FRAME, owners[0], 0), [["bit", 8]]);
  assert.deepEqual(shares(FRAME, owners[1], 1), [["bit", 1], ["len", 7]]);
});

test("the ruler cuts fields at 32 bits", () => {
  const rows = rulerRows(FRAME, 88);
  assert.equal(rows.length, 3);
  assert.deepEqual(rows[0].at(-1), { field: 7, column: 16, bits: 16, from: false, more: true });
  assert.deepEqual(rows[1][0], { field: 7, column: 0, bits: 16, from: true, more: false });
  assert.deepEqual(rows[2], [{ field: 8, column: 0, bits: 24, from: true, more: false }]);
  assert.equal(bitText(HELLO, 0, 16), "1000000110000101");
});

test("arrows go by byte, with Shift by field", () => {
  const owners = byteOwners(FRAME, 11);
  const go = (key, at, how) => nextByte(key, at, 11, owners, how);
  assert.equal(go("ArrowRight", 0), 1);
  assert.equal(go("ArrowLeft", 0), 0);
  assert.equal(go("ArrowDown", 0), 0);
  assert.equal(go("End", 3), 10);
  assert.equal(go("Home", 3), 0);
  assert.equal(go("End", 3, { control: true }), 10);
  assert.equal(go("Home", 3, { control: true }), 0);
  assert.equal(go("ArrowRight", 2, { shift: true }), 6);
  assert.equal(go("ArrowLeft", 6, { shift: true }), 2);
  assert.equal(go("ArrowLeft", 2, { shift: true }), 1);
  assert.equal(go("ArrowRight", 7, { shift: true }), 7);
  assert.equal(go("Enter", 7), null);
});

const row = (n, more = {}) => {
  const r = { ms: n, connection: 1, direction: 0, kind: "TEXT", bytes: 10, summary: "typing", violations: 0, opcode: 1, ...more };
  return [n, r.ms, r.connection, r.direction, r.kind, r.bytes, r.summary, r.violations, r.opcode];
};

test("filter words", () => {
  const letters = { 1: "A", 2: "B" };
  const pass = (query, more) => matcher(query, letters)(row(1, more));
  assert.deepEqual(words('a "b c"  d'), ["a", "b c", "d"]);
  assert.equal(matcher("  ", letters), null);
  assert.ok(pass("A"));
  assert.ok(!pass("b"));
  assert.ok(pass("b", { connection: 2 }));
  assert.ok(pass("-> text"));
  assert.ok(!pass("<-"));
  assert.ok(pass("0x1") && !pass("0x9"));
  assert.ok(!pass("!") && pass("!", { violations: 1 }));
  assert.ok(pass('"message x"', { summary: "message X" }));
  assert.ok(!pass("ping") && pass("ping", { kind: "PING" }));
});

test("the store counts the lines after a unit, filtered or not", () => {
  const store = new RowStore(8);
  store.add({ seq: 1, total: 10, rows: [3, 4, 5, 6, 7, 8, 9, 10].map((n) => row(n)) });
  assert.deepEqual([0, 2, 9, 10, 11].map((n) => store.after(n)), [8, 8, 1, 0, 0]);
  store.filter((each) => each[0] % 2 === 0);
  assert.deepEqual([0, 4, 5, 10].map((n) => store.after(n)), [4, 3, 3, 0]);
});

test("the store knows what is missing and asks for the newest first", () => {
  const store = new RowStore();
  assert.equal(store.hole(), null);
  assert.equal(store.add({ seq: 1, total: 10, rows: [row(9), row(10)] }), false);
  assert.deepEqual(store.hole(), { start: 1, stop: 9 });
  assert.deepEqual(store.hole(3), { start: 6, stop: 9 });
  assert.equal(store.add({ seq: 3, total: 11, rows: [row(11)] }), true);
  store.add({ seq: null, total: 11, rows: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => row(n)) });
  assert.equal(store.hole(), null);
  assert.equal(store.length, 11);
  assert.equal(store.at(0), 1);
  assert.equal(store.indexOf(11), 10);
  assert.equal(store.indexOf(12), -1);
});

test("the store keeps a bounded number of rows and can be told to keep more", () => {
  const store = new RowStore(3);
  store.add({ seq: 1, total: 5, rows: [1, 2, 3, 4, 5].map((n) => row(n)) });
  assert.equal(store.rows.size, 3);
  assert.equal(store.floor, 2);
  assert.equal(store.indexOf(2), -1);
  store.add({ seq: null, total: 5, rows: [row(1)] });
  assert.equal(store.rows.size, 3);
  store.lower(2);
  assert.deepEqual(store.hole(), { start: 1, stop: 3 });
});

test("a filter holds for rows that come later and in any order", () => {
  const store = new RowStore();
  store.add({ seq: 1, total: 6, rows: [row(6, { kind: "PING" }), row(5), row(4, { kind: "PING" })] });
  store.filter((r) => r[4] === "PING");
  assert.deepEqual(store.matches, [4, 6]);
  store.add({ seq: 2, total: 7, rows: [row(7, { kind: "PING" }), row(2, { kind: "PING" }), row(2, { kind: "PING" })] });
  assert.deepEqual(store.matches, [2, 4, 6, 7]);
  assert.equal(store.at(1), 4);
  assert.equal(store.indexOf(6), 2);
  assert.equal(store.indexOf(5), -1);
  store.filter(null);
  assert.equal(store.length, 7);
  assert.equal(rank([1, 3, 5], 4), 2);
});

test("JSON tokens are the source, cut", () => {
  const source = '{\n  "type": "a \\"q\\": b",\n  "n": [-1.5e3, true, null],\n  "text": "Hi"\n}';
  const tokens = jsonTokens(source);
  assert.equal(tokens.map(([, text]) => text).join(""), source);
  assert.deepEqual(tokens.filter(([kind]) => kind === "strong"), [["strong", '"Hi"']]);
  assert.equal(tokens.filter(([kind]) => kind === "key").length, 3);
});

test("bars have one scale, and a rule of a round number of bytes", () => {
  const scale = pixelsPerByte([278, 45], 906);
  assert.ok(scale * 278 <= 906 - 150 + 1e-9);
  assert.equal(ruleBytes(scale), 50);
  assert.equal(ruleBytes(2.5), 100);
  assert.equal(ruleBytes(0.02), 10_000);
  assert.equal(ruleBytes(1000), 1);
});

const PEERS = [{ number: 1, name: "Alice" }, { number: 2, name: "Bob" }, { number: 3, name: "Alice" }];

test("lanes: the first client, tap, server, database, the others", () => {
  assert.deepEqual(lanes(PEERS), ["Alice", "tap", "server", "Bob"]);
  assert.deepEqual(lanes(PEERS, { sql: true }), ["Alice", "tap", "server", "SQLite", "Bob"]);
  assert.deepEqual(lanes([]), ["client", "tap", "server"]);
  const crowd = Array.from({ length: 9 }, (_, i) => ({ number: i, name: `c${i}` }));
  const names = lanes(crowd);
  assert.deepEqual(names, ["c0", "tap", "server", "c1", "c2", "c3", "others"]);
  assert.equal(laneOf(crowd, names)[7], "others");
  const xs = Object.values(places(names, 600));
  assert.deepEqual(xs, [...xs].sort((a, b) => a - b));
  assert.ok(xs.at(-1) <= 600 - 33);
});

test("lines are in time order, pauses are named, statements stand between", () => {
  const rows = [row(1, { ms: 10 }), row(2, { ms: 12, direction: 1, connection: 2, summary: "message “Hi”" }), row(3, { ms: 700, opcode: -1, kind: "HTTP", summary: "POST /api/messages", violations: 1 })];
  const out = lines(rows, [[11, "insert", 0], [11.5, "commit", 42]], laneOf(PEERS, ["Alice", "Bob"]));
  assert.deepEqual(out.map((line) => line.text ?? line.pause), ["TEXT typing", "INSERT", "COMMIT", "TEXT “Hi”", 688, "POST /api/messages"]);
  assert.deepEqual([out[3].from, out[3].to, out[3].style], ["server", "Bob", "ws"]);
  assert.deepEqual([out[5].style, out[5].broken], ["http", true]);
  assert.match(out[2].said, /SQLite to server, COMMIT, seq 42/);
});
