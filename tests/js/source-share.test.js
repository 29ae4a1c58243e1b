// Which texts of a machine's programs go out to the others in a room, when, and which that come in are news.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { SourceShare } from "../../web/program/source-share.js";

const ME = 2;
const OWNER = { id: 1, role: "owner" };
const SELF = { id: ME, role: "owner" };

/** A page in a room, what it has sent, and what came from others. */
function page({ members = [SELF] } = {}) {
  const sent = [];
  const listeners = [];
  const room = {
    connection: "open",
    members,
    me: SELF,
    hosts: [{ name: "server", guest: null }],
    snapshot: { now: 100 },
    on: (_, listener) => listeners.push(listener),
    source: async (host, file, text) => void sent.push([file, text]),
    inFront: (host, name) => sent.push(["front", name]),
  };
  const share = new SourceShare(room, "server");
  const came = [];
  share.onchange = (...change) => came.push(change);
  const upToDate = () => share.passed({ kind: "call", time: 101 });
  const companyIs = (...others) => {
    room.members = [SELF, ...others];
    for (const listener of listeners) listener();
  };
  return { share, room, sent, came, upToDate, companyIs };
}

test("what is typed goes out when typing rests, the newest of it, and at once where a program runs", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { share, sent } = page();
  share.tell("a.py", "1");
  mock.timers.tick(1000);
  share.tell("a.py", "12");
  mock.timers.tick(1000);
  assert.deepEqual(sent, []);
  mock.timers.tick(300);
  assert.deepEqual(sent, [["a.py", "12"]]);
  share.tell("a.py", "123");
  share.flush();
  share.tell("a.py", "123");
  mock.timers.tick(5000);
  assert.deepEqual(sent, [["a.py", "12"], ["a.py", "123"]]);
});

test("what nobody has changed goes out as soon as somebody else is here, what stands in front first", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { share, sent, upToDate, companyIs } = page();
  for (let at = 0; at < 10; at += 1) share.offer(`p${at}.py`, `${at}`);
  share.front("p3.py");
  upToDate();
  assert.deepEqual(sent, [], "nobody would see it");
  companyIs({ id: 3, role: "viewer" });
  assert.deepEqual(sent[0], ["front", "p3.py"]);
  assert.equal(sent.length, 1 + 8, "a session may send so many at once");
  mock.timers.tick(1100);
  assert.equal(sent.length, 1 + 9);
  mock.timers.tick(1100);
  assert.equal(sent.length, 1 + 10);
});

test("only one page says what stands where: of two of the same person's the older", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { share, sent, upToDate, companyIs } = page();
  share.offer("a.py", "1");
  upToDate();
  companyIs(OWNER);
  mock.timers.tick(5000);
  assert.deepEqual(sent, []);
});

test("what the others changed comes in once, and takes the place of what was to go out", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { share, sent, came, upToDate } = page();
  upToDate();
  share.tell("a.py", "mine");
  const theirs = { host: "server", name: "a.py", text: "theirs", member: 3, by: "Ada" };
  share.heard(theirs);
  share.heard(theirs);
  share.heard({ ...theirs, host: "client", text: "elsewhere" });
  share.heard({ ...theirs, member: ME, text: "an echo of my own" });
  mock.timers.tick(5000);
  assert.deepEqual([came, sent], [[["a.py", "theirs", "Ada"]], []]);
});

test("what this page had sent before a reload the others have", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { share, sent, upToDate, companyIs } = page();
  share.offer("a.py", "1");
  share.heard({ host: "server", name: "a.py", text: "1", member: ME, by: null });
  upToDate();
  companyIs({ id: 3, role: "viewer" });
  mock.timers.tick(5000);
  assert.deepEqual(sent, []);
});
