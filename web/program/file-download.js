// Hands a machine's files to the person's computer, one by one or as an archive.
import { Archive } from "../client/web.js";
import { element } from "../base/element.js";

/** How long the browser may take to begin with a download, milliseconds. */
const BEGIN_MS = 10_000;

/** One file. @param {string} name @param {Uint8Array} bytes @param {boolean} isProgram */
export function download(name, bytes, isProgram) {
  handOver(name, new Blob([/** @type {any} */ (bytes)], { type: isProgram ? "text/x-python" : "application/octet-stream" }));
}

/** All of them, in one archive. @param {string} host the machine's name @param {{ name: string, bytes: Uint8Array }[]} files */
export function downloadAll(host, files) {
  const archive = new Archive();
  const now = new Date();
  try {
    for (const { name, bytes } of files) archive.add(name, bytes);
    const zip = archive.zip(now.getFullYear(), now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds());
    if (zip) handOver(`${host}.zip`, new Blob([/** @type {any} */ (zip)], { type: "application/zip" }));
  } finally {
    archive.free();
  }
}

/** @param {string} name @param {Blob} content */
function handOver(name, content) {
  const address = URL.createObjectURL(content);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), BEGIN_MS);
}
