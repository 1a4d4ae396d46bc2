import assert from "node:assert/strict";
import test from "node:test";

import { left } from "../../labchat/widgets/js/chat_panel.js";
import { countdown } from "../../labchat/widgets/js/shared/chat_link.js";
import { earlierWords, grouped, looks, restWords, timeWords } from "../../labchat/widgets/js/shared/chat_log.js";
import { Lifeline, echoRow } from "../../labchat/widgets/js/shared/lifeline.js";

test("a countdown tells begun seconds and nothing below none", () => {
  assert.deepEqual([null, 3200, 1000, 1, 0, -500].map(countdown), ["", " in 4 s", " in 1 s", " in 1 s", " in 0 s", " in 0 s"]);
});

test("a clock that is off makes no wait longer than the kernel told", () => {
  assert.equal(left({ left_ms: 4000, due_ms: 10_000 }, 7000), 3000);
  assert.equal(left({ left_ms: 4000, due_ms: 10_000 }, 1000), 4000);
  assert.equal(left({ left_ms: null, due_ms: null }, 0), null);
  assert.equal(left({}, 0), null);
});

test("numbers are grouped by thin spaces", () => {
  assert.deepEqual([0, 999, 1000, 65536, 1234567].map(grouped), ["0", "999", "1\u2009000", "65\u2009536", "1\u2009234\u2009567"]);
});

test("earlier posts are counted where somebody did", () => {
  assert.equal(earlierWords(1000), "1\u2009000 earlier posts, show");
  assert.equal(earlierWords(null), "Earlier posts, show");
});

test("a time of today is told by the clock, an older one by its day too", () => {
  const at = new Date(2026, 10, 25, 9, 5);
  assert.equal(timeWords(at.toISOString(), new Date(2026, 10, 25, 23)), "09:05");
  assert.equal(timeWords(at.toISOString(), new Date(2026, 10, 26, 1)), "25 Nov 09:05");
  assert.equal(timeWords("yesterday", 0), "yesterday");
});

test("a row looks the same until something that is drawn of it changes", () => {
  const row = { id: "a", text: "Hi", length: 2, delivery: "sent", icon: "check", words: "sent", author: "", to: null, actions: [] };
  assert.equal(looks(row), looks({ ...row, at: "later" }));
  assert.notEqual(looks(row), looks({ ...row, delivery: "stored" }));
  assert.equal(restWords(row), null);
  assert.equal(restWords({ ...row, length: 70000 }), "Show all 70\u2009000 characters");
});

/** As much of a widget model as a lifeline touches. */
function model(posts = []) {
  const handlers = new Map();
  const fake = {
    sent: [],
    posts,
    get: () => fake.posts,
    set: (name, value) => { fake[name] = value; },
    save_changes: () => {},
    send: (message) => fake.sent.push(message),
    on: (name, handler) => handlers.set(name, handler),
    off: (name) => handlers.delete(name),
    fire: (name, detail) => handlers.get(name)?.(detail),
    handlers,
  };
  return fake;
}

function started(t, posts) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const fake = model(posts);
  const life = new Lifeline(fake);
  const told = [];
  const stop = life.start();
  life.listen((what, detail) => told.push([what, detail]));
  return { fake, life, told, stop };
}

test("a kernel that answers is live; one that does not is said not to be", (t) => {
  const { fake, life } = started(t);
  assert.deepEqual(fake.sent, [{ type: "ready" }]);
  assert.equal(life.notice(), null);
  t.mock.timers.tick(4000);
  assert.match(life.notice(), /^Not live/);
  assert.equal(life.connected, false);
  fake.fire("msg:custom", { type: "live" });
  assert.equal(life.connected, true);
  t.mock.timers.tick(4000);
  assert.equal(life.state, "live");
  life.onKernel("busy");
  assert.equal(life.state, "live");
  life.onKernel("restarting");
  assert.match(life.notice(), /^The kernel is gone/);
});

