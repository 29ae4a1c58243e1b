// Messages of the page around a frame: only its own, only known ones, only whole ones.
import assert from "node:assert/strict";
import test from "node:test";

const AROUND = "https://course.example";
const parent = { sent: [], postMessage: (data, to) => parent.sent.push([data, to]) };
let hear;
Object.assign(globalThis, {
  parent,
  window: globalThis,
  location: { ancestorOrigins: [AROUND, "https://other.example"] },
  addEventListener: (what, listener) => (hear = listener),
});
const { Messages } = await import("../../web/page/frame-messages.js");

test("only what the page around says is heard, and only what there is", () => {
  const heard = [];
  const messages = new Messages({ play: () => heard.push("play"), pause: () => heard.push("pause"), seek: (event) => heard.push(event), show: (view) => heard.push(view) });
  const say = (data, { source = parent, origin = AROUND } = {}) => hear({ source, origin, data });
  say({ wireside: 1, type: "seek", event: 42 });
  say({ wireside: 1, type: "play" });
  say({ wireside: 1, type: "show", view: "server" });
  // This frame has nothing to start.
  say({ wireside: 1, type: "start" });
  assert.deepEqual(heard.splice(2), ["server"]);
  const seek = { wireside: 1, type: "seek", event: 7 };
  say(seek, { source: {} });
  say(seek, { source: globalThis });
  say(seek, { origin: "https://other.example" });
  say(seek, { origin: "null" });
  for (const data of [null, undefined, 7, "play", [], {}, { type: "play" }, { wireside: 2, type: "play" }, { wireside: "1", type: "play" }]) say(data);
  for (const type of ["constructor", "__proto__", "run", "", null, {}]) say({ wireside: 1, type });
  for (const event of [-1, 0.5, Number.NaN, Infinity, 2 ** 60, "7", null, [7], {}]) say({ wireside: 1, type: "seek", event });
  for (const view of ["", "all", "constructor", null, 0, ["wire"], {}]) say({ wireside: 1, type: "show", view });
  assert.deepEqual(heard, [42, "play"]);
  messages.tell("event", { event: 3 });
  assert.deepEqual(parent.sent, [[{ wireside: 1, type: "event", event: 3 }, AROUND]]);
});
