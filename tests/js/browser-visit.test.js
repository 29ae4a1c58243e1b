// A visit's calls, with a program whose server is a function.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readAddress } from "../../web/browser/address.js";
import { REDIRECTS, Visit } from "../../web/browser/visit.js";
import { exchangeWords, progress, summary } from "../../web/browser/visit-words.js";
import { contentOf } from "../../web/browser/content.js";

const bytes = (text) => (typeof text === "string" ? new TextEncoder().encode(text) : text);
const failure = (name, errno, message) => Object.assign(new Error(message ?? name), { name: "SocketError", errno });

/**
 * A room whose servers answer by `serve(path, host)`: pieces to receive, an Error to fail with, or `null` to wait until
 * somebody stops it.
 */
function room(serve, { connect = () => {}, resolve = (host) => [host === "server" ? "10.0.0.1" : "10.0.0.3"] } = {}) {
  const calls = [];
  const open = new Set();
  const program = {
    id: 7,
    async getaddrinfo(host) {
      calls.push(`getaddrinfo ${host}`);
      return resolve(host).map((address) => ({ address }));
    },
    async socket(family) {
      calls.push(`socket ${family}`);
      let pieces = [];
      const socket = {
        async connect([address, port]) {
          calls.push(`connect ${address}:${port}`);
          await connect(address, port);
        },
        async send(data) {
          // A kernel that takes a little at a time.
          const taken = data.subarray(0, 50);
          const text = new TextDecoder().decode(taken);
          calls.push(`send ${taken.length}`);
          const path = /^GET (\S+)/.exec(text)?.[1];
          if (path) pieces = [...serve(path)];
          return taken.length;
        },
        recv(most, { signal }) {
          calls.push("recv");
          const piece = pieces.shift();
          if (piece instanceof Error) return Promise.reject(piece);
          if (piece !== null) return Promise.resolve(bytes(piece ?? ""));
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
        async close() {
          calls.push("close");
          open.delete(socket);
        },
      };
      open.add(socket);
      return socket;
    },
    async exit() {
      calls.push("exit");
    },
  };
  return { program, calls, open };
}

async function visited(typed, serve, options) {
  const there = room(serve, options);
  const visit = new Visit(async () => there.program, () => {});
  await visit.fetch(readAddress(typed).address, () => {});
  return { visit, ...there };
}

const page = (body, type = "text/html") => [`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${bytes(body).length}\r\n\r\n`, body];

test("a page is one connection, call by call", async () => {
  const { visit, calls, open } = await visited("server:6789/x", () => page("<h1>Hi</h1>"));
  assert.deepEqual(calls, ["getaddrinfo server", "socket AF_INET", "connect 10.0.0.1:6789", "send 50", "send 42", "recv", "recv", "close"]);
  assert.equal(visit.state, "done");
  assert.equal(open.size, 0);
  assert.equal(summary(visit, contentOf(visit.page.answer)), "200 OK · text/html · 11 bytes");
  assert.equal(exchangeWords(visit.page), "GET http://server:6789/x: 200 OK");
  assert.equal(new TextDecoder().decode(visit.page.request).length, 92);
});

test("a numeric host is not looked up", async () => {
  const { calls } = await visited("10.0.0.1", () => page("x"));
  assert.equal(calls[0], "socket AF_INET");
});

test("redirects are followed, each seen, five at most", async () => {
  const leads = (to) => [`HTTP/1.1 302 Found\r\nLocation: ${to}\r\n\r\n`, null];
  const some = await visited("server/1", (path) => (path === "/3" ? page("here") : leads(`/${Number(path.slice(1)) + 1}`)));
  assert.deepEqual(some.visit.exchanges.map(exchangeWords), ["GET http://server/1: 302 Found", "GET http://server/2: 302 Found", "GET http://server/3: 200 OK"]);
  assert.equal(some.visit.address, "http://server/3");
  assert.equal(some.open.size, 0);
  const endless = await visited("server/", () => leads("/"));
  assert.equal(endless.visit.state, "done");
  assert.equal(endless.visit.exchanges.length, REDIRECTS + 1);
  assert.match(endless.visit.notes[0], /sent this browser on 6 times, and it follows 5 times at most/);
  const elsewhere = await visited("server/", () => leads("https://server/"));
  assert.match(elsewhere.visit.notes[0], /leads on to “https:\/\/server\/”, which is not opened: .*not https/);
  const nowhere = await visited("server/", () => ["HTTP/1.1 301 Moved\r\n\r\n"]);
  assert.match(nowhere.visit.notes[0], /no header Location says where/);
});

test("a call that fails is the one that is named", async () => {
  const refused = await visited("server", () => [], { connect: () => Promise.reject(failure("ECONNREFUSED", 111)) });
  assert.equal(refused.visit.state, "failed");
  assert.deepEqual([refused.visit.failed.number, refused.visit.failed.name, refused.visit.failed.error.errno], [3, "connect", 111]);
  assert.equal(refused.open.size, 0);
  assert.equal(summary(refused.visit, null), "No page came.");
  const reset = await visited("server", () => ["HTTP/1.1 200 OK\r\n\r\nhal", failure("ECONNRESET", 104)]);
  assert.deepEqual([reset.visit.failed.name, reset.visit.failed.number], ["recv", 7]);
  assert.match(summary(reset.visit, null), /The answer broke off after 22 bytes/);
  const unknown = await visited("nobody", () => [], { resolve: () => { throw failure("EAI_NONAME", -2); } });
  assert.deepEqual([unknown.visit.failed.name, unknown.visit.failed.number], ["getaddrinfo", 1]);
});

test("the next address of a name is tried", async () => {
  const connect = (address) => (address === "10.0.0.8" ? Promise.reject(failure("ETIMEDOUT", 110)) : undefined);
  const { visit, calls, open } = await visited("two", () => page("x"), { connect, resolve: () => ["10.0.0.8", "10.0.0.1"] });
  assert.equal(visit.state, "done");
  assert.equal(visit.failed, null);
  assert.equal(open.size, 0);
  assert.equal(calls.filter((call) => call.startsWith("connect")).length, 2);
});

test("a server that never answers is waited for, and stopped", async () => {
  const there = room(() => [null]);
  const visit = new Visit(async () => there.program, () => {});
  const fetching = visit.fetch(readAddress("server").address, () => {});
  while (visit.doing?.name !== "recv") await null;
  assert.match(progress(visit, "", visit.doing.since + 4100), /^The request is sent. Waiting 4\.1 s for the first byte of the answer\.$/);
  visit.stop();
  await fetching;
  assert.equal(visit.state, "stopped");
  assert.equal(there.calls.at(-1), "close");
  assert.equal(summary(visit, null), "Stopped. Nothing had come.");
  const early = new Visit(async () => there.program, () => {});
  early.stop();
  await early.fetch(readAddress("server").address, () => {});
  assert.equal(early.state, "stopped");
});

test("of a page that is 50 MB two are read, and of one without end as much", async () => {
  const piece = new Uint8Array(65_536).fill(120);
  for (const head of ["HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 52428800\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "no head"]) {
    const { visit, calls, open } = await visited("server", () => [head, ...Array.from({ length: 800 }, () => piece)]);
    assert.equal(visit.state, "done");
    assert.ok(calls.filter((call) => call === "recv").length < 40);
    assert.equal(calls.at(-1), "close");
    assert.equal(open.size, 0);
    assert.ok(visit.page.answer.notes.some((note) => /reads at most 2 MiB/.test(note)));
    assert.ok(visit.page.answer.raw.length < 2.1 * 1024 * 1024);
  }
});

test("pictures that lie where the page does are asked for, once each", async () => {
  const dot = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
  const asked = [];
  const serve = (path) => {
    asked.push(path);
    if (path === "/gone.png") return ["HTTP/1.1 404 Not Found\r\n\r\n"];
    if (path === "/text.png") return page("no", "text/plain");
    if (path === "/reset.png") return [failure("ECONNRESET", 104)];
    if (path === "/large.png") return ["HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", ...Array.from({ length: 40 }, () => new Uint8Array(65_536))];
    return page(dot, "image/png");
  };
  const { visit, open } = await visited("server:80/dir/page", serve);
  const links = ["a.png", "/dir/a.png", "a.png#x", "/gone.png", "/text.png", "/reset.png", "/large.png", "http://client/x.png", "https://server/y.png", "data:image/png;base64,AA", "b.png", "c.png", "d.png", "e.png"];
  const fetched = await visit.pictures(links, visit.address);
  assert.deepEqual([...fetched.keys()], ["a.png", "/dir/a.png", "a.png#x", "b.png", "c.png", "d.png"]);
  assert.equal(fetched.get("a.png"), "data:image/png;base64,iVBORw==");
  assert.deepEqual(asked, ["/dir/page", "/dir/a.png", "/gone.png", "/text.png", "/reset.png", "/large.png", "/dir/b.png", "/dir/c.png", "/dir/d.png"]);
  assert.equal(open.size, 0);
  assert.equal(visit.state, "done");
  assert.equal(visit.page.what, "page");
  for (const words of [/gone.png is not shown: the server says 404 Not Found\./, /text.png is not shown: its Content-Type is text\/plain/, /reset.png is not shown: the call/, /large.png is not shown: .*at most 1 MiB/, /^2 pictures of other places were not asked for/, /^1 picture more was not asked for: 8/]) {
    assert.ok(visit.pictureNotes.some((note) => words.test(note)), `${words} in ${JSON.stringify(visit.pictureNotes)}`);
  }
});
