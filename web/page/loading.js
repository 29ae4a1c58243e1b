// Runs before everything else and needs nothing else: says in words what did not load, so that nobody waits at a page
// which cannot begin. A classic script in old grammar, for browsers that cannot read the rest.
(function () {
  "use strict";

  /** After so long people want to know that it still goes on, in milliseconds. */
  var LONG_MS = 10000;
  var TOO_OLD = "This browser cannot read this page: it is too old for it. A current Chrome, Edge or Firefox can.";
  var SLOW = "Still loading. Over a slow connection the first visit takes a while; if nothing changes, reload.";

  /** The first fault; it may bring others. */
  var fault = "";
  /** Whether the page goes on without what is missing: without a style it does, and looks broken. */
  var lasting = false;

  /** Whether the page has begun, or has said by itself why it cannot. */
  function isOver() {
    return !lasting && Boolean(document.body && document.body.getAttribute("data-state"));
  }

  /** @param {string} text */
  function say(text) {
    var place = document.getElementById("not-started");
    if (!place || isOver()) return;
    var reload = document.createElement("button");
    reload.type = "button";
    reload.className = "button";
    reload.textContent = "Reload";
    reload.addEventListener("click", function () {
      location.reload();
    });
    var words = document.createElement("p");
    words.textContent = text;
    place.textContent = "";
    place.appendChild(words);
    place.appendChild(reload);
    place.hidden = false;
  }

  /** @param {string} text */
  function fail(text) {
    if (fault || isOver()) return;
    fault = text;
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", function () { say(fault); });
    else say(fault);
  }

  /** The files that the server, or somebody on the way to it, refused. */
  function missing() {
    var all = performance.getEntriesByType ? performance.getEntriesByType("resource") : [];
    return all
      .filter(function (/** @type {any} */ one) {
        return one.responseStatus === 0 || one.responseStatus >= 400;
      })
      .map(function (one) {
        return new URL(one.name).pathname;
      });
  }

  /** @param {string} path */
  function absent(path) {
    var named = missing()[0] || path;
    var offline = navigator.onLine === false ? "This device is offline. " : "";
    return offline + "A part of this page did not come through: " + named + ". Reload; if it stays so, an extension or a filter on the way may block it.";
  }

  // Errors of scripts and styles do not bubble; on the way down they are heard.
  window.addEventListener(
    "error",
    function (event) {
      var from = /** @type {any} */ (event.target);
      if (from && from.tagName === "SCRIPT") fail(absent(new URL(from.src).pathname));
      else if (from && from.tagName === "LINK" && from.rel === "stylesheet") {
        lasting = true;
        fail(absent(new URL(from.href).pathname));
      }
      else if (event.error instanceof SyntaxError) fail(TOO_OLD);
      else if (event.message) fail("This page could not begin: " + event.message + ".");
    },
    true,
  );

  document.addEventListener("DOMContentLoaded", function () {
    // The newest that the page cannot do without.
    if (!("noModule" in HTMLScriptElement.prototype) || !("popover" in HTMLElement.prototype)) fail(TOO_OLD);
    // Whatever else was said, the page has found its own words, or begun.
    new MutationObserver(function () {
      if (isOver()) /** @type {HTMLElement} */ (document.getElementById("not-started")).hidden = true;
    }).observe(document.body, { attributes: true, attributeFilter: ["data-state"] });
  });

  setTimeout(function () {
    if (!fault) say(SLOW);
  }, LONG_MS);
})();
