// What is done with a machine's files, with their real rules (Rust) and panes that only hold text.
import "./rust.js";
import assert from "node:assert/strict";
import { test } from "node:test";

import { FileActions } from "../../web/program/file-actions.js";
import { MachineFiles } from "../../web/program/machine-files.js";
import { FOLDER_FILES, FOLDER_FILE_BYTES } from "../../web/py/vocabulary.js";

const bytes = (text) => new TextEncoder().encode(text);

class ProgramPane {
  control = { isRunning: false };
  constructor(text, original) {
    Object.assign(this, { text, original });
  }
  get isEdited() {
    return this.text !== this.original;
  }
  put(text) {
    this.text = this.original = text;
  }
  written(text) {
    this.text = text;
  }
  focus() {}
  end() {}
}

class DataPane {
  constructor(bytes, untouched) {
    Object.assign(this, { bytes, isEdited: !untouched });
  }
  get content() {
    return this.bytes;
  }
  put(bytes) {
    Object.assign(this, { bytes, isEdited: true });
  }
  focus() {}
  end() {}
}

/** A machine's files with what its front shows and what was said. */
function machine() {
  const kept = new Map();
  const store = {
    keep: (_, file, content) => kept.set(file, content),
    has: (_, file) => kept.has(file),
    remove: (_, file) => kept.delete(file),
    rename(_, file, name) {
      if (kept.has(file)) kept.set(name, kept.get(file));
      kept.delete(file);
    },
    together: (changes) => changes(),
  };
  const files = new MachineFiles({
    store,
    part: "server",
    programPane: (_, text, original) => new ProgramPane(text, original),
    dataPane: (_, content, untouched) => new DataPane(content, untouched),
  });
  const shown = { front: "By hand", said: [], undo: null, gone: [] };
  const front = {
    chosen: () => shown.front,
    open: (name) => (shown.front = name),
    gone: (...names) => shown.gone.push(names),
    draw() {},
  };
  const say = (text, { actions = [] } = {}) => {
    shown.said.push(text);
    shown.undo = actions[0]?.run ?? null;
  };
  return { files, kept, shown, actions: new FileActions({ host: "server", files, front, say }) };
}

test("a program is put in place of one of its name, or beside somebody's own work", () => {
  const { actions, files, kept, shown } = machine();
  assert.equal(actions.put("server.py", "first", false), "server.py");
  assert.equal(actions.put("server.py", "second", true), "server.py", "nobody has changed it");
  files.programs.get("server.py").text = "mine";
  assert.equal(actions.put("server.py", "third", true), "server-2.py");
  assert.equal(actions.put("server.py", "fourth", false), "server.py");
  assert.deepEqual([...kept], [["server.py", "fourth"], ["server-2.py", "third"]]);
  assert.equal(shown.front, "server.py");
});

test("a deleted file can be had back as it was, also where its name has been taken meanwhile", () => {
  const { actions, files, kept, shown } = machine();
  actions.put("a.py", "one", false);
  actions.put("b.py", "two", false);
  shown.front = "a.py";
  actions.remove("a.py");
  assert.deepEqual([shown.front, shown.gone, kept.has("a.py")], ["b.py", [["a.py", "b.py"]], false]);
  assert.equal(shown.said.at(-1), "a.py on server is deleted.");
  const { undo } = shown;
  actions.put("a.py", "other", false);
  undo();
  assert.deepEqual([files.text("a-2.py"), files.isEdited("a-2.py"), shown.said.at(-1)], ["one", false, "a-2.py is back."]);
});

test("a file that runs is neither deleted nor renamed, also not by a program", () => {
  const { actions, files } = machine();
  actions.put("a.py", "one", false);
  files.programs.get("a.py").control.isRunning = true;
  actions.remove("a.py");
  actions.rename("a.py", "b.py");
  assert.deepEqual(actions.changedByProgram("c.py", { files: [], removed: ["a.py", "never.txt"], left: [] }), []);
  assert.deepEqual(files.names, ["a.py"]);
});

