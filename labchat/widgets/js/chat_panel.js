// One user's conversation in a notebook: what Python shaped, drawn; what a person does, sent.

import { Controls } from "./shared/chat_controls.js";
import { Badge, Banner } from "./shared/chat_link.js";
import { ChatLog } from "./shared/chat_log.js";
import { Composer } from "./shared/chat_composer.js";
import { h, listen, replace, root, setText } from "./shared/dom.js";
import { withLifeline } from "./shared/lifeline.js";

/** Whom to write to, where there is a choice. */
class Peers {
  constructor({ choose }) {
    this.node = h("select", { class: "lc-peers", "aria-label": "Conversation with", onChange: () => choose(this.node.value) });
    this.drawn = "";
  }

  update(peers, chosen, enabled) {
    this.node.hidden = peers.length < 2;
    this.node.disabled = !enabled;
    if (this.drawn !== JSON.stringify(peers)) replace(this.node, peers.map(([id, name]) => h("option", { value: id }, name)));
    this.drawn = JSON.stringify(peers);
    this.node.value = chosen;
  }
}

/** Milliseconds to the next attempt; clocks of kernel and browser may differ, so never more than told. */
export function left({ left_ms: told, due_ms: due }, now) {
  return told === null || told === undefined ? null : Math.min(told, due - now);
}

function render({ model, el, life }) {
  const title = h("h3", {});
  const peers = new Peers({ choose: (peer) => life.set({ peer }) });
  const badge = new Badge();
  const banner = new Banner({ connect: () => life.send({ type: "online" }) });
  const controls = new Controls({
    choose: (transport) => life.set({ transport }),
    away: (offline) => life.set({ offline }),
  });
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
  el.append(h("div", { class: "lc-chat-head" }, title, peers.node, badge.node), controls.node, banner.node, notice, log.node, composer.node);

  const drawHead = () => {
    const head = model.get("head");
    setText(title, head.name ?? "");
    peers.update(head.peers ?? [], model.get("peer"), life.connected);
    badge.update(head.badge, left(head, Date.now()));
    banner.update(life.connected ? head.banner : null);
    composer.update({ typing: life.connected ? head.typing : "", label: `${head.name} to ${head.peer}`, disabled: !life.connected });
  };
  const drawControls = () => controls.update({
    transport: model.get("transport"),
    offline: model.get("offline"),
    enabled: life.connected,
  });
  const drawPosts = () => log.update({
    key: model.get("peer"),
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
    drawControls();
  };
  const height = () => el.style.setProperty("--lc-height", `${model.get("height")}px`);
  const heard = { state: drawState, echo: drawPosts, draft: (text) => composer.write(text) };

  const undo = [
    life.listen((what, detail) => heard[what]?.(detail)),
    listen(model, "change:head", drawHead),
    listen(model, "change:peer", drawHead),
    listen(model, "change:transport", drawControls),
    listen(model, "change:offline", drawControls),
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
