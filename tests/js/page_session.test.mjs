import assert from "node:assert/strict";
import test from "node:test";

import { PATIENCE } from "../../labchat/server/web/js/moves.js";
import { PostQueue } from "../../labchat/server/web/js/queue.js";
import { Session, TYPING_EVERY } from "../../labchat/server/web/js/session.js";

const AT = "2026-11-25T09:30:00Z";

/** A session, its clock, and a short way to feed it and to read what it wants done. */
function script(settings = {}) {
  const session = new Session({ user: "alice", policy: "text", random: () => 0.5, ...settings });
  const clock = { now: 0 };
  const on = (type, fields = {}) => session.on({ type, ...fields }, clock.now).map(brief);
  const heard = (type, fields = {}) => on("heard", { event: { type, ...fields } });
  const up = (seq = 0) => [...on("now"), ...on("opened"), ...heard("registered", { sessionId: "s", seq })];
  const write = (id, text = id) => on("post", { id, text, receiverId: "bob", createdAt: AT });
  const delivery = (id) => session.posts.get(id).delivery;
  return { session, clock, on, heard, up, write, delivery };
}

function brief({ do: what, name, ms, event, post, id, peer, text }) {
  const about = event ? `${event.type}${event.id ? ` ${event.id}` : ""}` : post?.id ?? id ?? peer ?? text;
  return [what, name, ms, about].filter((part) => part !== undefined).join(" ");
}

const told = (id, seq, senderId = "bob", receiverId = "alice") => ({ data: { id, text: id, senderId, receiverId, createdAt: AT, seq } });

test("connecting registers, then asks who there is and what was said", () => {
  const { on, heard } = script();
  on("open", { peer: "bob" });
  assert.deepEqual(on("now"), ["cancel due", "open"]);
  assert.deepEqual(on("opened"), ["send register", `timer overdue ${PATIENCE}`]);
  assert.deepEqual(heard("registered", { sessionId: "s", seq: 4 }), ["cancel due", "cancel overdue", "cancel again", "people", "history bob"]);
  assert.deepEqual(on("history", { peer: "bob", messages: [told("a", 1).data], reached: 0 }), []);
  assert.deepEqual(on("open", { peer: "bob" }), []);
});

test("earlier posts are asked for while there are some", () => {
  const { on, up } = script();
  on("open", { peer: "bob" });
  up();
  assert.deepEqual(on("earlier", { peer: "bob" }), []);
  on("history", { peer: "bob", messages: [told("a", 301).data], reached: 300 });
  assert.deepEqual(on("earlier", { peer: "bob" }), ["earlier bob"]);
  on("history", { peer: "bob", messages: [], reached: 0 });
  assert.deepEqual(on("earlier", { peer: "bob" }), []);
});

test("a post takes both paths under one id, as in the text", () => {
  const { up, write, heard, on, delivery } = script();
  up();
  assert.deepEqual(write("a"), ["keep a", "send message a", `timer overdue ${PATIENCE}`, "post a"]);
  assert.equal(delivery("a"), "sent");
  assert.deepEqual(heard("ack", { id: "a", seq: 1 }), ["forget a", "cancel overdue"]);
  assert.deepEqual(on("posted", { id: "a", data: { id: "a", seq: 1 } }), ["forget a", "cancel overdue"]);
  assert.equal(delivery("a"), "stored");
});

test("or the one path that was chosen", () => {
  const { up, write, on, delivery } = script();
  up();
  on("transport", { value: "websocket" });
  assert.deepEqual(write("a"), ["keep a", "send message a", `timer overdue ${PATIENCE}`]);
  on("transport", { value: "post" });
  assert.deepEqual(write("b"), ["keep b", "post b"]);
  assert.equal(delivery("b"), "pending");
});

test("POSTs go one at a time, in the order of writing", () => {
  const { up, write, on } = script({ transport: "post" });
  up();
  assert.deepEqual([...write("a"), ...write("b"), ...write("c")], ["keep a", "post a", "keep b", "keep c"]);
  assert.ok(on("posted", { id: "a", data: { seq: 1 } }).includes("post b"));
});

