/** What the page says, in words. PURE. */

const NAMES = { "user-1": "Alice", "user-2": "Bob" };

/** The users of the text; any other id is a user too. */
export const CAST = Object.keys(NAMES);

export const nameOf = (id, known) => known?.get(id) ?? NAMES[id] ?? id;

/** Numbers with thin groups, as "65 536". */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u2009");

/** What stands under a post of one's own: icon and words. `sending`: a request carries it now. */
export function deliveryWords({ delivery, seq, reason }, sending) {
  switch (delivery) {
    case "sent": return ["check", "sent, not yet stored"];
    case "stored": return ["cylinder", seq === null ? "stored" : `stored ${seq}`];
    case "failed": return ["warn", reason || "not sent"];
    default: return ["clock", sending ? "sending" : reason || "waits for the connection"];
  }
}

/** The badge: icon, tone, words, and a countdown that is not read aloud each second. */
export function badgeWords({ state, dueAt }, now) {
  switch (state) {
    case "connected": return ["dot", "ok", "connected", ""];
    case "connecting": return ["waiting", "warn", "connecting", ""];
    case "reconnecting": return ["waiting", "warn", "reconnecting", ` in ${secondsTo(dueAt, now)} s`];
    case "refused": return ["cross", "fail", "refused", ""];
    default: return ["offline", "fail", "offline", ""];
  }
}

/** Whole seconds left, never less than 0; 3.2 s are told as 4. */
export const secondsTo = (dueAt, now) => Math.max(0, Math.ceil((dueAt - now) / 1000));

/** What the banner tells, or null while there is nothing to tell. */
export function bannerWords({ state, attempt, attempts, detail }) {
  if (state === "connected" || (state === "connecting" && attempt === 0)) return null;
  if (state === "offline") return { tone: "fail", text: detail, action: "Connect" };
  if (state === "refused") return { tone: "fail", text: detail, action: "Try again" };
  const text = attempts === null ? `Attempt ${attempt}` : `Attempt ${attempt} of ${attempts}`;
  const dots = attempts === null ? null : Array.from({ length: attempts }, (_, i) => i < attempt);
  return { tone: "warn", text, dots, why: detail, action: state === "reconnecting" ? "Try now" : null };
}

/** "Alice is typing", "Alice and Bob are typing". */
export function typingWords(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are typing`;
}

/** Time of day; before today the day too. What is no time is shown as it was written. */
export function timeWords(createdAt, now) {
  const at = new Date(createdAt);
  if (Number.isNaN(at.getTime())) return createdAt;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const today = new Date(now).toDateString() === at.toDateString();
  return today ? time : `${at.getDate()} ${MONTHS[at.getMonth()]} ${time}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number) => String(number).padStart(2, "0");
