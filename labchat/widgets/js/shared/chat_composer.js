// Writing a post: Enter sends, Shift+Enter breaks the line. The typing line keeps its height.

import { h, setText } from "./dom.js";
import { icon } from "./icons.js";

/** send(text): a post is written. typing(writing): the field is being written in, or is empty. */
export class Composer {
  constructor({ send, typing }) {
    Object.assign(this, { onSend: send, onTyping: typing });
    this.dots = h("span", { class: "lc-typing-dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    this.who = h("span");
    this.field = h("textarea", {
      rows: "1", placeholder: "Message", autocomplete: "off",
      onInput: () => this.onInput(), onKeydown: (event) => this.onKey(event),
    });
    this.button = h("button", { type: "submit", class: "lc-send", "aria-label": "Send" }, icon("send"));
    const form = h("form", { class: "lc-write", onSubmit: (event) => this.submit(event) }, this.field, this.button);
    this.node = h("div", { class: "lc-composer" },
      h("p", { class: "lc-typing", role: "status" }, this.dots, this.who), form);
  }

  /** typing: who writes to this user now, in words; label: what the field is for. */
  update({ typing, label, disabled = false }) {
    this.dots.hidden = typing === "";
    setText(this.who, typing);
    this.field.setAttribute("aria-label", label);
    this.field.disabled = this.button.disabled = disabled;
  }

  get text() {
    return this.field.value;
  }

  set text(value) {
    this.field.value = value;
    this.fit();
  }

  /** Put a text up for writing on. */
  write(text) {
    this.text = text;
    this.field.focus();
  }

  /** As high as what is written; the style sheet sets the limit. */
  fit() {
    this.field.style.height = "auto";
    if (this.field.value !== "") this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  onInput() {
    this.fit();
    this.onTyping(this.text.trim() !== "");
  }

  onKey(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    if (event.shiftKey) this.breakLine(event);
    else this.submit(event);
  }

  /** By hand: JupyterLab, which runs a cell at Shift+Enter, lets no line break through to a widget. */
  breakLine(event) {
    event.preventDefault();
    event.stopPropagation();
    this.field.setRangeText("\n", this.field.selectionStart, this.field.selectionEnd, "end");
    this.onInput();
  }

  submit(event) {
    event.preventDefault();
    const text = this.text.trim();
    if (text === "") return;
    this.write("");
    this.onSend(text);
  }
}
