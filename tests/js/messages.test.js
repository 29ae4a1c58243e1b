// What a program waits for by messages: lines of input, and at a prompt what the page asks meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Messages } from "../../web/py/messages.js";

const bytes = (text) => new TextEncoder().encode(text);

/** Messages whose waits end once each, and which of them have. */
function program() {
  const waits = new Set();
  const ended = [];
  const settle = (n) => waits.delete(n) && ended.push(n) > 0;
  const stacks = { settle, notifySoon() {}, cancel: null };
  const messages = new Messages({ port: { postMessage() {} }, tell() {}, transcript: { send() {} }, stacks });
  const wait = (n, how) => {
    waits.add(n);
    messages[how](n);
  };
  return { messages, ended, wait };
}

test("a question ends the prompt's wait, and the line after it the next one", () => {
  const { messages, ended, wait } = program();
  wait(1, "awaitPrompt");
  messages.receive({ do: "ask", question: "first" });
  assert.deepEqual(ended, [1]);
  assert.equal(messages.question(), "first");
  assert.equal(messages.question(), undefined);
  wait(2, "awaitPrompt");
  messages.receive({ do: "input", bytes: bytes("x\n") });
  assert.deepEqual(ended, [1, 2]);
  assert.equal(messages.question(), undefined);
  assert.deepEqual(messages.line(), bytes("x\n"));
});

test("a question that comes while nobody is at the prompt waits there, and the newest counts", () => {
  const { messages, ended, wait } = program();
  messages.receive({ do: "ask", question: "old" });
  messages.receive({ do: "ask", question: "new" });
  wait(1, "awaitPrompt");
  assert.deepEqual(ended, [1]);
  assert.equal(messages.question(), "new");
});

test("a question is never taken for a line, also where another thread waits for one", () => {
  const { messages, ended, wait } = program();
  wait(1, "awaitPrompt");
  wait(2, "awaitLine");
  messages.receive({ do: "ask", question: "names" });
  assert.deepEqual(ended, [1]);
  messages.question();
  wait(3, "awaitPrompt");
  messages.receive({ do: "input", bytes: bytes("for the thread\n") });
  // Who has waited longest has it.
  assert.deepEqual(ended, [1, 2]);
});
