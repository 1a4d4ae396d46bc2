// The lesson card: See stays locked until a prediction is made; a wrong guess is outlined, not
// scolded.

import { h, listen, replace, root, setText } from "./shared/dom.js";
import { icon } from "./shared/icons.js";
import { byteStrip } from "./shared/strip.js";

const STEPS = ["predict", "run", "see", "explain"];
const NAMES = { predict: "Predict", run: "Run", see: "See", explain: "Explain" };
let cards = 0;

function render({ model, el }) {
  root(el, "lc-card", "lc-lesson");
  const id = `lc-lesson-${(cards += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  const head = h("div", { class: "lc-bar-head" });
  const question = h("h4", { class: "lc-question", id });
  const options = h("div", { class: "lc-options", role: "radiogroup", "aria-labelledby": id });
  const runButton = h("button", { class: "lc-button lc-primary", type: "button", onClick: () => model.send({ act: "run" }) }, icon("play"), "Run");
  const locked = h("p", { class: "lc-meta" }, "Make a prediction first; it costs nothing to be wrong.");
  const problem = h("p", { class: "lc-notice", role: "alert", hidden: true });
  const result = h("div", { class: "lc-lesson-result", role: "status" });
  const left = h("section", { class: "lc-lesson-ask" }, question, options, h("div", { class: "lc-lesson-run" }, runButton, locked), problem);
  el.append(head, h("div", { class: "lc-lesson-halves" }, left, result));

  const choose = (option) => model.send({ act: "predict", option });
  const draw = () => {
    const step = model.get("step");
    const { answer } = model.get("result");
    replace(head, h("h3", {}, model.get("title")), stepsOf(step));
    setText(question, model.get("question"));
    const focused = options.contains(document.activeElement);
    replace(options, model.get("options").map((option, i) => optionOf(option, i, model, choose)));
    if (focused) options.querySelector('[tabindex="0"]')?.focus();
    const predicted = model.get("prediction") !== "";
    runButton.disabled = !predicted;
    runButton.hidden = answer !== undefined;
    locked.hidden = predicted || answer !== undefined;
    problem.hidden = model.get("problem") === "";
    setText(problem, model.get("problem"));
    replace(result, resultOf(model));
  };
  options.addEventListener("keydown", (event) => arrows(event, model, choose));
  const names = ["title", "question", "options", "prediction", "step", "result", "problem", "after"];
  const undo = names.map((name) => listen(model, `change:${name}`, draw));
  draw();
  return () => {
    for (const stop of undo) stop();
  };
}

function stepsOf(now) {
  const at = STEPS.indexOf(now);
  const item = (step, i) => h("li", { class: `lc-lesson-step${i === at ? " lc-now" : ""}`, "aria-current": i === at ? "step" : null }, i < at ? icon("check") : null, i < at ? h("span", { class: "lc-hidden" }, "done: ") : null, NAMES[step]);
  return h("ol", { class: "lc-lesson-steps" }, STEPS.map(item));
}

function optionOf(option, i, model, choose) {
  const { answer } = model.get("result");
  const mine = option === model.get("prediction");
  const true_ = option === answer;
  const wrong = answer !== undefined && mine && !true_;
  const first = model.get("prediction") === "" && i === 0;
  const verdict = true_ ? h("span", { class: "lc-ok lc-verdict" }, icon("check"), mine ? "measured, as you said" : "measured") : wrong ? h("span", { class: "lc-fail lc-verdict" }, icon("cross"), "your prediction") : null;
  return h(
    "div",
    {
      class: `lc-option${true_ ? " lc-right" : ""}${wrong ? " lc-wrong" : ""}${mine && answer === undefined ? " lc-mine" : ""}`,
      role: "radio",
      "aria-checked": String(mine),
      "aria-disabled": answer === undefined ? null : "true",
      tabindex: mine || first ? "0" : "-1",
      dataset: { option },
      onClick: () => answer === undefined && choose(option),
    },
    h("span", { class: "lc-quiet lc-option-letter" }, String.fromCharCode(65 + i)),
    h("span", {}, option),
    verdict,
  );
}

function arrows(event, model, choose) {
  const all = model.get("options");
  if (model.get("result").answer !== undefined) return;
  const at = all.indexOf(event.target.dataset.option);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, " ": 0, Enter: 0 }[event.key];
  if (step === undefined || at < 0) return;
  event.preventDefault();
  choose(all[(at + step + all.length) % all.length]);
}

function resultOf(model) {
  const { answer, explanation, caption, hex, size, fields } = model.get("result");
  if (answer === undefined) return h("p", { class: "lc-quiet" }, "What is measured appears here.");
  const [text, address] = model.get("after");
  return [
    hex ? [h("p", { class: "lc-meta" }, caption), byteStrip({ hex, size, fields }, { label: caption })] : null,
    h("p", {}, explanation),
    text ? h("a", { class: "lc-button lc-next", href: address }, text) : null,
  ];
}

export default { render };
