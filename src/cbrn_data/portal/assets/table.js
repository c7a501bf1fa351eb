// The rows of a table as one: search, filter, sort, count and download. The rows are a script beside the page, which is
// loaded when somebody asks for more than the first rows. Text is only ever set as text.
(function () {
  "use strict";

  var STEP = 100, make = window.cbrn.make, plain = window.cbrn.plain;
  var section = document.getElementById("rows"), tools = document.getElementById("tools");
  // A further page is for those without JavaScript: the first one has all rows.
  if (section.dataset.whole) return location.replace(section.dataset.whole + location.search + location.hash);
  if (!tools) return;

  var table = section.querySelector("table"), body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells);
  var controls = Array.from(tools.querySelectorAll("[name]")), folded = document.getElementById("rows-filters"), count = tools.querySelector("[role=status]");
  var clear = document.getElementById("rows-clear");
  var before = make("button", { type: "button", "class": "edge" }), after = make("button", { type: "button", "class": "edge" });
  var none = make("p", { "class": "note" }, "No row fits. Take a filter or a word away, or clear all filters.");
  var data = null, rows = [], fitting = [], from = 0, to = body.rows.length, sort = "", collator = new Intl.Collator("en", { numeric: true });

  function load(use) {
    if (data) return use();
    var script = document.getElementById("rows-script") || make("script", { id: "rows-script", src: section.dataset.script });
    script.addEventListener("load", function () {
      if (!data) {
        data = window.cbrnRows;
        rows = fitting = data.rows.map(function (cells, at) { return { cells: cells, at: at }; });
      }
      use();
    });
    script.addEventListener("error", function () { script.remove(); count.textContent = "The rows cannot be loaded; the CSV file has them."; });
    if (!script.isConnected) document.head.appendChild(script);
  }

  // A cell: null, a text, or [text, passages, link to a row, link to a public page, text in the CSV].
  function parts(cell) { return Array.isArray(cell) ? cell : [cell]; }
  function shown(cell) { return parts(cell)[0]; }
  function raw(cell) { var all = parts(cell); return all[4] || all[0]; }
  function label(cell) { var link = parts(cell)[2]; return link ? data.links[link - 1][1] : ""; }
  function place(name) { return data.columns.findIndex(function (column) { return column.name === name; }); }

  function key(row) {
    return data.key.map(function (at) {
      var shownAt = data.columns.findIndex(function (column) { return column.at === at; });
      return raw(row.cells[shownAt]) || "";
    }).join("/");
  }

  function words(row) {
    if (!row.words) row.words = plain(row.cells.map(function (cell) { return [shown(cell), raw(cell), label(cell)].join(" "); }).join(" "));
    return row.words;
  }

  // The test that a control makes of a row, or null. A partial date fits if one of its days does.
  function test(control) {
    var wanted = control.value.trim(), at = place(control.dataset.column), end = control.dataset.end;
    if (!wanted) return null;
    if (control.name === "q") {
      var all = plain(wanted).split(/\s+/);
      return function (row) { return all.every(function (word) { return words(row).indexOf(word) >= 0; }); };
    }
    if (!end) return function (row) { return (raw(row.cells[at]) || "–") === wanted; };
    return function (row) {
      var value = raw(row.cells[at]);
      if (value === null) return false;
      var length = Math.min(value.length, wanted.length), a = value.slice(0, length), b = wanted.slice(0, length);
      var by = data.columns[at].number ? Number(value) - Number(wanted) : a < b ? -1 : a > b ? 1 : 0;
      return end === "from" ? by >= 0 : by <= 0;
    };
  }

  // Every control is tested, so that each choice can say how many rows it would leave.
  function filter() {
    var tests = controls.map(test), counts = controls.map(function () { return new Map(); });
    fitting = rows.filter(function (row) {
      var failed = [];
      tests.forEach(function (fits, number) { if (fits && failed.length < 2 && !fits(row)) failed.push(number); });
      controls.forEach(function (control, number) {
        if (!control.options || failed.length > 1 || failed.length === 1 && failed[0] !== number) return;
        var value = raw(row.cells[place(control.dataset.column)]) || "–";
        counts[number].set(value, (counts[number].get(value) || 0) + 1);
      });
      return !failed.length;
    });
    controls.forEach(function (control, number) {
      Array.from(control.options || []).slice(1).forEach(function (option) {
        option.textContent = option.dataset.name + " (" + (counts[number].get(option.value) || 0).toLocaleString("en") + ")";
      });
    });
    order();
  }

  // A code is sorted by the name it stands for; a letter with a number, such as P31, is itself a name.
  function sortedBy(column, at) {
    return function (row) {
      var text = shown(row.cells[at]), name = label(row.cells[at]);
      return text !== null && column.named && name && !/^[A-Z]{1,3}[0-9]+$/.test(text) ? name : text;
    };
  }

  function order() {
    var down = sort.charAt(0) === "-", at = place(down ? sort.slice(1) : sort), column = data.columns[at];
    if (!column) return;
    var value = sortedBy(column, at), values = new Map(fitting.map(function (row) { return [row, value(row)]; }));
    fitting = fitting.slice().sort(function (one, other) {
      var a = values.get(one), b = values.get(other);
      if (a === null || b === null) return a === b ? one.at - other.at : a === null ? 1 : -1; // what no source says comes last
      var by = column.number ? Number(a) - Number(b) : collator.compare(a, b);
      return (down ? -by : by) || one.at - other.at;
    });
  }

  function show() {
    load(function () {
      filter();
      draw(0);
      remember();
      say();
    });
  }

  function draw(first) {
    from = to = first;
    body.textContent = "";
    add();
  }

  function add() {
    var next = Math.min(to + STEP, fitting.length);
    body.append.apply(body, fitting.slice(to, next).map(made));
    to = next;
    edges();
  }

  function addBefore() {
    var next = Math.max(from - STEP, 0);
    body.prepend.apply(body, fitting.slice(next, from).map(made));
    from = next;
    edges();
  }

  function edges() {
    var total = data ? fitting.length : Number(section.dataset.total);
    before.hidden = from === 0;
    after.hidden = to >= total;
    before.textContent = "Show rows before row " + (from + 1).toLocaleString("en");
    after.textContent = "Show more: rows " + (from + 1).toLocaleString("en") + " to " + to.toLocaleString("en") + " of " + total.toLocaleString("en") + " are here";
    none.hidden = total > 0;
    table.hidden = total === 0;
  }

  function say() {
    var all = rows.length.toLocaleString("en"), some = fitting.length.toLocaleString("en");
    count.textContent = (some === all ? all : some + " of " + all) + (rows.length === 1 ? " row" : " rows");
    clear.hidden = !controls.some(function (control) { return control.value; }) && !sort;
    heads.forEach(function (head, number) {
      var name = data.columns[number].name;
      if (sort === name || sort === "-" + name) head.setAttribute("aria-sort", sort === name ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  }

  // State in the address, so that it can be kept and sent to others.
  function remember() {
    var state = new URLSearchParams();
    controls.forEach(function (control) { if (control.value.trim()) state.set(control.name, control.value.trim()); });
    if (sort) state.set("sort", sort);
    try { history.replaceState(null, "", location.pathname + (String(state) && "?" + state) + location.hash); } catch (error) { /* from disk, the address may stay */ }
  }

  function recall() {
    var state = new URLSearchParams(location.search);
    controls.forEach(function (control) {
      control.value = state.get(control.name) || "";
      if (control.options && control.selectedIndex < 0) control.value = "";
    });
    sort = state.get("sort") || "";
    return sort || controls.some(function (control) { return control.value; });
  }

  function reset() {
    controls.forEach(function (control) { control.value = ""; });
    sort = "";
  }

  // A row that the address names is shown, wherever it stands.
  function reach() {
    var id = decodeURIComponent(location.hash.slice(1));
    if (id.indexOf("row/") || document.getElementById(id)) return;
    load(function () {
      var ids = rows.map(function (row) { return "row/" + key(row); });
      var at = ids.indexOf(id) >= 0 ? ids.indexOf(id) : ids.findIndex(function (one) { return id.indexOf(one + ":") === 0; });
      if (at < 0) return;
      if (fitting.indexOf(rows[at]) < 0) { reset(); filter(); remember(); }
      draw(Math.max(fitting.indexOf(rows[at]) - 5, 0));
      say();
      location.replace(location.href);
    });
  }

  // The elements of a row, as portal/rows.py makes them.
  function made(row) {
    var id = "row/" + key(row), line = make("tr", { id: id });
    row.cells.forEach(function (cell, number) {
      var column = data.columns[number], text = shown(cell), look = column.number ? ["number"] : [];
      if (cell === null) look.push("null");
      else if (text && Array.from(text).length > 60) look.push("long" + (column.sparse ? " sparse" : ""));
      else if (text && Array.from(text).length <= 12 && !look.length) look.push("nowrap");
      var place = make("td", { id: id + ":" + column.name });
      if (look.length) place.className = look.join(" ");
      place.dataset.label = column.title;
      fill(place, parts(cell), column);
      line.appendChild(place);
    });
    return line;
  }

  function fill(place, cell, column) {
    if (cell[0] === null) return place.append(cell[1] ? make("span", { title: cell[1] }, "≠") : "–");
    var passages = cell[1] || [], value = make("bdi", column.ours ? { "class": "ours" } : {}, cell[0]), to = cell[2] && data.links[cell[2] - 1], out = cell[3] && data.links[cell[3] - 1];
    if (passages.length) {
      var first = passage(passages[0], "words");
      first.title = first.textContent;
      first.replaceChildren(value);
      value = first;
    }
    place.append(value);
    if (out) place.append("\u00a0", make("a", { "class": "out", href: out[0], rel: "noopener noreferrer nofollow", "aria-label": "Public page at " + out[1] }, "↗"));
    if (passages.length > 1) {
      var list = make("ul"), all = make("details", { "class": "passages" });
      passages.forEach(function (one) { var item = make("li"); item.append(passage(one, "more")); list.append(item); });
      all.append(make("summary", { "aria-label": passages.length + " passages" }, String(passages.length)), list);
      place.append(" ", all);
    }
    if (to) {
      var link = make("a", { "class": "to", href: section.dataset.root + to[0] });
      link.append(make("bdi", column.own ? { "class": "ours" } : {}, to[1]));
      place.append(" ", link);
    }
  }

  function passage(one, look) {
    var source = data.links[one[0]], lines = one[3] ? "lines " + one[2] + "–" + one[3] : "line " + one[2];
    return make("a", { "class": look, href: section.dataset.root + source[0] + "#" + one[1] }, source[1] + ", " + lines);
  }

  // What is cited of a cell of the page, by assets/cite-cell.js: its row and column, and how the name of its row is made.
  function held(cell, use) {
    load(function () {
      var row = rows.find(function (one) { return "row/" + key(one) === cell.parentElement.id; });
      var column = Array.prototype.indexOf.call(cell.parentElement.cells, cell);
      var names = data.key.map(function (at) {
        var place = data.columns.findIndex(function (one) { return one.at === at; });
        return !data.columns[place].own && label(row.cells[place]) || raw(row.cells[place]);
      });
      use(data, row, column, names);
    });
  }

  // The chosen rows in the form of the released CSV: its columns, its cells, its way to quote.
  function download() {
    load(function () {
      var places = data.header.map(function (name) { return place(name); });
      var lines = [data.header].concat(fitting.map(function (row) {
        return places.map(function (at) { return at < 0 ? "" : raw(row.cells[at]) || ""; });
      }));
      var text = lines.map(function (cells) { return cells.map(quoted).join(",") + "\n"; }).join("");
      var address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
      var link = make("a", { href: address, download: section.dataset.csv.replace(/^.*\//, "").replace(/\.csv$/, "-selection.csv") });
      link.click();
      setTimeout(function () { URL.revokeObjectURL(address); }, 1000);
    });
  }

  function quoted(text) { return /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text; }

  heads.forEach(function (head, number) {
    var button = make("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", function () {
      load(function () {
        var name = data.columns[number].name;
        sort = sort === name ? "-" + name : name;
        show();
      });
    });
  });
  controls.forEach(function (control) { control.addEventListener("input", show); });
  clear.addEventListener("click", function () { reset(); show(); tools.querySelector("[name=q]").focus(); });
  document.getElementById("rows-download").addEventListener("click", download);
  before.addEventListener("click", addBefore);
  after.addEventListener("click", function () { load(add); });
  new IntersectionObserver(function (seen) { if (seen[0].isIntersecting && !after.hidden) load(add); }).observe(after);
  table.before(before);
  table.after(after, none);
  edges();
  var asked = recall();
  // On a phone, filters are folded until somebody wants them, or the address has some.
  if (folded) folded.addEventListener("click", function () { folded.setAttribute("aria-expanded", String(folded.getAttribute("aria-expanded") === "false")); });
  if (folded && controls.slice(1).some(function (control) { return control.value; })) folded.setAttribute("aria-expanded", "true");
  window.cbrn.held = held;
  window.addEventListener("hashchange", reach);
  if (asked) show();
  reach();
})();
