/**
 * How long to wait before each attempt to reconnect. PURE: a policy is a name, a limit and an
 * endless (or ending) generator of milliseconds; the source of chance is an argument.
 */

const SECOND = 1000;

/** The text's policy: five attempts, each wait double the last, then it gives up. */
export function* doubling() {
  for (const seconds of [1, 2, 4, 8, 16]) yield seconds * SECOND;
}

/**
 * Full jitter: anything between nothing and a doubling, capped roof, for ever.
 * A crowd that lost its server spreads out instead of coming back in step (RFC 6455 §7.2.3).
 */
export function* fullJitter({ random = Math.random, base = SECOND, cap = 30 * SECOND } = {}) {
  for (let roof = base; ; roof = Math.min(cap, roof * 2)) yield random() * roof;
}

/** @typedef {{name: string, label: string, attempts: number|null, delays: (random?: () => number) => Iterator<number>}} Policy */

/** @type {Record<string, Policy>} */
export const POLICIES = {
  "full-jitter": {
    name: "full-jitter",
    label: "Random waits up to 30 s, no end",
    attempts: null,
    delays: (random) => fullJitter({ random }),
  },
  text: {
    name: "text",
    label: "1, 2, 4, 8, 16 s, as in the text",
    attempts: 5,
    delays: () => doubling(),
  },
};
