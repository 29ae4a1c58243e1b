// What servers answer, above all what beginners' servers get wrong.
import assert from "node:assert/strict";
import { test } from "node:test";

import { contentOf } from "../../web/browser/content.js";
import { AnswerReader, BODY_BYTES, HEAD_BYTES } from "../../web/browser/http-answer.js";

const bytes = (text) => (typeof text === "string" ? new TextEncoder().encode(text) : text);

/** An answer that came in these pieces, and then the end of the connection. */
function answered(...pieces) {
  const reader = new AnswerReader();
  for (const piece of pieces) reader.push(bytes(piece));
  reader.end();
  return reader;
}

/** The same, a byte at a time: it has to come to the same. */
function slowly(text) {
  return answered(...[...bytes(text)].map((byte) => Uint8Array.of(byte)));
}

const text = (reader) => new TextDecoder().decode(reader.body);

/** Asserts that a sentence of this kind is among the notes. */
function notes(reader, ...patterns) {
  for (const pattern of patterns) assert.ok(reader.notes.some((note) => pattern.test(note)), `${pattern} in ${JSON.stringify(reader.notes)}`);
  assert.equal(reader.notes.length, patterns.length, JSON.stringify(reader.notes));
}

const FINE = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello";

test("a right answer has nothing to be said about", () => {
  for (const reader of [answered(FINE), slowly(FINE), answered(FINE.slice(0, 40), FINE.slice(40))]) {
    notes(reader);
    assert.deepEqual([reader.head.status, reader.head.reason, text(reader), reader.complete], [200, "OK", "hello", true]);
    assert.equal(new TextDecoder().decode(reader.rawHead), FINE.slice(0, -5));
    assert.equal(new TextDecoder().decode(reader.raw), FINE);
  }
  const reader = new AnswerReader();
  reader.push(bytes(FINE));
  assert.ok(reader.done, "it need not wait for the end of the connection");
});

test("without a length the end of the connection is the end", () => {
  const reader = new AnswerReader();
  reader.push(bytes("HTTP/1.0 200 OK\r\n\r\nall "));
  assert.match(reader.waitsFor, /the end of the connection: no Content-Length says .* 4 bytes came so far/);
  reader.push(bytes("of it"));
  reader.end();
  notes(reader);
  assert.equal(text(reader), "all of it");
  assert.ok(reader.complete);
});

test("an answer without a status line is shown as it is", () => {
  for (const page of ["<h1>Hello</h1>", "x", "HTTP", "HTTPS is another thing\n", "Hello, client!"]) {
    for (const reader of [answered(page), slowly(page)]) {
      assert.equal(reader.hasHead, false, page);
      assert.equal(text(reader), page);
      notes(reader, /There is no status line: the answer begins with/);
      assert.equal(contentOf(reader).kind, "text");
    }
  }
  notes(answered("Content-Type: text/html\r\n\r\n<h1>Hi</h1>"), /begins with the header “Content-Type: text\/html”/);
  notes(answered(Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70)), /looks like TLS/);
  assert.equal(contentOf(answered(Uint8Array.of(1, 2, 3))).kind, "bytes");
});

test("nothing at all is said to be nothing", () => {
  const reader = answered();
  assert.ok(reader.isEmpty);
  notes(reader, /closed the connection without sending a byte/);
  assert.equal(contentOf(reader).kind, "none");
});

test("lines that end with \\n alone are read, and named", () => {
  notes(answered(FINE.replaceAll("\r\n", "\n")), /^The lines of the head end with \\n alone/);
  notes(answered("HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi"), /^One line of the head ends with/);
  const mixed = answered("HTTP/1.1 200 OK\nA: b\nContent-Length: 2\r\n\r\nhi");
  notes(mixed, /^2 lines of the head end with/);
  assert.equal(text(mixed), "hi");
  assert.equal(text(slowly("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi")), "hi");
});

