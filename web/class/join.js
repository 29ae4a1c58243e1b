// The page that a pupil opens: a name, and they have a seat. Whoever has one already comes back to it.
import { button, element, find } from "../base/element.js";
import { personName } from "../base/storage.js";
import { ask } from "./ask.js";
import { enterSeat } from "./enter.js";
import { forget, known, remember } from "./memory.js";
import { NAME } from "../py/vocabulary.js";

const id = decodeURIComponent(/^\/c\/([^/]+)/.exec(location.pathname)?.[1] ?? "");
const form = find("#form");
const field = /** @type {HTMLInputElement} */ (find("#name"));
const said = find("#said");

void about();
// A seat's own link, from another device. The key stays out of the address bar: others copy what stands there.
const linked = location.hash.slice(1);
if (/^[A-Za-z0-9_-]{22}$/.test(linked)) {
  history.replaceState(null, "", location.pathname);
  void comeBack(linked);
} else if (known(id).seat) offer();
else begin();

async function about() {
  try {
    const { title } = await (await ask(`/c/${id}/about`)).json();
    if (title) find("#about").append(" ", element("b", {}, title), ".");
  } catch {
    // Whoever tries to come in is told why it does not work.
  }
}

function begin() {
  form.hidden = false;
  field.value = personName.get();
  field.focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void come();
  });
}

/** This browser has a seat: whoever sits at it now may be somebody else. */
function offer() {
  const { seat } = known(id);
  const again = find("#again");
  again.hidden = false;
  again.replaceChildren(
    element("p", {}, "This browser has a seat in this class."),
    element(
      "div",
      { class: "row join-row" },
      button(`Go on as ${seat?.name ?? ""}`, () => void comeBack(seat?.key ?? ""), { class: "button filled join-name" }),
      button("I am somebody else", () => {
        again.hidden = true;
        forget(id, "seat");
        // And what was written in them.
        forget(id, "rooms");
        personName.set("");
        begin();
      }),
    ),
  );
}

/** @param {string} key */
async function comeBack(key) {
  try {
    enter(await (await ask(`/c/${id}/seats`, { key, body: {} })).json());
  } catch (error) {
    if (/** @type {any} */ (error).rule === "seat") forget(id, "seat");
    say(/** @type {Error} */ (error).message);
    find("#again").hidden = true;
    begin();
  }
}

async function come() {
  const enterButton = /** @type {HTMLButtonElement} */ (find("#enter"));
  const name = field.value.trim();
  if (enterButton.disabled) return;
  if ([...name].length > NAME) return say(`A name has at most ${NAME} characters.`);
  enterButton.disabled = true;
  said.hidden = true;
  try {
    enter(await (await ask(`/c/${id}/seats`, { body: { name } })).json());
  } catch (error) {
    enterButton.disabled = false;
    say(words(/** @type {any} */ (error)));
    field.focus();
  }
}

/** @param {import("./ask.js").Refused} error */
function words({ message, limit, value, named }) {
  if (limit === "class-seats") return `All ${value} seats of this class are taken. Ask your teacher${named}.`;
  if (limit === "server-rooms" || limit === "server-memory") return `The server has no room for one more right now. Tell your teacher${named}.`;
  return message;
}

/** @param {any} taken */
function enter(taken) {
  personName.set(taken.name);
  remember(id, { seat: { key: taken.key, name: taken.name } });
  enterSeat(id, taken);
}

/** @param {string} what */
function say(what) {
  said.textContent = what;
  said.hidden = false;
}
