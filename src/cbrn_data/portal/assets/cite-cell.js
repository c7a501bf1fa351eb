// While "Cite a value" is pressed, a value of the table is cited instead of followed to its words. A classic script.
(function () {
  "use strict";

  var button = document.getElementById("rows-cite"), section = document.getElementById("rows");
  if (!button || !window.cbrn.cite || !window.cbrn.held) return;
  var make = window.cbrn.make, hint = document.getElementById("rows-citing"), NAMED = 3;

  function toggle() {
    var on = section.classList.toggle("citing");
    button.setAttribute("aria-pressed", String(on));
    hint.textContent = on ? "Choose a value to cite it." : "";
  }

  // A passage of a cell: where it is, and its words, if they are known.
  function passage(data, one) {
    var source = data.links[one[0]], lines = one[3] ? "lines " + one[2] + "–" + one[3] : "line " + one[2];
    return { name: source[1] + ", " + lines, address: section.dataset.root + source[0] + "#" + one[1], quote: (data.quotes || {})[one[0] + "#" + one[1]] };
  }

  function stated(passages) {
    var named = passages.slice(0, NAMED).map(function (one) { return one.name + (one.quote ? ": “" + one.quote + "”" : ""); });
    var more = passages.length - named.length;
    return "Stated in " + named.join("; in ") + (more ? "; and in " + more + " more passages" : "");
  }

  function listed(passages) {
    var list = make("ul", { "class": "stated" });
    passages.forEach(function (one) {
      var item = make("li");
      item.append(make("a", { href: one.address }, one.name), " ", make("q", {}, one.quote || ""));
      list.append(item);
    });
    return list;
  }

  // The CSV file that has a row, and its number there; the names of the columns are row 1 of each file.
  function place(data, number) {
    var part = data.files.find(function (file) {
      if (number - 1 <= file[1]) return true;
      number -= file[1];
    });
    return part[0] + "#cell=" + number;
  }

  function cite(data, row, at, names) {
    var column = data.columns[at], cell = row.cells[at], out = cell[3] && data.links[cell[3] - 1][0];
    var passages = cell[1].map(passage.bind(null, data));
    var name = section.dataset.name + ", " + names.join(", ") + ", " + column.title + ": " + cell[0];
    window.cbrn.cite([[name, place(data, data.numbers[row.at]) + "," + (column.at + 1), stated(passages) + (out ? ", from " + out : "") + "."]], listed(passages));
  }

  button.addEventListener("click", toggle);
  section.addEventListener("click", function (event) {
    var link = section.classList.contains("citing") && event.target.closest("td a.words, td a.more");
    if (!link) return;
    event.preventDefault();
    window.cbrn.held(link.closest("td"), cite);
  });
})();
