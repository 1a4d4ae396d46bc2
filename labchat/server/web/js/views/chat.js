/** The whole chat of one user, put together. */

import { h, setText } from "../../shared/dom.js";
import { nameOf } from "../words.js";
import { Badge, Banner } from "./badge.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { People } from "./people.js";
import { Settings } from "./settings.js";

export function Chat(session, take, { remember, leave }) {
  const composer = Composer(take);
  const log = Log(take, edit);
  const parts = [People(take), Badge(), Banner(take), log, composer, Settings(take, remember)];
  const [people, badge, banner, , , settings] = parts;
  const title = h("h2", { class: "page-title" });
  const announcer = h("div", { class: "lc-hidden", role: "status" });
  const talk = h("section", { class: "page-talk", "aria-label": "Conversation" },
    h("header", { class: "page-head" }, title, badge.el), banner.el, log.el, composer.el);
  const el = h("main", { class: "lc page" }, aside(session, people, settings, leave), talk, announcer);

  function edit({ id, text }) {
    take({ type: "discard", id });
    composer.write(text);
  }

  function update(now) {
    for (const part of parts) part.update(session, now);
    setText(title, session.peer === null ? "" : nameOf(session.peer, session.known));
    document.title = titled(session);
  }

  return { el, update, countdown: (now) => badge.update(session, now), say: (text) => { announcer.textContent = text; } };
}

function aside(session, people, settings, leave) {
  const me = h("p", { class: "page-me" }, "You are ", h("strong", {}, nameOf(session.user)),
    h("button", { type: "button", class: "lc-link", onClick: leave }, "Change"));
  return h("div", { class: "page-side" }, h("header", { class: "page-head" }, h("h1", {}, "labchat"), me), people.el, settings.el);
}

function titled(session) {
  const unread = [...session.unread.values()].reduce((sum, n) => sum + n, 0);
  const name = `${nameOf(session.user)}, labchat`;
  return unread ? `(${unread}) ${name}` : name;
}
