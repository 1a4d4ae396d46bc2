/**
 * All posts this page knows, one for each id, in the order in which they are read. PURE.
 *
 * A post is frozen; a change makes another. So the views compare by identity.
 */

import { move } from "./delivery.js";

/**
 * @typedef {{id: string, text: string, senderId: string, receiverId: string, createdAt: string,
 *   delivery: string, seq: number|null, reason: string|null, remedy: string|null,
 *   floor: number, order: number}} Post
 */

const WAITING = new Set(["pending", "sent", "failed"]);

export class Posts {
  #user;
  #byId = new Map();
  /** peer -> the ids of their conversation, and peer -> its posts in order, until one changes. */
  #idsOf = new Map();
  #inOrder = new Map();
  #order = 0;
  #highest = 0;

  constructor(user) {
    this.#user = user;
  }

  get size() {
    return this.#byId.size;
  }

  get(id) {
    return this.#byId.get(id);
  }

  /** Put a post of one's own into the outbox. An id that is known already is left alone. */
  add({ id, text, receiverId, createdAt }) {
    if (this.#byId.has(id)) return;
    this.#put({ id, text, senderId: this.#user, receiverId, createdAt, delivery: "pending", seq: null, reason: null, remedy: null });
  }

  /** Take what the server says of a post: a new one, or news of a known one. */
  merge(data) {
    const known = this.#byId.get(data.id);
    const seq = data.seq ?? known?.seq ?? null;
    if (!known) return this.#put({ ...plain(data), delivery: this.#deliveryOf(data, seq), seq, reason: null, remedy: null });
    if (seq === null || seq === known.seq) return known;
    const delivery = move(known.delivery, "stored");
    return this.#put({ ...known, delivery, seq, reason: null, remedy: null });
  }

  /** The server has committed it. */
  stored(id, seq) {
    const known = this.#byId.get(id);
    if (known) this.#put({ ...known, delivery: move(known.delivery, "stored"), seq: seq ?? known.seq, reason: null, remedy: null });
  }

  /** Something happened to a post: see the table in delivery.js. */
  happened(id, event, { reason = null, remedy = null } = {}) {
    const known = this.#byId.get(id);
    if (!known) return;
    const delivery = move(known.delivery, event);
    if (delivery !== known.delivery) this.#put({ ...known, delivery, reason, remedy });
  }

  /** Forget a post that was never stored. */
  discard(id) {
    if (WAITING.has(this.#byId.get(id)?.delivery)) this.#forget(this.#byId.get(id));
  }

  /** Forget all that came from a server; what waits for one stays. */
  keepWaiting() {
    this.#highest = 0;
    for (const post of [...this.#byId.values()]) if (!WAITING.has(post.delivery)) this.#forget(post);
  }

  /** One's own posts that are in one of these states, oldest first. */
  own(...deliveries) {
    const wanted = new Set(deliveries);
    return [...this.#byId.values()].filter((post) => wanted.has(post.delivery) && post.senderId === this.#user).sort(byOrder);
  }

  /** The conversation with `peer`, oldest first. */
  with(peer) {
    if (!this.#inOrder.has(peer)) {
      const posts = [...(this.#idsOf.get(peer) ?? [])].map((id) => this.#byId.get(id));
      this.#inOrder.set(peer, posts.sort(byPlace));
    }
    return this.#inOrder.get(peer);
  }

  /** In whose conversation a post stands. What was meant for others stands with its sender. */
  peerOf({ senderId, receiverId }) {
    return senderId === this.#user ? receiverId : senderId;
  }

  /** Everybody there is a conversation with. */
  peers() {
    return [...this.#idsOf.keys()];
  }

  #deliveryOf(data, seq) {
    if (data.senderId !== this.#user) return "received";
    return seq === null ? "sent" : "stored";
  }

  #put(post) {
    const { order = this.#order++, floor = this.#highest } = this.#byId.get(post.id) ?? {};
    if (post.seq !== null) this.#highest = Math.max(this.#highest, post.seq);
    const kept = Object.freeze({ ...post, order, floor });
    this.#byId.set(post.id, kept);
    const peer = this.peerOf(post);
    if (!this.#idsOf.has(peer)) this.#idsOf.set(peer, new Set());
    this.#idsOf.get(peer).add(post.id);
    this.#inOrder.delete(peer);
    return kept;
  }

  #forget(post) {
    this.#byId.delete(post.id);
    this.#idsOf.get(this.peerOf(post)).delete(post.id);
    this.#inOrder.delete(this.peerOf(post));
  }
}

const plain = ({ id, text, senderId, receiverId, createdAt }) => ({ id, text, senderId, receiverId, createdAt });

const byOrder = (a, b) => a.order - b.order;

/** Stored posts stand by seq, relayed ones where they arrived, waiting ones last. */
const place = (post) => {
  if (WAITING.has(post.delivery)) return [Infinity, 0];
  return post.seq === null ? [post.floor, 1] : [post.seq, 0];
};

function byPlace(a, b) {
  const [aMain, aAfter] = place(a);
  const [bMain, bAfter] = place(b);
  if (aMain !== bMain) return aMain < bMain ? -1 : 1;
  return aAfter - bAfter || byOrder(a, b);
}
