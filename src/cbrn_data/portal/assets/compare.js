// Compares two releases, or follows a row through all of them, from a script of changes for each release.
// A classic script, so that it runs from disk. Text is only ever set as text.
(function () {
  "use strict";

  var make = window.cbrn.make;
  var MOST = 500, OPEN = 12;
  var place = document.getElementById("compare"), found = document.getElementById("compare-found");
  var count = document.getElementById("compare-count");
  var from = document.getElementById("compare-from"), to = document.getElementById("compare-to");
  var table = document.getElementById("compare-table"), row = document.getElementById("compare-row");
  // Oldest first: [version, what the list says of it].
  var releases = Array.prototype.map.call(from.options, function (one) { return [one.value, one.textContent]; }).reverse();
  var asked = 0;

  function place_of(version) { return releases.findIndex(function (one) { return one[0] === version; }); }

  function option(name) { return Array.prototype.find.call(table.options, function (one) { return one.value === name; }); }

  function title(name) { return option(name) ? option(name).textContent : name; }

  function field_title(name, field) { return option(name) ? JSON.parse(option(name).dataset.fields)[field] || field : field; }

  // Calls use when the changes of all these versions are there.
  function load(versions, use) {
    var left = versions.filter(function (version) { return !(window.cbrnChanges || {})[version]; }), waiting = left.length;
    if (!waiting) return use();
    left.forEach(function (version) {
      var script = make("script", { src: "assets/changes-" + version + ".js" });
      script.addEventListener("load", function () { waiting -= 1; if (!waiting) use(); });
      script.addEventListener("error", function () { count.textContent = "The changes of " + version + " cannot be loaded."; });
      document.head.appendChild(script);
    });
  }

  // Adds the changes of one release to those before: what a row was at first, and what it is at last.
  function fold(rows, changes, name) {
    (changes[name] || { rows: [] }).rows.forEach(function (changed) {
      var key = name + "\u0000" + changed[0];
      var entry = rows.get(key) || { table: name, row: changed[0], before: changed[1] !== "added", cells: new Map() };
      entry.after = changed[1] !== "removed";
      changed[2].forEach(function (cell) {
        entry.cells.set(cell[0], [entry.cells.has(cell[0]) ? entry.cells.get(cell[0])[0] : cell[1], cell[2]]);
      });
      rows.set(key, entry);
    });
  }

  function between(versions) {
    var rows = new Map(), notes = [];
    versions.forEach(function (version) {
      var changes = window.cbrnChanges[version];
      Object.keys(changes).filter(function (name) { return !table.value || name === table.value; }).forEach(function (name) {
        fold(rows, changes, name);
        notes = notes.concat(said(version, name, changes[name]));
      });
    });
    var kept = Array.from(rows.values()).filter(function (entry) {
      entry.kind = entry.before && entry.after ? "changed" : entry.after ? "added" : entry.before ? "removed" : "";
      entry.cells = Array.from(entry.cells).filter(function (cell) { return cell[1][0] !== cell[1][1]; });
      return entry.kind && (entry.kind !== "changed" || entry.cells.length);
    });
    return { rows: kept, notes: notes };
  }

  // What the changed rows of a release do not show: new tables and columns, and rows beyond the limit.
  function said(version, name, changes) {
    var notes = changes.whole.map(function (one) {
      return version + ": " + (one[0] === "*" ? "table " : "column “" + field_title(name, one[0]) + "” of ") + title(name) + " " + one[1];
    });
    if (changes.more) notes.push(version + ": " + changes.more + " more rows of " + title(name) + " changed; changes.csv of the release has all");
    return notes;
  }

  function cells(name, list) {
    var shown = make("td", { "class": "wide" });
    list.forEach(function (cell) {
      var span = make("span", { "class": "cell" });
      span.append(make("span", { "class": "soft" }, field_title(name, cell[0])), " ");
      [[cell[1], "del"], [cell[2], "ins"]].forEach(function (side, number) {
        if (number && cell[1] !== null && cell[2] !== null) span.append(" → ");
        if (side[0] === null) return;
        var mark = make(side[1]);
        mark.append(make("bdi", {}, /^[a-z]+(_[a-z]+)+$/.test(side[0]) ? side[0].replace(/_/g, " ") : side[0])); // a value of an enumeration
        span.append(mark);
      });
      shown.append(span, " ");
    });
    return shown;
  }

  function grid(heads, rows, label) {
    var scroll = make("div", { "class": "scroll", role: "region", tabindex: "0", "aria-label": label });
    var made = make("table", { "class": "stacked" }), head = make("tr"), body = make("tbody");
    heads.forEach(function (text) { head.append(make("th", { scope: "col" }, text)); });
    rows.forEach(function (one) { var line = make("tr"); line.append.apply(line, one); body.append(line); });
    var top = make("thead");
    top.append(head);
    made.append(top, body);
    scroll.append(made);
    return scroll;
  }

  function list(notes) {
    var made = make("ul");
    notes.forEach(function (note) { made.append(make("li", {}, note)); });
    return made;
  }

  function link(text, address) {
    var head = make("th", { scope: "row" }), made = make("a", { href: address });
    made.append(make("bdi", {}, text));
    head.append(made);
    return head;
  }

  function showDifference(result, first, last) {
    count.textContent = result.rows.length + (result.rows.length === 1 ? " row differs" : " rows differ") + " between " + first + " and " + last + "." +
      (result.rows.length > MOST ? " The first " + MOST + " are shown." : "");
    var byTable = new Map();
    result.rows.slice(0, MOST).forEach(function (entry) { byTable.set(entry.table, (byTable.get(entry.table) || []).concat(entry)); });
    byTable.forEach(function (entries, name) {
      var folded = make("details", { "class": "change" }), head = make("summary");
      head.append(make("strong", {}, title(name)), " ", make("span", { "class": "soft" }, entries.length + (entries.length === 1 ? " row" : " rows")));
      folded.open = entries.length <= OPEN || byTable.size === 1;
      folded.append(head, grid(["Row", "Change", "Values"], entries.map(function (entry) {
        var values = entry.cells.map(function (cell) { return [cell[0], cell[1][0], cell[1][1]]; });
        return [link(entry.row, address({ table: name, row: entry.row })), make("td", {}, entry.kind), cells(name, values)];
      }), "Changes of " + title(name)));
      found.append(folded);
    });
    if (result.notes.length) found.append(make("h2", {}, "Also"), list(result.notes));
  }

  // The history of a row: every release that changed it, newest first.
  function showRow(versions, wanted) {
    var lines = [], notes = [];
    versions.slice().reverse().forEach(function (version) {
      var changes = window.cbrnChanges[version];
      Object.keys(changes).filter(function (name) { return !table.value || name === table.value; }).forEach(function (name) {
        changes[name].rows.filter(function (one) { return one[0] === wanted; }).forEach(function (one) {
          lines.push([link(releases[place_of(version)][1], "history/" + version + ".html"), make("td", {}, title(name)), make("td", {}, one[1]), cells(name, one[2])]);
        });
        if (table.value) notes = notes.concat(said(version, name, changes[name]));
      });
    });
    var oldest = releases[0][0];
    count.textContent = lines.length
      ? "Releases that changed " + wanted + ": " + lines.length + ". A value that is not listed is as it was when its row or its table first appeared."
      : "No release changed " + wanted + ". If a table has this row, its values are those of " + oldest + ", or of the release that added the table.";
    if (lines.length) found.append(grid(["Release", "Table", "Change", "Values"], lines, "History of " + wanted));
    if (notes.length) found.append(make("h2", {}, "Also"), list(notes));
  }

  function address(values) {
    var query = new URLSearchParams();
    Object.keys(values).forEach(function (key) { if (values[key]) query.set(key, values[key]); });
    return "?" + query;
  }

  function show() {
    var number = asked += 1, wanted = row.value.trim();
    var ends = [place_of(from.value), place_of(to.value)].sort(function (a, b) { return a - b; });
    var versions = releases.slice(wanted ? 0 : ends[0] + 1, wanted ? releases.length : ends[1] + 1).map(function (one) { return one[0]; });
    from.disabled = to.disabled = Boolean(wanted);
    count.textContent = "Loading";
    load(versions, function () {
      if (number !== asked) return;
      found.textContent = "";
      if (wanted) showRow(versions, wanted);
      else showDifference(between(versions), releases[ends[0]][0], releases[ends[1]][0]);
    });
    var query = wanted ? { table: table.value, row: wanted } : { from: from.value, to: to.value, table: table.value };
    try { history.replaceState(null, "", address(query)); } catch (error) { /* pages on disk may not change their address */ }
  }

  var query = new URLSearchParams(location.search);
  to.selectedIndex = 0;
  from.selectedIndex = Math.min(1, from.options.length - 1);
  [[from, "from"], [to, "to"], [table, "table"]].forEach(function (one) {
    if (Array.prototype.some.call(one[0].options, function (option) { return option.value === query.get(one[1]); })) one[0].value = query.get(one[1]);
    one[0].addEventListener("change", show);
  });
  row.value = query.get("row") || "";
  row.addEventListener("change", show);
  row.addEventListener("search", show);
  show();
})();
