/** The posts. An element for each id, kept while its post lives, so that only news is read aloud. */

import { h, replace, setAttribute, setText } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { DRAWN, conversation } from "../view.js";
import { deliveryWords, grouped, timeWords } from "../words.js";

/** Longer texts are cut until asked for. */
const SHOWN = 1_500;

export function Log(take, edit) {
  const rows = new Map();
  const list = h("ol", { class: "page-posts" });
  const empty = h("p", { class: "lc-empty" });
  const earlier = h("button", { type: "button", class: "lc-link page-earlier", onClick: showEarlier });
  const scroller = h("div", { class: "page-log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": "Posts", tabindex: "0", onScroll: whenRead }, earlier, empty, list);
  const pill = h("button", { type: "button", class: "lc-button page-pill", hidden: true, onClick: toEnd });
  const el = h("div", { class: "page-log-frame" }, scroller, pill);
  let session = null;
  let peer = null;
  let drawn = DRAWN;
  let atEnd = true;
  let unseen = 0;

  function update(next) {
    session = next;
    if (session.peer !== peer) begin();
    const wanted = conversation(session, drawn);
    const items = wanted.rows.map((row) => draw(row));
    const fresh = wanted.rows.filter(({ mine }, i) => !mine && items[i].parentNode !== list).length;
    const own = wanted.rows.some(({ mine, post }, i) => mine && post.delivery !== "stored" && items[i].parentNode !== list);
    arrange(list, items);
    forgetOthers(wanted.rows);
    earlier.hidden = wanted.earlier === 0;
    setText(earlier, `${grouped(wanted.earlier)} earlier posts, show`);
    empty.hidden = wanted.rows.length > 0;
    setText(empty, peer === null ? "Choose whom to write to." : "Nothing said yet.");
    if (atEnd || own) return toEnd();
    unseen += fresh;
    showPill();
  }

  function begin() {
    peer = session.peer;
    drawn = DRAWN;
    atEnd = true;
    rows.clear();
    replace(list);
  }

  function draw(row) {
    if (!rows.has(row.post.id)) rows.set(row.post.id, Row(row, take, edit));
    return rows.get(row.post.id).update(row);
  }

  function forgetOthers(wanted) {
    const ids = new Set(wanted.map(({ post }) => post.id));
    for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
  }

  function showEarlier() {
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    drawn += DRAWN;
    update(session);
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
    if (earlier.hidden) scroller.focus();
  }

  function whenRead() {
    atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 24;
    if (atEnd) unseen = 0;
    showPill();
  }

  function toEnd() {
    atEnd = true;
    unseen = 0;
    scroller.scrollTop = scroller.scrollHeight;
    showPill();
  }

  function showPill() {
    pill.hidden = unseen === 0;
    setText(pill, `${unseen} new`);
  }

  new ResizeObserver(() => { if (atEnd) toEnd(); }).observe(scroller);
  return { el, update };
}

/** Put `items` into `list` in this order, moving only what stands wrong. */
function arrange(list, items) {
  items.forEach((item, i) => { if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null); });
  while (list.children.length > items.length) list.lastChild.remove();
}

function Row({ post, mine }, take, edit) {
  const bubble = h("p", { class: "page-bubble", dir: "auto" });
  const more = h("button", { type: "button", class: "lc-link", onClick: showAll });
  const meta = h("p", { class: "page-meta" });
  const el = h("li", { class: mine ? "page-post mine" : "page-post", "data-post": post.id }, bubble, meta);
  let shown = {};
  let whole = post.text.length <= SHOWN;
  cut();

  function cut() {
    const words = whole ? post.text : `${post.text.slice(0, SHOWN)}… `;
    setText(more, `Show all ${grouped(post.text.length)} characters`);
    replace(bubble, words, whole ? null : more);
  }

  function showAll() {
    whole = true;
    cut();
  }

  function update(row) {
    if (shown.post === row.post && shown.sending === row.sending && shown.author === row.author) return el;
    shown = row;
    setAttribute(el, "data-delivery", row.post.delivery);
    replace(meta, row.mine ? ownMeta(row, take, edit) : otherMeta(row));
    return el;
  }

  return { update };
}

function ownMeta({ post, sending }, take, edit) {
  const [name, words] = deliveryWords(post, sending);
  return [icon(name), h("span", {}, words), post.delivery === "failed" && remedy(post, take, edit)];
}

function remedy(post, take, edit) {
  if (post.remedy === "edit") return h("button", { type: "button", class: "lc-link", onClick: () => edit(post) }, "Edit");
  return h("button", { type: "button", class: "lc-link", onClick: () => take({ type: "retry", id: post.id }) }, "Retry");
}

function otherMeta({ post, author, to }) {
  const when = h("time", { datetime: post.createdAt }, timeWords(post.createdAt, Date.now()));
  return [h("span", {}, author), to !== null && h("span", {}, `to ${to}, not to you`), when];
}
