// What the address of a frame asks for: whatever is written there, it is one of what there is.
import assert from "node:assert/strict";
import test from "node:test";

import { askedIn, fullAddress, shownAt } from "../../web/embed/address.js";

const ID = "abcdefghijkmnpqrstuvwxyz23";

test("parameters are those that are documented, or as if they were not there", () => {
  assert.deepEqual(askedIn("?view=both&event=42&play=1&theme=dark"), { view: "both", event: 42, play: true, theme: "dark" });
  const none = { view: "wire", event: 0, play: false, theme: "" };
  for (const search of ["", "?view=all&event=-1&play=yes&theme=red", "?event=1e9", "?event=9999999999999999", "?view=%00"]) {
    assert.deepEqual(askedIn(search), none, search);
  }
});

test("only recordings, lessons and copies are shown", () => {
  assert.deepEqual(shownAt(`/embed/s/${ID}`, ""), { kind: "recording", id: ID });
  assert.deepEqual(shownAt("/embed/lesson/two-scripts", ""), { kind: "lesson", id: "two-scripts" });
  assert.deepEqual(shownAt("/embed/", "#copy=1.abc"), { kind: "copy", id: "" });
  for (const [path, hash] of [["/embed/", ""], ["/embed/", "#key"], ["/embed/s/../x", ""], ["/embed/lesson/a%2Fb", ""], ["/r/a-b", "#copy=1.x"]]) {
    assert.equal(shownAt(path, hash), null, path);
  }
});

test("open full leads to what is shown", () => {
  assert.equal(fullAddress({ kind: "recording", id: ID }, 42, "#key"), `/s/${ID}#e=42`);
  assert.equal(fullAddress({ kind: "recording", id: ID }, 0, ""), `/s/${ID}`);
  assert.equal(fullAddress({ kind: "lesson", id: "by-hand" }, 0, ""), "/?lesson=by-hand");
  assert.equal(fullAddress({ kind: "copy", id: "" }, 0, "#copy=1.abc"), "/#copy=1.abc");
});
