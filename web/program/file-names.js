// Names for files that come beside others.
import { nameLike } from "../client/web.js";
import { FOLDER_FILES } from "../py/vocabulary.js";

/** Names like this one, first come first: one more than a machine can have files. @param {string} file @returns {string[]} */
export function namesLike(file) {
  return Array.from({ length: FOLDER_FILES + 1 }, (_, at) => nameLike(file, at + 2));
}
