// What a machine's tabs hear of programs that run in other pages.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ProgramsElsewhere } from "../../web/program/programs-elsewhere.js";

const ME = 1;

/** A machine with one program, and what was done with its pane. */
function machine() {
  const done = [];
  const pane = { runsElsewhere: (by) => done.push(["elsewhere", by]), ranAs: (id, text) => done.push(["ran", id, text]) };
  const elsewhere = new ProgramsElsewhere({ host: "server", me: () => ME, pane: (name) => (name === "server.py" ? pane : undefined) });
  const hear = (kind, of) => elsewhere.hear({ kind, host: "server", name: "server.py", ...of });
  return { done, hear };
}

test("a program of somebody else runs elsewhere until it ends, with the text it began with", () => {
  const { done, hear } = machine();
  hear("source", { text: "old" });
  hear("source", { text: "new" });
  hear("program", { change: "began", id: 7, by: "Ada", member: 2 });
  hear("source", { text: "typed meanwhile" });
  hear("program", { change: "ended", id: 7 });
  assert.deepEqual(done, [["ran", 7, "new"], ["elsewhere", "Ada"], ["elsewhere", null]]);
});

test("a program of one's own, the server's own, and one that ended before are nobody else's", () => {
  const { done, hear } = machine();
  hear("program", { change: "began", id: 1, by: "Me", member: ME });
  hear("program", { change: "ended", id: 1 });
  hear("program", { change: "began", id: 2, by: null, member: null });
  hear("program", { change: "ended", id: 2 });
  hear("program", { change: "ended", id: 3 });
  assert.deepEqual(done, [], "without a text there is nothing that it ran as");
});

test("what happens on another machine, and to a program that has no tab here, is let be", () => {
  const { done, hear } = machine();
  hear("program", { host: "client", change: "began", id: 4, by: "Ada", member: 2 });
  hear("program", { name: "other.py", change: "began", id: 5, by: "Ada", member: 2 });
  hear("program", { name: "other.py", change: "ended", id: 5 });
  assert.deepEqual(done, []);
});
