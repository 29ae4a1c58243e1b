// How many of something there are, in words.
import assert from "node:assert/strict";
import { test } from "node:test";

import { counted } from "../../web/base/counted.js";

test("one is one, and all others, none too, are many", () => {
  assert.deepEqual([0, 1, 2, 2048].map((count) => counted(count, "byte")), ["0 bytes", "1 byte", "2 bytes", "2,048 bytes"]);
  assert.equal(counted(1, "reply", "replies"), "1 reply");
  assert.equal(counted(3, "reply", "replies"), "3 replies");
});
