import assert from "node:assert/strict";
import { test } from "node:test";
import { hostsText, provideHosts } from "../../web/py/etc.js";

test("each machine is a line, with its other names", () => {
  const machines = [
    { name: "server", aliases: [], address: "10.0.0.1" },
    { name: "tutorial", aliases: ["localhost.tutorial"], address: "10.0.0.10" },
  ];
  assert.equal(hostsText(machines), "127.0.0.1\tlocalhost\n10.0.0.1\tserver\n10.0.0.10\ttutorial localhost.tutorial\n");
});

test("whoever opens the file reads who is there then, and nobody writes it", () => {
  const node = { contents: new Uint8Array(), usedBytes: 0, mode: 0o666 };
  const fs = {
    mkdirTree() {},
    writeFile: (/** @type {string} */ path, /** @type {string} */ text) => (node.contents = new TextEncoder().encode(`${path} ${text}`)),
    chmod: (/** @type {string} */ path, /** @type {number} */ mode) => (node.mode = mode),
    lookupPath: (/** @type {string} */ path) => ({ node: path === "/etc/hosts" ? node : null }),
    open: (/** @type {string} */ path) => new TextDecoder().decode(path === "/etc/hosts" ? node.contents : new Uint8Array()),
  };
  /** @type {import("../../web/py/etc.js").Machine[]} */
  let machines = [];
  provideHosts(fs, () => machines);
  assert.equal(fs.open("/etc/hosts"), "127.0.0.1\tlocalhost\n");
  machines = [{ name: "ada", aliases: [], address: "10.0.0.3" }];
  assert.equal(fs.open("/etc/hosts"), "127.0.0.1\tlocalhost\n10.0.0.3\tada\n");
  assert.equal(node.usedBytes, node.contents.length);
  assert.equal(node.mode, 0o444);
  // Others of that name are files like any other.
  assert.equal(fs.open("/home/hosts"), "");
});
