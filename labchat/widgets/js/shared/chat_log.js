// The posts of one conversation, for the panel and for the page at /. An element for each id, kept
// while its post lives: only what is new is read aloud, and nothing moves under the reader's eyes.
//
// A row: { id, text, length, mine, author, to, at, delivery, icon, words, actions }. `text` may be
// cut; `length` is the whole text's. `to` names who it was meant for when that is somebody else.

import { arrange, h, replace, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LABELS = { retry: "Retry", edit: "Edit" };
const STEPS = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

/** "65 536", with thin spaces. */
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** Time of day; before today the day too. What is no time is shown as it was written. */
export function timeWords(at, now) {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const clock = [time.getHours(), time.getMinutes()].map((n) => String(n).padStart(2, "0")).join(":");
  const today = new Date(now).toDateString() === time.toDateString();
  return today ? clock : `${time.getDate()} ${MONTHS[time.getMonth()]} ${clock}`;
}

/** Null: there are some, and nobody has counted them. */
export function earlierWords(count) {
  return count === null ? "Earlier posts, show" : `${grouped(count)} earlier posts, show`;
}

/** What a post looks like; two of the same are drawn alike. */
export function looks(row) {
  return JSON.stringify([row.text, row.delivery, row.icon, row.words, row.author, row.to, row.actions]);
}

/** How a text that is longer than what is shown of it goes on. */
export function restWords(row) {
  return row.length > row.text.length ? `Show all ${grouped(row.length)} characters` : null;
}

/**
 * act(name, id): an action of a failed post. more(): earlier posts are wanted. whole(id): all of a
 * text is. pick(id): a post was chosen; without it posts cannot be chosen.
 */
export class ChatLog {
  constructor({ act, more, whole, pick = null }) {
    Object.assign(this, { act, more, whole, pick });
    this.rows = new Map();
    this.unseen = 0;
    this.atEnd = true;
    this.key = null;
    this.selected = "";
    this.list = h("ol", { class: "lc-posts", onKeydown: (event) => this.onKey(event), onFocusin: () => this.rove() });
    this.empty = h("p", { class: "lc-empty" });
    this.earlier = h("button", { type: "button", class: "lc-link lc-log-earlier", onClick: () => this.showEarlier() });
    this.scroller = h("div", {
      class: "lc-log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": "Posts",
      tabindex: "0", onScroll: () => this.onScroll(),
    }, this.earlier, this.empty, this.list);
    this.pill = h("button", { type: "button", class: "lc-button lc-pill", hidden: true, onClick: () => this.toEnd() });
    this.node = h("div", { class: "lc-log-frame" }, this.scroller, this.pill);
    this.resized = new ResizeObserver(() => this.atEnd && this.toEnd());
    this.resized.observe(this.scroller);
  }

  /** Draw. Another `key` is another conversation. */
  update({ key, rows, earlier, empty, selected = "" }) {
    if (key !== this.key) this.begin(key);
    const posts = rows.map((row) => this.post(row));
    const fresh = posts.filter((post) => post.node.parentNode !== this.list);
    const own = fresh.some(({ row }) => row.mine && row.delivery !== "stored");
    arrange(this.list, posts.map(({ node }) => node));
    this.forget(rows);
    this.mark(selected);
    this.earlier.hidden = earlier === 0;
    setText(this.earlier, earlierWords(earlier));
    this.empty.hidden = rows.length > 0;
    setText(this.empty, empty);
    if (this.held && rows[0]?.id !== this.held.first) this.hold();
    else if (this.atEnd || own) this.toEnd();
    else this.count(fresh.filter(({ row }) => !row.mine).length);
  }

  destroy() {
    this.resized.disconnect();
  }

  begin(key) {
    this.key = key;
    this.held = null;
    this.atEnd = true;
    this.rows.clear();
    replace(this.list);
  }

  post(row) {
    if (!this.rows.has(row.id)) this.rows.set(row.id, new Post(this));
    const post = this.rows.get(row.id);
    post.update(row);
    return post;
  }

  forget(rows) {
    const ids = new Set(rows.map(({ id }) => id));
    for (const id of this.rows.keys()) if (!ids.has(id)) this.rows.delete(id);
  }

  mark(selected) {
    if (this.pick === null) return;
    this.selected = selected;
    for (const [id, { node }] of this.rows) setAttribute(node, "aria-current", id === selected ? "true" : null);
    this.rove();
  }

  /** Tab meets one post only: the focused one, else the chosen, else the newest. */
  rove() {
    if (this.pick === null) return;
    const focused = document.activeElement?.closest(".lc-post");
    const chosen = this.rows.get(this.selected)?.node;
    const entry = this.list.contains(focused) ? focused : chosen ?? this.list.lastChild;
    for (const { node } of this.rows.values()) node.tabIndex = node === entry ? 0 : -1;
  }

  onKey(event) {
    const from = [...this.list.children].indexOf(document.activeElement);
    if (this.pick === null || from < 0) return;
    if (event.key === "Enter" || event.key === " ") this.pick(document.activeElement.dataset.post);
    else if (event.key in STEPS) this.focus(from + STEPS[event.key]);
    else return;
    event.preventDefault();
  }

  focus(index) {
    const last = this.list.children.length - 1;
    this.list.children[Math.max(0, Math.min(last, index))]?.focus();
  }

  /** Earlier posts go in above; what is being read stays where it is. */
  showEarlier() {
    const { scrollHeight, scrollTop } = this.scroller;
    this.held = { first: this.list.firstChild?.dataset.post, fromEnd: scrollHeight - scrollTop };
    this.more();
  }

  hold() {
    this.scroller.scrollTop = this.scroller.scrollHeight - this.held.fromEnd;
    this.held = null;
    if (this.earlier.hidden) this.scroller.focus();
  }

  onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - scrollTop - clientHeight < 24;
    if (this.atEnd) this.count(-this.unseen);
  }

  toEnd() {
    this.atEnd = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.count(-this.unseen);
  }

  count(more) {
    this.unseen += more;
    this.pill.hidden = this.unseen === 0;
    setText(this.pill, `${this.unseen} new`);
  }
}

