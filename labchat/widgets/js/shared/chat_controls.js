// One slim line of a notebook's chat: on which path posts go out, and whether the user is away.

import { h, setAttribute } from "./dom.js";

/** The paths, as `chat/session.py` names them, and what a person calls them. */
export const PATHS = [["websocket", "WebSocket"], ["post", "POST"], ["both", "both"]];

/** choose(path): take another path. away(offline): leave the network, or come back. */
export class Controls {
  constructor({ choose, away }) {
    this.path = h("select", { class: "lc-path", onChange: () => choose(this.path.value) }, PATHS.map(([value, name]) => h("option", { value }, name)));
    this.away = h("button", { class: "lc-away", type: "button", role: "switch", onClick: () => away(this.away.getAttribute("aria-checked") !== "true") },
      h("span", {}, "offline"), h("span", { class: "lc-switch", "aria-hidden": "true" }));
    this.node = h("div", { class: "lc-chat-controls" }, h("label", {}, h("span", {}, h("span", { class: "lc-path-word" }, "post "), "by"), this.path), this.away);
  }

  update({ transport, offline, enabled }) {
    this.path.value = transport;
    setAttribute(this.away, "aria-checked", String(offline));
    this.path.disabled = this.away.disabled = !enabled;
  }
}
