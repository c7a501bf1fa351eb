// What pages do beyond reading: sort and search tables, search everything, copy code. Every page works without it.
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
    return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  // Tables: a button to sort by each column, a field to search each column, one to search all.
  function enhance(table) {
    var head = table.tHead.rows[0], body = table.tBodies[0];
    var rows = Array.prototype.slice.call(body.rows).map(function (row) {
      var cells = Array.prototype.slice.call(row.cells);
      return { row: row, cells: cells.map(sortedBy), words: cells.map(shownIn) };
    });
    var fields = [], order = rows.slice();
    var all = make("input", { type: "search", placeholder: "Search these rows", "aria-label": "Search these rows" });
    var count = make("p", { role: "status", "class": "soft" });
    var searches = make("tr");

    Array.prototype.forEach.call(head.cells, function (cell, column) {
      var title = cell.textContent, button = make("button", { type: "button" }, title);
      cell.textContent = "";
      cell.appendChild(button);
      button.addEventListener("click", function () { sort(column, cell); });
      var field = make("input", { type: "search", "aria-label": "Search " + title });
      field.addEventListener("input", show);
      fields.push(field);
      var place = make("td");
      place.appendChild(field);
      searches.appendChild(place);
    });
    table.tHead.appendChild(searches);
    all.addEventListener("input", show);
    var tools = make("div", { "class": "tools" });
    tools.append(all, count);
    table.parentNode.before(tools);
    show();

    function sort(column, cell) {
      var down = cell.getAttribute("aria-sort") === "ascending", number = cell.dataset.type === "integer";
      Array.prototype.forEach.call(head.cells, function (other) { other.removeAttribute("aria-sort"); });
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      order.sort(function (one, other) {
        var a = one.cells[column], b = other.cells[column];
        if (!a || !b) return a === b ? 0 : a ? -1 : 1; // what no source says comes last
        var by = number ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true });
        return down ? -by : by;
      });
      order.forEach(function (entry) { body.appendChild(entry.row); });
    }

    function show() {
      var wanted = plain(all.value.trim()), by = fields.map(function (field) { return plain(field.value.trim()); }), left = 0;
      rows.forEach(function (entry) {
        var fits = entry.words.some(function (word) { return word.indexOf(wanted) >= 0; }) &&
          by.every(function (word, column) { return entry.words[column].indexOf(word) >= 0; });
        entry.row.hidden = !fits;
        if (fits) left += 1;
      });
      count.textContent = left === rows.length ? rows.length + " rows" : left + " of " + rows.length + " rows";
    }
  }

  // What a cell shows: its value, and the name of what the value stands for. The numbers of passages are no words of it.
  function texts(cell) {
    return Array.prototype.map.call(cell.querySelectorAll("bdi"), function (text) { return text.textContent; });
  }

  function shownIn(cell) { return plain(texts(cell).join(" ")); }

  // A code is sorted by the name that is shown with it; a letter with a number, as P31, is a name itself.
  function sortedBy(cell) {
    var found = texts(cell), named = cell.querySelector(".to[data-name] bdi");
    return found.length && named && !/^[A-Z]{1,3}[0-9]+$/.test(found[0]) ? named.textContent : found[0] || "";
  }

  // Search over everything: the index is a script that is loaded when somebody begins to search.
  function search(place) {
    var field = place.querySelector("input"), found = place.querySelector("#search-found"), said = place.querySelector("#search-count");
    var root = place.dataset.root, index = null, chosen = -1;
    place.hidden = false;
    field.addEventListener("focus", load);
    field.addEventListener("input", function () { load(); show(); });
    field.addEventListener("keydown", move);
    document.addEventListener("click", function (event) { if (!place.contains(event.target)) close(); });

    function load() {
      if (document.getElementById("search-index")) return;
      var script = make("script", { id: "search-index", src: root + "assets/search-index.js" });
      script.addEventListener("load", function () {
        index = window.cbrnIndex.map(function (entry) {
          return { kind: entry[0], title: entry[1], address: entry[2], at: plain(entry[1]), words: plain(entry.join(" ")) };
        });
        show();
      });
      document.head.appendChild(script);
    }

    function show() {
      var words = plain(field.value).split(/\s+/).filter(Boolean);
      found.textContent = "";
      chosen = -1;
      if (!index || !words.length) return close();
      var hits = index.filter(function (entry) { return words.every(function (word) { return entry.words.indexOf(word) >= 0; }); });
      hits.forEach(function (entry) {
        entry.rank = words.reduce(function (sum, word) { return sum + rank(entry.at, word); }, 0);
      });
      hits.sort(function (one, other) { return other.rank - one.rank; });
      hits.slice(0, 30).forEach(function (entry, number) {
        var link = make("a", { href: root + entry.address, role: "option", id: "found-" + number, "aria-selected": "false", tabindex: "-1" });
        link.append(make("bdi", {}, entry.title.length > 160 ? entry.title.slice(0, 159) + "…" : entry.title), make("small", {}, entry.kind.replace(/_/g, " ")));
        found.appendChild(link);
      });
      said.textContent = hits.length ? hits.length + " found" : "Nothing found";
      if (!hits.length) found.appendChild(make("p", { "class": "soft" }, "Nothing found"));
      found.hidden = false;
      field.setAttribute("aria-expanded", String(hits.length > 0));
    }

    // A title that begins with the whole word, then one that begins with its letters, then one that has it.
    function rank(title, word) {
      var place = title.indexOf(word), next = title.charAt(word.length);
      return place < 0 ? 0 : place > 0 ? 2 : /[\p{L}\p{N}]/u.test(next) ? 3 : 4;
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

  window.addEventListener("hashchange", follow);
  follow();
  document.querySelectorAll("table[data-rows]").forEach(enhance);
  document.querySelectorAll("#search").forEach(search);
  if (navigator.clipboard) document.querySelectorAll("pre.code").forEach(copyable);
})();
