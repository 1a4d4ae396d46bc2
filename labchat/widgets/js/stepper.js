// The stepper: the gate in the middle, units queue on their own side, the next one touches it.

import { changedStretch } from "./shared/diff.js";
import { Kept, arrange, h, listen, replace, root, setAttribute, setText } from "./shared/dom.js";
import { section } from "./shared/field_table.js";
import { duration, grouped, plural } from "./shared/format.js";
import { icon } from "./shared/icons.js";
import { byteStrip } from "./shared/strip.js";

const WAIT = 180; // ms without a key until an edit is previewed
const FORMS = [7, 16, 64]; // bits of a length, RFC 6455 §5.2
const FRAME = {
  false: { still: "Lengths follow the text by themselves.", hand: "Set them by hand" },
  true: { still: "The length is as you say.", hand: "Let it follow the text" },
};
const HEAD = {
  true: { still: "The head's Content-Length follows by itself.", hand: "Leave it as it is" },
  false: { still: "The head stays as it is.", hand: "Let its Content-Length follow" },
};
const SAY = { fin: "FIN", rsv1: "RSV1", mask: "MASK" };

class StepperView {
  constructor(model, el) {
    this.model = model;
    this.el = root(el, "lc-card", "lc-stepper");
    this.tools = h("div", { class: "lc-tools", role: "toolbar", "aria-label": "Gate" });
    this.problem = h("p", { class: "lc-notice", role: "alert", hidden: true });
    this.sides = { c2s: buildQueue("c2s"), s2c: buildQueue("s2c") };
    this.sign = h("span", { class: "lc-gate-sign" });
    this.gate = h("div", { class: "lc-gate", "aria-hidden": "true" }, this.sign);
    this.queues = h("div", { class: "lc-queues" }, this.sides.c2s.node, this.gate, this.sides.s2c.node);
    this.edit = h("div", { class: "lc-edit", hidden: true });
    this.answer = h("div", { class: "lc-answer", role: "alert" });
    this.switches = new Kept();
    this.timer = null; // an edit that Python has not been told of
    this.buildTools();
    this.buildEdit();
    el.append(this.tools, this.problem, this.queues, this.edit, this.answer);
    el.tabIndex = -1;
    this.onKey = (event) => this.key(event);
    el.addEventListener("keydown", this.onKey);
    this.undo = [
      listen(model, "change:view", () => this.drawView()),
      listen(model, "change:plan", () => this.drawPlan()),
      listen(model, "change:answer", () => this.drawAnswer()),
      listen(model, "change:problem", () => this.drawProblem()),
    ];
    this.ticking = setInterval(() => this.tick(), 500);
    this.drawView();
    this.drawPlan();
    this.drawAnswer();
    this.drawProblem();
  }

  destroy() {
    clearInterval(this.ticking);
    clearTimeout(this.timer);
    this.el.removeEventListener("keydown", this.onKey);
    for (const stop of this.undo) stop();
  }

  act(act, more = {}) {
    this.model.send({ act, ...more });
  }

  buildTools() {
    const button = (act, picture, text, key, cls = "") => {
      const label = h("span", {}, text);
      const node = h("button", { class: `lc-button ${cls}`, type: "button", "aria-keyshortcuts": key, onClick: () => this.press(act) }, icon(picture), label, h("kbd", { "aria-hidden": "true" }, key));
      return { node, label };
    };
    this.buttons = {
      step: button("step", "step", "Step", "S", "lc-primary"),
      cont: button("cont", "play", "Continue", "C"),
      drop: button("drop", "cross", "Drop", "D"),
      edit: button("edit", "pencil", "Edit", "E"),
      hold: button("hold", "pause", "Hold", "H"),
    };
    this.status = h("span", { role: "status" });
    this.count = h("span", { "aria-hidden": "true" }); // not read aloud each second
    const held = h("p", { class: "lc-held" }, this.status, this.count);
    replace(this.tools, Object.values(this.buttons).map(({ node }) => node), held);
  }

  /** After a close there is nothing to step: the primary button leads on. */
  get closed() {
    const answer = this.model.get("answer");
    return this.model.get("may_reconnect") && Boolean(answer?.bad) && answer.title.startsWith("close");
  }

  press(act) {
    if (act === "step" && this.again) {
      this.act("reconnect");
      return;
    }
    if (act === "edit") {
      if (this.model.get("plan")) this.stopEditing();
      else this.act("edit", { id: this.model.get("view").next, change: {} });
      return;
    }
    if (act === "step" || act === "cont") this.sendEdit();
    this.act(act, { id: this.model.get("view").next }); // the unit the person saw, no later one
  }