test("what was written offline goes out in order when the link is back, once", () => {
  const { up, write, on, heard, delivery } = script({ transport: "websocket" });
  up();
  on("offline");
  assert.deepEqual([...write("a"), ...write("b")], ["keep a", "keep b"]);
  assert.equal(delivery("a"), "pending");
  on("online");
  on("opened");
  const commands = heard("registered", { sessionId: "s", seq: 0 });
  assert.deepEqual(commands.filter((each) => each.startsWith("send")), ["send message a", "send message b"]);
});

test("with both paths, what was written offline takes both when the link is back", () => {
  const { up, write, on, heard } = script();
  up();
  on("offline");
  assert.deepEqual(write("a"), ["keep a"]);
  on("online");
  on("opened");
  const commands = heard("registered", { sessionId: "s", seq: 0 });
  assert.deepEqual(commands.slice(-3), ["send message a", `timer overdue ${PATIENCE}`, "post a"]);
});

test("what a POST stored while the WebSocket was down still goes out by it, for the others to hear", () => {
  const { up, write, on, heard, delivery } = script();
  up();
  on("dropped", { code: 1006, reason: "" });
  assert.deepEqual(write("a"), ["keep a", "post a"]);
  assert.deepEqual(on("posted", { id: "a", data: { id: "a", seq: 1 } }), ["cancel overdue"]);
  on("due");
  on("opened");
  assert.ok(heard("registered", { sessionId: "s", seq: 1 }).includes("send message a"));
  assert.equal(delivery("a"), "stored");
  assert.deepEqual(heard("message", told("a", 1, "alice", "bob")), ["cancel overdue"]);
  assert.deepEqual(heard("ack", { id: "a", seq: 1 }), ["forget a", "cancel overdue"]);
  on("dropped", { code: 1006, reason: "" });
  on("due");
  on("opened");
  assert.ok(!heard("registered", { sessionId: "s", seq: 1 }).includes("send message a"));
});

test("what nobody confirmed is sent again under the same id after a loss", () => {
  const { up, write, on, heard, delivery } = script({ transport: "websocket" });
  up();
  write("a");
  write("b");
  heard("ack", { id: "b", seq: 1 });
  assert.deepEqual(on("dropped", { code: 1006, reason: "" }), ["close", "timer due 1000", "cancel overdue"]);
  assert.deepEqual([delivery("a"), delivery("b")], ["pending", "stored"]);
  on("due");
  on("opened");
  const sent = heard("registered", { sessionId: "s", seq: 1 }).filter((each) => each.startsWith("send"));
  assert.deepEqual(sent, ["send message a"]);
});

test("it resumes after the highest seq it was told, not after its own acks", () => {
  const { session, up, write, heard, on } = script();
  up(10);
  assert.equal(session.lastSeq, 10);
  heard("message", told("x", 11));
  write("a");
  heard("ack", { id: "a", seq: 13 });
  heard("message", told("relayed", undefined));
  on("dropped", { code: 1006, reason: "" });
  on("due");
  const [register] = session.on({ type: "opened" }, 0);
  assert.equal(register.event.lastSeq, 11);
  heard("registered", { sessionId: "t", seq: 13 });
  assert.equal(session.lastSeq, 11);
  heard("message", told("y", 12));
  assert.equal(session.lastSeq, 12);
});

test("a server with another database is begun with anew; what waits goes to it", () => {
  const { session, up, heard, on, write } = script({ transport: "websocket" });
  on("open", { peer: "bob" });
  up(10);
  on("history", { peer: "bob", messages: [told("old", 10).data], reached: 0 });
  heard("message", told("last", 11));
  write("mine");
  on("dropped", { code: 1006, reason: "" });
  on("due");
  on("opened");
  const commands = heard("registered", { sessionId: "s", seq: 2 });
  assert.deepEqual(session.posts.with("bob").map(({ id }) => id), ["mine"]);
  assert.equal(session.lastSeq, 2);
  assert.deepEqual(commands.slice(-3), ["send message mine", `timer overdue ${PATIENCE}`, "history bob"]);
});

test("what another database stored is not sent to the new one", () => {
  const { session, up, on, heard, write } = script();
  up(10);
  on("dropped", { code: 1006, reason: "" });
  write("a");
  on("posted", { id: "a", data: { id: "a", seq: 11 } });
  on("due");
  on("opened");
  assert.ok(!heard("registered", { sessionId: "s", seq: 0 }).includes("send message a"));
  assert.equal(session.posts.size, 0);
});

