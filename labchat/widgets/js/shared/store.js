// The rows a view holds: what came, what is missing, what a filter leaves. Pure.

/** Where each column stands in a row, as `view_models/rows.py` sends it. */
export const AT = {
  n: 0, ms: 1, connection: 2, direction: 3, kind: 4, bytes: 5, summary: 6, violations: 7, opcode: 8,
};

export class RowStore {
  constructor(limit = 100_000) {
    this.limit = limit;
    this.total = 0; // units in the capture
    this.floor = 0; // units below it are not kept: "N earlier units"
    this.rows = new Map(); // n -> row
    this.expected = null; // number of the next batch
    this.query = null;
    this.matches = [];
    this.bytes = 0; // of the rows ever held
    this.longest = 0; // bytes of the longest unit
  }

  /** Take a batch; returns true when batches before it were lost. */
  add({ seq, total, rows }) {
    const lost = this.expected !== null && seq !== null && seq > this.expected;
    if (seq !== null) this.expected = seq + 1;
    this.total = Math.max(this.total, total);
    for (const row of rows) this.put(row);
    this.forget();
    return lost;
  }

  put(row) {
    const n = row[AT.n];
    if (n <= this.floor) return;
    const known = this.rows.has(n);
    this.rows.set(n, row);
    if (!known) this.bytes += row[AT.bytes];
    this.longest = Math.max(this.longest, row[AT.bytes]);
    if (this.query === null || known || !this.query(row)) return;
    const last = this.matches.at(-1);
    if (last === undefined || n > last) this.matches.push(n);
    else this.matches.splice(rank(this.matches, n), 0, n);
  }

  forget() {
    const floor = Math.max(this.floor, this.total - this.limit);
    for (let n = this.floor + 1; n <= floor; n += 1) this.rows.delete(n);
    this.floor = floor;
    const gone = rank(this.matches, floor + 1);
    if (gone > 0) this.matches.splice(0, gone);
  }

  /** Keep `count` more of the earlier units, which then are holes. */
  lower(count) {
    this.limit += count;
    this.floor = Math.max(0, this.floor - count);
  }

  get(n) {
    return this.rows.get(n);
  }

  /** The first range of units that should be here and is not, newest first, or null. */
  hole(size = 2000) {
    if (this.rows.size >= this.total - this.floor) return null;
    let stop = this.total;
    while (stop > this.floor && this.rows.has(stop)) stop -= 1;
    let start = stop;
    while (start - 1 > this.floor && !this.rows.has(start - 1) && stop - start + 1 < size) start -= 1;
    return { start, stop: stop + 1 };
  }

  filter(predicate) {
    this.query = predicate;
    this.matches = [];
    if (predicate === null) return;
    for (const [n, row] of this.rows) if (predicate(row)) this.matches.push(n);
    this.matches.sort((a, b) => a - b);
  }

  /** How many lines the list has. */
  get length() {
    return this.query === null ? this.total - this.floor : this.matches.length;
  }

  /** How many lines come after unit `n`. */
  after(n) {
    return this.query === null ? Math.max(0, this.total - Math.max(n, this.floor)) : this.matches.length - rank(this.matches, n + 1);
  }

  /** The unit on line `index` (from 0). */
  at(index) {
    return this.query === null ? this.floor + index + 1 : this.matches[index];
  }

  /** The line unit `n` is on, or -1. */
  indexOf(n) {
    if (this.query === null) return n > this.floor && n <= this.total ? n - this.floor - 1 : -1;
    const index = rank(this.matches, n);
    return this.matches[index] === n ? index : -1;
  }
}

/** How many of the ascending `numbers` are below `n`. */
export function rank(numbers, n) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < n) low = middle + 1;
    else high = middle;
  }
  return low;
}
