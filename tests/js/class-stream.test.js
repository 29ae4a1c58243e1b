// The stream by which a class's pages hear, against a server that falls silent as a network does that went away: nothing is closed.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mock, test } from "node:test";
import { hear } from "../../web/class/ask.js";

/** A server whose connections answer so, one after the other. @param {((answer: import("node:http").ServerResponse) => void)[]} answers */
async function serving(answers) {
  const server = createServer((_, answer) => answers.shift()?.(answer));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { path: `http://127.0.0.1:${port}/c/a-x/seat`, close: () => (server.closeAllConnections(), server.close()) };
}

test("a link that goes silent is given up after 30 s, that is said, and another one is made", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {import("node:http").ServerResponse[]} */
  const silent = [];
  const { path, close } = await serving([
    // The second is held before its head, as by something that takes everything and passes nothing on.
    (answer) => (silent.push(answer), answer.write('{"seat":1}\n')),
    (answer) => silent.push(answer),
    (answer) => answer.end('{"seat":2}\n{"over":"closed"}\n'),
  ]);
  /** @type {string[]} */
  const told = [];
  /** @type {(() => void)[]} */
  const waiting = [];
  /** @param {string} what */
  const tell = (what) => (told.push(what), waiting.splice(0).forEach((go) => go()));
  /** @param {string} what */
  const until = async (what) => {
    while (!told.includes(what)) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
  };
  const end = hear(path, "key", { heard: (line) => tell(`seat ${line.seat}`), broken: (isBroken) => tell(isBroken ? "broken" : "whole") });
  try {
    await until("seat 1");
    // With each sign 30 s begin anew.
    mock.timers.tick(29_000);
    silent[0].write('{"seat":3}\n');
    await until("seat 3");
    mock.timers.tick(29_999);
    assert.equal(silent[0].destroyed, false);
    const gone = new Promise((resolve) => silent[0].once("close", resolve));
    mock.timers.tick(1);
    await until("broken");
    await gone;
    assert.deepEqual(told.splice(0), ["whole", "seat 1", "seat 3", "broken"]);
    mock.timers.tick(500);
    while (silent.length < 2) await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(30_000);
    await until("broken");
    mock.timers.tick(1000);
    assert.equal(await end, "closed");
    assert.deepEqual(told, ["broken", "whole", "seat 2"]);
  } finally {
    mock.timers.reset();
    close();
  }
});
