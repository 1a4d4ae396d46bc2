// The opening handshake: two messages in one row grid, the accept value derived, the MUSTs.

import { h, listen, replace, root } from "./shared/dom.js";
import { section } from "./shared/field_table.js";
import { bytesOf, duration, hex2 } from "./shared/format.js";
import { icon } from "./shared/icons.js";

const MARKS = { met: ["check", "ok", "met"], broken: ["cross", "fail", "broken"], "not-applicable": ["dash", "quiet", "does not apply"] };

function render({ model, el }) {
  root(el, "lc-card", "lc-handshake");
  const head = h("div", { class: "lc-bar-head" });
  const halves = h("div", { class: "lc-halves" });
  const steps = h("section", { class: "lc-steps" });
  const rules = h("section", { class: "lc-rules" });
  el.append(head, halves, steps, rules);
  const own = ownKey(model);
  const draw = () => {
    const view = model.get("view");
    replace(head, h("h3", {}, "Opening handshake"), h("span", { class: "lc-meta" }, [view.units, "RFC 6455 §4"].filter(Boolean).join(", ")), after(view.after));
    replace(halves, halvesOf(view, (n) => pick(model, n)));
    replace(steps, stepsOf(view.derivation), own.node);
    replace(rules, rulesOf(view));
  };
  const undo = [listen(model, "change:view", draw), listen(model, "change:own", own.draw)];
  draw();
  return () => {
    for (const stop of undo) stop();
  };
}

function pick(model, n) {
  if (!n) return;
  model.set("selected", n);
  model.save_changes();
}

function after(ms) {
  if (ms === null) return h("span", { class: "lc-meta lc-after" }, "no answer in the capture");
  return h("span", { class: "lc-meta lc-after" }, "server answered after ", h("strong", {}, duration(ms)));
}

function halvesOf({ rows, request, response }, choose) {
  const heads = [heading(request, "c2s", choose), heading(response, "s2c", choose)];
  const cells = rows.flatMap((pair) => pair.map((line) => lineOf(line)));
  const note = response.n ? h("p", { class: "lc-quiet lc-then" }, "After the empty line, the same TCP connection carries frames.") : null;
  return [heads, cells, note];
}

function heading({ n, way, size }, side, choose) {
  const name = n ? h("button", { class: `lc-link lc-${side} lc-half-name`, type: "button", onClick: () => choose(n) }, way) : h("strong", { class: `lc-${side}` }, way);
  return h("h4", { class: "lc-half-head" }, name, " ", h("span", { class: "lc-meta" }, size));
}

function mark(state) {
  const [picture, tone, word] = MARKS[state] ?? [];
  return h("span", { class: `lc-mark${tone ? ` lc-${tone}` : ""}` }, picture ? [icon(picture), h("span", { class: "lc-hidden" }, word)] : null);
}

function lineOf(line) {
  if (!line) return h("div", { class: "lc-half-line" });
  return h(
    "div",
    { class: `lc-half-line${line.tone ? ` lc-tone-${line.tone}` : ""}` },
    mark(line.mark),
    h("p", { class: "lc-code lc-half-text" }, h("strong", {}, line.name), line.name ? line.rest : h("strong", {}, line.rest)),
    h("p", { class: "lc-quiet lc-half-why" }, line.sentence, " ", section(line)),
  );
}

function stepsOf(derivation) {
  if (!derivation) return [h("h4", {}, "How the accept value is made"), h("p", { class: "lc-quiet" }, "There is no Sec-WebSocket-Key to start from.")];
  const { key, guid, length, sha1, accept, sent } = derivation;
  const bytes = bytesOf(sha1);
  return [
    h("h4", {}, "How the accept value is made"),
    h(
      "ol",
      {},
      step(1, "Join", "the key, as text, to the fixed GUID", chip(key, "c2s"), h("span", { class: "lc-quiet" }, "+"), chip(guid)),
      step(2, "Hash", `these ${length} characters with SHA-1: 20 bytes`, h("span", { class: "lc-hash", role: "img", "aria-label": `SHA-1: ${sha1}` }, Array.from(bytes, (byte) => h("span", {}, hex2(byte))))),
      step(3, "Encode", "the 20 bytes in base64: 28 characters", chip(accept, "s2c"), verdict(accept, sent)),
    ),
  ];
}

function step(n, verb, rest, ...parts) {
  return h("li", { class: "lc-step" }, h("span", { class: "lc-step-n", "aria-hidden": "true" }, n), h("p", {}, h("strong", {}, verb), ` ${rest}`), h("div", { class: "lc-step-parts" }, parts));
}

function chip(text, tone = "") {
  return h("code", { class: `lc-chip${tone ? ` lc-tone-${tone}` : ""}` }, text);
}

function verdict(accept, sent) {
  if (!sent) return null;
  const same = accept === sent;
  return h("span", { class: same ? "lc-ok" : "lc-fail" }, icon(same ? "check" : "cross"), same ? " equals the header the server sent" : ` the server sent ${sent}`);
}

function ownKey(model) {
  const result = h("div", { class: "lc-own-result", role: "status" });
  const input = h("input", { class: "lc-own-input", type: "text", "aria-label": "A key of your own", placeholder: "base64, or any other text", spellcheck: "false" });
  input.value = model.get("own_key");
  input.addEventListener("input", () => {
    model.set("own_key", input.value);
    model.save_changes();
  });
  const draw = () => {
    const { accept, sha1 } = model.get("own");
    replace(result, accept ? [h("span", { class: "lc-quiet" }, `SHA-1 ${sha1.slice(0, 8)}…`), h("span", { class: "lc-quiet" }, "→"), chip(accept, "s2c")] : h("span", { class: "lc-quiet" }, "the accept value appears here"));
  };
  draw();
  return { node: h("label", { class: "lc-own" }, h("span", {}, "Try a key of your own"), input, result), draw };
}

function rulesOf({ rules, counts }) {
  const column = (side) => h("ul", {}, rules.filter((rule) => rule.side === side).map(ruleOf));
  return [
    h("h4", {}, "What the RFC demands ", h("span", { class: "lc-meta" }, counts)),
    h("div", { class: "lc-rule-columns" }, column("c2s"), column("s2c")),
  ];
}

function ruleOf(rule) {
  const reason = rule.state === "met" ? null : h("span", { class: "lc-rule-why" }, `${rule.state === "broken" ? "" : "Does not apply: "}${sentence(rule)}`);
  return h("li", { class: `lc-must lc-must-${rule.state}` }, mark(rule.state), h("span", {}, rule.sentence.replace(/\.$/, ""), reason), section(rule));
}

function sentence({ reason, state }) {
  const text = state === "broken" ? reason[0].toUpperCase() + reason.slice(1) : reason;
  return text.endsWith(".") ? text : `${text}.`;
}

export default { render };
