// Numbers and how many of something there are, as the page writes them.

/** `2,048`. @param {number} value */
export function number(value) {
  return value.toLocaleString("en");
}

/** `1 event`, `2,048 events`. @param {number} count @param {string} one what it is called alone @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}