  stopEditing() {
    clearTimeout(this.timer);
    this.timer = null;
    this.act("stop-editing");
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const act = { s: "step", c: "cont", d: "drop", e: "edit", h: "hold" }[event.key.toLowerCase()];
    if (!act || this.buttons[act].node.disabled) return;
    event.preventDefault();
    this.press(act);
  }

  drawView() {
    const view = this.model.get("view");
    const waiting = view.held > 0;
    const { step, cont, drop, edit, hold } = this.buttons;
    this.again = !waiting && this.closed;
    setText(step.label, this.again ? "Connect again" : waiting ? `Step ${view.next}` : "Step");
    this.enable(step.node, waiting || this.again);
    for (const each of [drop, edit]) this.enable(each.node, waiting);
    this.enable(cont.node, waiting || view.paused);
    this.enable(hold.node, !view.paused);
    hold.node.setAttribute("aria-pressed", String(view.paused));
    this.drawnAt = performance.now();
    const clock = view.timers[0];
    replace(this.status, h("strong", {}, waiting ? `${grouped(view.held)} held` : view.paused ? "holding, nothing waits" : "open"), clock ? h("span", { class: "lc-hidden" }, `; ${clock.name} soon`) : null);
    this.tick();
    this.drawQueues(view);
  }

  /** A button that goes dead hands the keyboard to the whole, where its keys are heard on. */
  enable(node, enabled) {
    if (!enabled && node === document.activeElement) this.el.focus();
    node.disabled = !enabled;
  }

  /** Clocks of the peers go on while the gate holds. */
  tick() {
    const view = this.model.get("view");
    const passed = performance.now() - this.drawnAt;
    const since = view.held > 0 ? ` since ${duration(view.since + passed)}` : "";
    const [clock] = view.timers;
    const left = clock ? Math.max(0, Math.ceil((clock.left - passed) / 1000)) : 0;
    replace(this.count, since, clock ? h("span", { class: "lc-warn" }, `; in ${left} s ${clock.name}`) : null);
  }

  /** The keyboard stays on its card; when that has gone, on the whole. */
  drawQueues(view) {
    const within = this.queues.contains(document.activeElement);
    this.drawQueue("c2s", view);
    this.drawQueue("s2c", view);
    this.gate.classList.toggle("lc-gate-open", !view.paused);
    replace(this.sign, icon(view.paused || view.held ? "pause" : "play"));
    if (within && !this.queues.contains(document.activeElement)) this.el.focus();
  }

  drawQueue(side, view) {
    const { cards, held, title } = view[side];
    const { node, name, count, list, more, kept } = this.sides[side];
    setAttribute(node, "aria-label", title);
    setText(name, title);
    setText(count, ` ${held} held`);
    arrange(list, kept.nodes(cards.map((card) => [card.id, looks(card), () => h("li", {}, this.card(card))])));
    cards.forEach((card, i) => this.markCard(list.children[i].firstChild, card, i === 0 ? side : null));
    more.hidden = held <= cards.length;
    setText(more, `and ${held - cards.length} more`);
  }

  card({ id, kind, summary, bytes, tone }) {
    return h(
      "button",
      { type: "button", onClick: () => this.open(id) },
      h("span", {}, h("span", { class: "lc-quiet" }, `${id} `), h("strong", { class: tone ? `lc-${tone}` : null }, kind)),
      h("span", { class: "lc-card-said" }, summary || "\u00a0"),
      h("span", { class: "lc-quiet" }, `${grouped(bytes)} B`),
    );
  }

  /** What changes about a card while it waits; `first`: the side it is the next of, or null. */
  markCard(node, { id, kind, summary, bytes, tone }, first) {
    const open = this.model.get("plan")?.id === id;
    node.className = `lc-unit-card${first ? ` lc-first-${first}` : ""}${tone === "fail" ? " lc-fail-card" : ""}${open ? " lc-open" : ""}`;
    setAttribute(node, "aria-label", `${id}, ${kind}, ${summary}, ${bytes} bytes, ${first ? "next on its side" : "waits"}: edit`);
  }

  /** Open a unit; what was just typed into another is kept. */
  open(id) {
    this.sendEdit();
    this.act("edit", { id, change: {} });
  }

