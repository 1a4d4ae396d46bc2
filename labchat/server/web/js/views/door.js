/** The first screen: who is it? */

import { h } from "../../shared/dom.js";
import { CAST, nameOf } from "../words.js";

export function Door(enter) {
  const field = h("input", { class: "page-field", name: "user", maxlength: "128", autocomplete: "username", spellcheck: "false", required: true });
  const choose = (event) => {
    event.preventDefault();
    const user = field.value.trim();
    if (user) enter(user);
  };
  const cast = CAST.map((id) => h("button", { type: "button", class: "lc-button", "data-user": id, onClick: () => enter(id) }, nameOf(id)));
  const el = h("main", { class: "lc page page-door" },
    h("h1", {}, "labchat"),
    h("p", {}, "Who are you?"),
    h("div", { class: "page-row" }, cast),
    h("form", { class: "page-row", onSubmit: choose },
      h("label", { class: "page-label" }, h("span", {}, "Another user id"), field),
      h("button", { class: "lc-button", type: "submit" }, "Enter")));
  return { el };
}
