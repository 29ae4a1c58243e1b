// A request that failed has a name in the server's log; who runs the server finds it there by what the page says.

/** The name as it stands behind a sentence; nothing where there is none. @param {unknown} request as the server tells it */
export function inTheLog(request) {
  return typeof request === "string" && /^[a-z0-9]{1,16}-[a-z0-9]{1,16}$/.test(request) ? ` (request ${request})` : "";
}
