/** From a session to what the page draws. PURE. */

import { CAST, deliveryWords, nameOf, typingWords } from "./words.js";

/** So many posts are drawn at first, and so many more each time earlier ones are wanted. */
export const DRAWN = 200;
/** Longer texts are cut until asked for. */
export const SHOWN = 1_500;

/** Who can be written to, in the order of names. */
export function people(s) {
  const ids = new Set([...CAST, ...s.known.keys(), ...s.posts.peers()]);
  if (s.peer !== null) ids.add(s.peer);
  ids.delete(s.user);
  return [...ids].map((id) => person(s, id)).sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}

function person(s, id) {
  return {
    id,
    name: nameOf(id, s.known),
    online: s.online.has(id),
    unread: s.unread.get(id) ?? 0,
    chosen: id === s.peer,
    last: s.posts.with(id).at(-1)?.text.slice(0, 80) ?? "",
  };
}

/** The open conversation: its newest `drawn` posts, those in `opened` whole. `earlier` null: nobody counted. */
export function conversation(s, { drawn = DRAWN, opened = new Set() } = {}) {
  const posts = s.peer === null ? [] : s.posts.with(s.peer);
  return {
    key: s.peer,
    rows: posts.slice(-drawn).map((post) => row(s, post, opened)),
    earlier: posts.length > drawn ? posts.length - drawn : s.reached.get(s.peer) > 0 ? null : 0,
    empty: emptyWords(s),
  };
}

function emptyWords(s) {
  if (s.peer === null) return "Choose whom to write to.";
  if (s.reached.has(s.peer)) return "Nothing said yet.";
  return s.link.state === "connected" ? "Asking what was said." : "What was said comes with the connection.";
}

function row(s, post, opened) {
  const mine = post.senderId === s.user;
  const [icon, words] = deliveryWords(post, s.link.state === "connected" || s.queue.flying === post.id);
  return {
    id: post.id,
    text: opened.has(post.id) ? post.text : post.text.slice(0, SHOWN),
    length: post.text.length,
    mine,
    author: nameOf(post.senderId, s.known),
    to: mine || post.receiverId === s.user ? null : nameOf(post.receiverId, s.known),
    at: post.createdAt,
    delivery: post.delivery,
    icon,
    words,
    actions: post.delivery === "failed" ? [post.remedy ?? "retry"] : [],
  };
}

/** Who types in the open conversation, in words. */
export const typing = (s) => typingWords(s.typing.filter((id) => id === s.peer).map((id) => nameOf(id, s.known)));
