// What must be known before a page is painted, so that nothing moves later: that there are scripts, whose tools then have
// their place, and whether Russian is on. If it is, its words are loaded, and nothing of the page is seen until
// assets/language.js has translated it. Small, since the page waits for it. A classic script, so that it runs from disk.
(function () {
  "use strict";

  var KEY = "cbrn-data-russian", page = document.documentElement, files = document.currentScript.dataset.russian.trim().split(" ");
  var remembered = null, loading = null;
  try { remembered = localStorage.getItem(KEY); } catch (error) { /* a browser may forbid it */ }

  function load(file) {
    return new Promise(function (use) {
      var script = document.createElement("script");
      script.src = file;
      script.onload = script.onerror = use;
      document.head.append(script);
    });
  }

  var russian = window.cbrnRussian = {
    messages: {},
    on: remembered ? remembered === "on" : /^ru\b/i.test(navigator.language || ""),
    ready: function () { return loading = loading || Promise.all(files.map(load)); },
    turn: function (on) {
      russian.on = on;
      try { localStorage.setItem(KEY, on ? "on" : "off"); } catch (error) { /* a browser may forbid it */ }
    }
  };
  page.classList.add("scripted");
  if (!russian.on) return;
  page.classList.add("russian", "waiting");
  addEventListener("load", function () { page.classList.remove("waiting"); });
  russian.ready();
})();
