// What a teacher does with a class: to everybody by the row of buttons, to one seat by its panel, and how it ends.
import { announce } from "../base/announce.js";
import { button, element, find } from "../base/element.js";
import { showLarge } from "../base/large-link.js";
import { dialog, popover } from "../base/popover.js";
import { ask } from "./ask.js";
import { remember } from "./memory.js";
import { keepClass, saveSteps } from "./keep-class.js";
import { CLASS_FILE, CLASS_NOTE } from "../py/vocabulary.js";

const FILE_WORDS = `${CLASS_FILE / 1024} KiB`;

export class BoardActs {
  #board;
  #hold = button("Hold all wires", () => void this.#holdAll());
  #names = button("Hide names", () => this.#hideNames());
  #said = element("p", { class: "board-done soft", role: "status" });
  #lost = "";
  #over = false;

  /** @param {import("./board.js").Board} board @param {import("./board-tiles.js").BoardTiles} tiles */
  constructor(board, tiles) {
    this.#board = board;
    tiles.onact = (act, seat) => this.#actOn(act, seat);
    find("#tools").append(this.#names, button("Show the link large", () => showLarge("Come in here", board.link)));
    const steps = button("Everybody to a step", () => {});
    const lessons = button("Another lesson", () => {});
    const end = button("End", () => {});
    find("#acts").append(
      steps,
      this.#hold,
      button("Note to all", () => this.#note(null)),
      button("Give a file", () => this.#file()),
      button("Start clean, all", () => this.#cleanAll()),
      lessons,
      end,
      this.#said,
    );
    popover(steps, { label: "Everybody to a step", class: "at-start", fill: (close) => [this.#stepList(close)] });
    popover(lessons, { label: "Another lesson", class: "at-start", fill: (close) => [this.#lessonList(close)] });
    popover(end, { label: "End", class: "at-start", fill: (close) => this.#endings(close) });
  }

  draw() {
    const { about, seats, hidesNames } = this.#board;
    find("#acts").hidden = this.#over || about.most === 0;
    const label = about.held ? `Let all wires go (${[...seats.values()].filter(({ held }) => held).length} held)` : "Hold all wires";
    if (this.#hold.textContent !== label) this.#hold.textContent = label;
    this.#hold.setAttribute("aria-pressed", String(Boolean(about.held)));
    const names = hidesNames ? "Show names" : "Hide names";
    if (this.#names.textContent !== names) this.#names.textContent = names;
  }

  /** The connection's state, or nothing. @param {string} what */
  say(what) {
    if (this.#lost === what) return;
    this.#lost = what;
    this.#said.textContent = what;
  }

  /** Nothing can be done any more. */
  over() {
    this.#over = true;
    find("#acts").hidden = true;
  }

  /** @param {object} act @param {string} done @returns {Promise<boolean>} */
  async #act(act, done) {
    try {
      const { missed } = await (await ask(`/c/${this.#board.id}/acts`, { key: this.#board.key, body: act })).json();
      this.#tell(missed > 0 ? `${done} ${missed === 1 ? "One room was" : `${missed} rooms were`} not reached.` : done);
      return true;
    } catch (error) {
      this.#tell(/** @type {Error} */ (error).message);
      return false;
    }
  }

  /** @param {string} what */
  #tell(what) {
    this.#said.textContent = what;
  }

  /** @param {string} act @param {import("./board-words.js").Seat} seat */
  #actOn(act, seat) {
    const name = this.#board.called(seat);
    const number = seat.seat;
    switch (act) {
      case "note":
        return this.#note(seat);
      case "hand":
        return void this.#act({ act: "hand_down", seat: number }, `${name}: hand down.`);
      case "show":
        return void this.#act({ act: "show", seat: number }, `${name}'s wire is on the projector; the pupil is told.`);
      case "hide":
        return void this.#act({ act: "show" }, "Nobody's wire is shown.");
      case "clean":
        return confirm(`Start clean: ${name}`, `${name} gets a new room: programs, sockets and steps begin anew. Their files stay.`, "Start clean", () => this.#act({ act: "clean", seat: number }, `${name} has a new room.`));
      case "free":
        return confirm(`Free this seat: ${name}`, "Its room ends, and nothing of it is left but what was kept. Whoever sits there has to come in again.", "Free the seat", () => this.#act({ act: "free", seat: number }, "The seat is free."));
    }
  }

  async #holdAll() {
    const held = !this.#board.about.held;
    await this.#act({ act: "hold", held }, held ? "All wires are held." : "All wires are free.");
  }

  #hideNames() {
    this.#board.hidesNames = !this.#board.hidesNames;
    remember(this.#board.id, { names: !this.#board.hidesNames });
    this.#board.draw();
  }

  /** @param {import("./board-words.js").Seat | null} seat none for all */
  #note(seat) {
    const field = /** @type {HTMLTextAreaElement} */ (element("textarea", { class: "field note-field", rows: "3", maxlength: String(CLASS_NOTE), dir: "auto", "aria-label": "The note" }));
    const whom = seat ? this.#board.called(seat) : "everybody";
    const form = element("form", { class: "stack" }, element("p", {}, "It stands under the lesson until they close it. An empty one takes it away."), field, element("div", { class: "row" }, element("button", { class: "button filled" }, "Send")));
    const made = dialog(`A note to ${whom}`, [form]);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const act = seat ? { act: "note", seat: seat.seat, text: field.value } : { act: "note", text: field.value };
      void this.#act(act, field.value.trim() ? `Your note is with ${whom}.` : "The note is taken away.").then((ok) => ok && made.close());
    });
    field.focus();
  }

  #file() {
    const name = /** @type {HTMLInputElement} */ (element("input", { class: "field mono", id: "file-name", maxlength: "32", required: true, value: "task.py" }));
    const machine = /** @type {HTMLSelectElement} */ (element("select", { class: "field", id: "file-machine" }, element("option", {}, "client"), element("option", {}, "server")));
    const text = /** @type {HTMLTextAreaElement} */ (element("textarea", { class: "field mono file-text", rows: "12", "aria-label": "The file", spellcheck: "false" }));
    const said = element("p", { class: "soft", role: "alert" });
    const open = /** @type {HTMLInputElement} */ (element("input", { type: "file", class: "file-open", "aria-label": "A file of this computer" }));
    open.addEventListener("change", async () => {
      const [file] = open.files ?? [];
      if (!file) return;
      if (file.size > CLASS_FILE) return void (said.textContent = `That file is longer than ${FILE_WORDS}.`);
      name.value = file.name;
      text.value = await file.text();
    });
    const form = element(
      "form",
      { class: "stack" },
      element("p", {}, "Everybody gets it in a tab of its own; a pupil's own file of that name stays."),
      element("div", { class: "row" }, element("label", { for: "file-name" }, "Name"), name, element("label", { for: "file-machine" }, "on"), machine),
      text,
      open,
      said,
      element("div", { class: "row" }, element("button", { class: "button filled" }, "Give it to all")),
    );
    const made = dialog("A file for all", [form]);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (new TextEncoder().encode(text.value).length > CLASS_FILE) return void (said.textContent = `A file for all has at most ${FILE_WORDS}.`);
      const act = { act: "file", machine: machine.value, name: name.value.trim(), text: text.value };
      if (await this.#act(act, `${act.name} is with everybody.`)) made.close();
      else said.textContent = this.#said.textContent;
    });
    text.focus();
  }

  #cleanAll() {
    confirm("Start clean, all", "Everybody gets a new room: programs, sockets and steps begin anew. Their files stay.", "Start clean", () => this.#act({ act: "clean" }, "Everybody has a new room."));
  }

  /** @param {() => void} close */
  #stepList(close) {
    const { steps, step } = this.#board.about;
    if (steps.length === 0) return element("p", {}, "This class has no lesson: choose one with Another lesson.");
    const go = (/** @type {string} */ title, /** @type {number} */ at) => () => {
      close();
      void this.#act({ act: "step", at }, `Everybody is sent to step ${at + 1}: ${title}.`);
    };
    return element("ol", { class: "act-list" }, ...steps.map((/** @type {string} */ title, /** @type {number} */ at) => element("li", {}, button(`${at + 1}. ${title}`, go(title, at), { class: "link plain act-choice", "aria-current": at === step ? "step" : null }))));
  }

  /** @param {() => void} close */
  #lessonList(close) {
    const list = element("ol", { class: "act-list" }, element("li", { class: "soft" }, "One moment…"));
    void fetch("/lessons/index.json")
      .then((answer) => answer.json())
      .then(({ lessons }) => {
        const go = (/** @type {any} */ lesson) => () => {
          close();
          void this.#act({ act: "lesson", id: lesson.id }, `Everybody takes: ${lesson.title}.`);
        };
        list.replaceChildren(...lessons.map((/** @type {any} */ lesson) => element("li", {}, button(lesson.title, go(lesson), { class: "link plain act-choice", "aria-current": lesson.id === this.#board.about.lesson ? "true" : null }))));
      })
      .catch(() => list.replaceChildren(element("li", {}, "The list of lessons did not come.")));
    return list;
  }

  /** @param {() => void} close */
  #endings(close) {
    const then = (/** @type {() => void} */ what) => () => {
      close();
      what();
    };
    return [
      element(
        "div",
        { class: "stack" },
        element("p", {}, "Nothing of a class outlives it but what is kept: by you, or by a pupil of their own room."),
        button("Keep this class", then(() => keepClass(this.#board))),
        button("Save the table of steps (CSV)", then(() => void saveSteps(this.#board).catch((error) => this.#tell(error.message)))),
        button("Close the class", then(() => this.#close())),
      ),
    ];
  }

  #close() {
    const kept = [...this.#board.seats.values()].filter((seat) => seat.kept).length;
    const words = `All rooms end at once, and everything in them is gone${kept > 0 ? `, but for the ${kept} that you kept` : ": you have kept none"}. Pupils are told.`;
    confirm("Close the class", words, "Close it", async () => {
      const closed = await this.#act({ act: "close" }, "The class is closed.");
      if (closed) announce("The class is closed.");
      return closed;
    });
  }
}

/** @param {string} title @param {string} words @param {string} label @param {() => Promise<boolean>} act */
function confirm(title, words, label, act) {
  const made = dialog(title, [element("div", { class: "stack" }, element("p", {}, words), element("div", { class: "row" }, button(label, () => (made.close(), void act()), { class: "button filled" })))], "Cancel");
}
