// The teacher's page: hears of the class, and draws its seats. The teacher's key comes behind the # of the link, is remembered
// in this browser, and does not stay in the address bar, which others see on a projector.
import { element, find } from "../base/element.js";
import { BoardActs } from "./board-acts.js";
import { BoardSteps } from "./board-steps.js";
import { BoardTiles } from "./board-tiles.js";
import { Refused, hear } from "./ask.js";
import { known, remember } from "./memory.js";

const id = decodeURIComponent(/^\/c\/([^/]+)/.exec(location.pathname)?.[1] ?? "");

const board = {
  id,
  key: keyOf(),
  /** What the server says of the class. @type {any} */
  about: { steps: [], most: 0, files: [] },
  /** By number. @type {Map<number, import("./board-words.js").Seat>} */
  seats: new Map(),
  hidesNames: known(id).names === false,
  /** Milliseconds from the class's beginning to this page's. */
  began: 0,
  /** Milliseconds since the class began. */
  now: () => performance.now() - board.began,
  /** What to call a seat here. @param {import("./board-words.js").Seat} seat */
  called: (seat) => (board.hidesNames ? `Seat ${seat.seat}` : seat.name),
  /** The link for pupils: where this page is open on the server's own machine, by an address that others reach. */
  get link() {
    const pages = /** @type {string[]} */ (board.about.pages ?? []).map((page) => new URL(page));
    const other = pages.find(({ hostname }) => !isLoopback(hostname));
    return `${isLoopback(location.hostname) && other ? other.origin : location.origin}/c/${id}`;
  },
  /** Draws anew, once a frame. */
  draw,
};

/** @typedef {typeof board} Board */

/** @param {string} hostname */
function isLoopback(hostname) {
  return hostname === "localhost" || hostname.startsWith("127.") || hostname === "[::1]";
}

function drawLink() {
  const link = board.link.replace(/^https?:\/\//, (scheme) => (scheme === "http://" ? "" : scheme));
  if (find("#link").textContent !== link) find("#link").textContent = link;
  const alone = board.about.most > 0 && isLoopback(new URL(board.link).hostname);
  find("#alone").hidden = !alone;
}

const tiles = new BoardTiles(board);
const steps = new BoardSteps(board);
const acts = new BoardActs(board, tiles);
let scheduled = false;

drawLink();
if (board.key) void listen(board.key);
else refused("This is a class's board, and needs the teacher's own link: the one with a # in it. Pupils come in by the link above.");

/** @returns {string | null} */
function keyOf() {
  const linked = location.hash.slice(1);
  if (/^[A-Za-z0-9_-]{22}$/.test(linked)) {
    remember(id, { teacher: linked });
    history.replaceState(null, "", `${location.pathname}${location.search}`);
  }
  return known(id).teacher ?? null;
}

/** @param {string} key */
async function listen(key) {
  const end = await hear(`/c/${id}/news`, key, {
    // What comes now is everything there is.
    begins: () => board.seats.clear(),
    heard: (line) => {
      take(line);
      draw();
    },
    broken: (isBroken) => acts.say(isBroken ? "The connection is lost; the board stands still. Trying again…" : ""),
  });
  acts.over();
  if (end instanceof Refused) refused(end.status === 404 ? OVER.empty : end.message);
  else refused(OVER[/** @type {keyof typeof OVER} */ (end)] ?? OVER.empty);
}

const OVER = {
  closed: "The class is closed. Its rooms have ended, and nothing of it is left on the server but what was kept.",
  empty: "This class is over: everybody had left. Nothing of it is left on the server but what was kept.",
  draining: "The server is going away, and the class with it. Nothing of it is left but what was kept.",
};

/** A seat before anything is told of it. @type {Omit<import("./board-words.js").Seat, "seat">} */
const UNTOLD = { name: "", room: null, here: false, came: false, steps: "", since: 0, waits: null, failed: null, hand: null, looked: false, held: false, kept: null };

/** @param {any} line */
function take({ class: about, now, seat, gone, ...fields }) {
  if (typeof now === "number") board.began = performance.now() - now;
  if (about) board.about = about;
  if (typeof seat !== "number") return;
  if (gone) board.seats.delete(seat);
  else board.seats.set(seat, { ...(board.seats.get(seat) ?? UNTOLD), seat, ...fields });
}

/** @param {string} why */
function refused(why) {
  const said = find("#said");
  said.hidden = false;
  said.replaceChildren(element("span", {}, why), " ", element("a", { class: "link", href: "/" }, "Open a room"));
}

function draw() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    find(".board-title").textContent = board.about.title ?? "Class";
    drawLink();
    acts.draw();
    steps.draw();
    tiles.draw();
  });
}

// Times run on without news.
setInterval(draw, 1000);
