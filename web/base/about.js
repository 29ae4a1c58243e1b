// About: what this is, what is real in it and what is not, the tutorial it grew from, what is kept where.
import { button, element, find } from "./element.js";
import { dialog } from "./popover.js";

/** Asks the lesson strip to show the tutorial's sentences. */
const SENTENCES = "wireside-sentences";

/** Lets the line in the top bar open it. */
export function listenForAbout() {
  const line = /** @type {HTMLButtonElement} */ (find("#about"));
  line.addEventListener("click", showAbout);
  line.disabled = false;
}

/** Opens the dialog; from the list of the tutorial's sentences too. */
export function showAbout() {
  const licence = element("span", {}, "MIT or Apache-2.0, at your choice.");
  const made = dialog("About Wireside", [
    prose(
      "Real sockets on Linux, to learn how they work. There are two machines, client and server, and a wire between them. " +
        "Each call you make, by hand or from a Python program, is a real system call in the server that gave you this page.",
    ),
    ...part(
      "What is real",
      "The machines: each is a network of its own in the server's Linux kernel, with its own addresses, ports and sockets.",
      "The calls and their errors, the packets, the states of the sockets and their queues: they were observed there.",
      "The wire: every packet passes through it. Hold one or drop one, and the kernel copes with that by itself.",
      "Python: it is CPython, and runs in your browser. Its socket calls go to the machine on which the program stands.",
    ),
    ...part(
      "What is not",
      "The web server www.example.test is a stand-in on the machine tutorial. It has one page.",
      "Names of machines come from the room's table. Other names are looked up by the server, where whoever runs it allows that.",
      "Packets outside the room are not recorded. Calls to there are.",
      "What is inferred and was not observed is drawn with a dashed line and says so.",
      "A handshake takes microseconds. It is drawn more slowly, with the time that it really took beside it.",
    ),
    ...tutorial(() => made.close()),
    ...part(
      "What is kept, and where",
      "There are no accounts and no cookies, and the page asks no other server for anything.",
      "In this browser: your programs, your name, how far you are in the lessons, and the keys of your rooms.",
      "On the server, in memory until the room ends: the recording, with code, output and the bytes of every packet. " +
        "Whoever has the room's link can see it, so type no secrets. Its log notes rooms, and which names and addresses " +
        "outside were asked for.",
      "On a disk of whoever runs the server: what happened in a room, until an hour after its end, for whoever has the room's link; its owner " +
        "can turn that off in Share, and of a class's rooms nothing is written. And what the owner of a room chooses to keep: everybody with its link can " +
        "open it, until it is deleted.",
    ),
    ...part("Browsers", "Tested in current Chromium and Firefox. By plain http from another computer a first visit moves a third more, and links are " +
        "copied by hand."),
    ...part("Licence", licence),
  ]);
  made.classList.add("about");
  void licences().then((others) => licence.append(...others));
  return made;
}

/** @param {string} title @param {...(string | Node)} lines */
function part(title, ...lines) {
  const list = lines.length > 1 ? element("ul", {}, ...lines.map((line) => element("li", {}, line))) : element("p", {}, ...lines);
  return [element("h3", {}, title), list];
}

/** @param {string} text */
function prose(text) {
  return element("p", { class: "prose" }, text);
}

/** @param {() => void} close */
function tutorial(close) {
  const open = () => {
    close();
    document.dispatchEvent(new Event(SENTENCES));
  };
  // Without a room there are no machines to show anything on.
  const list = document.body.dataset.state === "open" ? [button("The tutorial, sentence by sentence", open, { class: "link" })] : [];
  return [
    element("h3", {}, "The tutorial"),
    element(
      "p",
      {},
      "Wireside grew from a short public tutorial on socket programming in Python. It makes a socket, finds google.com, " +
        "connects and sends; then it writes a server on port 12345 that thanks whoever connects, and a client for it. Here it " +
        "is called the tutorial. Each of its 28 sentences is there in our own words, with whether it is so on Linux.",
    ),
    ...list,
  ];
}

/** Where Python and the editor are here, so are their licences. */
async function licences() {
  const { python } = await import("../vendor/manifest.js").catch(() => ({ python: null }));
  if (!python) return [];
  const link = element("a", { href: "/vendor/LICENSES.txt", target: "_blank", rel: "noopener" }, "their own licences");
  return [" Python and the editor have ", link, "."];
}
