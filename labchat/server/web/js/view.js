/** From a session to what the page draws. PURE. */

import { CAST, nameOf } from "./words.js";

/** So many posts are drawn; earlier ones on request. */
export const DRAWN = 200;

/** Who can be written to, in the order of names. */
export function people(s) {
  const ids = new Set([...CAST, ...s.known.keys(), ...s.posts.peers(), ...(s.peer === null ? [] : [s.peer])]);
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

/** The open conversation: the newest `drawn` posts and how many are earlier. */
export function conversation(s, drawn = DRAWN) {
  const posts = s.peer === null ? [] : s.posts.with(s.peer);
  return {
    earlier: Math.max(0, posts.length - drawn),
    rows: posts.slice(-drawn).map((post) => row(s, post)),
  };
}

function row(s, post) {
  const mine = post.senderId === s.user;
  const overheard = !mine && post.receiverId !== s.user;
  return {
    post,
    mine,
    author: nameOf(post.senderId, s.known),
    to: overheard ? nameOf(post.receiverId, s.known) : null,
    sending: s.link.state === "connected" || s.queue.flying === post.id,
  };
}

/** Names of those whose typing concerns the open conversation. */
export const typists = (s) => s.typing.filter((id) => id === s.peer).map((id) => nameOf(id, s.known));
