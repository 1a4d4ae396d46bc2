/**
 * How far a post got, as its author can know it. PURE. The words are labchat/chat/session.py's.
 */

/** delivery -> what happened -> next delivery. What has no row changes nothing. */
export const DELIVERY = {
  pending: { handed: "sent", stored: "stored", refused: "failed" },
  sent: { stored: "stored", refused: "failed", dropped: "pending" },
  failed: { retried: "pending", stored: "stored" },
  stored: {},
  received: {},
};

/** The delivery after `event`. */
export const move = (delivery, event) => DELIVERY[delivery][event] ?? delivery;

/** Statuses after which the same request again is no use; what is to be done instead. */
const REMEDIES = { 400: "edit", 409: "edit", 413: "edit", 422: "edit", 401: "retry", 403: "retry", 404: "retry" };

/**
 * What a failed POST means for its post: `null` to try again later, or the person's remedy.
 * @param {number} status of the response; 0 when there was none.
 */
export const remedyOf = (status) => REMEDIES[status] ?? null;

/** Milliseconds a `Retry-After` header asks for (RFC 9110 §10.2.3), or null. */
export function retryAfter(header, now) {
  if (!header) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