test("a silent server counts as gone; an answer renews its patience while posts wait", () => {
  const { session, up, write, heard, on } = script({ transport: "websocket" });
  up();
  write("a");
  assert.deepEqual(write("b"), ["keep b", "send message b"]);
  assert.deepEqual(heard("ack", { id: "a", seq: 1 }), ["forget a", `timer overdue ${PATIENCE}`]);
  assert.deepEqual(on("overdue"), ["close", "timer due 1000", "cancel overdue"]);
  assert.equal(session.link.detail, "The server does not answer.");
});

test("a POST that fails for now is tried again; one that is refused is failed, with its reason", () => {
  const { up, write, on, delivery, session } = script({ transport: "post" });
  up();
  write("a");
  write("b");
  assert.deepEqual(on("unposted", { id: "a", status: 503, reason: "busy", wait: 2000 }), ["timer again 2000"]);
  assert.deepEqual(write("c"), ["keep c"]);
  assert.deepEqual(on("again"), ["post a"]);
  assert.deepEqual(on("unposted", { id: "a", status: 0, reason: "no answer" }), ["timer again 500"]);
  on("again");
  assert.deepEqual(on("unposted", { id: "a", status: 413, reason: "too long: 65 536 at most" }), ["say Not sent: too long: 65 536 at most", "post b"]);
  assert.equal(delivery("a"), "failed");
  assert.equal(session.posts.get("a").remedy, "edit");
});

test("a POST that fails after its post is stored on the other path changes nothing", () => {
  const { up, write, heard, on, delivery } = script();
  up();
  write("a");
  heard("ack", { id: "a", seq: 1 });
  assert.deepEqual(on("unposted", { id: "a", status: 500, reason: "no" }), []);
  assert.equal(delivery("a"), "stored");
});

test("a failed post can be tried again or taken back", () => {
  const { up, write, heard, on, session, delivery } = script({ transport: "websocket" });
  up();
  write("a");
  assert.deepEqual(heard("error", { code: "too-long", message: "Too long: 65 536 at most.", id: "a" }), ["say Not sent: too long: 65 536 at most"]);
  assert.equal(delivery("a"), "failed");
  assert.ok(on("retry", { id: "a" }).includes("send message a"));
  assert.equal(delivery("a"), "sent");
  heard("error", { code: "conflict", message: "Another.", id: "a" });
  assert.deepEqual(on("discard", { id: "a" }), ["forget a"]);
  assert.equal(session.posts.size, 0);
});

test("a busy server is asked again later, under the same id", () => {
  const { up, write, heard, on, delivery, session } = script({ transport: "websocket" });
  up();
  write("a");
  assert.deepEqual(heard("error", { code: "unavailable", message: "The disk is full.", id: "a" }), ["timer again 500"]);
  assert.deepEqual([delivery("a"), session.posts.get("a").reason], ["pending", "the disk is full"]);
  assert.deepEqual(on("again"), ["send message a", `timer overdue ${PATIENCE}`]);
});

test("a frame that was too big fails the longest post on the wire, so that the rest gets through", () => {
  const { up, write, on, delivery } = script({ transport: "websocket" });
  up();
  write("a", "short");
  write("b", "a very long one");
  on("dropped", { code: 1009, reason: "" });
  assert.deepEqual([delivery("a"), delivery("b")], ["pending", "failed"]);
  on("dropped", { code: 1009, reason: "" });
});

test("a server that says no is not asked again, until the person does", () => {
  for (const code of [1008, 4401]) {
    const { session, up, on } = script();
    up();
    assert.deepEqual(on("dropped", { code, reason: "Too many." }), ["cancel due", "close", "cancel overdue", "say Too many."]);
    assert.equal(session.link.state, "refused");
    assert.deepEqual(on("now"), ["cancel due", "open"]);
  }
});

