/** A token is asked for only when the server does. It stays in this tab and is never in a URL. */

import { h } from "../../shared/dom.js";

export function SignIn(take) {
  const name = h("input", { type: "text", autocomplete: "username", hidden: true, readonly: true });
  const field = h("input", { class: "page-field", type: "password", name: "token", placeholder: "Token", "aria-label": "Token", autocomplete: "current-password", required: true });
  const enter = (event) => {
    event.preventDefault();
    if (field.value) take({ type: "token", value: field.value });
  };
  const form = h("form", { class: "page-row", onSubmit: enter }, name, field, h("button", { class: "lc-button", type: "submit" }, "Sign in"));
  const el = h("div", { class: "page-signin" });

  function update({ user, signIn }) {
    name.value = user;
    if (signIn === form.isConnected) return undefined;
    if (!signIn) return form.remove();
    el.append(form);
    return field.focus();
  }

  return { el, update };
}
