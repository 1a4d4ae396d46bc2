/**
 * The chat of one user in one tab. PURE: events in, commands out; net.js does what they say.
 *
 * Commands besides the link's: `{do: "send", event}`, `{do: "post", post}`, `{do: "people"}`,
 * `{do: "history", peer}`, `{do: "earlier", peer, before}`, `{do: "keep", post}` and `{do: "forget", id}` (the outbox outlives a reload),
 * `{do: "say", text}` (to a screen reader), and timers named due, overdue, again.
 */

import { POLICIES, fullJitter } from "./backoff.js";
import { remedyOf } from "./delivery.js";
import * as events from "./events.js";
import { HEARD } from "./heard.js";
import { Link } from "./link.js";
import { away, dispatch, fail, lost, pump, refused, resend, stored, tryAgain, wantHistory, watch } from "./moves.js";
import { Posts } from "./posts.js";
import { PostQueue } from "./queue.js";

/** Milliseconds between two `typing` events; the server forgets one after a few seconds. */
export const TYPING_EVERY = 2_000;

export class Session {
  constructor({ user, policy = "full-jitter", transport = "both", token = null, random = Math.random }) {
    Object.assign(this, { user, policy, transport, token, random });
    this.link = new Link(POLICIES[policy], random);
    this.posts = new Posts(user);
    this.queue = new PostQueue();
    /** Ids of the posts the WebSocket has not acknowledged, in the order of writing. */
    this.unrelayed = new Set();
    this.delays = fullJitter({ random });
    this.lastSeq = null;
    this.peer = null;
    this.typing = [];
    this.typed = { at: -Infinity, to: null };
    this.online = new Set();
    this.known = new Map();
    this.unread = new Map();
    /** peer -> all posts above this seq are here. */
    this.reached = new Map();
    this.signIn = false;
    this.left = false;
  }

  /** Take one event; returns the commands it leads to. `now` is in milliseconds. */
  on(event, now) {
    return HANDLERS[event.type](this, event, now) ?? [];
  }
}

const HANDLERS = {
  // The person.
  post,
  retry,
  discard,
  typed,
  open,
  now: (s, _event, now) => {
    s.left = false;
    return s.link.on("now", now);
  },
  leave: (s, _event, now) => {
    s.left = true;
    return away(s, now, "You went offline. Posts wait here.");
  },
  transport: (s, { value }) => {
    s.transport = value;
  },
  policy: (s, { value }) => {
    s.policy = value;
    s.link.choose(POLICIES[value]);
  },
  token: (s, { value }, now) => {
    s.token = value;
    s.signIn = false;
    return s.link.on("now", now);
  },
  // The browser.
  online: (s, _event, now) => (s.left ? [] : s.link.on("now", now)),
  offline: (s, _event, now) => away(s, now, "This device is offline. Posts wait here."),
  restored,
  // The network.
  opened: (s) => [{ do: "send", event: events.register(s.user, s.lastSeq, s.token) }, watch()],
  heard: (s, { event }, now) => HEARD[event.type](s, event, now),
  dropped,
  posted,
  unposted,
  history,
  earlier: (s, { peer }) => (s.reached.get(peer) > 0 ? [{ do: "earlier", peer, before: s.reached.get(peer) + 1 }] : []),
  people: (s, { people }) => people.forEach(({ id, name }) => s.known.set(id, name ?? null)),
  // The clock.
  due: (s, _event, now) => s.link.on("due", now),
  overdue: (s, _event, now) => lost(s, now, "The server does not answer."),
  again: (s) => {
    s.queue.release();
    return [...resend(s), ...pump(s)];
  },
};

function post(s, { id, text, receiverId, createdAt }) {
  s.posts.add({ id, text, receiverId, createdAt });
  s.typed = { at: -Infinity, to: null };
  return [{ do: "keep", post: s.posts.get(id) }, ...dispatch(s, id)];
}

/** What an earlier visit left unconfirmed waits for the first connection. */
function restored(s, { posts }) {
  for (const each of posts) {
    s.posts.add(each);
    if (s.transport !== "post") s.unrelayed.add(each.id);
  }
}

function retry(s, { id }) {
  s.posts.happened(id, "retried");
  return dispatch(s, id);
}

function discard(s, { id }) {
  s.posts.discard(id);
  s.queue.remove(id);
  s.unrelayed.delete(id);
  return [{ do: "forget", id }];
}

function typed(s, { to, writing }, now) {
  if (s.link.state !== "connected" || (!writing && s.typed.to !== to)) return [];
  if (writing && s.typed.to === to && now - s.typed.at < TYPING_EVERY) return [];
  s.typed = writing ? { at: now, to } : { at: -Infinity, to: null };
  return [{ do: "send", event: events.typing(s.user, to, writing) }];
}

function open(s, { peer }) {
  s.peer = peer;
  s.unread.delete(peer);
  return wantHistory(s);
}

/** 1008 and 44xx: the server says no. 1009: the longest post on the wire was too long. */
function dropped(s, { code, reason }, now) {
  const failed = code === 1009 ? failLongest(s) : [];
  const no = code === 1008 || (code >= 4400 && code < 4500);
  const next = no ? refused(s, now, reason || "The server refuses this connection.") : lost(s, now, reason);
  return [...failed, ...next];
}

function failLongest(s) {
  const [longest] = s.posts.own("sent").sort((a, b) => b.text.length - a.text.length);
  return longest ? fail(s, longest.id, "too long for the server", "edit") : [];
}

function posted(s, { id, data }) {
  s.queue.done(id);
  return [...stored(s, id, data.seq), ...pump(s)];
}

function unposted(s, { id, status, reason, wait }) {
  s.queue.done(id);
  if (s.posts.get(id)?.delivery === "stored") return pump(s);
  const remedy = remedyOf(status);
  if (remedy !== null) return [...fail(s, id, reason, remedy), ...pump(s)];
  s.queue.hold(id);
  return tryAgain(s, id, reason, wait);
}

function history(s, { peer, messages, reached }) {
  messages.forEach((each) => s.posts.merge(each));
  s.reached.set(peer, reached);
}
