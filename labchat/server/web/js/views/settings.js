/** How posts go out, how to reconnect, and leaving the network on purpose. */

import { h, setText } from "../../shared/dom.js";
import { POLICIES } from "../backoff.js";

const TRANSPORTS = [
  ["both", "Both under one id, as in the text"],
  ["websocket", "WebSocket"],
  ["post", "POST"],
];

export function Settings(take, remember) {
  const choose = (name) => (value) => {
    remember(name, value);
    take({ type: name, value });
  };
  const transports = Choice("transport", "Posts go out by", TRANSPORTS, choose("transport"));
  const policies = Choice("policy", "Reconnect", Object.values(POLICIES).map(({ name, label }) => [name, label]), choose("policy"));
  const toggle = h("button", { type: "button", class: "lc-button page-toggle" });
  const el = h("details", { class: "page-settings" }, h("summary", {}, "Connection"), transports.el, policies.el, toggle);
  let offline = false;
  toggle.addEventListener("click", () => take({ type: offline ? "now" : "leave" }));

  function update(session) {
    offline = session.link.state === "offline";
    transports.update(session.transport);
    policies.update(session.policy);
    setText(toggle, offline ? "Go online" : "Go offline");
  }

  return { el, update };
}

function Choice(name, legend, options, choose) {
  const inputs = options.map(([value]) => h("input", { type: "radio", name, value, onChange: () => choose(value) }));
  const labels = options.map(([, label], i) => h("label", {}, inputs[i], h("span", {}, label)));
  return {
    el: h("fieldset", {}, h("legend", {}, legend), labels),
    update(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}