test("a head without its empty line has no end", () => {
  for (const read of [answered, slowly]) {
    const reader = read("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n<h1>Hello</h1>\r\n");
    notes(reader, /has no colon/, /within the head: the empty line that ends it never came\. “<h1>Hello<\/h1>” looks like the page itself/);
    assert.equal(reader.head.status, 200);
    assert.equal(text(reader), "");
    assert.ok(!reader.complete);
    notes(read("HTTP/1.1 200 OK"), /within the head/);
    notes(read("HTTP/1.1 200 OK\r\n"), /within the head/);
  }
  const waiting = new AnswerReader();
  waiting.push(bytes("HTTP/1.1 200 OK\r\nA: b\r\n"));
  assert.match(waiting.waitsFor, /the empty line that ends the head; 23 bytes came so far/);
});

test("a text in three quotes: a blank before it, blanks before its lines", () => {
  const quoted = answered("\n    HTTP/1.1 200 OK\n    Content-Type: text/html\n\n<h1>Hi</h1>");
  notes(quoted, /begins with a blank, so it goes on/, /end with \\n alone/, /blank stands before the status line/);
  assert.equal(quoted.head.status, 200);
  assert.equal(text(quoted), "<h1>Hi</h1>");
  notes(answered("HTTP/1.1 200 OK\r\n   \r\n<p>"), /nothing but blanks/, /no colon/, /never came. “<p>” looks/);
});

test("status lines that are nearly one", () => {
  for (const [line, status, reason] of [
    ["HTTP/1.1 200", 200, ""],
    ["HTTP/1.1  404  Not Found", 404, "Not Found"],
    ["HTTP/1.1 404Not Found", 404, "Not Found"],
    ["http/1.1 200 ok", 200, "ok"],
    ["HTTP 200 OK", 200, "OK"],
    ["HTTP/ 200 OK", 200, "OK"],
    ["HTTP/1 200 OK", 200, "OK"],
  ]) {
    const reader = answered(`${line}\r\n\r\nx`);
    assert.deepEqual([reader.head.status, reader.head.reason], [status, reason], line);
    notes(reader, /should look like HTTP\/1\.1 /);
  }
  for (const line of ["HTTP/1.1 OK", "HTTP/1.1", "HTTP/1.1 2000 OK", "HTTP/1.1 twohundred"]) {
    const reader = answered(`${line}\r\n\r\nx`);
    assert.equal(reader.head.status, null, line);
    notes(reader, /no code of three digits/);
    assert.equal(text(reader), "x");
  }
  notes(answered("HTTP/1.1 200 \r\n\r\nx"));
  notes(answered("HTTP/2.0 200 OK\r\n\r\nx"), /calls itself HTTP\/2/);
  notes(answered("HTTP/1.1 999 Odd\r\n\r\nx"), /no status 999/);
});

