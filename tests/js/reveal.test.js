// How fast fresh events appear in the drawing.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Reveal } from "../../web/wire/reveal.js";

const all = () => true;

function reveal() {
  const clock = { now: 0 };
  mock.method(performance, "now", () => clock.now);
  return { clock, reveal: new Reveal() };
}

test("a few events come one by one, the first at once", (t) => {
  t.after(() => mock.restoreAll());
  const { clock, reveal: one } = reveal();
  one.arrived(3, true);
  assert.deepEqual([one.shown, one.burst, one.waits], [0, 1, true]);
  one.go(all);
  assert.equal(one.shown, 1);
  clock.now += 89;
  one.go(all);
  assert.equal(one.shown, 1);
  clock.now += 1;
  one.go(all);
  assert.equal(one.shown, 2);
  clock.now += 90;
  one.go(all);
  assert.deepEqual([one.shown, one.waits, one.drawn], [3, false, { count: 3, first: 1, last: 3 }]);
});

test("many are all there with the first frame after 1.5 s, and what is not drawn takes no time", (t) => {
  t.after(() => mock.restoreAll());
  const { clock, reveal: one } = reveal();
  one.arrived(1000, true);
  for (; one.waits && clock.now < 1500 + 16; clock.now += 16) one.go(all);
  assert.equal(one.waits, false);
  one.arrived(1010, true);
  one.go((seq) => seq === 1010);
  assert.deepEqual([one.shown, one.drawn], [1010, { count: 1, first: 1010, last: 1010 }]);
});

test("time that passed with nothing to show is not saved up", (t) => {
  t.after(() => mock.restoreAll());
  const { clock, reveal: one } = reveal();
  one.arrived(1, true);
  one.go(all);
  clock.now += 60_000;
  one.arrived(10, true);
  one.go(all);
  assert.equal(one.shown, 2);
});

test("whoever looks at something else sees all at once, and what is old brings nothing back", (t) => {
  t.after(() => mock.restoreAll());
  const { reveal: one } = reveal();
  one.arrived(5, true);
  one.arrived(9, false);
  assert.deepEqual([one.shown, one.burst, one.waits], [9, 0, false]);
  one.arrived(4, true);
  assert.deepEqual([one.shown, one.waits], [9, false]);
});
