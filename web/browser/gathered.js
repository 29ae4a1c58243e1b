// Bytes that come in pieces, as one run of bytes.

export class Gathered {
  #bytes = new Uint8Array(0);
  length = 0;

  /** @param {Uint8Array} piece */
  push(piece) {
    if (this.length + piece.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + piece.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.length);
    this.length += piece.length;
  }

  /** All of them: a view, true until the next piece comes. */
  get bytes() {
    return this.#bytes.subarray(0, this.length);
  }
}

/** A letter for each byte: heads are not always UTF-8, and nothing of them is to be lost. @param {Uint8Array} bytes */
export function letters(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x2000) text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  return text;
}