  buildEdit() {
    this.editTitle = h("h4", {});
    this.bits = h("div", { class: "lc-switches" });
    this.marks = h("div", { class: "lc-marks", "aria-hidden": "true" });
    this.area = h("textarea", { class: "lc-edit-text", "aria-label": "Payload as text", spellcheck: "false", rows: "7", onInput: () => this.typed(), onScroll: () => this.scrolled() });
    this.still = h("span", {});
    this.hand = h("button", { class: "lc-link", type: "button", onClick: () => this.takeInHand() });
    this.length = h("input", { class: "lc-length", type: "number", min: "0", onInput: () => this.typed() });
    this.form = h("select", { onChange: () => this.sendEdit({ form: Number(this.form.value) }) }, FORMS.map((bits) => h("option", { value: bits }, `${bits} bits`)));
    this.byHand = h("p", { class: "lc-by-hand" }, h("label", {}, "Payload len ", this.length), h("label", {}, " in ", this.form));
    const left = h("section", { class: "lc-edit-left" }, this.editTitle, this.bits, h("div", { class: "lc-edit-box" }, this.marks, this.area), h("p", { class: "lc-meta" }, this.still, " ", this.hand), this.byHand);
    this.right = h("section", { class: "lc-edit-right" });
    this.edit.append(left, this.right);
  }

  typed() {
    this.drawMarks();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sendEdit(), WAIT);
  }

  scrolled() {
    this.marks.scrollTop = this.area.scrollTop;
  }

  change() {
    const plan = this.model.get("plan");
    const bits = Object.fromEntries(Object.entries(SAY).map(([key, name]) => [key, plan.bits.find((bit) => bit.name === name)?.value === 1]));
    return { ...(plan.bits.length ? bits : {}), ...(plan.text === null ? {} : { text: this.area.value }), ...(plan.follows === null ? {} : { asIs: !plan.follows }), ...this.lengths(plan) };
  }

  /** The length as set by hand; nothing while it follows the text. */
  lengths(plan) {
    if (!plan.length?.byHand) return {};
    return { length: this.length.value === "" ? null : Number(this.length.value), form: plan.length.form };
  }

  /** Set the lengths by hand from here on, or let them follow again. */
  takeInHand() {
    const { length, follows } = this.model.get("plan");
    if (follows !== null) this.sendEdit({ asIs: follows });
    else this.sendEdit(length.byHand ? { length: null, form: null } : { length: length.declared, form: length.form });
  }

  sendEdit(more = {}) {
    clearTimeout(this.timer);
    this.timer = null;
    const plan = this.model.get("plan");
    if (!plan) return;
    const change = { ...this.change(), ...more };
    const same = plan.text === change.text || (plan.text === null && change.text === undefined);
    const before = same && Object.keys(more).length === 0 && (!plan.length?.byHand || change.length === plan.length.declared);
    if (!before) this.act("edit", { id: plan.id, change });
  }

  drawPlan() {
    const plan = this.model.get("plan");
    this.edit.hidden = !plan;
    this.buttons.edit.node.setAttribute("aria-pressed", String(Boolean(plan)));
    this.drawView();
    if (!plan) {
      this.editing = null;
      return;
    }
    replace(this.editTitle, `Edit ${plan.id} `, h("span", { class: "lc-meta" }, plan.title));
    const focused = this.bits.contains(document.activeElement) ? document.activeElement.dataset.bit : null;
    arrange(this.bits, this.switches.nodes(plan.bits.map((bit) => [bit.name, JSON.stringify(bit), () => this.bit(bit)])));
    if (focused) this.bits.querySelector(`[data-bit="${focused}"]`)?.focus();
    this.drawText(plan);
    replace(this.right, this.preview(plan));
  }

  bit({ name, value, was }) {
    const key = name.toLowerCase();
    const changed = value !== was;
    return h(
      "button",
      { class: `lc-button lc-bit-switch${changed ? " lc-was" : ""}`, type: "button", role: "switch", "aria-checked": String(value === 1), "data-bit": key, onClick: () => this.sendEdit({ [key]: value !== 1 }) },
      name,
      h("strong", {}, value),
      changed ? h("span", { class: "lc-meta" }, `was ${was}`) : null,
    );
  }

  drawText(plan) {
    const fresh = this.editing !== plan.id;
    this.editing = plan.id;
    this.area.parentElement.hidden = plan.text === null;
    if (fresh || !this.writing(this.area)) this.area.value = plan.text ?? "";
    this.drawLength(plan);
    this.drawMarks();
  }

  /** Whether a person is at a field, or Python does not know yet what was typed. */
  writing(field) {
    return field === document.activeElement || this.timer !== null;
  }

  drawLength({ text, length, follows, told }) {
    const byHand = Boolean(length?.byHand);
    const bytes = "This is not text; its bytes can be changed from Python: gate.edit(data=…).";
    setText(this.still, text === null ? bytes : told || (follows === null ? FRAME[byHand].still : HEAD[follows].still));
    this.hand.hidden = !length && follows === null;
    setText(this.hand, follows !== null ? HEAD[follows].hand : text === null ? "Set the length by hand" : FRAME[byHand].hand);
    this.byHand.hidden = !byHand;
    if (!byHand) return;
    if (!this.writing(this.length)) this.length.value = String(length.declared);
    this.form.value = String(length.form);
  }

  /** The changed stretch, marked behind the text. */
  drawMarks() {
    const was = this.model.get("plan")?.textWas ?? "";
    const now = this.area.value;
    const stretch = changedStretch(was, now);
    if (!stretch) return void replace(this.marks, now);
    const [start, stop] = stretch;
    replace(this.marks, now.slice(0, start), h("mark", {}, now.slice(start, stop)), `${now.slice(stop)}\n`);
    this.scrolled();
  }

  preview(plan) {
    const same = plan.changed.length === 0 && plan.size === plan.was;
    const size = same ? `${plural(plan.size, "byte")}, as they came` : `${plural(plan.size, "byte")}, was ${grouped(plan.was)}; changed ones are boxed`;
    return [
      h("h4", {}, "Bytes that will leave ", h("span", { class: "lc-meta" }, size)),
      byteStrip(plan, { changed: plan.changed, label: "bytes that will leave" }),
      plan.error ? h("p", { class: "lc-notice", role: "alert" }, plan.error) : null,
      brokenRules(plan.violations),
    ];
  }

  drawAnswer() {
    const answer = this.model.get("answer");
    this.drawView();
    this.answer.hidden = !answer;
    this.answer.classList.toggle("lc-bad", Boolean(answer?.bad));
    if (!answer) return void replace(this.answer);
    const again = this.closed;
    replace(
      this.answer,
      icon(answer.bad ? "cross" : "check"),
      h(
        "div",
        { class: "lc-answer-body" },
        h("p", {}, h("strong", { class: "lc-answer-title" }, answer.title), " ", h("span", { class: "lc-meta" }, answer.where)),
        answer.violations.map((rule) => h("p", {}, rule.rule, ". ", section(rule))),
        byteStrip(answer, { label: "bytes of the answer" }),
        h("p", { class: "lc-meta" }, told(answer.fields)),
      ),
      again ? h("button", { class: "lc-button", type: "button", onClick: () => this.act("reconnect") }, icon("refresh"), "Connect again") : null,
    );
  }

  drawProblem() {
    const text = this.model.get("problem");
    this.problem.hidden = !text;
    setText(this.problem, text);
  }
}

