/**
 * The chat's vocabulary, as labchat/chat/events.py has it. PURE.
 * What this page says is made here; what it hears is checked here before anybody uses it.
 */

export const register = (userId, lastSeq, token) => compact({ type: "register", userId, lastSeq, token });

export const message = ({ id, text, senderId, receiverId, createdAt }) => ({
  type: "message", text, senderId, receiverId, id, createdAt,
});

export const typing = (senderId, receiverId, isTyping) => ({ type: "typing", senderId, receiverId, isTyping });

/** Without its absent fields: `null` on the wire would mean something. */
const compact = (event) => Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null && value !== undefined));

const isText = (value) => typeof value === "string";
const isSeq = (value) => Number.isSafeInteger(value) && value >= 0;
const isNames = (value) => value === undefined || (Array.isArray(value) && value.every(isText));

/** Whether `data` is a post as the server stores and tells it. */
export const isPost = (data) =>
  data !== null && typeof data === "object"
  && [data.id, data.text, data.senderId, data.receiverId, data.createdAt].every(isText)
  && (data.seq === undefined || data.seq === null || isSeq(data.seq));

/** type -> whether the rest of the event is whole. */
const HEARD = {
  registered: (event) => isText(event.sessionId) && isSeq(event.seq),
  message: (event) => isPost(event.data),
  ack: (event) => isText(event.id) && isSeq(event.seq),
  "typing-update": (event) => Array.isArray(event.typingUsers) && isNames(event.typingUsers),
  presence: (event) => isNames(event.online) && isNames(event.offline),
  error: (event) => isText(event.code) && isText(event.message) && (event.id === undefined || isText(event.id)),
};

/** The event in what the server sent, or null when this page does not know it. */
export function decode(data) {
  const event = parse(data);
  if (event === null || typeof event !== "object" || !Object.hasOwn(HEARD, event.type)) return null;
  return HEARD[event.type](event) ? event : null;
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
