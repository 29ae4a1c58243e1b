// What people write, in the protocol's own form.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as args from "../../web/client/arguments.js";
import { EVENTS, FLAGS, HOST_NAME, OPTIONS, OPTION_BYTES } from "../../web/py/vocabulary.js";

test("every option takes a value of its form and gives it back", () => {
  for (const [name, [option, form]] of Object.entries(OPTIONS)) {
    assert.equal(args.optionName(name), option);
    const given = form === "Bytes" ? Uint8Array.of(0, 255) : 1;
    const value = args.optionValue(name, given);
    assert.deepEqual(Object.keys(value), [form], name);
    assert.deepEqual(args.plainOption(value), given, name);
  }
  assert.deepEqual(args.optionValue("SO_LINGER", null), { Linger: null });
  assert.deepEqual(args.optionValue("SO_LINGER", 0), { Linger: 0 });
  assert.throws(() => args.optionValue("SO_LINGER", 65536), RangeError);
  assert.deepEqual(args.optionValue("TCP_CONGESTION", "reno"), { Bytes: [114, 101, 110, 111] });
  assert.throws(() => args.optionValue("TCP_CONGESTION", new Uint8Array(OPTION_BYTES + 1)), RangeError);
  assert.throws(() => args.optionName("SO_DEBUG"), /the option must be one of SO_REUSEADDR/);
  assert.throws(() => args.optionName("toString"), TypeError);
});

test("flags and events are sets by their names", () => {
  assert.equal(args.flags(undefined), 0);
  assert.equal(args.flags("MSG_PEEK"), FLAGS.MSG_PEEK);
  assert.equal(args.flags("MSG_PEEK|MSG_DONTWAIT"), FLAGS.MSG_PEEK | FLAGS.MSG_DONTWAIT);
  assert.equal(args.flags(["MSG_OOB", "MSG_MORE"]), FLAGS.MSG_OOB | FLAGS.MSG_MORE);
  assert.throws(() => args.flags("MSG_TRUNC"), TypeError);
  assert.equal(args.pollEvents("POLLIN OUT"), EVENTS.IN | EVENTS.OUT);
  assert.deepEqual(args.pollNames(EVENTS.IN | EVENTS.RDHUP), ["IN", "RDHUP"]);
});

test("addresses are numeric or names, with a port", () => {
  assert.deepEqual(args.address(["server", 12345]), ["server", 12345]);
  assert.throws(() => args.address("server:12345"), TypeError);
  assert.throws(() => args.address(["server", 65536]), RangeError);
  assert.throws(() => args.address(["server", 1.5]), TypeError);
  assert.throws(() => args.address(["a\0b", 1]), TypeError);
  assert.throws(() => args.hostName("é".repeat(HOST_NAME)), RangeError);
  for (const numeric of ["10.0.0.1", "::1", "255.255.255.255"]) assert.ok(args.isNumeric(numeric), numeric);
  for (const name of ["server", "10.0.0", "10.0.0.256", "10.0.0.01"]) assert.ok(!args.isNumeric(name), name);
  for (const [host, port] of [["10.0.0.1", 80], ["fe80::1", 7]]) {
    assert.deepEqual(args.pair(args.socketAddress(host, port)), [host, port]);
  }
});

test("a wait is for ever, not at all, or a bounded time", () => {
  assert.equal(args.wait(undefined), "Forever");
  assert.equal(args.wait("no"), "No");
  assert.deepEqual(args.wait(0.2), { Millis: 1 });
  assert.deepEqual(args.wait(Infinity), { Millis: 2 ** 32 - 1 });
  assert.throws(() => args.wait(-1), RangeError);
  assert.throws(() => args.wait("soon"), RangeError);
  assert.equal(args.timeout(null), "Forever");
  assert.equal(args.timeout(0), "No");
  assert.deepEqual(args.timeout(2.5), { Millis: 2500 });
  assert.throws(() => args.timeout(Number.NaN), RangeError);
});

test("bytes are copied, so that what is sent stays what it was", () => {
  const own = Uint8Array.of(1, 2, 3, 4);
  const copy = args.bytes(own.subarray(1, 3));
  own.fill(0);
  assert.deepEqual(copy, Uint8Array.of(2, 3));
  assert.deepEqual(args.bytes("é"), Uint8Array.of(0xc3, 0xa9));
  assert.throws(() => args.bytes(7), TypeError);
});

test("a secret is 16 bytes and comes back as it was", () => {
  const secret = Uint8Array.from({ length: 16 }, (_, at) => 255 - at * 16);
  const text = args.secretText(secret);
  assert.match(text, /^[\w-]{22}$/);
  assert.deepEqual(args.secret(text, "a key"), secret);
  assert.throws(() => args.secret("short", "a key"), /a key is 22 letters/);
});
