import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { Session } from "../../labchat/server/web/js/session.js";
import { SHOWN, conversation, people, typing } from "../../labchat/server/web/js/view.js";
import { badge, banner, deliveryWords, nameOf, typingWords } from "../../labchat/server/web/js/words.js";

const CASES = JSON.parse(readFileSync(new URL("chat_words.json", import.meta.url)));
const AT = "2026-11-25T09:30:00Z";
const told = (id, senderId, receiverId, seq) => ({ id, text: id, senderId, receiverId, createdAt: AT, seq });

test("the page says what the table of cases says, as the panel does", () => {
  for (const { post, sending, icon, words } of CASES.delivery) assert.deepEqual(deliveryWords(post, sending), [icon, words]);
  for (const { state, icon, tone, words } of CASES.badge) assert.deepEqual(badge(state), { state, icon, tone, words });
  for (const { link, banner: wanted } of CASES.banner) assert.deepEqual(banner(link), wanted);
  for (const { names, words } of CASES.typing) assert.equal(typingWords(names), words);
});

test("a user is called by the server's name, the text's, or the id", () => {
  assert.equal(nameOf("user-1", new Map([["user-1", "Ada"]])), "Ada");
  assert.equal(nameOf("user-1", new Map([["user-1", null]])), "Alice");
  assert.equal(nameOf("zoe"), "zoe");
});

function session() {
  const s = new Session({ user: "user-1" });
  s.on({ type: "open", peer: "user-2" }, 0);
  return s;
}

test("people are those of the text, those known, and those written with; oneself is not one", () => {
  const s = session();
  s.on({ type: "people", people: [{ id: "user-1" }, { id: "zoe" }] }, 0);
  s.on({ type: "heard", event: { type: "presence", online: ["zoe"] } }, 0);
  s.on({ type: "heard", event: { type: "message", data: told("hey", "eve", "user-1", 1) } }, 0);
  assert.deepEqual(people(s), [
    { id: "user-2", name: "Bob", online: false, unread: 0, chosen: true, last: "" },
    { id: "eve", name: "eve", online: false, unread: 1, chosen: false, last: "hey" },
    { id: "zoe", name: "zoe", online: true, unread: 0, chosen: false, last: "" },
  ]);
});

test("a conversation is its newest posts, and how many came before", () => {
  const s = session();
  for (let seq = 1; seq <= 5; seq++) s.posts.merge(told(`m${seq}`, "user-2", "user-1", seq));
  const { rows, earlier, key } = conversation(s, { drawn: 2 });
  assert.deepEqual([rows.map(({ id }) => id), earlier, key], [["m4", "m5"], 3, "user-2"]);
  s.reached.set("user-2", 7);
  assert.equal(conversation(s).earlier, null);
  s.reached.set("user-2", 0);
  assert.equal(conversation(s).earlier, 0);
  s.peer = null;
  assert.deepEqual(conversation(s).rows, []);
});

test("a row has all that is drawn of a post", () => {
  const s = session();
  s.on({ type: "post", id: "a", text: "Hi", receiverId: "user-2", createdAt: AT }, 0);
  assert.deepEqual(conversation(s).rows, [{
    id: "a", text: "Hi", length: 2, mine: true, author: "Alice", to: null, at: AT,
    delivery: "pending", icon: "clock", words: "waits for the connection", actions: [],
  }]);
  s.posts.happened("a", "refused", { reason: "too long", remedy: "edit" });
  assert.deepEqual(conversation(s).rows[0].actions, ["edit"]);
});

test("a long text is cut until it is asked for", () => {
  const s = session();
  s.posts.merge({ ...told("long", "user-2", "user-1", 1), text: "x".repeat(SHOWN + 1) });
  const [cut] = conversation(s).rows;
  assert.deepEqual([cut.text.length, cut.length], [SHOWN, SHOWN + 1]);
  const [whole] = conversation(s, { opened: new Set(["long"]) }).rows;
  assert.equal(whole.text.length, whole.length);
});

test("what was overheard says for whom it was", () => {
  const s = new Session({ user: "eve" });
  s.on({ type: "open", peer: "user-1" }, 0);
  s.posts.merge(told("secret", "user-1", "user-2", 1));
  assert.equal(conversation(s).rows[0].to, "Bob");
});

test("only the peer's typing is shown", () => {
  const s = session();
  s.typing = ["zoe", "user-2"];
  assert.equal(typing(s), "Bob is typing");
});

test("an empty conversation says why it is empty", () => {
  const s = session();
  assert.equal(conversation(s).empty, "What was said comes with the connection.");
  s.link.state = "connected";
  assert.equal(conversation(s).empty, "Asking what was said.");
  s.on({ type: "history", peer: "user-2", messages: [], reached: 0 }, 0);
  assert.equal(conversation(s).empty, "Nothing said yet.");
  s.peer = null;
  assert.equal(conversation(s).empty, "Choose whom to write to.");
});
