// What the room knows of the sockets around a call, for sentences that are exact: as the wasm Console takes it.

/**
 * @param {{ room: { hosts: import("../client/wireside.js").Host[] }, view: import("../client/web.js").View, host: { id: number }, now?: number }} parts `host`: the machine of
 *   the call; `now`: nanoseconds since the room began, for what counts down
 */
export function roomSocketsOf({ room, view, host, now }) {
  const { held } = view.wire();
  return room.hosts.map((one) => ({
    name: one.name,
    address: one.address,
    own: one.id === host.id,
    readyMade: one.readyMade,
    // While the wire is held nothing arrives there.
    held: Boolean(held) && one.id !== host.id,
    sockets: view.sockets(one.id, now ?? 0),
  }));
}
