// The picture of a Python's memory: whatever has run in a module's memory before, afterwards it is just that memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Picture, pack } from "../../web/py/picture.js";

const PAGE = 65536;
const HEAD = Uint8Array.from({ length: 32 }, (_, at) => at + 1);

/** A module's memory as it begins: some data, then nothing. @param {number} pages */
function made(pages) {
  const memory = new WebAssembly.Memory({ initial: pages });
  new Uint8Array(memory.buffer).fill(7, 100, 5000);
  return memory;
}

/** The memory of a program that has run, in a file. */
function kept() {
  const memory = made(2);
  const bytes = new Uint8Array(memory.buffer);
  const begun = bytes.slice();
  bytes.fill(0, 200, 300);
  bytes.fill(9, 4000, 4100);
  bytes.fill(5, 70000, 90000);
  bytes[2 * PAGE - 1] = 3;
  return { bytes, file: pack({ head: HEAD, memory: bytes, begun }) };
}

for (const place of ["memory of its own", "shared memory"]) {
  test(`a file in ${place} gives a dirty memory what was kept, and nothing else`, () => {
    const { bytes, file } = kept();
    assert.ok(file.length < bytes.length / 4, `${file.length} of ${bytes.length} bytes`);
    const shared = new Uint8Array(new SharedArrayBuffer(file.length));
    shared.set(file);
    const picture = new Picture(place === "shared memory" ? shared : file);
    const memory = made(2);
    picture.begin(memory);
    const own = new Uint8Array(memory.buffer);
    for (const [from, to] of [[0, 150], [4500, 9000], [60000, 60004], [80000, 131072]]) own.fill(1, from, to);
    const { whole } = picture;
    assert.deepEqual([...whole], [...HEAD]);
    assert.equal(whole.buffer instanceof SharedArrayBuffer, false, "decoders take no shared memory");
    assert.deepEqual([...whole.subarray(4, 8)], [5, 6, 7, 8]);
    assert.equal(picture.restored, false);
    assert.equal(whole.subarray(HEAD.length).length, 0, "nothing is left to be copied");
    assert.equal(picture.restored, true);
    assert.equal(Buffer.compare(own, bytes), 0);
  });
}

test("a memory of another size, or one that nobody has shown, is an error", () => {
  const { file } = kept();
  const larger = new Picture(file);
  larger.begin(made(3));
  assert.throws(() => larger.whole.subarray(0), /another size/);
  assert.throws(() => new Picture(file).whole.subarray(0), /in another way/);
  const memory = new Uint8Array(made(2).buffer);
  assert.throws(() => pack({ head: HEAD, memory, begun: memory.slice(PAGE) }), /has grown/);
});
