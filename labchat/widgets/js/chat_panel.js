// One user's conversation in a notebook: what Python shaped, drawn; what a person does, sent.

import { Badge, Banner } from "./shared/chat_link.js";
import { ChatLog } from "./shared/chat_log.js";
import { Composer } from "./shared/chat_composer.js";
import { h, listen, root, setText } from "./shared/dom.js";
import { withLifeline } from "./shared/lifeline.js";

/** Milliseconds to the next attempt; clocks of kernel and browser may differ, so never more than told. */
export function left({ left_ms: told, due_ms: due }, now) {
  return told === null || told === undefined ? null : Math.min(told, due - now);
}

function render({ model, el, life }) {
  const title = h("h3", {});
  const badge = new Badge();
  const banner = new Banner({ connect: () => life.send({ type: "online" }) });
  const notice = h("p", { class: "lc-notice", role: "status", hidden: true });
  const log = new ChatLog({
    act: (name, id) => (name === "edit" ? life.edit(id) : life.send({ type: name, id })),
    more: () => life.send({ type: "earlier" }),
    whole: (id) => life.send({ type: "whole", id }),
    pick: (id) => life.set({ selected_post: model.get("selected_post") === id ? "" : id }),
  });
  const composer = new Composer({
    send: (text) => life.post(text),
    typing: (writing) => writing && life.type(),
  });
  root(el, "lc-card", "lc-chat");
  el.append(h("div", { class: "lc-chat-head" }, title, badge.node), banner.node, notice, log.node, composer.node);

  const drawHead = () => {
    const head = model.get("head");
    setText(title, head.name ?? "");
    badge.update(head.badge, left(head, Date.now()));
    banner.update(life.connected ? head.banner : null);
    composer.update({ typing: life.connected ? head.typing : "", label: `${head.name} to ${head.peer}`, disabled: !life.connected });
  };
  const drawPosts = () => log.update({
    key: "one",
    rows: [...model.get("posts"), ...life.echoes()],
    earlier: model.get("earlier"),
    empty: "Nothing said yet.",
    selected: model.get("selected_post"),
  });
  const drawState = () => {
    const text = life.notice();
    notice.hidden = text === null;
    setText(notice, text ?? "");
    badge.node.hidden = !life.connected;
    drawHead();
  };
  const height = () => el.style.setProperty("--lc-height", `${model.get("height")}px`);
  const heard = { state: drawState, echo: drawPosts, draft: (text) => composer.write(text) };

  const undo = [
    life.listen((what, detail) => heard[what]?.(detail)),
    listen(model, "change:head", drawHead),
    listen(model, "change:posts", drawPosts),
    listen(model, "change:earlier", drawPosts),
    listen(model, "change:selected_post", drawPosts),
    listen(model, "change:height", height),
  ];
  const ticking = setInterval(() => badge.tick(left(model.get("head"), Date.now())), 250);
  height();
  drawState();
  drawPosts();
  return () => {
    clearInterval(ticking);
    for (const stop of undo) stop();
    log.destroy();
  };
}

export default () => withLifeline(render);
