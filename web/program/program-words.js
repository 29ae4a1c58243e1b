// What a program does, in words.

/** @param {{ loaded: number, total: number }} starting bytes of Python, as they travel */
export function startWords({ loaded, total }) {
  const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
  // Browsers take gzip there and no brotli, which is smaller.
  const slow = isSecureContext ? "" : " By plain http that takes longer than by https.";
  if (total > 0 && loaded >= total) return `Python is here, and is starting.${slow}`;
  const far = total > 0 ? `, ${megabytes(loaded)} of ${megabytes(total)} MB` : "";
  return `Starts when Python is here${far}.${slow}`;
}

/** @param {import("./run-control.js").Exit} exit */
export function endWords({ status, code }) {
  switch (status) {
    case "exited":
      return code ? `ended with ${code}` : "ended";
    case "error":
      return "ended with an error";
    case "stopped":
      return "stopped";
    default:
      return "was ended";
  }
}
