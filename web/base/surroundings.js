// What the room knows of the sockets around a call, for sentences that are exact: as the wasm Console takes it.

/**
 * @param {{ room: any, view: any, host: { id: number }, now?: number }} parts `host`: the machine of the call
 */
export function surroundingsOf({ room, view, host, now }) {
  const { held } = view.wire();
  return room.hosts.map((/** @type {any} */ one) => ({
    name: one.name,
    address: one.address,
    own: one.id === host.id,
    readyMade: Boolean(one.readyMade ?? one.ready_made),
    // While the wire is held nothing arrives there.
    held: Boolean(held) && one.id !== host.id,
    sockets: view.sockets(one.id, now),
  }));
}