test("headers that are none", () => {
  const reader = answered("HTTP/1.1 200 OK\r\nServer\r\n: x\r\nLength : 3\r\nMy Header: 1\r\nOk:fine\r\n\r\nx");
  notes(reader, /“Server”, has no colon/, /no name before its colon/, /blank before its colon/, /characters that no header's name has/);
  assert.deepEqual(reader.head.headers.at(-1), ["Ok", "fine"]);
  const page = answered(`HTTP/1.1 200 OK\r\n${"<p>\r\n".repeat(150)}\r\n`);
  assert.ok(page.notes.length < 12 && page.notes.some((note) => note.includes("142 more lines")), JSON.stringify(page.notes));
  notes(answered(`HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(300)}\r\n`), /more than 200 header lines/);
});

test("a Content-Length that is wrong", () => {
  const head = (length) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
  const small = answered(`${head(3)}hällo`);
  notes(small, /^3 bytes more came behind the 3 bytes that Content-Length says: they are not shown/);
  assert.equal(text(small), "hä");
  assert.ok(small.complete);
  const counted = answered(`${head(5)}hällo`);
  notes(counted, /^1 byte more came/, /is the number of bytes: this text has 5 characters, and 6 bytes in UTF-8/);
  notes(answered(`${head(5)}hello!`), /^1 byte more .* it is not shown/);
  const large = answered(`${head(500)}hello`);
  notes(large, /ended after 5 of the 500 bytes that Content-Length says/);
  assert.equal(text(large), "hello");
  assert.ok(!large.complete);
  for (const odd of ["many", "-1", "5.0", "0x5", "", "5, 5"]) {
    const reader = answered(`${head(odd)}hello`);
    notes(reader, /no number of bytes/);
    assert.equal(text(reader), "hello");
  }
  notes(answered("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), /several Content-Lengths that differ/);
  notes(answered("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"));
  const waiting = new AnswerReader();
  waiting.push(bytes(`${head(1234)}hello`));
  assert.match(waiting.waitsFor, /the rest of the body: 5 of 1,234 bytes are here/);
  assert.equal(answered(head(0)).complete, true);
});

test("answers without a body, and answers before the answer", () => {
  notes(answered("HTTP/1.1 204 No Content\r\n\r\n"));
  notes(answered("HTTP/1.1 304 Not Modified\r\n\r\nbody"), /4 bytes more came behind the head, and an answer of status 304 has no body/);
  const continued = answered(`HTTP/1.1 100 Continue\r\n\r\n${FINE}`);
  notes(continued);
  assert.equal(text(continued), "hello");
  assert.ok(answered("HTTP/1.1 100 Continue\r\n\r\n".repeat(5000)).done);
});

test("chunks of any size, cut anywhere", () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nTrailer: 1\r\n\r\n";
  for (const reader of [answered(chunked), slowly(chunked)]) {
    notes(reader);
    assert.equal(text(reader), "hello, world");
    assert.ok(reader.complete);
    assert.match(new TextDecoder().decode(reader.rawBody), /^5\r\nhello/);
  }
  const reader = new AnswerReader();
  reader.push(bytes(chunked));
  assert.ok(reader.done);
});

test("chunks that are wrong", () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const [body, shown, ...patterns] of [
    ["hello", "", /hexadecimal has to stand, there is “hello”|before the last chunk/],
    ["<h1>\r\n", "", /hexadecimal has to stand, there is “<h1>”/],
    ["5\r\nhello", "hello", /ended before the last chunk/],
    ["5\r\nhello\r\n", "hello", /ended before the last chunk: it waited for the next chunk/],
    ["9\r\nhello", "hello", /5 of 9 bytes are here/],
    ["3\r\nhello\r\n0\r\n\r\n", "hel", /a chunk of 3 bytes is not followed by the end of a line/],
    ["5\r\nhello\r\n0\r\n", "hello", /the empty line after the last chunk/],
    ["5\nhello\n0\n\n", "hello", /sizes end with \\n alone/],
    ["ffffffffff\r\n", "", /hexadecimal/],
    [`${"1".repeat(2000)}\r\n`, "", /a line of at most 1,024 bytes/],
    [`0\r\n${"a: b\r\n".repeat(100)}\r\n`, "", /more than 64 lines/],
    ["2\r\nhi\r\n0\r\n\r\nmore", "hi", /4 bytes more came behind the last chunk/],
  ]) {
    for (const reader of [answered(head + body), slowly(head + body)]) {
      assert.equal(text(reader), shown, body.slice(0, 40));
      // A byte at a time nobody reads on behind the end.
      if (reader.notes.length > 0 || !body.endsWith("more")) notes(reader, ...patterns);
    }
  }
  notes(answered(`${head.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n")}1\r\na\r\n0\r\n\r\n`), /both Transfer-Encoding and Content-Length/);
  const packed = answered(head.replace("chunked", "gzip, chunked") + "abc");
  notes(packed, /cannot read Transfer-Encoding “gzip, chunked”/);
  assert.equal(text(packed), "abc");
});

