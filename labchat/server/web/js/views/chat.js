/** The whole chat of one user, put together. */

import { h } from "../../shared/dom.js";
import { nameOf } from "../words.js";
import { People } from "./people.js";
import { Settings } from "./settings.js";
import { Talk } from "./talk.js";

export function Chat(session, take, { remember, leave }) {
  const people = People(take);
  const settings = Settings(take, remember);
  const talk = Talk(session, take);
  const announcer = h("div", { class: "lc-hidden", role: "status" });
  const el = h("main", { class: "lc page" }, side(session, people, settings, leave), talk.el, announcer);

  function update(now) {
    people.update(session);
    settings.update(session);
    talk.update(now);
    document.title = titled(session);
  }

  function say(text) {
    announcer.textContent = text;
  }

  return { el, update, say, tick: talk.tick };
}

function side(session, people, settings, leave) {
  const change = h("button", { type: "button", class: "lc-link", onClick: leave }, "Change");
  const me = h("p", { class: "page-me" }, "You are ", h("strong", {}, nameOf(session.user)), change);
  return h("div", { class: "page-side" }, h("header", { class: "page-head" }, h("h1", {}, "labchat"), me), people.el, settings.el);
}

function titled(session) {
  const unread = [...session.unread.values()].reduce((sum, n) => sum + n, 0);
  const name = `${nameOf(session.user)}, labchat`;
  return unread ? `(${unread}) ${name}` : name;
}
