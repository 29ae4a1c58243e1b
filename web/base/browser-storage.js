// Where the page remembers something: in the browser's own storage, and in a frame of somebody else's page in memory alone, which
// goes with the frame.

/** Whether this page stands in such a frame. */
export const framed = globalThis.location?.pathname === "/embed/live";

/** As much of a `Storage` as is used. @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} Place */

/** @returns {Place} */
function memory() {
  /** @type {Map<string, string>} */
  const all = new Map();
  return {
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, value) => void all.set(key, value),
    removeItem: (key) => void all.delete(key),
  };
}

const [forLasting, forPassing] = [memory(), memory()];

/** What is there at the next visit. @returns {Place} @throws where the browser refuses it */
export const lasting = () => (framed ? forLasting : localStorage);

/** What is there after a reload of this tab. @returns {Place} @throws where the browser refuses it */
export const passing = () => (framed ? forPassing : sessionStorage);
