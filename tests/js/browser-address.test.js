// Addresses of the room's browser: what is typed, where links lead, what is offered.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readAddress, resolveLink, suggestions } from "../../web/browser/address.js";
import { requestFor } from "../../web/browser/request.js";

const opened = (typed) => {
  const { address, fault } = readAddress(typed);
  assert.equal(fault, undefined, typed);
  return address;
};

test("an address is typed with its scheme or without", () => {
  for (const [typed, text, host, port, target] of [
    ["http://server:6789/HelloWorld.html", "http://server:6789/HelloWorld.html", "server", 6789, "/HelloWorld.html"],
    ["server:6789/HelloWorld.html", "http://server:6789/HelloWorld.html", "server", 6789, "/HelloWorld.html"],
    ["  server  ", "http://server/", "server", 80, "/"],
    ["server:80", "http://server/", "server", 80, "/"],
    ["localhost:8000/?a=1&b=ü#part", "http://localhost:8000/?a=1&b=%C3%BC#part", "localhost", 8000, "/?a=1&b=%C3%BC"],
    ["10.0.0.1:99/a b", "http://10.0.0.1:99/a%20b", "10.0.0.1", 99, "/a%20b"],
    ["HTTP://SERVER/A/../B", "http://server/B", "server", 80, "/B"],
    ["[::1]:8080", "http://[::1]:8080/", "::1", 8080, "/"],
    ["http://server/%0d%0aX:%20y", "http://server/%0d%0aX:%20y", "server", 80, "/%0d%0aX:%20y"],
  ]) {
    const address = opened(typed);
    assert.deepEqual([address.text, address.host, address.port, address.target], [text, host, port, target], typed);
  }
});

test("what cannot be opened is said in a sentence", () => {
  for (const [typed, words] of [
    ["", /at least a machine/],
    ["/HelloWorld.html", /Which machine\? An address begins with one: http:\/\/server\/HelloWorld.html/],
    ["https://server/", /opens http:\/\/ only, not https:\/\/: what goes over this wire is there to be read/],
    ["ftp://server/", /not ftp:/],
    ["javascript:alert(1)", /runs none/],
    ["mailto:a@b", /not mailto:/],
    ["file:///etc/passwd", /not file:/],
    ["server:99999/", /from 1 to 65535/],
    ["server:six/", /from 1 to 65535/],
    ["server:0/", /port 0/],
    ["http://", /at least a machine/],
    ["http://a b/", /no address/],
    ["http://ada:secret@server/", /no names and passwords/],
    [`server/${"x".repeat(3000)}`, /at most 2048/],
  ]) {
    const { address, fault } = readAddress(typed);
    assert.equal(address, undefined, typed);
    assert.match(fault, words, typed);
  }
});

test("the request has what the address says, and cannot have more", () => {
  const text = (typed) => new TextDecoder().decode(requestFor(opened(typed)));
  assert.equal(text("server:6789/a?b"), "GET /a?b HTTP/1.1\r\nHost: server:6789\r\nUser-Agent: Wireside\r\nAccept: */*\r\nConnection: close\r\n\r\n");
  assert.match(text("server"), /^GET \/ HTTP\/1.1\r\nHost: server\r\n/);
  // An end of a line within an address is taken out or written as %0D%0A: it makes no header.
  assert.equal(text("server/a\r\nEvil: 1").split("\r\n").length, 7);
});

test("links are relative to the page, and only http is opened", () => {
  const base = "http://server:6789/a/page.html?x";
  for (const [link, text] of [
    ["next.html", "http://server:6789/a/next.html"],
    ["/top", "http://server:6789/top"],
    ["?y", "http://server:6789/a/page.html?y"],
    ["//client:99/z", "http://client:99/z"],
    ["http://tutorial/", "http://tutorial/"],
  ]) {
    assert.equal(resolveLink(link, base).address?.text, text);
  }
  for (const link of ["https://server/", "javascript:alert(1)", "data:text/html,x", "http://", "http://x:99999/", "/".repeat(5000)]) {
    assert.match(resolveLink(link, base).fault, /./, link);
  }
});

test("where somebody listens is offered, other machines first", () => {
  const socket = (local, program = "server.py", listens = true) => ({ local, program, listens });
  const machine = (name, sockets, { own = false, readyMade = false } = {}) => ({ name, address: "10.0.0.9", own, readyMade, sockets });
  const found = suggestions([
    machine("client", [socket("127.0.0.1:8000"), socket("0.0.0.0:9000", "By hand")], { own: true }),
    machine("server", [socket("0.0.0.0:6789"), socket("0.0.0.0:6789"), socket("10.0.0.1:80", null), socket("127.0.0.1:5000"), socket("10.0.0.1:6789", "x", false), socket("*")]),
    machine("tutorial", [socket("10.0.0.3:7")], { readyMade: true }),
  ]);
  assert.deepEqual(found, [
    { text: "http://server:6789/", words: "server.py listens on server" },
    { text: "http://server/", words: "a socket listens on server" },
    { text: "http://localhost:8000/", words: "server.py listens on client" },
    { text: "http://client:9000/", words: "a socket listens on client" },
    { text: "http://tutorial/", words: "a ready-made web server of one page" },
  ]);
  const many = machine("server", Array.from({ length: 99 }, (_, at) => socket(`0.0.0.0:${at + 1}`)));
  assert.equal(suggestions([many]).length, 6);
});
