/**
 * What outlives a reload: choices, and posts that no server has confirmed. One key for each post,
 * so that two tabs of one user do not overwrite each other; both may send, one id is one post.
 * A browser may refuse to store: then things last as long as the page.
 */
export class Keeper {
  #storage;
  #prefix;

  /** @param {() => Storage} open may throw, as `localStorage` does where cookies are blocked. */
  constructor(open, prefix) {
    this.#storage = attempt(open) ?? null;
    this.#prefix = prefix;
  }

  get(name) {
    return attempt(() => this.#storage.getItem(this.#prefix + name)) ?? null;
  }

  set(name, value) {
    attempt(() => this.#storage.setItem(this.#prefix + name, value));
  }

  keepPost({ id, text, senderId, receiverId, createdAt }) {
    this.set(`post:${senderId}:${id}`, JSON.stringify({ id, text, receiverId, createdAt }));
  }

  forgetPost(user, id) {
    attempt(() => this.#storage.removeItem(`${this.#prefix}post:${user}:${id}`));
  }

  /** The user's unconfirmed posts, oldest first. */
  posts(user) {
    const start = `${this.#prefix}post:${user}:`;
    const keys = attempt(() => Object.keys(this.#storage)) ?? [];
    const posts = keys.filter((key) => key.startsWith(start)).map((key) => attempt(() => JSON.parse(this.#storage.getItem(key))));
    return posts.filter(isKept).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }
}

const isKept = (post) => post !== null && typeof post === "object"
  && [post.id, post.text, post.receiverId, post.createdAt].every((value) => typeof value === "string");

function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
