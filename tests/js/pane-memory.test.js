// The ring that carries a program's output, and the one answer that its calls wait for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { PaneMemory } from "../../web/py/pane-memory.js";

const STDOUT = 1;
const STDERR = 2;
const bytes = (length, seed = 0) => Uint8Array.from({ length }, (_, at) => (at * 7 + seed) & 0xff);
const joined = (pieces) => Buffer.concat(pieces.map((piece) => piece.bytes));

test("output comes out as it went in, piece by piece, with its stream", () => {
  const memory = new PaneMemory();
  assert.deepEqual(memory.readOutput(), []);
  assert.deepEqual(memory.write(STDOUT, bytes(3)), { taken: 3, tell: true });
  assert.deepEqual(memory.write(STDERR, bytes(5, 9)), { taken: 5, tell: false }, "the page knows already that there is something");
  const pieces = memory.readOutput();
  assert.deepEqual(pieces.map(({ stream }) => stream), [STDOUT, STDERR]);
  assert.deepEqual(pieces.map(({ bytes }) => bytes), [bytes(3), bytes(5, 9)]);
  assert.equal(memory.write(STDOUT, bytes(1)).tell, true, "it has looked: it is to be told again");
});

test("a full ring takes no more until somebody reads, and nothing is lost at its end", () => {
  const memory = new PaneMemory();
  let [sent, read] = [[], []];
  // Many times its size, in pieces that never fit its end evenly.
  for (let round = 0; round < 400; round += 1) {
    let piece = bytes(1 + ((round * 997) % 5000), round);
    while (piece.length > 0) {
      const { taken } = memory.write(STDOUT, piece);
      sent.push({ bytes: piece.slice(0, taken) });
      piece = piece.subarray(taken);
      if (taken === 0) read.push(...memory.readOutput());
    }
  }
  read.push(...memory.readOutput());
  assert.ok(joined(sent).length > 10 * 65536);
  assert.ok(joined(sent).equals(joined(read)));
});

test("a ring that nobody reads is full for good, and an interruption wakes whoever waits for room", () => {
  const memory = new PaneMemory();
  while (memory.write(STDOUT, bytes(4096)).taken > 0);
  assert.deepEqual(memory.write(STDOUT, bytes(1)), { taken: 0, tell: false });
  memory.interrupt();
  // Returns at once: it would wait for a minute otherwise, and the test for longer than it may.
  memory.waitForRoom(60_000);
  assert.equal(memory.takeInterrupt(), true);
  assert.equal(memory.takeInterrupt(), false);
});

test("an answer is for who waits, once", () => {
  const memory = new PaneMemory();
  assert.equal(memory.answerAsked("early"), false, "nobody has asked");
  memory.beginAsking();
  memory.answerCall("another's");
  assert.equal(memory.answerAsked("yes", bytes(4)), true);
  assert.equal(memory.answerAsked("twice"), false);
  assert.equal(memory.wait(0), true);
  assert.deepEqual(memory.take(), { text: "yes", bytes: bytes(4) });
  assert.equal(memory.take(), null);
});

test("an interruption ends what the page was asked, and no call", () => {
  const memory = new PaneMemory();
  memory.beginAsking();
  memory.interrupt();
  assert.equal(memory.wait(0), true);
  assert.equal(memory.take(), null);
  memory.takeInterrupt();
  memory.beginCall();
  memory.interrupt();
  assert.equal(memory.wait(0), false, "a call ends with its own answer");
  memory.answerCall("EINTR");
  assert.equal(memory.take()?.text, "EINTR");
});

test("an answer larger than an answer can be is refused", () => {
  const memory = new PaneMemory();
  memory.beginCall();
  assert.throws(() => memory.answerCall("", new Uint8Array(2 * 1024 * 1024)), RangeError);
});

test("a sleeping worker is woken by its answer", async () => {
  const memory = new PaneMemory();
  memory.beginCall();
  const code = `
    import { parentPort, workerData } from "node:worker_threads";
    const { PaneMemory } = await import(workerData.module);
    const memory = new PaneMemory(workerData.buffer);
    parentPort.postMessage("there");
    parentPort.postMessage(memory.wait(60_000) ? memory.take().text : "nobody came");
  `;
  const module = new URL("../../web/py/pane-memory.js", import.meta.url).href;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const worker = new Worker(url, { workerData: { module, buffer: memory.buffer } });
  const said = await new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("message", (message) => (message === "there" ? memory.answerCall("good morning") : resolve(message)));
  });
  assert.equal(said, "good morning");
  await worker.terminate();
});
