/**
 * Reading a conversation backwards from an API that reads forwards (`after=`, oldest first). PURE.
 */

/** Posts in one answer, and seqs in the first window looked through. */
export const PAGE = 200;

/** Where to begin to read, so that little is read: windows below `before` that grow, down to 0. */
export function* lows(before) {
  for (let size = PAGE; ; size *= 4) {
    const low = Math.max(0, before - 1 - size);
    yield low;
    if (low === 0) return;
  }
}

/** After the newest page: all posts above this seq are here; 0 means all there are. */
export const reachedBy = (newest) => (newest.length < PAGE ? 0 : Math.max(0, (newest[0].seq ?? 1) - 1));