/** What of a card is drawn once: all but whether it was edited. */
function looks({ id, kind, summary, bytes, tone }) {
  return JSON.stringify([id, kind, summary, bytes, tone]);
}

/** One side of the gate, still empty. */
function buildQueue(side) {
  const name = h("strong", { class: `lc-${side}` });
  const count = h("span", { class: "lc-meta" });
  const list = h("ul", { class: "lc-cards" });
  const more = h("p", { class: "lc-meta", hidden: true });
  const node = h("section", { class: `lc-queue lc-queue-${side}` }, h("p", { class: "lc-queue-head" }, name, count), list, more);
  return { node, name, count, list, more, kept: new Kept() };
}

/** The fields of an answer that say something, in a line. */
function told(fields) {
  const telling = ["opcode", "Payload len", "status code", "reason", "status-code", "reason-phrase"];
  return fields.filter(({ name }) => telling.includes(name)).map(({ name, value }) => `${name} ${value}`).join(" · ");
}

function brokenRules(violations) {
  if (violations.length === 0) return null;
  const head = violations.length === 1 ? "1 rule broken." : `${violations.length} rules broken.`;
  return h("div", { class: "lc-problems", role: "status" }, icon("cross"), h("strong", {}, ` ${head} `), violations.map((rule) => h("span", {}, rule.rule, ". ", section(rule), " ")));
}

function render({ model, el }) {
  const view = new StepperView(model, el);
  return () => view.destroy();
}

export default { render };
