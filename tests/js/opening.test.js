import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { refusal } from "../../web/page/opening.js";

test("a server that has no room for one more room says so, by the limit's own name", () => {
  const limits = readFileSync(new URL("../../crates/core/src/limits.rs", import.meta.url), "utf8");
  const [, limit = ""] = limits.match(/ServerRooms "([^"]+)"/) ?? [];
  const { notice } = refusal({ code: "LIMIT", limit, value: 1000 });
  assert.equal(notice.text, "All 1,000 rooms are taken. Try again in a while.");
});

test("any other limit is named", () => {
  const { notice } = refusal({ code: "LIMIT", limit: "address-rooms", value: 40 });
  assert.equal(notice.text, "This is full: address-rooms, at most 40.");
});
