// The glossary on a page of its own, in the order of the alphabet; each word has an address.
import { element, find } from "../base/element.js";
import { GLOSSARY } from "../base/glossary.js";
import { sources } from "../base/terms.js";

const inOrder = [...GLOSSARY].sort((a, b) => a.term.localeCompare(b.term, "en", { sensitivity: "base" }));

find("#words").append(
  ...inOrder.map((term) =>
    element(
      "div",
      { class: "word", id: term.id, tabindex: -1 },
      element("dt", {}, element("a", { class: "mono word-name", href: `#${term.id}` }, term.term)),
      element("dd", { class: "prose" }, term.says),
      element("dd", { class: "soft word-sources" }, sources(term)),
    ),
  ),
);

// The word that the address asks for was not there yet when the browser looked for it.
function show() {
  const asked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!asked?.classList.contains("word")) return;
  asked.scrollIntoView({ block: "start" });
  asked.focus({ preventScroll: true });
}

addEventListener("hashchange", show);
show();
