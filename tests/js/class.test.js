// A class's board: who comes first, what is said of a seat, and the code of its link.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ordered, passed, state, stuckPart, time, worthSaying } from "../../web/class/board-words.js";
import { qr } from "../../web/base/qr.js";

const KNOWN = [
  "#######..#.##.#######",
  "#.....#..###..#.....#",
  "#.###.#.##.##.#.###.#",
  "#.###.#..#.#..#.###.#",
  "#.###.#...#.#.#.###.#",
  "#.....#.....#.#.....#",
  "#######.#.#.#.#######",
  "........##.##........",
  "###.########.##...#..",
  "...#....#.....#....#.",
  "#.#...#...#.#...#####",
  "##..#...#.#...#....#.",
  "#.#..##..##.#.#.#.#..",
  "........##.#.#.#..##.",
  "#######.#..#.###..###",
  "#.....#.######.##....",
  "#.###.#.#..#.###..###",
  "#.###.#...#...##..##.",
  "#.###.#.###.#...#.#.#",
  "#.....#.##....#.#..#.",
  "#######.##..#.##..###",
];

/** @param {number} seat @param {object} [more] */
function seatOf(seat, more = {}) {
  const usual = { name: `Pupil ${seat}`, room: ["a-x", "key"], here: true, came: true, steps: "p...", since: 0, waits: null, failed: null, hand: null, looked: false, held: false, kept: null };
  return /** @type {import("../../web/class/board-words.js").Seat} */ ({ seat, ...usual, ...more });
}

test("who has not come further for longest is first, who is done or away comes behind", () => {
  const seats = [seatOf(1, { since: 50 }), seatOf(2, { since: 10 }), seatOf(3, { since: 0, steps: "pppp" }), seatOf(4, { since: 0, here: false }), seatOf(5, { since: 10 })];
  assert.deepEqual(ordered(seats, "stuck").map(({ seat }) => seat), [2, 5, 1, 3, 4]);
  const named = [seatOf(1, { name: "Zoe" }), seatOf(2, { name: "ada 10" }), seatOf(3, { name: "Ada 9" })];
  assert.deepEqual(ordered(named, "name").map(({ seat }) => seat), [3, 2, 1]);
  assert.deepEqual(ordered(named, "seat").map(({ seat }) => seat), [1, 2, 3]);
});

test("a seat is told in a line", () => {
  assert.equal(state(seatOf(1, { waits: ["accept", 1000] }), 41_000), "accept() waiting 40 s");
  assert.equal(state(seatOf(1, { waits: ["accept", 40_500] }), 41_000), "", "not before it is worth it");
  assert.equal(state(seatOf(1, { failed: ["ECONNREFUSED", "connect", 3] }), 0), "ECONNREFUSED, three times");
  assert.equal(state(seatOf(1, { failed: ["ECONNREFUSED", "connect", 3] }), 0, "whole"), "connect(): ECONNREFUSED, three times");
  assert.equal(state(seatOf(1, { failed: ["ECONNREFUSED", "connect", 3] }), 0, "short"), "ECONNREFUSED ×3");
  assert.equal(state(seatOf(1, { failed: ["NameError", "", 1], waits: ["accept", 0] }), 60_000, "whole"), "NameError · accept() waiting 1 min");
  assert.equal(state(seatOf(1, { came: false, room: null }), 0), "has not come in yet");
  assert.equal(state(seatOf(1, { room: null, here: false }), 0), "the room has ended");
  assert.equal(state(seatOf(1, { here: false }), 0), "away");
  assert.equal(time(3_900_000), "1 h 5 min");
});

test("nobody is stuck in the first minute, nor when done", () => {
  assert.equal(stuckPart(seatOf(1), 59_000), 0);
  assert.equal(stuckPart(seatOf(1), 300_000), 0.5);
  assert.equal(stuckPart(seatOf(1), 6_000_000), 1);
  assert.equal(stuckPart(seatOf(1, { steps: "ps" }), 300_000), 0);
});

test("the sentence above is about the step everybody was sent to, else the last that half of them have passed", () => {
  const seats = [seatOf(1, { steps: "pp.." }), seatOf(2, { steps: "ps.." })];
  assert.deepEqual(passed(seats, 4), [2, 1, 0, 0]);
  assert.equal(worthSaying([2, 1, 0, 0], 2, null), 1);
  assert.equal(worthSaying([0, 0], 2, null), 0);
  assert.equal(worthSaying([2, 1, 0, 0], 2, 3), 3);
});

test("the code of a link is that of the standard", () => {
  // Made by another encoder (python-qrcode 8.2) with this version, level and mask.
  const rows = qr("HELLO")?.map((row) => row.map((dark) => (dark ? "#" : ".")).join(""));
  assert.deepEqual(rows, KNOWN);
  assert.equal(qr("x".repeat(107)), null);
  assert.equal(qr("http://192.168.1.5:8080/c/a-k7m2px")?.length, 29);
});
