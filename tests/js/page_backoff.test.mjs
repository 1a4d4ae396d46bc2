import assert from "node:assert/strict";
import test from "node:test";

import { POLICIES, doubling, fullJitter } from "../../labchat/server/web/js/backoff.js";

const take = (delays, n) => Array.from({ length: n }, () => delays.next().value);

test("the text's policy doubles from one second, five times, and ends", () => {
  assert.deepEqual([...doubling()], [1000, 2000, 4000, 8000, 16000]);
});

test("full jitter draws below a roof that doubles up to its cap, for ever", () => {
  const roofs = take(fullJitter({ random: () => 1 }), 8);
  assert.deepEqual(roofs, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.deepEqual(take(fullJitter({ random: () => 0 }), 3), [0, 0, 0]);
});

test("a policy says how many attempts it makes", () => {
  assert.equal([...POLICIES.text.delays()].length, POLICIES.text.attempts);
  assert.equal(POLICIES["full-jitter"].attempts, null);
});
