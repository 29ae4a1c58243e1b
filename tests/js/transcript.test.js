// What of a program's output goes into the recording: in its order, bounded, and with a word about what is left out.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Transcript } from "../../web/py/transcript.js";

const bytes = (text) => new TextEncoder().encode(text);
const BURST = 64 * 1024;

/** A program's transcript, the messages it has sent, and a clock that stands still. */
function transcript() {
  const clock = { now: 1000 };
  mock.method(performance, "now", () => clock.now);
  const sent = [];
  return { clock, sent, transcript: new Transcript({ postMessage: ({ error, text }) => sent.push([error, text]) }) };
}

test("the first word goes at once, and what comes soon after it together with what follows", (t) => {
  t.after(() => mock.restoreAll());
  const { clock, sent, transcript: out } = transcript();
  out.add(1, bytes("a"));
  assert.deepEqual(sent, [[false, "a"]]);
  clock.now += 10;
  out.add(1, bytes("b"));
  out.add(1, bytes("c"));
  out.add(2, bytes("!"));
  out.add(1, bytes("d"));
  assert.equal(sent.length, 1);
  out.send();
  assert.deepEqual(sent.slice(1), [[false, "bc"], [true, "!"], [false, "d"]]);
  clock.now += 60;
  out.add(1, bytes("e"));
  assert.deepEqual(sent.at(-1), [false, "e"]);
});

test("a letter whose bytes come in two pieces is one letter, also beside the other stream", (t) => {
  t.after(() => mock.restoreAll());
  const { sent, transcript: out } = transcript();
  const [first, ...rest] = bytes("ö");
  out.add(1, Uint8Array.of(first));
  out.add(2, bytes("x"));
  out.add(1, Uint8Array.from(rest));
  out.send();
  assert.equal(sent.filter(([error]) => !error).map(([, text]) => text).join(""), "ö");
});

test("of too much the beginning is recorded, and how much is missing as soon as there is room again", (t) => {
  t.after(() => mock.restoreAll());
  const { clock, sent, transcript: out } = transcript();
  const all = () => sent.filter(([error]) => !error).reduce((sum, [, { length }]) => sum + length, 0);
  for (let at = 0; at < 100; at += 1) out.add(1, bytes("x".repeat(1024)));
  out.send();
  assert.equal(all(), BURST);
  assert.ok(sent.every(([, text]) => text.length <= 4096), "a message has a bound of its own");
  assert.deepEqual(sent.filter(([error]) => error), []);
  clock.now += 1000;
  out.add(1, bytes("y"));
  assert.deepEqual(sent.slice(-2), [[true, `\n[${(100 * 1024 - BURST).toLocaleString("en")} characters are not in the recording]\n`], [false, "y"]]);
});
