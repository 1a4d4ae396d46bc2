import assert from "node:assert/strict";
import test from "node:test";

import { PAGE, lows, reachedBy } from "../../labchat/server/web/js/history.js";

test("windows grow until they reach the beginning", () => {
  assert.deepEqual([...lows(10_001)], [9800, 9200, 6800, 0]);
  assert.deepEqual([...lows(101)], [0]);
  assert.deepEqual([...lows(1)], [0]);
});

test("a page that is not full is all there is", () => {
  const full = Array.from({ length: PAGE }, (_, i) => ({ seq: 301 + i }));
  assert.equal(reachedBy(full), 300);
  assert.equal(reachedBy(full.slice(1)), 0);
  assert.equal(reachedBy([]), 0);
});