test("a stranger is asked for a token, which goes into the first event", () => {
  const { session, on, heard } = script();
  on("now");
  on("opened");
  heard("error", { code: "unauthorized", message: "This server asks for a token." });
  assert.deepEqual([session.link.state, session.signIn], ["refused", true]);
  on("token", { value: "secret" });
  const [register] = session.on({ type: "opened" }, 0);
  assert.equal(register.event.token, "secret");
});

test("who is turned away for another reason than a token is not asked for one", () => {
  const { session, on, heard } = script();
  on("now");
  on("opened");
  heard("error", { code: "forbidden", message: "Too many connections." });
  assert.deepEqual([session.link.state, session.signIn, session.link.detail], ["refused", false, "Too many connections."]);
  assert.deepEqual(on("dropped", { code: 1008, reason: "Too many connections." }).slice(0, 1), ["cancel overdue"]);
});

test("who left on purpose is not brought back by the network", () => {
  const { session, up, on } = script();
  up();
  on("leave");
  assert.deepEqual(on("online"), []);
  on("now");
  assert.equal(session.link.state, "connecting");
  on("offline");
  assert.deepEqual(on("online"), ["cancel due", "open"]);
});

test("typing is said at most every two seconds, to one peer, and taken back", () => {
  const { clock, up, on, write } = script();
  assert.deepEqual(on("typed", { to: "bob", writing: true }), []);
  up();
  assert.deepEqual(on("typed", { to: "bob", writing: true }), ["send typing"]);
  assert.deepEqual(on("typed", { to: "bob", writing: true }), []);
  clock.now = TYPING_EVERY;
  assert.deepEqual(on("typed", { to: "bob", writing: true }), ["send typing"]);
  assert.deepEqual(on("typed", { to: "bob", writing: false }), ["send typing"]);
  assert.deepEqual(on("typed", { to: "bob", writing: false }), []);
  on("typed", { to: "bob", writing: true });
  write("a");
  assert.deepEqual(on("typed", { to: "bob", writing: true }), ["send typing"]);
});

test("who types is shown until a message or a loss ends it, oneself never", () => {
  const { session, up, heard, on } = script();
  up();
  heard("typing-update", { typingUsers: ["alice", "bob", "eve"] });
  assert.deepEqual(session.typing, ["bob", "eve"]);
  heard("message", told("x", 1));
  assert.deepEqual(session.typing, ["eve"]);
  on("dropped", { code: 1006, reason: "" });
  assert.deepEqual(session.typing, []);
});

test("unread posts are counted once, and not in the open conversation", () => {
  const { session, up, heard, on } = script();
  up();
  on("open", { peer: "eve" });
  heard("message", told("x", 1));
  heard("message", told("x", 1));
  heard("message", told("e", 2, "eve"));
  assert.deepEqual([...session.unread], [["bob", 1]]);
  on("open", { peer: "bob" });
  assert.deepEqual([...session.unread], []);
});

test("presence and people are remembered", () => {
  const { session, heard, on } = script();
  heard("presence", { online: ["bob", "eve"] });
  heard("presence", { offline: ["eve"] });
  on("people", { people: [{ id: "bob", name: "Bob" }, { id: "zoe" }] });
  assert.deepEqual([...session.online], ["bob"]);
  assert.deepEqual([...session.known], [["bob", "Bob"], ["eve", null], ["zoe", null]]);
});

test("the outbox of an earlier visit goes out with the first connection", () => {
  const { on, up } = script({ transport: "websocket" });
  on("restored", { posts: [{ id: "old", text: "old", receiverId: "bob", createdAt: AT }] });
  assert.ok(up().includes("send message old"));
});

test("an error about nothing in particular is said, and harms nothing", () => {
  const { up, heard, session } = script();
  up();
  assert.deepEqual(heard("error", { code: "invalid", message: "No." }), ["say No."]);
  assert.equal(session.link.state, "connected");
});

test("the queue holds what failed first in line", () => {
  const queue = new PostQueue();
  ["a", "b", "a"].forEach((id) => queue.add(id));
  assert.equal(queue.next(), "a");
  assert.equal(queue.next(), null);
  queue.hold("a");
  assert.equal(queue.next(), null);
  queue.release();
  assert.equal(queue.next(), "a");
  queue.done("b");
  queue.done("a");
  queue.remove("b");
  assert.equal(queue.next(), null);
});
