// The inspector: what crossed the wire at the left, one unit of it in full at the right.

import { Detail } from "./shared/detail.js";
import { h, listen, root, setText } from "./shared/dom.js";
import { withSession } from "./shared/session.js";
import { UnitList } from "./shared/unit_list.js";

function render({ model, el, session }) {
  const select = (n) => session.set({ selected: n, field: -1 });
  const detail = new Detail({ session, pick: (field) => session.set({ field }) });
  const list = new UnitList({ session, select, enter: () => detail.focus() });
  const notice = h("p", { class: "lc-notice", role: "status", hidden: true });
  root(el, "lc-card", "lc-inspector");
  el.style.setProperty("--lc-height", `${model.get("height")}px`);
  el.append(notice, h("div", { class: "lc-inspector-halves" }, list.node, detail.node));

  let waiting = null;
  const drawDetail = () => {
    const n = model.get("selected");
    const found = session.detail(n);
    clearTimeout(waiting);
    if (found) detail.show(found);
    else if (n > 0 && detail.shown && session.state === "live") waiting = setTimeout(sayWaiting, 500);
    else sayWaiting();
    detail.mark(model.get("field"));
  };
  /** Only after a while, so that the pane does not flicker between two units. */
  const sayWaiting = () => {
    const n = model.get("selected");
    if (n === 0) detail.clear("Pick a unit, in the list or the ladder, to see its bytes.");
    else detail.clear(session.notice() ? `Unit ${n} was not kept with the notebook.` : `Unit ${n} is on its way: the kernel answers when it is free.`);
  };
  const names = () => {
    const connections = model.get("connections");
    session.letters = Object.fromEntries(connections.map(({ number, letter }) => [number, letter]));
    session.names = Object.fromEntries(connections.map(({ number, name }) => [number, name]));
  };
  const drawNotice = () => {
    const text = session.notice();
    notice.hidden = text === null;
    setText(notice, text ?? "");
  };
  const onSession = (what, message) => {
    if (what === "rows") list.update();
    else if (what === "connections") [names, () => list.update()].forEach((f) => f());
    else if (what === "detail" && message.n === model.get("selected")) drawDetail();
    else if (what === "bytes") detail.more(message);
    else if (what === "state") [drawNotice, () => list.update(), drawDetail].forEach((f) => f());
  };

  names();
  drawNotice();
  const undo = [
    session.listen(onSession),
    listen(model, "change:selected", () => [() => list.mark(model.get("selected")), drawDetail].forEach((f) => f())),
    listen(model, "change:field", () => detail.mark(model.get("field"))),
  ];
  requestAnimationFrame(() => {
    list.selected = model.get("selected");
    list.update();
    drawDetail();
  });
  return () => {
    clearTimeout(waiting);
    for (const stop of undo) stop();
    list.destroy();
    detail.destroy();
  };
}

export default () => withSession(render);
