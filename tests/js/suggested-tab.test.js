// Whether what a lesson suggests brings a tab to the front.
import assert from "node:assert/strict";
import { test } from "node:test";

import { SuggestedTab } from "../../web/program/suggested-tab.js";

const idle = { chosen: "client.py", chosenByHand: false, inUse: false };

test("each suggestion opens its tab once: whoever goes elsewhere is not fetched back", () => {
  const tab = new SuggestedTab();
  assert.equal(tab.opens("By hand", "s.listen()", idle), true);
  assert.equal(tab.opens("By hand", "s.listen()", { ...idle, chosen: "server.py", chosenByHand: true }), false);
  assert.equal(tab.opens("By hand", "s.accept()", { ...idle, chosen: "server.py", chosenByHand: true }), true, "another one");
});

test("who has chosen a tab before there was anything to suggest stays there", () => {
  const tab = new SuggestedTab();
  assert.equal(tab.opens("client.py", "run", { ...idle, chosenByHand: true }), false);
  assert.equal(tab.opens("client.py", "run", { ...idle, chosenByHand: true }), false);
  assert.equal(tab.opens("server.py", "run", { ...idle, chosenByHand: true }), true, "and is taken to the next thing");
});

test("nobody is taken out of a tab that they are at work in, and what was suggested comes when they have done", () => {
  const tab = new SuggestedTab();
  const busy = { ...idle, chosen: "server.py", inUse: true };
  assert.equal(tab.opens("client.py", "run", busy), false);
  assert.equal(tab.opens("client.py", "run", { ...busy, inUse: false }), true);
  assert.equal(new SuggestedTab().opens("server.py", "run", busy), true, "the one they are in is theirs already");
});
