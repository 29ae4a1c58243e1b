// What there is to say of a recording beside what happened in it.

/** What is not in it, said; empty where nothing is missing. @param {{ evicted: number, unknown: number }} about */
export function missingWords({ evicted, unknown }) {
  const gone = evicted > 0 ? `${evicted === 1 ? "1 event was" : `${evicted.toLocaleString("en")} events were`} let go before it was kept.` : "";
  const newer = unknown > 0 ? `${counted(unknown, "event")} of a newer Wireside cannot be shown here.` : "";
  return [gone, newer].filter(Boolean).join(" ");
}

/** @param {number} number @param {string} what */
export function counted(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}
