/** The open conversation: whose, how the connection fares, the posts, and writing one. */

import { ChatLog } from "../../shared/chat_log.js";
import { Badge, Banner } from "../../shared/chat_link.js";
import { Composer } from "../../shared/chat_composer.js";
import { h, setText } from "../../shared/dom.js";
import { DRAWN, conversation, typing } from "../view.js";
import { badge as badgeWords, banner as bannerWords, nameOf } from "../words.js";
import { SignIn } from "./signin.js";

export function Talk(session, take) {
  const title = h("h2", { class: "page-title" });
  const badge = new Badge();
  const banner = new Banner({ connect: () => take({ type: "now" }) });
  const signIn = SignIn(take);
  const log = new ChatLog({ act, more, whole });
  const composer = new Composer({ send, typing: (writing) => take({ type: "typed", to: session.peer, writing }) });
  const drafts = new Map();
  let peer = null;
  let shown = {};
  const el = h("section", { class: "page-talk", "aria-label": "Conversation" },
    h("header", { class: "page-head" }, title, badge.node), banner.node, signIn.el, log.node, composer.node);

  function update(now) {
    if (session.peer !== peer) turn();
    const name = peer === null ? "" : nameOf(peer, session.known);
    setText(title, name);
    badge.update(badgeWords(session.link.state), left(now));
    banner.update(told(session));
    signIn.update(session);
    log.update(conversation(session, shown));
    composer.update({ typing: typing(session), label: `Message to ${name}`, disabled: peer === null });
  }

  /** To another conversation; what was being written in this one is kept. */
  function turn() {
    drafts.set(peer, composer.text);
    peer = session.peer;
    shown = { drawn: DRAWN, opened: new Set() };
    composer.text = drafts.get(peer) ?? "";
  }

  const left = (now) => (session.link.dueAt === null ? null : session.link.dueAt - now);

  function act(name, id) {
    if (name === "retry") return take({ type: "retry", id });
    composer.write(session.posts.get(id).text);
    return take({ type: "discard", id });
  }

  /** From what is here already; and if that was all of it, from the server. */
  function more() {
    const { earlier } = conversation(session, shown);
    shown.drawn += DRAWN;
    if (earlier === null) take({ type: "earlier", peer });
    else log.update(conversation(session, shown));
  }

  function whole(id) {
    shown.opened.add(id);
    log.update(conversation(session, shown));
  }

  function send(text) {
    take({ type: "post", id: newId(), text, receiverId: peer, createdAt: new Date().toISOString() });
  }

  return { el, update, tick: (now) => badge.tick(left(now)) };
}

/** The way on from a missing token is the token, not another try. */
function told({ link, signIn }) {
  const words = bannerWords(link);
  return signIn && words ? { ...words, action: null } : words;
}

/** Unique without asking anybody. `crypto.randomUUID` is missing on plain http beyond loopback. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return `msg-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
