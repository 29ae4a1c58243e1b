// The request, as it goes over the wire.

/** @param {import("./address.js").Address} address @returns {Uint8Array} */
export function requestFor({ authority, target }) {
  const lines = [
    `GET ${target} HTTP/1.1`,
    `Host: ${authority}`,
    "User-Agent: Wireside",
    "Accept: */*",
    // One request a connection: the end of the answer is then in nobody's doubt.
    "Connection: close",
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}
