/** What the server says over the WebSocket, and what it leads to. PURE, as moves.js. */

import { fullJitter } from "./backoff.js";
import { fail, pump, refused, resend, settled, stored, tryAgain, unwatch, wantHistory } from "./moves.js";

export const HEARD = {
  registered,
  message,
  presence,
  error,
  ack: (s, { id, seq }) => {
    s.unrelayed.delete(id);
    return stored(s, id, seq);
  },
  "typing-update": (s, { typingUsers }) => {
    s.typing = typingUsers.filter((id) => id !== s.user);
  },
};

function registered(s, { seq }, now) {
  if (s.lastSeq !== null && seq < s.lastSeq) startAnew(s);
  s.lastSeq ??= seq;
  s.signIn = false;
  s.delays = fullJitter({ random: s.random });
  s.queue.release();
  const commands = [...s.link.on("registered", now), unwatch(), { do: "cancel", name: "again" }, { do: "people" }];
  if (s.transport !== "websocket") s.posts.own("pending").forEach(({ id }) => s.queue.add(id));
  return [...commands, ...resend(s), ...pump(s), ...wantHistory(s)];
}

/** The server knows less than it told us: it has another database, and its numbers are others. */
function startAnew(s) {
  s.lastSeq = null;
  s.posts.keepWaiting();
  for (const id of s.unrelayed) if (!s.posts.get(id)) s.unrelayed.delete(id);
  s.reached.clear();
  s.unread.clear();
}

function message(s, { data }) {
  const known = s.posts.get(data.id);
  const merged = s.posts.merge(data);
  if (data.seq) s.lastSeq = Math.max(s.lastSeq ?? 0, data.seq);
  s.typing = s.typing.filter((id) => id !== data.senderId);
  if (!known && merged.delivery === "received") count(s, s.posts.peerOf(merged));
  return merged.delivery === "stored" ? settled(s, data.id) : [];
}

function count(s, peer) {
  if (peer !== s.peer) s.unread.set(peer, (s.unread.get(peer) ?? 0) + 1);
}

function presence(s, { online = [], offline = [] }) {
  for (const id of online) {
    s.online.add(id);
    if (!s.known.has(id)) s.known.set(id, null);
  }
  for (const id of offline) s.online.delete(id);
}

const LATER = new Set(["rate-limited", "unavailable"]);
const STRANGER = new Set(["unauthorized", "forbidden"]);

function error(s, { code, message: text, id }, now) {
  const mine = id !== undefined && s.posts.get(id);
  if (mine && LATER.has(code)) return tryAgain(s, id, phrase(text));
  if (mine) return fail(s, id, phrase(text), STRANGER.has(code) ? "retry" : "edit");
  if (!STRANGER.has(code)) return [{ do: "say", text }];
  s.signIn = code === "unauthorized" || s.token !== null;
  return refused(s, now, text);
}

/** A sentence as a phrase under a bubble: no capital, no full stop. */
const phrase = (text) => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
