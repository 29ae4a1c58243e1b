// The output of a program that has no shared memory with its page: the page says by messages what it has taken, and the
// program sends no more than that allows. Both ends as they are, without a worker between them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Messages } from "../../web/py/messages.js";
import { Run } from "../../web/client/run.js";

const STDOUT = 1;
const CREDIT = 64 * 1024;
const PIECE = 64 * 1024;

// In a page that nobody sees, output is not held back to be shown less often.
globalThis.document = { hidden: true };

/** A program and its page's run of it, which hear each other at once. */
function program() {
  let waiting = [];
  const stacks = { settle: (n) => waiting.push(n), notifySoon() {}, interrupt() {}, cancel: null };
  const interpreter = { ready: Promise.resolve(), progress: { loaded: 0, total: 0, ready: true }, end() {}, tell: (message) => messages.receive(message) };
  const messages = new Messages({
    port: { postMessage() {} },
    tell: (news) => interpreter.onnews(news),
    transcript: { add() {}, send() {} },
    stacks,
  });
  const run = new Run({
    port: { tell() {} },
    program: { id: 1, name: "long.py", host: { name: "client" }, exit: async () => {} },
    interpreter,
    source: "",
    args: [],
    files: [],
  });
  const woken = () => waiting.splice(0);
  return { messages, run, interpreter, woken };
}

test("a line of 6 MB waits for its reader and comes whole", async () => {
  const { messages, run, interpreter, woken } = program();
  const line = new TextEncoder().encode(Array.from({ length: 750_000 }, (_, n) => `${String(n).padStart(7, "0")} `).join("") + "\n");
  let sent = 0;
  const write = () => {
    const taken = messages.write(STDOUT, line.subarray(sent));
    sent += taken;
    return taken;
  };
  while (write() > 0);
  assert.ok(sent > 0 && sent <= CREDIT + PIECE, `${sent} bytes for nobody`);

  let text = "";
  let waits = 1;
  messages.awaitRoom(waits);
  const reader = run.output[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await reader.next();
    if (done) break;
    text += value.text;
    // The page says what it has taken as it takes the next: the program has its turn then.
    for (const n of woken()) {
      assert.equal(n, waits, "who waited is woken once");
      const before = sent;
      while (write() > 0);
      assert.ok(sent - before <= CREDIT + PIECE);
      if (sent < line.length) messages.awaitRoom((waits += 1));
      else interpreter.onnews({ ended: { status: "exited", code: 0, error: null } });
    }
  }
  assert.ok(waits > 30, `it waited ${waits} times`);
  assert.equal(text.length, line.length);
  assert.equal(text, new TextDecoder().decode(line));
});

test("bytes that nobody has taken count, whichever stream they are of", () => {
  const { messages } = program();
  assert.equal(messages.write(STDOUT, new Uint8Array(CREDIT)), CREDIT);
  assert.equal(messages.write(2, new Uint8Array(1)), 1, "the last piece may go beyond the credit");
  assert.equal(messages.write(2, new Uint8Array(1)), 0);
  messages.receive({ do: "taken", bytes: 1 });
  assert.equal(messages.write(STDOUT, new Uint8Array(1)), 1);
  assert.equal(messages.write(STDOUT, new Uint8Array(1)), 0);
});
