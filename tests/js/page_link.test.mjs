import assert from "node:assert/strict";
import test from "node:test";

import { POLICIES } from "../../labchat/server/web/js/backoff.js";
import { LINK, Link } from "../../labchat/server/web/js/link.js";

const names = (commands) => commands.map(({ do: what, ms }) => (ms === undefined ? what : `${what} ${ms}`));

test("every state the table leads to is a state of the table", () => {
  for (const row of Object.values(LINK)) for (const next of Object.values(row)) assert.ok(next in LINK, next);
});

test("a link comes up, and counts from one again after each success", () => {
  const link = new Link(POLICIES.text);
  assert.deepEqual(names(link.on("now", 0)), ["cancel", "open"]);
  assert.equal(link.state, "connecting");
  link.on("registered", 10);
  assert.deepEqual(names(link.on("dropped", 100, "gone")), ["close", "timer 1000"]);
  assert.deepEqual([link.state, link.attempt, link.attempts, link.dueAt, link.detail], ["reconnecting", 1, 5, 1100, "gone"]);
  link.on("due", 1100);
  assert.equal(link.attempt, 1);
  link.on("registered", 1200);
  assert.equal(link.attempt, 0);
  link.on("dropped", 2000);
  assert.equal(link.dueAt, 3000);
});

test("the text's policy gives up after five attempts, and says so", () => {
  const link = new Link(POLICIES.text);
  link.on("now", 0);
  const waits = [];
  while (link.state !== "offline") {
    link.on("dropped", 0);
    waits.push(link.dueAt);
    link.on("due", 0);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, null]);
  assert.equal(link.detail, "5 attempts failed. Nothing stored is lost.");
  assert.equal(link.attempt, 0);
  assert.deepEqual(names(link.on("now", 0)), ["cancel", "open"]);
});

test("full jitter never gives up", () => {
  const link = new Link(POLICIES["full-jitter"], () => 0.5);
  link.on("now", 0);
  for (let attempt = 1; attempt <= 100; attempt++) {
    link.on("dropped", 0);
    assert.equal(link.attempt, attempt);
    link.on("due", 0);
  }
  assert.equal(link.state, "connecting");
});

test("try now keeps the count; a second now while connecting does nothing", () => {
  const link = new Link(POLICIES.text);
  link.on("now", 0);
  link.on("dropped", 0);
  link.on("due", 0);
  link.on("dropped", 0);
  assert.deepEqual(names(link.on("now", 0)), ["cancel", "open"]);
  assert.equal(link.attempt, 2);
  assert.deepEqual(link.on("now", 0), []);
});

test("offline and refused close, wait for nothing, and come back on request", () => {
  for (const [event, state] of [["leave", "offline"], ["refused", "refused"]]) {
    const link = new Link(POLICIES.text);
    link.on("now", 0);
    assert.deepEqual(names(link.on(event, 0, "why")), ["cancel", "close"]);
    assert.deepEqual([link.state, link.detail, link.dueAt], [state, "why", null]);
    assert.deepEqual(link.on("dropped", 0), []);
    assert.deepEqual(names(link.on("now", 0)), ["cancel", "open"]);
  }
});

test("another policy takes effect with the next loss", () => {
  const link = new Link(POLICIES["full-jitter"], () => 0);
  link.on("now", 0);
  link.choose(POLICIES.text);
  link.on("dropped", 0);
  assert.equal(link.dueAt, 1000);
});
