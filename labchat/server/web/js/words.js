/** What the page says of a chat, in words. PURE. The panel says the same: labchat/widgets/chat_view.py. */

const NAMES = { "user-1": "Alice", "user-2": "Bob" };

/** The users of the text; any other id is a user too. */
export const CAST = Object.keys(NAMES);

export const nameOf = (id, known) => known?.get(id) ?? NAMES[id] ?? id;

/** What stands under a post of one's own: icon and words. `sending`: a connection is there to carry it. */
export function deliveryWords({ delivery, seq, reason }, sending) {
  switch (delivery) {
    case "sent": return ["check", "sent, not yet stored"];
    case "stored": return ["cylinder", seq === null ? "stored" : `stored ${seq}`];
    case "failed": return ["warn", reason || "not sent"];
    default: return ["clock", sending ? reason || "sending" : "waits for the connection"];
  }
}

const BADGES = {
  connected: ["dot", "ok", "connected"],
  connecting: ["waiting", "warn", "connecting"],
  reconnecting: ["waiting", "warn", "reconnecting"],
  refused: ["cross", "fail", "refused"],
  offline: ["offline", "fail", "offline"],
};

export function badge(state) {
  const [icon, tone, words] = BADGES[state];
  return { state, icon, tone, words };
}

/** What the banner tells and offers, or null while all is well. */
export function banner({ state, attempt, attempts, detail }) {
  if (state === "connected" || (state === "connecting" && attempt === 0)) return null;
  const calm = { made: attempt, of: attempts, why: "" };
  if (state === "offline") return { ...calm, of: null, tone: "fail", text: detail || "Offline. Posts wait here.", action: "Connect" };
  if (state === "refused") return { ...calm, of: null, tone: "fail", text: detail || "The server says no.", action: "Try again" };
  const text = attempts === null ? `Attempt ${attempt}` : `Attempt ${attempt} of ${attempts}`;
  return { ...calm, tone: "warn", text, why: detail, action: state === "reconnecting" ? "Try now" : null };
}

/** "Alice is typing", "Alice and Bob are typing". */
export function typingWords(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are typing`;
}
