// What the browser keeps of somebody's files, over a reload and for the next visit.
import "./rust.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FOLDER_FILES } from "../../web/py/vocabulary.js";

function storage() {
  const all = new Map();
  return {
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, value) => void all.set(key, value),
    removeItem: (key) => void all.delete(key),
  };
}

globalThis.localStorage = storage();
globalThis.sessionStorage = storage();
const { CodeStore, isCode } = await import("../../web/program/code-store.js");

beforeEach(() => {
  globalThis.localStorage = storage();
  globalThis.sessionStorage = storage();
});

test("one's own code is there after a reload, at the next visit, and in another room", () => {
  const store = new CodeStore("room", null);
  store.keep("server", "server.py", "mine", false);
  store.open("server", "server.py");
  store.keepArguments("server", "server.py", "-v 1");
  for (const again of [new CodeStore("room", null), new CodeStore("another", null)]) {
    assert.deepEqual(again.machine("server").files, { "server.py": "mine" });
    assert.equal(again.argumentsOf("server", "server.py"), "-v 1");
    assert.equal(again.isKept, true);
  }
});

test("a room that came with somebody's copy keeps its code to itself", () => {
  new CodeStore("room", null).keep("server", "server.py", "mine", false);
  const copied = new CodeStore("copy", { server: { open: "server.py", files: { "server.py": "theirs" } } });
  copied.keep("server", "server.py", "theirs, changed", false);
  assert.equal(copied.isKept, false);
  assert.equal(new CodeStore("copy", null).machine("server").files["server.py"], "theirs, changed");
  assert.equal(new CodeStore("copy", null).isKept, false, "also after a reload");
  assert.equal(new CodeStore("third", null).machine("server").files["server.py"], "mine");
});

test("large texts and bytes stand elsewhere, under their names; a copy says what it leaves out", () => {
  const store = new CodeStore("room", null);
  store.keep("server", "a.py", "x".repeat(256 * 1024 + 1), false);
  store.keep("server", "b.bin", Uint8Array.of(1), true);
  store.keep("server", "c.py", "small", true);
  assert.deepEqual(store.machine("server").large, ["a.py", "b.bin"]);
  const { code, left } = store.code;
  assert.deepEqual(left, ["a.py on server", "b.bin on server"]);
  assert.deepEqual([Object.keys(code.server.files), code.server.untouched, isCode(code)], [["c.py"], ["c.py"], true]);
  store.keep("server", "a.py", "short now", false);
  assert.deepEqual(store.machine("server").large, ["b.bin"]);
});

test("a file keeps its place, its arguments and its tab under a new name, and all of it goes with it", () => {
  const store = new CodeStore("room", null);
  for (const file of ["a.py", "b.py"]) store.keep("server", file, file, true);
  store.open("server", "a.py");
  store.keepArguments("server", "a.py", "1");
  store.rename("server", "a.py", "z.py");
  const { files, untouched, open } = store.machine("server");
  assert.deepEqual([Object.keys(files), untouched, open, store.argumentsOf("server", "z.py")], [["z.py", "b.py"], ["z.py", "b.py"], "z.py", "1"]);
  store.remove("server", "z.py");
  assert.deepEqual([store.has("server", "z.py"), store.argumentsOf("server", "z.py")], [false, ""]);
});

test("a machine has so many files and no more", () => {
  const store = new CodeStore("room", null);
  for (let at = 0; at <= FOLDER_FILES; at += 1) store.keep("server", `p${at}.py`, "", false);
  assert.equal(Object.keys(store.machine("server").files).length, FOLDER_FILES);
  store.keep("server", "p0.py", "changed", false);
  assert.equal(store.machine("server").files["p0.py"], "changed");
});

test("what a storage gives back is looked at: another page of this address, or an older one, may have left it", () => {
  const good = { open: "a.py", files: { "a.py": "1" } };
  const bad = [
    null,
    [],
    { server: null },
    { server: { ...good, open: 1 } },
    { server: { ...good, files: { "../a.py": "1" } } },
    { server: { ...good, files: { "a.py": 1 } } },
    { server: { ...good, untouched: ["b.py"] } },
    { server: { ...good, large: ["/etc/passwd"] } },
    { server: { ...good, arguments: { "b.py": "x" } } },
    { server: { ...good, arguments: { "a.py": "x".repeat(5000) } } },
    Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`m${at}`, good])),
  ];
  for (const code of bad) {
    assert.equal(isCode(code), false, JSON.stringify(code)?.slice(0, 80));
    localStorage.setItem("wireside.code", JSON.stringify({ code }));
    assert.equal(new CodeStore("room", null).machine("server"), null);
    sessionStorage.removeItem("wireside.code.room");
  }
  assert.equal(isCode({ server: good }), true);
});