test("a new name keeps the place among the others, and is none that a file cannot have", () => {
  const { actions, files, shown } = machine();
  for (const name of ["a.py", "b.py", "c.py"]) actions.put(name, name, false);
  actions.rename("a.py", "../a.py");
  actions.rename("a.py", "c.py");
  assert.deepEqual(files.names, ["a.py", "b.py", "c.py"]);
  actions.rename("a.py", "z.py");
  assert.deepEqual([files.names, files.text("z.py"), shown.gone], [["z.py", "b.py", "c.py"], "a.py", [["a.py", "z.py"]]]);
});

test("what a program wrote is here, is new until somebody looks, and what cannot be here is said", () => {
  const { actions, files, shown } = machine();
  shown.front = "seen.txt";
  const said = actions.changedByProgram("a.py", {
    files: [
      { name: "seen.txt", bytes: bytes("1") },
      { name: "new.txt", bytes: bytes("2") },
      { name: "large.bin", bytes: new Uint8Array(FOLDER_FILE_BYTES + 1) },
    ],
    removed: [],
    left: [{ name: "folder", why: "folder", size: 0 }],
  });
  assert.deepEqual(files.names, ["seen.txt", "new.txt"]);
  assert.deepEqual([actions.isUnseen("seen.txt"), actions.isUnseen("new.txt")], [false, true]);
  actions.seen("new.txt");
  assert.equal(actions.isUnseen("new.txt"), false);
  assert.equal(said.length, 2);
  assert.match(said[0], /^the folder folder\./);
  assert.match(said[1], /large\.bin/);
});

test("files that a program brings from another machine: copied, one's own, or without room", () => {
  const { actions, files } = machine();
  actions.put("same.py", "same", false);
  actions.put("mine.py", "mine", false);
  const lent = [
    { name: "same.py", bytes: bytes("same") },
    { name: "mine.py", bytes: bytes("theirs") },
    ...Array.from({ length: FOLDER_FILES }, (_, at) => ({ name: `data${at}.txt`, bytes: bytes("x") })),
  ];
  const [copied, own, left] = actions.lend(lent);
  assert.equal(copied, `With it went data0.txt, data1.txt, data2.txt and ${FOLDER_FILES - 2 - 3} more.`);
  assert.equal(own, "server keeps its own mine.py.");
  assert.equal(left, `There was no room for data${FOLDER_FILES - 2}.txt, data${FOLDER_FILES - 1}.txt.`);
  assert.equal(files.text("mine.py"), "mine");
});

test("files from a computer: all that can be taken, and a sentence for each that cannot", async () => {
  const { actions, files, shown } = machine();
  const file = (name, content) => new File([content], name);
  await actions.bringAll([file("a.py", "1\r\n"), file("b.txt", "2"), file("bad.py", new Uint8Array([0xff]))], ["music"]);
  assert.deepEqual([files.text("a.py"), files.names, shown.front], ["1\n", ["a.py", "b.txt"], "a.py"]);
  assert.equal(
    shown.said.at(-1),
    "2 files are on server now. music is a folder: open it and bring its files. bad.py is no text in UTF-8.",
  );
  await actions.bringAll([], ["a", "b", "c", "d", "e"]);
  assert.match(shown.said.at(-1), /And 2 more could not be taken\.$/);
});

test("where there is no room nothing is made, and that is said", () => {
  const { actions, files, shown } = machine();
  for (let at = 0; at < FOLDER_FILES; at += 1) actions.put(`p${at}.py`, "", false);
  assert.throws(() => actions.put("more.py", "", false));
  assert.notEqual(actions.noRoomFor(), undefined);
  actions.make("more.py");
  actions.duplicate("p0.py");
  assert.equal(files.names.length, FOLDER_FILES);
  assert.equal(shown.said.length, 2);
});
