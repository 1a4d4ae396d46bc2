/** Writing: Enter sends, Shift+Enter breaks the line. The typing line above keeps its height. */

import { h, setText } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { typists } from "../view.js";
import { nameOf, typingWords } from "../words.js";

export function Composer(take) {
  const dots = h("span", { class: "page-typing-dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
  const who = h("span");
  const typing = h("p", { class: "page-typing", role: "status" }, dots, who);
  const field = h("textarea", { class: "page-field", name: "text", rows: "1", placeholder: "Message", autocomplete: "off", onInput: typed, onKeydown: whenEnter });
  const send = h("button", { type: "submit", class: "page-send", "aria-label": "Send" }, icon("send"));
  const form = h("form", { class: "page-composer", onSubmit: (event) => { event.preventDefault(); post(); } }, field, send);
  const el = h("div", { class: "page-foot" }, typing, form);
  const drafts = new Map();
  let peer = null;

  function update(session) {
    const words = typingWords(typists(session));
    dots.hidden = words === "";
    setText(who, words);
    if (session.peer !== peer) turnTo(session);
  }

  function turnTo(session) {
    if (peer !== null) drafts.set(peer, field.value);
    peer = session.peer;
    field.value = drafts.get(peer) ?? "";
    field.disabled = send.disabled = peer === null;
    field.setAttribute("aria-label", peer === null ? "Message" : `Message to ${nameOf(peer, session.known)}`);
    fit();
  }

  function typed() {
    fit();
    take({ type: "typed", to: peer, writing: field.value.trim() !== "" });
  }

  function whenEnter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    post();
  }

  function post() {
    const text = field.value.trim();
    if (text === "" || peer === null) return;
    write("");
    take({ type: "post", id: newId(), text, receiverId: peer, createdAt: new Date().toISOString() });
  }

  function write(text) {
    field.value = text;
    fit();
    field.focus();
  }

  /** As high as what is written, up to a limit that the style sheet sets. */
  function fit() {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  }

  return { el, update, write };
}

/** Unique without asking anybody. `crypto.randomUUID` is missing on plain http beyond loopback. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `msg-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
