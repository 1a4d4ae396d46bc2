import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Session } from "../../labchat/widgets/js/shared/session.js";

const row = (n) => [n, n, 1, 0, "TEXT", 10, "typing", 0, 1];

function fakeModel(traits = {}, manager = { kernel: null }) {
  const handlers = {};
  const sent = [];
  return {
    sent,
    widget_manager: manager,
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; },
    save_changes: () => sent.push({ saved: { ...traits } }),
    send: (message) => sent.push(message),
    on: (event, handler) => { handlers[event] = handler; },
    off: (event) => { delete handlers[event]; },
    say: (message) => handlers["msg:custom"](message),
    handlers,
  };
}

test("a session says ready, goes live with the first batch, and asks for what is missing", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const model = fakeModel();
  const session = new Session(model);
  const heard = [];
  session.listen((what) => heard.push(what));
  const stop = session.start();
  assert.deepEqual(model.sent, [{ type: "ready" }]);
  model.say({ type: "rows", seq: 1, total: 5, rows: [row(4), row(5)] });
  assert.equal(session.state, "live");
  assert.deepEqual(heard, ["state", "rows"]);
  assert.deepEqual(model.sent.at(-1), { type: "need", start: 1, stop: 4 });
  model.say({ type: "rows", seq: 3, total: 7, rows: [row(7)] });
  assert.equal(model.sent.length, 2, "one question at a time");
  model.say({ type: "rows", seq: null, total: 7, rows: [row(1), row(2), row(3)] });
  assert.deepEqual(model.sent.at(-1), { type: "need", start: 6, stop: 7 }, "the lost batch");
  mock.timers.tick(2000);
  assert.equal(model.sent.filter(({ type }) => type === "need").length, 3, "asked again");
  stop();
  assert.deepEqual(model.handlers, {});
  mock.timers.reset();
});

test("what was chosen before Python answered is told when it does", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const model = fakeModel();
  const session = new Session(model);
  session.start();
  session.set({ selected: 4 });
  assert.deepEqual(model.sent, [{ type: "ready" }]);
  model.say({ type: "rows", seq: 1, total: 1, rows: [row(1)] });
  assert.deepEqual(model.sent.at(-1), { saved: { selected: 4 } });
  model.say({ type: "rows", seq: 2, total: 2, rows: [row(2)] });
  assert.equal(model.sent.length, 2, "told once");
  session.stop();
  mock.timers.reset();
});

test("what was saved is there at once; without an answer it is said to be not live", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const saved = { at: "2026-11-25T09:30:00+00:00", total: 9, rows: [row(8), row(9)], details: [{ n: 9 }] };
  const session = new Session(fakeModel({ saved }));
  session.start();
  assert.equal(session.store.at(0), 8);
  assert.deepEqual(session.detail(9), { n: 9 });
  assert.equal(session.detail(8), null);
  assert.equal(session.notice(), null);
  mock.timers.tick(4000);
  assert.equal(session.state, "saved");
  assert.match(session.notice(), /Not live.*2026-11-25 09:30 UTC/);
  session.receive({ type: "rows", seq: 1, total: 1, rows: [row(1)] });
  assert.equal(session.notice(), null);
  assert.equal(session.store.length, 1);
  mock.timers.reset();
});

test("a static page does not wait for a kernel", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const session = new Session(fakeModel({ saved: { total: 0, rows: [] } }, {}));
  session.start();
  mock.timers.tick(0);
  assert.equal(session.state, "saved");
  mock.timers.reset();
});

test("details are asked for once, and traits are synced only while somebody listens", () => {
  const model = fakeModel({ selected: 0 });
  const session = new Session(model);
  session.start();
  session.set({ selected: 3 });
  assert.equal(model.sent.length, 1);
  model.say({ type: "rows", seq: 1, total: 3, rows: [row(1), row(2), row(3)] });
  assert.equal(session.detail(3), null);
  assert.equal(session.detail(3), null);
  assert.equal(model.sent.filter(({ type }) => type === "detail").length, 1);
  model.say({ type: "detail", detail: { n: 3 } });
  assert.deepEqual(session.detail(3), { n: 3 });
  session.set({ selected: 2 });
  assert.deepEqual(model.sent.at(-1), { saved: { selected: 2 } });
  session.stop();
});

test("a kernel that goes is noticed, by its own word or by a send that fails", () => {
  let slot = null;
  const statusChanged = { connect: (f) => { slot = f; }, disconnect: () => { slot = null; } };
  const model = fakeModel({}, { kernel: { statusChanged } });
  const session = new Session(model);
  const stop = session.start();
  model.say({ type: "rows", seq: 1, total: 0, rows: [] });
  slot(null, "busy");
  assert.equal(session.state, "live");
  slot(null, "restarting");
  assert.equal(session.state, "gone");
  assert.match(session.notice(), /kernel is gone/);
  stop();
  assert.equal(slot, null);
  const other = new Session({ ...fakeModel(), send: () => { throw new Error("Kernel is dead"); } });
  other.start();
  assert.equal(other.state, "gone");
  other.stop();
});
