// Our own part of Python's library, in the order of loading.
//
// It imports nothing: the build reads the list, and puts the texts themselves in this module's place.

export const LIBRARY = [
  "_vocabulary.py", "_constants.py", "linux.py", "wireside.py", "_absent.py", "_script.py", "_threads.py", "_pane.py", "_kernel.py",
  "_signals.py", "_arguments.py", "_text_form.py", "_unix.py", "_addresses.py", "_options.py", "_services.py", "_names.py", "_vectors.py", "_endings.py",
  "_socket.py", "_epoll.py", "_select.py", "_descriptor_flags.py", "_descriptors.py", "_loop.py", "_streams.py", "_platform.py", "_prompt.py", "runner.py",
];

/** Every file's name and text. @returns {Promise<[string, string][]>} */
export async function library() {
  return Promise.all(LIBRARY.map(async (name) => /** @type {[string, string]} */ ([name, await text(name)])));
}

/** @param {string} name */
async function text(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name} could not be loaded (HTTP ${answer.status})`);
  return answer.text();
}
