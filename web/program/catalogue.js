// The programs that can be opened on a machine. What a lesson brings of its own comes from the lesson.

/**
 * @typedef {object} Original
 * @property {string} file its name on the machine
 * @property {string} path where its text is served
 * @property {string} title what it is, for a list
 */

/** What stands on a machine at the first visit, by the machine's part in the tutorial. @type {Record<string, Original>} */
const FIRST = {
  client: { file: "client.py", path: "/programs/client.py", title: "The tutorial's client" },
  server: { file: "server.py", path: "/programs/server.py", title: "The tutorial's server" },
};

/** The tutorial's client as it is written there: for both programs on one machine. @type {Original} */
export const LOCALHOST = { file: "client.py", path: "/programs/client-localhost.py", title: "Both on one machine: the client that calls localhost" };

/** @type {Original} */
const GOOGLE = { file: "google.py", path: "/programs/google.py", title: "Connect to www.google.com" };

/** The file a machine opens with. @param {string} part `client`, `server` or another machine's name @returns {Original} */
export function firstFile(part) {
  return FIRST[part] ?? FIRST.client;
}

/** Everything that can be opened on a machine. @param {string} part @returns {Original[]} */
export function offered(part) {
  return part === "server" ? [FIRST.server, LOCALHOST, GOOGLE] : [FIRST.client, FIRST.server, GOOGLE];
}

/** @param {string} path @returns {Promise<string>} */
export async function load(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} could not be loaded (${answer.status})`);
  return answer.text();
}
