/** Puts the page together: who is it, then their chat. */

import { Keeper } from "./keeper.js";
import { Net } from "./net.js";
import { Session } from "./session.js";
import { Chat } from "./views/chat.js";
import { Door } from "./views/door.js";
import { CAST } from "./words.js";

const PREFIX = `labchat:${new URL(".", document.baseURI).pathname}:`;
/** What every tab shares, and what is this tab's own: two tabs may be two users. */
const shared = new Keeper(() => localStorage, PREFIX);
const own = new Keeper(() => sessionStorage, PREFIX);

function main() {
  const user = new URLSearchParams(location.search).get("user") || own.get("user") || shared.get("user");
  if (user) enter(user);
  else door();
}

function door() {
  show(Door(enter).el);
}

function enter(user) {
  own.set("user", user);
  shared.set("user", user);
  address(user);
  const session = new Session({ user, token: own.get(`token:${user}`), ...choices() });
  const page = {};
  const net = new Net({ session, keeper: shared, changed: () => page.draw(), say: (text) => page.chat.say(text) });
  const take = (event) => {
    if (event.type === "token") own.set(`token:${user}`, event.value);
    net.take(event);
  };
  page.chat = Chat(session, take, { remember: (name, value) => shared.set(name, value), leave: () => leave(net, page) });
  page.draw = drawer(() => page.chat.update(performance.now()));
  page.stop = listen(take, () => session.link.state === "reconnecting" && page.chat.tick(performance.now()));
  show(page.chat.el);
  begin(take, session);
}

function begin(take, session) {
  take({ type: "restored", posts: shared.posts(session.user) });
  take({ type: "open", peer: CAST.find((id) => id !== session.user) });
  take({ type: navigator.onLine ? "now" : "offline" });
}

function choices() {
  const one = (name, among) => (among.includes(shared.get(name)) ? { [name]: shared.get(name) } : {});
  return { ...one("policy", ["full-jitter", "text"]), ...one("transport", ["both", "websocket", "post"]) };
}

/** The browser's own news, and the countdown; returns what undoes it. */
function listen(take, tick) {
  const online = () => take({ type: "online" });
  const offline = () => take({ type: "offline" });
  addEventListener("online", online);
  addEventListener("offline", offline);
  const timer = setInterval(tick, 250);
  return () => {
    removeEventListener("online", online);
    removeEventListener("offline", offline);
    clearInterval(timer);
  };
}

function leave(net, page) {
  net.stop();
  page.stop();
  own.set("user", "");
  shared.set("user", "");
  address("");
  document.title = "labchat";
  door();
}

/** Many changes, one drawing: with the next frame, or soon where no frames are drawn. */
function drawer(draw) {
  let due = false;
  const now = () => {
    due = false;
    draw();
  };
  return () => {
    if (due) return;
    due = true;
    if (document.hidden) setTimeout(now, 50);
    else requestAnimationFrame(now);
  };
}

function address(user) {
  const url = new URL(location.href);
  if (user) url.searchParams.set("user", user);
  else url.searchParams.delete("user");
  history.replaceState(null, "", url);
}

function show(el) {
  document.body.replaceChildren(el);
  el.querySelector("textarea, [data-user]")?.focus();
}

main();
