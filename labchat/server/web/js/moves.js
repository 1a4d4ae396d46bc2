/** What several events of a session lead to. PURE: each changes the session and returns commands. */

import { message } from "./events.js";

/** Milliseconds after which a silent server counts as gone. A browser cannot send pings itself. */
export const PATIENCE = 15_000;

export const watch = () => ({ do: "timer", name: "overdue", ms: PATIENCE });
export const unwatch = () => ({ do: "cancel", name: "overdue" });

/** Both paths under one id, as the text does it; or the one that was chosen. */
export function dispatch(s, id) {
  if (s.transport !== "websocket") s.queue.add(id);
  if (s.transport !== "post") s.unrelayed.add(id);
  return [...(s.unrelayed.has(id) ? hand(s, id) : []), ...pump(s)];
}

/** To the WebSocket, if that is up. */
function hand(s, id) {
  if (s.link.state !== "connected") return [];
  const watched = s.posts.own("sent").length > 0;
  s.posts.happened(id, "handed");
  const send = { do: "send", event: message(s.posts.get(id)) };
  return watched ? [send] : [send, watch()];
}

/**
 * Everything the WebSocket has yet to carry, in the order of writing, under the same ids. Also what a
 * POST has stored meanwhile: a server may only store what is posted, and then nobody else has heard it.
 */
export const resend = (s) => [...s.unrelayed].flatMap((id) => (s.posts.get(id).delivery === "sent" ? [] : hand(s, id)));

/** The next POST, unless this side is offline or the server said no. */
export function pump(s) {
  if (s.link.state === "offline" || s.link.state === "refused") return [];
  const id = s.queue.next();
  return id === null ? [] : [{ do: "post", post: s.posts.get(id) }];
}

export function wantHistory(s) {
  const wanted = s.peer !== null && !s.reached.has(s.peer) && s.link.state === "connected";
  return wanted ? [{ do: "history", peer: s.peer }] : [];
}

export function stored(s, id, seq) {
  s.posts.stored(id, seq);
  return settled(s, id);
}

/** One post is stored. While others are not, the server's patience starts anew. */
export function settled(s, id) {
  const forget = s.unrelayed.has(id) ? [] : [{ do: "forget", id }];
  return [...forget, s.posts.own("sent").length ? watch() : unwatch()];
}

export function fail(s, id, reason, remedy) {
  s.posts.happened(id, "refused", { reason, remedy });
  s.queue.remove(id);
  s.unrelayed.delete(id);
  return [{ do: "say", text: `Not sent: ${reason}` }];
}

/** It did not go through for now; later, under the same id. */
export function tryAgain(s, id, reason, wait = null) {
  s.posts.happened(id, "dropped", { reason });
  return [{ do: "timer", name: "again", ms: wait ?? s.delays.next().value }];
}

export function away(s, now, detail) {
  fallBack(s);
  return [...s.link.on("leave", now, detail), unwatch(), { do: "cancel", name: "again" }];
}

export function lost(s, now, detail) {
  fallBack(s);
  return [...s.link.on("dropped", now, detail), unwatch()];
}

export function refused(s, now, detail) {
  fallBack(s);
  return [...s.link.on("refused", now, detail), unwatch(), { do: "say", text: detail }];
}

/** The connection is gone: what nobody confirmed waits for the next one. */
function fallBack(s) {
  s.typing = [];
  s.online.clear();
  s.typed = { at: -Infinity, to: null };
  for (const { id } of s.posts.own("sent")) s.posts.happened(id, "dropped");
}
