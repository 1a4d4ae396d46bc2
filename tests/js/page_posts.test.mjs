import assert from "node:assert/strict";
import test from "node:test";

import { DELIVERY, move, remedyOf, retryAfter } from "../../labchat/server/web/js/delivery.js";
import { Posts } from "../../labchat/server/web/js/posts.js";

const AT = "2026-11-25T09:30:00Z";
const mine = (id, text = id) => ({ id, text, receiverId: "bob", createdAt: AT });
const told = (id, seq, from = "bob", to = "alice") => ({ id, text: id, senderId: from, receiverId: to, createdAt: AT, seq });
const ids = (posts) => posts.map(({ id }) => id);

test("every delivery the table leads to is a delivery of the table", () => {
  for (const row of Object.values(DELIVERY)) for (const next of Object.values(row)) assert.ok(next in DELIVERY);
  assert.equal(move("stored", "dropped"), "stored");
  assert.equal(move("sent", "dropped"), "pending");
});

test("a post moves from waiting to stored, and each step is a new frozen post", () => {
  const posts = new Posts("alice");
  posts.add(mine("a"));
  const first = posts.get("a");
  posts.happened("a", "handed");
  posts.stored("a", 7);
  assert.equal(first.delivery, "pending");
  assert.deepEqual([posts.get("a").delivery, posts.get("a").seq], ["stored", 7]);
  assert.ok(Object.isFrozen(posts.get("a")));
});

test("one id is one post, however often and by whichever way it comes", () => {
  const posts = new Posts("alice");
  posts.add(mine("a", "first"));
  posts.add(mine("a", "second"));
  posts.merge({ ...told("a", null, "alice", "bob"), text: "changed" });
  posts.merge(told("a", 3, "alice", "bob"));
  posts.merge(told("a", 3, "alice", "bob"));
  assert.equal(posts.size, 1);
  assert.deepEqual([posts.get("a").text, posts.get("a").delivery], ["first", "stored"]);
  posts.merge(told("b", undefined));
  posts.merge(told("b", 4));
  assert.deepEqual([posts.get("b").delivery, posts.get("b").seq], ["received", 4]);
});

test("nothing that is not known can happen, and what is stored is not forgotten", () => {
  const posts = new Posts("alice");
  posts.happened("x", "refused");
  posts.stored("x", 1);
  posts.discard("x");
  posts.merge(told("a", 1, "alice", "bob"));
  posts.discard("a");
  assert.deepEqual(ids(posts.with("bob")), ["a"]);
  posts.add(mine("b"));
  posts.happened("b", "refused", { reason: "too long", remedy: "edit" });
  assert.deepEqual([posts.get("b").reason, posts.get("b").remedy], ["too long", "edit"]);
  posts.discard("b");
  assert.equal(posts.get("b"), undefined);
});

test("a conversation is read by seq; relayed posts stand where they came, waiting ones last", () => {
  const posts = new Posts("alice");
  posts.merge(told("five", 5));
  posts.add(mine("waits"));
  posts.merge(told("relayed", undefined));
  posts.merge(told("six", 6));
  posts.merge(told("four", 4));
  posts.add(mine("waits too"));
  assert.deepEqual(ids(posts.with("bob")), ["four", "five", "relayed", "six", "waits", "waits too"]);
  posts.stored("waits too", 7);
  assert.deepEqual(ids(posts.with("bob")), ["four", "five", "relayed", "six", "waits too", "waits"]);
});

test("a post between others stands with its sender", () => {
  const posts = new Posts("eve");
  posts.merge(told("secret", 1, "alice", "bob"));
  assert.deepEqual(ids(posts.with("alice")), ["secret"]);
  assert.deepEqual([...posts.peers()], ["alice"]);
});

test("one's own post from another tab is stored, or sent while it has no seq", () => {
  const posts = new Posts("alice");
  assert.equal(posts.merge(told("a", 1, "alice", "bob")).delivery, "stored");
  assert.equal(posts.merge(told("b", undefined, "alice", "bob")).delivery, "sent");
  assert.deepEqual(ids(posts.own("sent", "stored")), ["a", "b"]);
});

test("a status says whether asking again is of use", () => {
  assert.deepEqual([0, 429, 500, 503].map(remedyOf), [null, null, null, null]);
  assert.deepEqual([400, 409, 413, 403].map(remedyOf), ["edit", "edit", "edit", "retry"]);
});

test("Retry-After is seconds or a date", () => {
  assert.equal(retryAfter("3", 0), 3000);
  assert.equal(retryAfter("Thu, 01 Jan 1970 00:00:05 GMT", 2000), 3000);
  assert.equal(retryAfter("Thu, 01 Jan 1970 00:00:05 GMT", 9000), 0);
  assert.equal(retryAfter("soon", 0), null);
  assert.equal(retryAfter(null, 0), null);
});
