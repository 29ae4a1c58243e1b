// Whether the address is that of a recording, and the recording's bytes, asked for before anything else of the page is
// there.

/** @returns {{ id: string, bytes: Promise<Uint8Array> } | null} the recording of the address bar */
export function recordingOfAddress() {
  const match = /^\/s\/([a-z2-9]{1,64})\/?$/.exec(location.pathname);
  if (!match) return null;
  const bytes = fetched(match[1]);
  // Whoever waits for it is told.
  bytes.catch(() => {});
  return { id: match[1], bytes };
}

/** @param {string} id @returns {Promise<Uint8Array>} */
async function fetched(id) {
  const answer = await fetch(`/s/${id}/events`, { credentials: "omit" }).catch(() => {
    throw new Error("The server does not answer. Is it still running?");
  });
  if (answer.status === 404) throw new Error("There is no recording at this address, or it was deleted.");
  if (!answer.ok) {
    const { message = `the server answered ${answer.status}` } = await answer.json().catch(() => ({}));
    throw new Error(`The recording cannot be opened: ${message}.`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}
