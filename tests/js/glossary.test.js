// The glossary: each card is one, no word of the field is used that has none, and no word at all that is neither an everyday
// one (everyday-words.txt) nor has a card.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { GLOSSARY } from "../../web/base/glossary.js";
import { piecesOf, termOf, termOfCode } from "../../web/base/terms.js";

const ROOT = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const inFolder = (folder, ending) => readdirSync(new URL(folder, ROOT), { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => `${folder}${name}`);

/** Words of the field, whether or not there is a card: whoever uses one of them in prose has to write it. */
const FIELD = [
  "socket", "listening socket", "listener", "descriptor", "file descriptor", "kernel", "system call", "process", "thread", "lock", "mutex", "coroutine", "event loop",
  "asyncio", "callback", "daemon", "fork", "signal", "pipe", "namespace", "port", "IP address", "localhost", "loopback", "subnet", "netmask", "gateway", "router",
  "resolver", "name server", "firewall", "proxy", "certificate", "protocol", "packet", "segment", "datagram", "stream", "byte", "byte order", "framing", "payload",
  "checksum", "header", "flag", "connection", "handshake", "acknowledgment", "acknowledged", "acknowledges", "reset", "sequence number", "window", "congestion",
  "retransmission", "retransmitted", "timer", "timeout", "backlog", "queue", "buffer", "half close", "end of file", "deadlock", "errno", "state", "endpoint",
  "multicast", "broadcast", "client", "server", "machine", "wire", "keep-alive", "back-pressure", "refused", "ping", "poll", "select", "non-blocking", "latency", "jitter",
];
/** In capitals, and no word of the field: verdicts, names in programs, and what a learner is told to type. */
const PLAIN = new Set(["GET", "SECOND", "QUICK", "SLOW", "OK", "A", "B", "I", "API", "JSON", "UTF", "LF", "CRLF", "EOF", "ID", "CPU", "BSD", "FreeBSD"]);
/** Calls of a socket, as crates/core/src/call.rs names them. */
const CALLS = [...read("crates/core/src/call.rs").matchAll(/= "([a-z]+)"(?: waits)? \{/g)].map(([, name]) => name);

/** What a reader of a lesson reads: sentences, hints, answers, explanations. @param {string} source */
function lessonProse(source) {
  const sentences = [];
  for (const line of source.split("\n")) {
    if (/^(id|order|number|minutes|needs|seed|programs|ports|kind|for|verdict|lesson):|^---$|^- (do|tidy|check|needs|verdict|lesson|seed|exercise):/.test(line)) continue;
    const [, after] = /^- [a-z]+: .*? => (.*)$/.exec(line) ?? [];
    sentences.push((after ?? line.replace(/^- [a-z]+: |^#+ |^[a-z-]+: /, "")).replace(/\]\([a-z]+:[^)\s]*(?:\([^)]*\))*[^)]*\)/g, "]"));
  }
  return sentences;
}

/** Sentences in the rules' sources. @param {string} source */
function sentencesInRust(source) {
  const code = source.split("\n").filter((line) => !/^\s*\/\//.test(line)).join("\n");
  return [...code.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text).filter((text) => text.includes(" "));
}

/** Our own sentence and hint of each errno; before them stands what strerror(3) says. @param {string} source */
function sentencesOfErrnos(source) {
  return [...source.matchAll(/^ {4}E\w+ = \d+, "[^"]*", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)";/gm)].flatMap(([, sentence, hint]) => [sentence, hint]);
}

/** What is read of a document. @param {string} source */
function textsOf(source) {
  const body = source.slice(source.indexOf("<body"));
  return body.replaceAll(/<script[^]*?<\/script>/g, " ").split(/<[^>]*>/).map((text) => text.replaceAll(/\s+/g, " ").trim()).filter(Boolean);
}

/** Words that a reader of this page has brought along, a heading in front of each kind. */
const EVERYDAY = new Set(
  read("tests/js/everyday-words.txt").split("\n").filter((line) => !line.startsWith("#")).flatMap((line) => line.split(" ")).filter(Boolean),
);

/** What a word may be a form of: `tries` of `try`, `stopped` of `stop`, `making` of `make`. @param {string} word */
function basesOf(word) {
  const bases = [word];
  const ends = (/** @type {RegExp} */ ending, /** @type {string[]} */ ...others) => {
    const stem = word.replace(ending, "");
    if (stem !== word && stem.length > 1) bases.push(...others.map((other) => stem + other));
  };
  ends(/'s$|s'$/, "");
  ends(/s$/, "");
  ends(/es$/, "");
  ends(/(?:ies|ied|ier)$/, "y");
  ends(/(?:ed|ing|er|est|ly)$/, "", "e");
  ends(/(?:([b-df-hj-np-tv-z])\1)(?:ed|ing|er)$/, "");
  const doubled = /^(.*?)([b-df-hj-np-tv-z])\2(?:ed|ing|er)$/.exec(word);
  if (doubled) bases.push(doubled[1] + doubled[2]);
  if (word.includes("'")) bases.push(...basesOf(word.replace(/'s?$/, "")));
  return bases;
}

/** Words of a sentence, but for what the machine says and names of files. @param {string} sentence */
function plainWords(sentence) {
  const prose = sentence.replace(/`[^`]*`|\{[^}]*\}|\\u\{\w+\}|b'[^']*'/g, " ");
  return [...prose.matchAll(/(?<![\w./(])[A-Za-z][a-z]*(?:'[a-z]+)?(?:-[a-z]+)*(?![\w]|\.\w|[(_/])/g)].map(([word]) => word.toLowerCase()).filter((word) => word.length > 1 || word === "a");
}

/** Every place with prose, and its sentences. */
const PROSE = [
  ...inFolder("web/lessons/", ".md").map((path) => ({ path, sentences: lessonProse(read(path)) })),
  ...inFolder("crates/explain/src/", ".rs").map((path) => ({ path, sentences: sentencesInRust(read(path)) })),
  { path: "crates/core/src/errno.rs", sentences: sentencesOfErrnos(read("crates/core/src/errno.rs")) },
  { path: "crates/web/src/waits.rs", sentences: sentencesInRust(read("crates/web/src/waits.rs")) },
  ...inFolder("web/learn/", ".html").map((path) => ({ path, sentences: textsOf(read(path)) })),
  { path: "web/base/glossary.js", sentences: GLOSSARY.map(({ says }) => says) },
];

/** Terms of all cards, quiet ones too, by every spelling. */
const CARDS = new Map(GLOSSARY.flatMap((term) => [term.term, ...(term.forms ?? [])].map((form) => [form.toLowerCase(), term.id])));

/** Words of the field in a sentence. @param {string} sentence */
function wordsOfTheField(sentence) {
  const prose = sentence.replace(/`[^`]*`|\{[^}]*\}/g, " ");
  const capitals = [...prose.matchAll(/(?<![\w/.])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*[A-Z0-9](?![\w.]*\()/g)].map(([word]) => word).filter((word) => !PLAIN.has(word) && !/^S\d+$/.test(word) && !/^E$/.test(word));
  const plain = FIELD.filter((word) => new RegExp(`(?<![\\w-])${word}s?(?![\\w-])`, "i").test(prose));
  const calls = [...sentence.matchAll(/(?<![\w.])([a-z]+)\(/g)].map(([, name]) => name).filter((name) => CALLS.includes(name)).map((name) => `${name}()`);
  return [...capitals, ...plain, ...calls];
}

test("each card names its term once, says it in one to three sentences, and where it is said in full", () => {
  const [ids, forms] = [new Set(), new Set()];
  for (const { id, term, forms: others = [], says, man, rfc } of GLOSSARY) {
    assert.match(id, /^[a-z0-9-]+$/);
    assert.ok(!ids.has(id), `${id} twice`);
    ids.add(id);
    for (const form of [term, ...others]) {
      assert.ok(!forms.has(form), `${form} is of two cards`);
      forms.add(form);
    }
    const sentences = says.match(/[.:)\u201d](?= [A-Z\u201c]|$)/g) ?? [];
    assert.ok(sentences.length >= 1 && sentences.length <= 3 && says.length <= 200, `${term}: ${says}`);
    assert.ok(man || rfc, `${term} names no source`);
    if (man) assert.match(man, /^[\w.-]+\(\d\)(, [\w.-]+\(\d\))*$/, term);
    if (rfc) assert.match(rfc, /^RFC \d+(, section \d+(\.\d+)*( \([a-z]+\))?)?$/, term);
  }
});

test("every word of the field that lessons, explanations and cards use has a card", (t) => {
  /** @type {Map<string, string>} */
  const used = new Map();
  for (const { path, sentences } of PROSE) for (const sentence of sentences) for (const word of wordsOfTheField(sentence)) if (!used.has(word)) used.set(word, `${path}: ${sentence.trim()}`);
  const card = (word) => CARDS.get(word.toLowerCase()) ?? CARDS.get(`${word.toLowerCase()}s`);
  const unexplained = [...used].filter(([word]) => !card(word)).map(([word, where]) => `${word} (${where})`);
  t.diagnostic([...used.keys()].sort().map((word) => `${word} -> ${card(word)}`).join(", "));
  assert.deepEqual(unexplained, []);
  assert.ok(used.size > 60, `${used.size}`);
});

test("every other word that they use is an everyday one, and each of those is used", () => {
  /** @type {Map<string, string>} */
  const unknown = new Map();
  const used = new Set();
  for (const { path, sentences } of PROSE) {
    for (const sentence of sentences) {
      for (const word of plainWords(sentence)) {
        const bases = basesOf(word);
        const everyday = bases.filter((base) => EVERYDAY.has(base));
        everyday.forEach((base) => used.add(base));
        const known = everyday.length > 0 || bases.some((base) => CARDS.has(base) || CARDS.has(`${base}()`)) || inACard(word);
        if (!known && !unknown.has(word)) unknown.set(word, `${path}: ${sentence.trim()}`);
      }
    }
  }
  const said = [...unknown].map(([word, where]) => `${word} (${where})`);
  assert.deepEqual(said, [], "write it in other words, give it a card, or add it to everyday-words.txt where everybody knows it");
  assert.deepEqual([...EVERYDAY].filter((word) => !used.has(word)), [], "nobody uses these any more: take them out");
});

/** Parts of terms of several words: `file descriptor`, `SYN ACK`. */
const PARTS = new Set([...CARDS.keys()].filter((form) => /[ -]/.test(form)).flatMap((form) => form.split(/[ -]/)));
/** @param {string} word */
const inACard = (word) => basesOf(word).some((base) => PARTS.has(base));

test("in a paragraph the first of each term opens its card, and only whole words do", () => {
  const words = (text, seen) => piecesOf(text, seen).filter((piece) => typeof piece !== "string").map(({ word, term }) => `${word}=${term.id}`);
  assert.deepEqual(words("The SYN ACK answers a SYN; a SYN again."), ["SYN ACK=syn-ack", "SYN=syn"]);
  assert.deepEqual(words("Sockets listen, and accept() waits: accept(5)."), ["Sockets=socket", "listen=call-listen", "accept()=call-accept"]);
  assert.deepEqual(words("portable reported backlogs SYNs"), ["SYNs=syn"]);
  assert.deepEqual(words("It rests in TIME_WAIT at 127.0.0.1."), ["TIME_WAIT=time-wait", "127.0.0.1=localhost"]);
  assert.deepEqual(words("a socket", new Set(["socket"])), []);
  assert.equal(piecesOf("nothing of it").join(""), "nothing of it");
  const all = piecesOf("port backlog window segment FIN RST SYN ACK kernel");
  assert.equal(all.filter((piece) => typeof piece !== "string").length, 6, "bounded");
  assert.equal(all.map((piece) => (typeof piece === "string" ? piece : piece.word)).join(""), "port backlog window segment FIN RST SYN ACK kernel");
  assert.equal(termOf("port")?.id, "port");
  assert.equal(termOfCode("listen(5)")?.id, "call-listen");
  assert.equal(termOfCode("listen")?.id, "call-listen");
  assert.equal(termOfCode("l.listen(5)"), null);
});
