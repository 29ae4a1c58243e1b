// A link as a QR code (ISO/IEC 18004): bytes, error correction level L, versions 1 to 5, which is up to 106 bytes. Links of
// classes are a third of that, those of rooms and recordings less than all of it.

/** By version: data codewords, error correction codewords. One block each. */
const VERSIONS = [
  [19, 7],
  [34, 10],
  [55, 15],
  [80, 20],
  [108, 26],
];
/** Which modules of the data are turned: the first mask. Any will do for those who read it. */
const MASK = 0;

/** @param {string} text @returns {boolean[][] | null} rows of modules, true is dark; null where it is too long */
export function qr(text) {
  const bytes = new TextEncoder().encode(text);
  const version = VERSIONS.findIndex(([data]) => bytes.length + 2 <= data);
  if (version < 0) return null;
  const [data, correction] = VERSIONS[version];
  const codewords = [...dataOf(bytes, data)];
  return draw(version + 1, [...codewords, ...remainder(codewords, correction)]);
}

/** Mode, length, bytes, and what fills the rest. @param {Uint8Array} bytes @param {number} length */
function dataOf(bytes, length) {
  const bits = [...number(4, 4), ...number(bytes.length, 8), ...[...bytes].flatMap((byte) => number(byte, 8))];
  bits.push(...number(0, Math.min(4, length * 8 - bits.length)));
  while (bits.length % 8 > 0) bits.push(0);
  const words = Array.from({ length: bits.length / 8 }, (_, at) => bits.slice(at * 8, at * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0));
  for (let at = 0; words.length < length; at++) words.push(at % 2 === 0 ? 0xec : 0x11);
  return words;
}

/** @param {number} value @param {number} bits the highest first */
function number(value, bits) {
  return Array.from({ length: bits }, (_, at) => (value >> (bits - 1 - at)) & 1);
}

/** Product in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1. @param {number} one @param {number} other */
function product(one, other) {
  let sum = 0;
  for (let bit = 7; bit >= 0; bit--) {
    sum = (sum << 1) ^ ((sum >> 7) * 0x11d);
    sum ^= ((other >> bit) & 1) * one;
  }
  return sum;
}

/** The Reed-Solomon codewords. @param {number[]} data @param {number} length */
function remainder(data, length) {
  const divisor = [...new Array(length - 1).fill(0), 1];
  for (let step = 0, root = 1; step < length; step++, root = product(root, 2)) {
    for (let at = 0; at < length; at++) divisor[at] = product(divisor[at], root) ^ (divisor[at + 1] ?? 0);
  }
  const rest = new Array(length).fill(0);
  for (const word of data) {
    const factor = word ^ /** @type {number} */ (rest.shift());
    rest.push(0);
    divisor.forEach((value, at) => (rest[at] ^= product(value, factor)));
  }
  return rest;
}

/** @param {number} version @param {number[]} codewords */
function draw(version, codewords) {
  const size = 17 + 4 * version;
  /** @type {(boolean | null)[][]} */
  const rows = Array.from({ length: size }, () => new Array(size).fill(null));
  const set = (/** @type {number} */ row, /** @type {number} */ column, /** @type {boolean} */ dark) => {
    if (row >= 0 && row < size && column >= 0 && column < size) rows[row][column] = dark;
  };
  const square = (/** @type {number} */ row, /** @type {number} */ column, /** @type {number} */ radius, /** @type {(ring: number) => boolean} */ dark) => {
    for (let y = -radius; y <= radius; y++) for (let x = -radius; x <= radius; x++) set(row + y, column + x, dark(Math.max(Math.abs(x), Math.abs(y))));
  };
  for (let at = 8; at < size - 8; at++) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]]) square(row, column, 4, (ring) => ring !== 2 && ring !== 4);
  if (version > 1) square(size - 7, size - 7, 2, (ring) => ring !== 1);
  format(size, set);
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    // The column of the timing pattern is left out.
    if (right === 6) right = 5;
    const upwards = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step++) {
      const row = upwards ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (rows[row][column] !== null) continue;
        const dark = ((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
        bit += 1;
        rows[row][column] = Boolean(dark) !== ((row + column) % 2 === 0);
      }
    }
  }
  return rows.map((row) => row.map(Boolean));
}

/** Level and mask, twice. @param {number} size @param {(row: number, column: number, dark: boolean) => void} set */
function format(size, set) {
  const level = 1;
  const data = (level << 3) | MASK;
  let rest = data;
  for (let step = 0; step < 10; step++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const dark = (/** @type {number} */ at) => ((bits >> at) & 1) === 1;
  for (let at = 0; at <= 5; at++) set(at, 8, dark(at));
  set(7, 8, dark(6));
  set(8, 8, dark(7));
  set(8, 7, dark(8));
  for (let at = 9; at < 15; at++) set(8, 14 - at, dark(at));
  for (let at = 0; at < 8; at++) set(8, size - 1 - at, dark(at));
  for (let at = 8; at < 15; at++) set(size - 15 + at, 8, dark(at));
  set(size - 8, 8, true);
}
