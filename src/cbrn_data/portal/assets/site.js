// What pages do beyond reading: search everything, copy code. Every page works without it. It comes first: ``window.cbrn`` is
// what the other scripts use of it.
// A classic script, so that it runs from disk. Text is only ever set as text.
(function () {
  "use strict";

  function make(name, attributes, text) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (text) made.textContent = text;
    return made;
  }

  function plain(text) {
    return text.normalize("NFKD").replace(/[\u0300-\u036f'\u2018\u2019\u02bc`]/g, "").toLowerCase();
  }

  // Search over everything: the index is a script that is loaded when somebody begins to search.
  var KINDS = ["regions", "countries", "projects", "achievements", "priorities", "figures", "table", "source", "release"];

  var index = null;

  function withIndex(root, use) {
    if (index) return use(index);
    var script = document.getElementById("search-index") || make("script", { id: "search-index", src: root + "assets/search-index.js" });
    script.addEventListener("load", function () {
      index = index || window.cbrnIndex.map(function (entry) {
        return { kind: entry[0], title: entry[1], address: entry[2], detail: entry[4], at: plain(entry[1]), words: plain(entry.join(" ")) };
      });
      use(index);
    });
    if (!script.isConnected) document.head.appendChild(script);
  }

  // The entries that have every word, best first. A word that no entry has may have one typing error, also
  // while it is typed.
  function find(index, text) {
    var words = plain(text).split(/\s+/).filter(Boolean).map(function (word) { return meant(index, word); });
    if (!words.length) return [];
    var hits = index.filter(function (entry) { return words.every(function (word) { return entry.words.indexOf(word) >= 0; }); });
    hits.forEach(function (entry) {
      entry.rank = words.reduce(function (sum, word) { return sum + rank(entry.at, word); }, 0);
      if (entry.at === words.join(" ")) entry.rank += 9;
    });
    return hits.sort(function (one, other) { return other.rank - one.rank || KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind); });
  }

  // A title that begins with the whole word, then one that begins with its letters, then one that has it.
  function rank(title, word) {
    var place = title.indexOf(word), next = title.charAt(word.length);
    return place < 0 ? 0 : place > 0 ? 2 : /[\p{L}\p{N}]/u.test(next) ? 3 : 4;
  }

  function meant(index, word) {
    if (word.length < 5 || index.some(function (entry) { return entry.words.indexOf(word) >= 0; })) return word;
    return nearest(index, function (other) { return isNear(word, other); }) ||
      nearest(index, function (other) { return isNear(word, other.slice(0, word.length)) || isNear(word, other.slice(0, word.length + 1)); }) || word;
  }

  function nearest(index, fits) {
    for (var number = 0; number < index.length; number += 1) {
      var near = index[number].words.split(/[^\p{L}\p{N}]+/u).find(fits);
      if (near) return near;
    }
    return "";
  }

  // True if one letter more, less or different, or two exchanged, makes one word the other.
  function isNear(one, other) {
    if (Math.abs(one.length - other.length) > 1) return false;
    var start = 0;
    while (start < one.length && one[start] === other[start]) start += 1;
    var a = one.slice(start), b = other.slice(start);
    return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1) ||
      (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2));
  }

  // An entry tells its kind where no heading does, and what tells it from others of its title.
  function result(root, entry, attributes) {
    var link = make("a", Object.assign({ href: root + entry.address }, attributes));
    var kind = attributes ? entry.kind.replace(/_/g, " ") + (entry.detail && ", " + entry.detail) : entry.detail;
    link.append(make("bdi", {}, entry.title.length > 160 ? entry.title.slice(0, 159) + "…" : entry.title));
    if (kind) link.append(" ", make("small", {}, kind));
    return link;
  }

  function search(place) {
    var field = place.querySelector("input"), found = place.querySelector("#search-found"), said = place.querySelector("#search-count");
    var root = place.dataset.root, chosen = -1;
    field.addEventListener("focus", function () { withIndex(root, function () {}); });
    field.addEventListener("input", function () { withIndex(root, show); });
    field.addEventListener("keydown", move);
    document.addEventListener("click", function (event) { if (!place.contains(event.target)) close(); });
    document.addEventListener("keydown", function (event) {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
      event.preventDefault();
      field.focus();
    });

    function show(index) {
      var hits = find(index, field.value);
      found.textContent = "";
      chosen = -1;
      if (!field.value.trim()) return close();
      hits.slice(0, 12).forEach(function (entry, number) {
        found.appendChild(result(root, entry, { role: "option", id: "found-" + number, "aria-selected": "false", tabindex: "-1" }));
      });
      said.textContent = hits.length ? hits.length + " found" : "Nothing found";
      if (hits.length) {
        var all = root + "search.html?q=" + encodeURIComponent(field.value.trim());
        found.appendChild(make("a", { href: all, role: "option", id: "found-all", "aria-selected": "false", tabindex: "-1" }, "All " + hits.length + " results"));
      } else found.appendChild(make("p", { "class": "soft" }, "Nothing found"));
      found.hidden = false;
      field.setAttribute("aria-expanded", String(hits.length > 0));
    }

    function move(event) {
      var links = found.hidden ? [] : found.querySelectorAll("a");
      if (event.key === "Escape" || event.key === "Tab") return close();
      if (event.key === "Enter" && links.length) { links[Math.max(chosen, 0)].click(); return; }
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp" || !links.length) return;
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + links.length) % links.length;
      links.forEach(function (link, number) { link.setAttribute("aria-selected", String(number === chosen)); });
      links[chosen].scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", links[chosen].id);
    }

    function close() {
      found.hidden = true;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    }
  }

  // The page of results: its address holds the words, so that a search can be sent to others.
  function results(place) {
    var field = document.getElementById("results-words"), root = place.dataset.root;
    field.value = new URLSearchParams(location.search).get("q") || "";
    field.addEventListener("input", function () {
      try { history.replaceState(null, "", "?q=" + encodeURIComponent(field.value)); } catch (error) { /* from disk, the address stays */ }
      withIndex(root, show);
    });
    withIndex(root, show);

    function show(index) {
      var hits = find(index, field.value);
      place.textContent = "";
      document.getElementById("results-count").textContent =
        !field.value.trim() ? "" : hits.length === 1 ? "One result" : hits.length ? hits.length + " results" : "Nothing found for “" + field.value + "”. Try fewer or other words.";
      var kinds = hits.map(function (entry) { return entry.kind; }).filter(function (kind, at, all) { return all.indexOf(kind) === at; });
      kinds.forEach(function (kind) {
        var list = make("ul", { "class": "results" });
        hits.filter(function (entry) { return entry.kind === kind; }).forEach(function (entry) {
          var item = make("li");
          item.appendChild(result(root, entry));
          list.appendChild(item);
        });
        place.append(make("h2", {}, (kind.charAt(0).toUpperCase() + kind.slice(1).replace(/_/g, " ")).replace(/s?$/, "s")), list);
      });
    }
  }

  // Code: a button to copy it, where the browser lets a page do so.
  function copyable(block) {
    var button = make("button", { type: "button", "class": "copy", "aria-label": "Copy: " + block.getAttribute("aria-label") }, "Copy");
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(block.querySelector("code").textContent).then(function () { button.textContent = "Copied"; });
    });
    block.before(button);
  }

  // Words: whoever comes to them sees at once which values were made of them, and the other way round.
  function follow() {
    document.querySelectorAll(".chosen").forEach(function (one) { one.classList.remove("chosen"); });
    var to = /^#([wv])(\d+-\d+)$/.exec(location.hash);
    var other = to && document.getElementById((to[1] === "w" ? "v" : "w") + to[2]);
    if (!other) return;
    other.classList.add("chosen");
    var place = other.closest(".text, .made");
    if (getComputedStyle(place).overflowY === "auto") place.scrollTop += other.getBoundingClientRect().top - place.getBoundingClientRect().top - 40;
  }

  window.cbrn = { make: make, plain: plain };
  window.addEventListener("hashchange", follow);
  follow();
  document.querySelectorAll("#search").forEach(search);
  document.querySelectorAll("#results").forEach(results);
  if (navigator.clipboard) document.querySelectorAll("pre.code").forEach(copyable);
})();