test("a head and a body are read up to their bounds", () => {
  const endless = new AnswerReader();
  let pushed = 0;
  while (!endless.done && pushed < 100) {
    endless.push(bytes("HTTP/1.1 200 OK\r\n".repeat(1) + "X: y\r\n".repeat(1000)));
    pushed += 1;
  }
  assert.ok(endless.done && endless.received < 2 * HEAD_BYTES);
  assert.ok(endless.notes.some((note) => /no end within 64 KiB/.test(note)));

  for (const head of ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n", ""]) {
    const film = new AnswerReader();
    film.push(bytes(head));
    const piece = new Uint8Array(65_536).fill(120);
    let pieces = 0;
    for (; !film.done; pieces += 1) film.push(piece);
    assert.ok(pieces <= 34, `${pieces}`);
    assert.equal(film.body.length, BODY_BYTES);
    assert.ok(!film.complete);
    assert.ok(film.notes.some((note) => /reads at most 2 MiB of a body: the first 2,097,152 bytes/.test(note)), JSON.stringify(film.notes));
    film.push(piece);
    assert.ok(film.raw.length <= BODY_BYTES + HEAD_BYTES);
  }
  const small = new AnswerReader({ bodyBytes: 1024 * 1024 });
  small.push(bytes("HTTP/1.1 200 OK\r\n\r\n"));
  while (!small.done) small.push(new Uint8Array(65_536));
  assert.equal(small.body.length, 1024 * 1024);
});

test("what was stopped or broken off keeps what came", () => {
  const reader = new AnswerReader();
  reader.push(bytes("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello"));
  reader.stop();
  assert.equal(text(reader), "hello");
  assert.ok(reader.done && !reader.complete);
  const head = new AnswerReader();
  head.push(bytes("HTTP/1.1 20"));
  head.stop();
  assert.equal(head.rawHead.length, 11);
  const none = new AnswerReader();
  none.stop();
  assert.deepEqual([none.isEmpty, none.notes.length], [true, 0]);
});

test("an answer leads elsewhere only with a status that says so", () => {
  const to = (status, location) => answered(`HTTP/1.1 ${status} X\r\n${location}\r\n\r\n`).location;
  for (const status of [301, 302, 303, 307, 308]) assert.equal(to(status, "Location: /b"), "/b");
  assert.equal(to(200, "Location: /b"), null);
  assert.equal(to(302, "A: b"), null);
});

test("a body is what its Content-Type says", () => {
  const of = (type, body = "text", more = "") => contentOf(answered(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${type ? `Content-Type: ${type}\r\n` : ""}${more}\r\n`), Buffer.from(body)])));
  for (const [type, kind] of [
    ["text/html; charset=utf-8", "html"],
    ["TEXT/HTML", "html"],
    ["text/plain", "text"],
    ["text/css", "text"],
    ["application/json", "text"],
    ["application/ld+json", "text"],
    ["image/png", "picture"],
    ["image/svg+xml", "picture"],
    ["application/octet-stream", "bytes"],
    ["application/pdf", "bytes"],
    ["image/x-icon", "bytes"],
  ]) {
    const content = of(type);
    assert.equal(content.kind, kind, type);
    assert.deepEqual(content.notes, [], type);
  }
  assert.match(of(null).notes[0], /There is no Content-Type/);
  assert.equal(of(null).kind, "text");
  assert.match(of("html").notes[0], /a type looks like text\/html/);
  assert.match(of("image/jpg").notes[0], /image\/jpeg/);
  assert.equal(of("image/jpg").kind, "picture");
  assert.equal(of("text/html", "x", "Content-Encoding: gzip\r\n").kind, "bytes");
  assert.equal(of("text/html", "").kind, "none");
});

test("letters are UTF-8 unless something that browsers know is said", () => {
  const of = (type, body) => contentOf(answered(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`), Buffer.from(body)])));
  assert.equal(of("text/plain", "grün").text, "grün");
  assert.equal(of("text/plain; charset=ISO-8859-1", [0x67, 0xfc]).text, "gü");
  assert.equal(of('text/plain; charset="iso-8859-2"', [0xa1]).text, "Ą");
  const unknown = of("text/plain; charset=klingon", "x");
  assert.match(unknown.notes[0], /No browser knows the charset “klingon”/);
  const wrong = of("text/html; charset=utf-8", [0x67, 0xfc]);
  assert.equal(wrong.text, "g\ufffd");
  assert.match(wrong.notes[0], /no UTF-8/);
  assert.deepEqual(of("text/plain", "a \ufffd").notes, []);
  const meta = of("text/html", Buffer.from('<meta charset="iso-8859-1">g\xfc', "latin1"));
  assert.equal(meta.text.at(-1), "ü");
});
