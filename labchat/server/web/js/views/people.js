/** The conversations: a list of buttons; arrow keys move between them. */

import { arrange, h, setAttribute, setText } from "../../shared/dom.js";
import { people } from "../view.js";

export function People(take) {
  const rows = new Map();
  const list = h("ul", { class: "page-people", onKeydown: moveBetween });
  const field = h("input", { class: "page-field", name: "peer", maxlength: "128", placeholder: "Write to another user id", "aria-label": "Write to another user id", autocomplete: "off", spellcheck: "false" });
  const start = (event) => {
    event.preventDefault();
    const peer = field.value.trim();
    if (peer) take({ type: "open", peer });
    field.value = "";
  };
  const el = h("nav", { class: "page-nav", "aria-label": "Conversations" }, list, h("form", { class: "page-new", onSubmit: start }, field));

  function update(session) {
    const wanted = people(session);
    arrange(list, wanted.map((person) => drawn(person).el));
  }

  function drawn(person) {
    if (!rows.has(person.id)) rows.set(person.id, Row(person.id, take));
    const row = rows.get(person.id);
    row.update(person);
    return row;
  }

  return { el, update };
}

function Row(id, take) {
  const name = h("span", { class: "page-name" });
  const here = h("span", { class: "page-here" }, "here");
  const last = h("span", { class: "page-last" });
  const unread = h("span", { class: "page-unread" });
  const button = h("button", { type: "button", "data-peer": id, onClick: () => take({ type: "open", peer: id }) },
    h("span", { class: "page-line" }, name, here), h("span", { class: "page-line" }, last, unread));
  return {
    el: h("li", {}, button),
    update(person) {
      setText(name, person.name);
      setText(last, person.last);
      setText(unread, person.unread ? `${person.unread} new` : "");
      here.hidden = !person.online;
      unread.hidden = person.unread === 0;
      setAttribute(button, "aria-current", person.chosen ? "true" : null);
    },
  };
}

function moveBetween(event) {
  const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const from = buttons.indexOf(document.activeElement);
  if (!step || from < 0) return;
  event.preventDefault();
  buttons[(from + step + buttons.length) % buttons.length].focus();
}
