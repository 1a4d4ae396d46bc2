/** The connection: a badge that is read aloud when its state changes, and a banner that offers the way on. */

import { h, replace, setText } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { badgeWords, bannerWords } from "../words.js";

export function Badge() {
  const glyph = h("span", { class: "page-glyph" });
  const words = h("span", { class: "page-words" });
  const count = h("span", { class: "page-count", "aria-hidden": "true" });
  const el = h("div", { class: "page-badge", role: "status" }, glyph, h("span", {}, words, count));
  let shown = null;

  function update({ link }, now) {
    const [name, tone, text, countdown] = badgeWords(link, now);
    if (shown !== name + tone) replace(glyph, icon(name));
    shown = name + tone;
    el.dataset.state = link.state;
    el.className = `page-badge lc-${tone}`;
    setText(words, text);
    setText(count, countdown);
  }

  return { el, update };
}

export function Banner(take) {
  const text = h("span", { class: "page-banner-text" });
  const dots = h("span", { class: "page-dots", "aria-hidden": "true" });
  const why = h("span", { class: "page-why" });
  const action = h("button", { type: "button", class: "lc-link", onClick: () => take({ type: "now" }) });
  const door = h("div", { class: "page-row" });
  const el = h("div", { class: "page-banner" }, text, dots, why, action, door);

  function update({ user, link, signIn: asked }) {
    const words = bannerWords(link);
    el.hidden = words === null;
    if (words === null) return;
    el.dataset.tone = words.tone;
    setText(text, words.text);
    setText(why, words.why ?? "");
    replace(dots, (words.dots ?? []).map((full) => h("i", { class: full ? "full" : null })));
    setText(action, words.action ?? "");
    action.hidden = words.action === null || asked;
    if (asked !== (door.firstChild !== null)) replace(door, asked ? SignIn(user, take) : null);
  }

  return { el, update };
}

/** A token is asked for only when the server does. It stays in this tab and is never in a URL. */
function SignIn(name, take) {
  const user = h("input", { type: "text", autocomplete: "username", value: name, hidden: true, readonly: true });
  const field = h("input", { class: "page-field", type: "password", name: "token", placeholder: "Token", "aria-label": "Token", autocomplete: "current-password", required: true });
  const enter = (event) => {
    event.preventDefault();
    if (field.value) take({ type: "token", value: field.value });
  };
  return h("form", { class: "page-row", onSubmit: enter }, user, field, h("button", { class: "lc-button", type: "submit" }, "Sign in"));
}