class Post {
  constructor(log) {
    this.log = log;
    this.bubble = h("p", { class: "lc-bubble", dir: "auto", onClick: () => this.onClick() });
    this.meta = h("p", { class: "lc-post-meta" });
    this.rest = h("button", { type: "button", class: "lc-link", onClick: () => log.whole(this.row.id) });
    this.node = h("li", { class: "lc-post" }, this.bubble, this.meta);
    this.drawn = null;
  }

  update(row) {
    this.row = row;
    if (this.drawn === looks(row)) return;
    this.drawn = looks(row);
    this.node.classList.toggle("mine", row.mine);
    Object.assign(this.node.dataset, { post: row.id, delivery: row.delivery });
    const rest = restWords(row);
    setText(this.rest, rest ?? "");
    replace(this.bubble, rest ? `${row.text}… ` : row.text, rest && this.rest);
    replace(this.meta, row.mine ? this.ownMeta() : this.otherMeta());
  }

  /** A click chooses the post, unless it ends the marking of text. */
  onClick() {
    if (this.log.pick && String(getSelection()) === "") this.log.pick(this.row.id);
  }

  ownMeta() {
    const { id, icon: name, words, actions } = this.row;
    const buttons = actions.map((action) =>
      h("button", { type: "button", class: "lc-link", "data-action": action, onClick: () => this.log.act(action, id) }, LABELS[action]));
    return [h("span", { class: "lc-post-state" }, icon(name), h("span", {}, words)), buttons];
  }

  otherMeta() {
    const { author, to, at } = this.row;
    const time = h("time", { datetime: at }, timeWords(at, Date.now()));
    return [h("span", {}, author), to && h("span", {}, `to ${to}, not to you`), time];
  }
}
