// The links on a picture are one stop of the Tab key: arrows, Home and End go from one to the next, Enter opens its page.
// Without this script, each link is a stop. A classic script, so that it runs from disk.
(function () {
  "use strict";

  var STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

  document.querySelectorAll("svg.over").forEach(function (over) {
    var links = Array.from(over.querySelectorAll("a"));

    function choose(place) {
      links.forEach(function (link, at) { link.setAttribute("tabindex", at === place ? "0" : "-1"); });
      return links[place];
    }

    over.addEventListener("keydown", function (event) {
      var place = links.indexOf(event.target.closest("a"));
      var next = event.key === "Home" ? 0 : event.key === "End" ? links.length - 1
        : event.key in STEPS ? (place + STEPS[event.key] + links.length) % links.length : -1;
      if (place < 0 || next < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      choose(next).focus();
    });
    choose(0);
  });
})();
