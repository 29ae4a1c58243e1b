import assert from "node:assert/strict";
import { test } from "node:test";
import { patiently } from "../../web/base/patience.js";

/** Answers one after the other, and what was waited between. @param {Response[]} answers */
function asked(answers) {
  /** @type {number[]} */
  const waits = [];
  const ask = async () => answers.shift() ?? assert.fail("asked once more");
  const answer = patiently(ask, async (seconds) => void waits.push(seconds));
  return { answer, waits };
}

/** @param {number} status @param {Record<string, string>} headers */
const answer = (status, headers = {}) => new Response("", { status, headers });

test("what the server has room for is asked once", async () => {
  for (const status of [200, 404, 422, 500]) {
    const { answer: given, waits } = asked([answer(status)]);
    assert.equal((await given).status, status);
    assert.deepEqual(waits, []);
  }
});

test("a server that is full is asked again, not before it says", async () => {
  const full = () => answer(429, { "Retry-After": "5" });
  const { answer: given, waits } = asked([full(), full(), answer(200)]);
  assert.equal((await given).status, 200);
  assert.equal(waits.length, 2);
  assert.ok(waits.every((seconds) => seconds >= 5 && seconds <= 7.5), `${waits}`);
});

test("it ends after a while, with what the server said", async () => {
  const { answer: given, waits } = asked(Array.from({ length: 100 }, () => answer(503, { "Retry-After": "1" })));
  assert.equal((await given).status, 503);
  const all = waits.reduce((sum, seconds) => sum + seconds, 0);
  assert.ok(all <= 60 && waits.length >= 4 && waits.length <= 6, `${waits}`);
});

test("a server that names no time is away for longer", async () => {
  const { answer: given, waits } = asked([answer(503)]);
  assert.equal((await given).status, 503);
  assert.deepEqual(waits, []);
  const long = asked([answer(503, { "Retry-After": "3600" })]);
  assert.equal((await long.answer).status, 503);
  assert.deepEqual(long.waits, []);
});
