import assert from "node:assert/strict";
import { test } from "node:test";

import { ICONS } from "../../labchat/widgets/js/shared/icons.js";

test("every icon is drawn inside its 16 px box", () => {
  for (const [name, parts] of Object.entries(ICONS)) {
    assert.ok(parts.length > 0, name);
    for (const number of JSON.stringify(parts).match(/-?\d+(\.\d+)?/g)) {
      assert.ok(Number(number) >= 0 && Number(number) <= 16, `${name}: ${number}`);
    }
  }
});
