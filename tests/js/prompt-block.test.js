// Blocks of lines at a Python prompt.
import assert from "node:assert/strict";
import { test } from "node:test";

import { codeOf, commonStart, indentAt, shown, stepBack, stepOn, withoutEnd } from "../../web/program/prompt-block.js";

const atEnd = (text) => indentAt(text, text.length);

test("a line begins where the one before it did, and further in after a colon", () => {
  assert.equal(atEnd("for i in x:"), "    ");
  assert.equal(atEnd("for i in x:  # why: so"), "    ");
  assert.equal(atEnd("for i in x:\n    a = 1"), "    ");
  assert.equal(atEnd("for i in x:\n    if a:"), "        ");
  assert.equal(atEnd("a = 1"), "");
  assert.equal(indentAt("if a:\n    b", 4), "", "the caret stands before the colon");
});

test("Backspace takes a step of indentation, and else one character", () => {
  const back = (text) => stepBack(text, text.length);
  assert.deepEqual(["", "a", "if a:\n        ", "if a:\n      ", "if a:\n    b", "if a:\n\t"].map(back), [1, 1, 4, 2, 1, 1]);
});

test("Tab indents further lines, and leaves a first one", () => {
  const on = (text) => stepOn(text, text.length);
  assert.deepEqual(["", "  ", "if a:\n", "if a:\n  ", "if a:\n    b"].map(on), ["", "", "    ", "  ", ""]);
});

test("a block is shown as a terminal shows it", () => {
  assert.equal(shown("for i in x:\n    a\n    ", [">>> ", "... "]), ">>> for i in x:\n...     a\n... \n");
  assert.equal(shown("1", ["$ ", "> "]), "$ 1\n");
  assert.equal(withoutEnd("for i in x:\n    a\n    \n"), "for i in x:\n    a");
});

test("of what was copied from a prompt, what was typed there is code", () => {
  assert.equal(codeOf(">>> for i in x:\n...     a\n... \n0\n1\n>>> b\n2\n"), "for i in x:\n    a\n\nb");
  assert.equal(codeOf("a = 1\r\nb = 2\r\n"), "a = 1\nb = 2");
  assert.equal(codeOf("x >>> 1"), "x >>> 1");
});

test("what all names begin with", () => {
  assert.equal(commonStart(["s.recv(", "s.recv_into(", "s.recvfrom("]), "s.recv");
  assert.equal(commonStart(["a", "b"]), "");
  assert.equal(commonStart([]), "");
});
