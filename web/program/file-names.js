// Names for files that come beside others.
import { MOST_FILES } from "./code-store.js";

/** Longest name without its `.py`. */
const STEM = 28;

/** Names like this one, first come first: one more than a machine can have files. @param {string} file @returns {string[]} */
export function namesLike(file) {
  const stem = file.replace(/\.py$/, "").replace(/-\d{1,3}$/, "");
  return Array.from({ length: MOST_FILES + 1 }, (_, at) => {
    const number = `-${at + 2}`;
    return `${stem.slice(0, STEM - number.length)}${number}.py`;
  });
}
