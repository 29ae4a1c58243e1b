// The room's packets as a file, for Wireshark and its like.
import { announce } from "../base/announce.js";
import { element } from "../base/element.js";

/** How long the browser may take to begin with a file that it was offered, milliseconds. */
const OFFERED_MS = 60_000;

/** Of a recording. */
const REBUILT = "A recording has no packets as they were: their headers are built anew, and of long payloads the beginning is there.";

/** Saves them. Resolves to what there is to say about it. @param {import("../client/room.js").Room} room @returns {Promise<string>} */
export async function savePackets(room) {
  try {
    const address = URL.createObjectURL(await room.pcap());
    element("a", { href: address, download: `wireside-${room.id}.pcapng` }).click();
    setTimeout(() => URL.revokeObjectURL(address), OFFERED_MS);
    return said(`Saved. Wireshark and tshark read it.${/** @type {any} */ (room).recorded ? ` ${REBUILT}` : ""}`);
  } catch (error) {
    return said(`The packets could not be saved: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} sentence */
function said(sentence) {
  announce(sentence);
  return sentence;
}
