import assert from "node:assert/strict";
import test from "node:test";

import { decode, message, register, typing } from "../../labchat/server/web/js/events.js";

const POST = { id: "a", text: "Hi", senderId: "user-1", receiverId: "user-2", createdAt: "2026-11-25T09:30:00Z" };

test("what the page says has the fields of the contract and no empty ones", () => {
  assert.deepEqual(register("user-1", null, null), { type: "register", userId: "user-1" });
  assert.deepEqual(register("user-1", 0, "t"), { type: "register", userId: "user-1", lastSeq: 0, token: "t" });
  assert.deepEqual(message({ ...POST, delivery: "pending", order: 1 }), { type: "message", ...POST });
  assert.deepEqual(typing("a", "b", true), { type: "typing", senderId: "a", receiverId: "b", isTyping: true });
});

test("every event of the server is understood", () => {
  const events = [
    { type: "registered", sessionId: "s", seq: 0 },
    { type: "message", data: POST },
    { type: "message", data: { ...POST, seq: 4 } },
    { type: "ack", id: "a", seq: 4 },
    { type: "typing-update", typingUsers: ["user-2"] },
    { type: "presence", online: ["user-2"] },
    { type: "presence" },
    { type: "error", code: "invalid", message: "No." },
  ];
  for (const event of events) assert.deepEqual(decode(JSON.stringify(event)), event);
});

test("what is not an event is nothing", () => {
  const bad = [
    "", "{", "null", "1", '"message"', "[]", "{}",
    '{"type":"constructor"}', '{"type":"toString"}', '{"type":["ack"]}', '{"type":"news"}',
    '{"type":"message","data":null}', '{"type":"message","data":{"id":1}}',
    '{"type":"ack","id":"a","seq":-1}', '{"type":"ack","id":"a","seq":1.5}',
    '{"type":"typing-update"}', '{"type":"presence","online":"all"}', '{"type":"error","code":"x"}',
    JSON.stringify({ type: "message", data: { ...POST, seq: "4" } }),
  ];
  for (const data of bad) assert.equal(decode(data), null, data);
});
