// What the address of a frame asks for: whatever is written there, it is one of what there is.
import assert from "node:assert/strict";
import test from "node:test";

import { fragmentOf, placeIn } from "../../web/base/replay-place.js";
import { askedIn, fullAddress, shownAt } from "../../web/embed/address.js";
import { recordingInstead } from "../../web/page/embedded.js";

const ID = "abcdefghijkmnpqrstuvwxyz23";
const END = { event: 0, to: 0, speed: 1 };

test("parameters are those that are documented, or as if they were not there", () => {
  assert.deepEqual(askedIn("?view=both&event=42&to=60&speed=2&play=1&theme=dark"), { view: "both", event: 42, to: 60, speed: 2, play: true, theme: "dark" });
  const none = { view: "wire", event: 0, to: 0, speed: 1, play: false, theme: "" };
  for (const search of ["", "?view=all&event=-1&play=yes&theme=red", "?event=1e9", "?event=9999999999999999", "?view=%00", "?to=x&speed=3", "?speed=-1&to=1e3"]) {
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

test("a recording that is shown instead is one of this server's, in the same way", () => {
  assert.equal(recordingInstead(`?recording=${ID}&view=both&theme=dark&lesson=x`), `/embed/s/${ID}?view=both&theme=dark`);
  assert.equal(recordingInstead(`?recording=${ID}`), `/embed/s/${ID}`);
  for (const search of ["", "?recording=", "?recording=../r/x", "?recording=//other.example", `?recording=${"a".repeat(65)}`]) {
    assert.equal(recordingInstead(search), null, search);
  }
});

test("open full leads to what is shown", () => {
  assert.equal(fullAddress({ kind: "recording", id: ID }, { event: 42, to: 0, speed: 1 }, "#key"), `/s/${ID}#e=42`);
  assert.equal(fullAddress({ kind: "recording", id: ID }, END, ""), `/s/${ID}`);
  assert.equal(fullAddress({ kind: "lesson", id: "by-hand" }, END, ""), "/?lesson=by-hand");
  assert.equal(fullAddress({ kind: "copy", id: "" }, END, "#copy=1.abc"), "/#copy=1.abc");
});

test("a place in a recording comes back as it was written", () => {
  for (const place of [END, { event: 42, to: 0, speed: 1 }, { event: 42, to: 60, speed: 0.5 }, { event: 0, to: 7, speed: 4 }]) {
    assert.deepEqual(placeIn(fragmentOf(place)), place);
  }
  assert.equal(fragmentOf({ event: 42, to: 60, speed: 2 }), "#e=42&to=60&speed=2");
});