test("a closed comm is noticed at once, and a page without one is not live", (t) => {
  const { fake, life, told } = started(t);
  fake.send = () => { throw new Error("closed"); };
  life.send({ type: "online" });
  assert.deepEqual([life.state, told.at(-1)], ["saved", ["state", undefined]]);
});

test("a static page is known to be one at once", () => {
  const fake = model();
  fake.widget_manager = {};
  const life = new Lifeline(fake);
  const stop = life.start();
  assert.match(life.notice(), /^Not live/);
  stop();
});

test("what the kernel takes at once is not echoed", (t) => {
  const { fake, life } = started(t);
  life.post("Hi");
  assert.deepEqual(fake.sent.at(-1), { type: "post", n: 1, text: "Hi" });
  fake.fire("msg:custom", { type: "posted", n: 1, id: "msg-1" });
  fake.posts = [{ id: "msg-1" }];
  fake.fire("change:posts");
  t.mock.timers.tick(400);
  assert.deepEqual(life.echoes(), []);
});

test("posts reach Python one after the other, so that none overtakes another", (t) => {
  const { fake, life } = started(t);
  const posted = () => fake.sent.filter(({ type }) => type === "post").map(({ text }) => text);
  for (const text of ["one", "two", "three"]) life.post(text);
  assert.deepEqual(posted(), ["one"]);
  fake.fire("msg:custom", { type: "posted", n: 1, id: "msg-1" });
  assert.deepEqual(posted(), ["one", "two"]);
  fake.fire("msg:custom", { type: "refused", n: 2, reason: "no text" });
  fake.fire("msg:custom", { type: "posted", n: 3, id: "msg-3" });
  assert.deepEqual(posted(), ["one", "two", "three"]);
});

test("what a busy kernel has not taken waits in sight, and goes when it is taken", (t) => {
  const { fake, life, told } = started(t);
  life.post("Hi");
  t.mock.timers.tick(400);
  assert.deepEqual(told, [["echo", undefined]]);
  assert.deepEqual(life.echoes().map(({ words, delivery }) => [words, delivery]), [["waits for the kernel", "pending"]]);
  fake.fire("msg:custom", { type: "posted", n: 1, id: "msg-1" });
  assert.equal(life.echoes().length, 1);
  fake.posts = [{ id: "msg-1" }];
  fake.fire("change:posts");
  assert.deepEqual(life.echoes(), []);
});

test("what Python refuses stays, with its reason, to be edited", (t) => {
  const { fake, life, told } = started(t);
  life.post("\u0000");
  fake.fire("msg:custom", { type: "refused", n: 1, reason: "no text" });
  const [row] = life.echoes();
  assert.deepEqual([row.delivery, row.words, row.actions], ["failed", "no text", ["edit"]]);
  life.edit(row.id);
  assert.deepEqual(told.slice(-2), [["draft", "\u0000"], ["echo", undefined]]);
  assert.deepEqual(life.echoes(), []);
  fake.fire("msg:custom", { type: "refused", n: 1, reason: "late" });
});

test("a failed post's text comes from Python", (t) => {
  const { fake, life, told } = started(t);
  life.edit("msg-7");
  assert.deepEqual(fake.sent.at(-1), { type: "edit", id: "msg-7" });
  fake.fire("msg:custom", { type: "draft", text: "again" });
  assert.deepEqual(told.at(-1), ["draft", "again"]);
});

test("typing is told once a second at most, and anew after a post", (t) => {
  const { fake, life } = started(t);
  life.type();
  life.type();
  life.post("Hi");
  life.type();
  assert.deepEqual(fake.sent.slice(1).map(({ type }) => type), ["type", "post", "type"]);
});

test("a lifeline that is stopped listens to nothing", (t) => {
  const { fake, stop } = started(t);
  stop();
  assert.equal(fake.handlers.size, 0);
});

test("an echo is a whole row", () => {
  const row = echoRow(3, { text: "Hi", reason: null });
  assert.deepEqual([row.id, row.length, row.mine], ["echo-3", 2, true]);
});
