// The connection to the chat server: a badge, read aloud when its state changes, and a banner that
// offers the way on. Both are given their words.

import { h, replace, setText } from "./dom.js";
import { icon } from "./icons.js";

/** " in 4 s"; 3.2 s are told as 4, and nothing is less than 0. Null is no countdown. */
export function countdown(ms) {
  return ms === null ? "" : ` in ${Math.max(0, Math.ceil(ms / 1000))} s`;
}

export class Badge {
  constructor() {
    this.glyph = h("span", { class: "lc-badge-glyph" });
    this.words = h("span", {});
    this.count = h("span", { "aria-hidden": "true" }); // not read aloud each second
    this.node = h("div", { class: "lc-badge", role: "status" }, this.glyph, h("span", {}, this.words, this.count));
  }

  /** badge: { state, icon, tone, words }; ms: to the next attempt, or null. */
  update(badge, ms) {
    if (this.node.dataset.state !== badge.state) replace(this.glyph, icon(badge.icon));
    this.node.dataset.state = badge.state;
    this.node.className = `lc-badge lc-${badge.tone}`;
    setText(this.words, badge.words);
    this.tick(ms);
  }

  tick(ms) {
    setText(this.count, countdown(ms));
  }
}

export class Banner {
  constructor({ connect }) {
    this.text = h("span", {});
    this.dots = h("span", { class: "lc-attempts", "aria-hidden": "true" });
    this.why = h("span", { class: "lc-banner-why" });
    this.action = h("button", { type: "button", class: "lc-link", "data-action": "connect", onClick: connect });
    this.node = h("div", { class: "lc-banner", hidden: true }, this.text, this.dots, this.why, this.action);
  }

  /** banner: { tone, text, made, of, why, action }, or null for none. `of` null: no end, no dots. */
  update(banner) {
    this.node.hidden = banner === null;
    if (banner === null) return;
    this.node.dataset.tone = banner.tone;
    setText(this.text, banner.text);
    setText(this.why, banner.why);
    replace(this.dots, Array.from({ length: banner.of ?? 0 }, (_, i) => h("i", { class: i < banner.made ? "full" : null })));
    setText(this.action, banner.action ?? "");
    this.action.hidden = banner.action === null;
  }
}
