import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Pace } from "../../web/wire/pace.js";

mock.timers.enable({ apis: ["setTimeout"] });
/** @type {FrameRequestCallback[]} */
const frames = [];
globalThis.requestAnimationFrame = (frame) => frames.push(frame);

/** What the browser does until its next picture. */
function frame() {
  for (const draw of frames.splice(0)) draw(0);
  mock.timers.tick(1);
  mock.timers.tick(1);
}

function counted() {
  const made = { drawn: 0, pace: new Pace(() => (made.drawn += 1)) };
  return made;
}

test("what changes between two pictures is drawn once", () => {
  const made = counted();
  made.pace.soon();
  made.pace.soon();
  frame();
  assert.equal(made.drawn, 1);
  made.pace.soon();
  frame();
  assert.equal(made.drawn, 2);
});

test("while a button is pressed nothing moves, and then all of it is drawn", () => {
  const made = counted();
  made.pace.soon();
  made.pace.press();
  frame();
  made.pace.soon();
  frame();
  assert.equal(made.drawn, 0, "neither what was wanted before nor what has been since");
  made.pace.release();
  frame();
  assert.equal(made.drawn, 1);
  made.pace.release();
  frame();
  assert.equal(made.drawn, 1, "nothing new");
});

test("who keeps a button pressed does not stop the drawing for long", () => {
  const made = counted();
  made.pace.press();
  made.pace.soon();
  frame();
  assert.equal(made.drawn, 0);
  mock.timers.tick(1000);
  frame();
  assert.equal(made.drawn, 1);
});
