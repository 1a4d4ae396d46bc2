import assert from "node:assert/strict";
import test from "node:test";

import { Keeper } from "../../labchat/server/web/js/keeper.js";

/** As `localStorage`: what is kept is an own property. */
function storage() {
  const store = Object.create({
    getItem: (key) => store[key] ?? null,
    setItem: (key, value) => { store[key] = value; },
    removeItem: (key) => { delete store[key]; },
  });
  return store;
}

const post = (id, createdAt) => ({ id, text: id, senderId: "alice", receiverId: "bob", createdAt });

test("unconfirmed posts come back oldest first, each user's own", () => {
  const store = storage();
  const keeper = new Keeper(() => store, "p:");
  keeper.keepPost(post("b", "2"));
  keeper.keepPost(post("a", "1"));
  keeper.keepPost({ ...post("c", "3"), senderId: "bob" });
  assert.deepEqual(keeper.posts("alice").map(({ id }) => id), ["a", "b"]);
  keeper.forgetPost("alice", "a");
  assert.deepEqual(keeper.posts("alice").map(({ id }) => id), ["b"]);
});

test("what somebody else put there is left aside", () => {
  const store = storage();
  store["p:post:alice:x"] = "{";
  store["p:post:alice:y"] = '{"id":1}';
  store["other"] = "1";
  assert.deepEqual(new Keeper(() => store, "p:").posts("alice"), []);
});

test("a browser that refuses to store loses nothing but the memory", () => {
  const refusing = new Keeper(() => { throw new Error("SecurityError"); }, "p:");
  refusing.set("user", "alice");
  refusing.keepPost(post("a", "1"));
  refusing.forgetPost("alice", "a");
  assert.equal(refusing.get("user"), null);
  assert.deepEqual(refusing.posts("alice"), []);
});
