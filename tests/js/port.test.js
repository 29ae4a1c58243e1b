// Requests to the client's worker: each has one answer, whatever comes between.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Port } from "../../web/client/port.js";

const EINTR = { class: "errno", errno: 4, name: "EINTR", message: "Interrupted", sentence: "", hint: "", taken: 0 };

function connected() {
  const sent = [];
  const way = { postMessage: (message) => sent.push(message), onmessage: null };
  return { port: new Port(way), sent, hear: (data) => way.onmessage({ data }) };
}

test("answers find who asked, in whatever order they come, and once", async () => {
  const { port, sent, hear } = connected();
  const [one, other] = [port.ask("one", { do: "a" }), port.ask("other", { do: "b" })];
  assert.deepEqual(sent, [{ do: "a", n: 1 }, { do: "b", n: 2 }]);
  hear({ n: 2, ok: "second" });
  hear({ n: 1, ok: "first" });
  hear({ n: 1, ok: "again" });
  hear({ n: 9, ok: "nobody's" });
  assert.deepEqual([(await one).ok, (await other).ok], ["first", "second"]);
});

test("what was cancelled ends with what really happened", async () => {
  const { port, sent, hear } = connected();
  const controller = new AbortController();
  const late = port.ask("recv", { do: "recv" }, controller.signal);
  controller.abort(new Error("enough"));
  assert.deepEqual(sent.at(-1), { do: "cancel", of: 1 });
  hear({ n: 1, ok: "it had come" });
  assert.equal((await late).ok, "it had come");

  const again = new AbortController();
  const interrupted = port.ask("recv", { do: "recv" }, again.signal);
  again.abort(new Error("enough"));
  hear({ n: 2, error: EINTR });
  await assert.rejects(interrupted, /enough/);
  await assert.rejects(port.ask("recv", { do: "recv" }, again.signal), /enough/, "it is not even asked");
  assert.equal(sent.length, 4);
});

test("an interruption after some bytes is told as such, and one that nobody asked for too", async () => {
  const { port, hear } = connected();
  const controller = new AbortController();
  const sending = port.ask("sendall", { do: "send" }, controller.signal);
  controller.abort(new Error("enough"));
  hear({ n: 1, error: { ...EINTR, taken: 10 } });
  await assert.rejects(sending, { name: "SocketError", taken: 10 });
  const other = port.ask("recv", { do: "recv" });
  hear({ n: 2, error: EINTR });
  await assert.rejects(other, { name: "SocketError", errno: 4 });
});

test("where there is nobody to answer any more, all that waits fails; news are no answers", async () => {
  const { port, hear } = connected();
  const news = [];
  port.onnews = (one) => news.push(one);
  hear({ news: { type: "open" } });
  const waits = [port.ask("a", {}), port.ask("b", {})];
  port.fail(new Error("over"));
  for (const one of waits) await assert.rejects(one, /over/);
  hear({ n: 1, ok: "late" });
  assert.deepEqual(news, [{ type: "open" }]);
});
