// What a person sees and where they would press, for the tests' browser. Reads the page; changes nothing but the
// scroll position and `clickedInTest`.

const isSeen = (element) =>
  element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length > 0;

const plain = (text) => (text ?? "").replaceAll(/\s+/g, " ").trim();

/** What can be read within the elements of a selector. */
const seen = (selector) =>
  plain([...document.querySelectorAll(selector)].filter(isSeen).map((element) => element.innerText).join(" "));

const nameOf = (element) => {
  const label = element.getAttribute("aria-label");
  if (label) return plain(label);
  if (element.labels?.length) return plain(element.labels[0].innerText);
  return plain(element.innerText);
};

const isCalled = (element, name) =>
  name.endsWith("…") ? nameOf(element).startsWith(name.slice(0, -1)) : nameOf(element) === name;

const PRESSABLE = "button, summary, a[href], input, [role=button], [role=row], [role=tab]";

/** What is called so and can be pressed. */
const called = (scope, name) => {
  const inside = [...document.querySelectorAll(scope)].flatMap((root) => [...root.querySelectorAll(PRESSABLE)]);
  return inside.find((element) => isCalled(element, name) && isSeen(element) && !element.disabled);
};

/** The buttons that say what comes next; there should be one. */
const filled = () => [...document.querySelectorAll("button.filled")].filter((element) => isSeen(element) && !element.disabled);

/** Packets held on the wire, as their cards name them. */
const cards = () => [...document.querySelectorAll(".wire-card")].map((card) => `${card.dataset.seq} ${plain(card.innerText)}`).join(" | ");

/** Whether a card with this title is of this packet, however many copies of it there are; without a name any is. */
const isCardOf = (title, name) => !name || plain(title.textContent).replace(/ ×\d+$/, "") === name;

/** A button of the card of this packet. */
const cardButton = (verb, name) => {
  const card = [...document.querySelectorAll(".wire-card")].find((one) => isSeen(one) && isCardOf(one.querySelector(".wire-card-title"), name));
  return [...(card?.querySelectorAll("button") ?? [])].find((button) => plain(button.textContent) === verb);
};

/** Notes what is clicked next: each question to the page has a scope of its own, so it is kept with the window. */
const watchClick = () => {
  window.clickedInTest = null;
  addEventListener("click", ({ target }) => (window.clickedInTest = target), { capture: true, once: true });
};

/** Whether that was this button on a card of this packet. */
const hasClicked = (verb, name) => {
  const title = window.clickedInTest?.closest(".wire-card")?.querySelector(".wire-card-title");
  return Boolean(title) && isCardOf(title, name) && plain(window.clickedInTest.textContent) === verb;
};

/** What changes when a step has been taken. */
const situation = () => [seen("#lesson"), ...filled().map(nameOf)].join(" | ");

/** Where to press: the middle of an element, if nothing lies over it and it rests. */
const place = (found) => {
  if (!found) return null;
  found.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  const { left, top, width, height } = found.getBoundingClientRect();
  const at = { x: left + width / 2, y: top + height / 2 };
  const on = document.elementFromPoint(at.x, at.y);
  if (!on || !(found.contains(on) || on.contains(found))) return null;
  // It has to stand still between two looks.
  const now = [left, top, width, height].join(" ");
  const rested = window.lastPlace === now;
  window.lastPlace = now;
  return rested ? at : null;
};

const active = () => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
};

const focusName = () => {
  const element = active();
  return element ? nameOf(element).slice(0, 120) || element.id : "";
};

const focusRegion = () => active()?.closest("#lesson, #left, #wire, #right, #lesson-view")?.id ?? "";

/** What makes the page wider than the window. */
const sticksOut = () => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.body.querySelectorAll("*")].filter(
    (element) => isSeen(element) && element.getBoundingClientRect().right > clientWidth + 0.5,
  );
  return wide.map((element) => `${element.localName}.${element.className} to ${element.getBoundingClientRect().right}`);
};

/** Looks again and again until there is something to see. While a page is being loaded, parts of it are missing. */
const until = (look, patience) =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    // To look costs the page a layout: soon at first, more rarely where it takes long.
    let pause = 15;
    const again = () => {
      let found = null;
      let missing = "";
      try {
        found = look();
      } catch (error) {
        missing = `: ${error.message}`;
      }
      if (found) resolve(found);
      else if (performance.now() - began > patience) reject(new Error(`in vain${missing}`));
      else setTimeout(again, (pause = Math.min(pause * 1.3, 120)));
    };
    again();
  });
