// /etc/hosts of a program's machine: it names the machines that are in the room when the program opens it.

const HOSTS = "/etc/hosts";
/** Everybody may read it. The room names its machines: what a program wrote there would change nothing. */
const READ_ONLY = 0o444;

/** @typedef {{ name: string, aliases: string[], address: string }} Machine */

/** @param {Machine[]} machines */
export function hostsText(machines) {
  const lines = machines.map(({ name, aliases, address }) => `${address}\t${[name, ...aliases].join(" ")}\n`);
  return `127.0.0.1\tlocalhost\n${lines.join("")}`;
}

/** @param {any} fs Emscripten's @param {() => Machine[]} machines */
export function provideHosts(fs, machines) {
  fs.mkdirTree("/etc");
  fs.writeFile(HOSTS, hostsText(machines()));
  fs.chmod(HOSTS, READ_ONLY);
  const { node } = fs.lookupPath(HOSTS);
  const open = fs.open.bind(fs);
  fs.open = (/** @type {any[]} */ ...given) => {
    const [path] = given;
    if (typeof path === "string" && path.endsWith("hosts") && fs.lookupPath(path, { follow: true, noent_okay: true }).node === node) {
      node.contents = new TextEncoder().encode(hostsText(machines()));
      node.usedBytes = node.contents.length;
    }
    return open(...given);
  };
}
