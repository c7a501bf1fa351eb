// Citations of a page and of each value, in every form. assets/citation.js has the forms with marks, which this replaces.
// A classic script, so that it runs from disk. Text is only ever set as text.
(function () {
  "use strict";

  var make = window.cbrn.make;
  var page = document.getElementById("cite-page");
  if (!page) return;
  var LONGEST = 400, citable = new Map();

  function oneLine(text) {
    var line = text.replace(/\s+/g, " ").trim();
    return line.length > LONGEST ? line.slice(0, LONGEST - 1) + "…" : line;
  }

  function withForms(use) {
    if (window.cbrnCitation) return use(window.cbrnCitation);
    var script = make("script", { src: page.dataset.root + "assets/citation.js" });
    script.addEventListener("load", function () { use(window.cbrnCitation); });
    document.head.appendChild(script);
  }

  // Each form escapes text in its own way.
  function escaped(forms, form, text) {
    if (form === "CSL-JSON") return JSON.stringify(text).slice(1, -1);
    return form === "BibTeX" ? Array.from(text).map(function (char) { return forms.tex[char] || char; }).join("") : text;
  }

  function filled(forms, form, part) {
    var text = forms.forms[form];
    forms.marks.forEach(function (mark, number) {
      var plain = number === 1 && form === "BibTeX"; // an address is as it is
      text = text.split(mark).join(plain ? part[number] : escaped(forms, form, part[number]));
    });
    return form === "Text" ? text.trim() : text;
  }

  // Shows the citations of some parts in ``place``; a part is a list of name, address and words.
  function show(place, parts) {
    withForms(function (forms) {
      var chosen = 0, form = "Text";
      var values = make("select", { "aria-label": "Value" }), code = make("pre", { "class": "code", tabindex: "0", role: "region" });
      parts.forEach(function (part, number) { values.appendChild(make("option", { value: String(number) }, part[0])); });
      values.addEventListener("change", function () { chosen = Number(values.value); fill(); });
      var kinds = make("p", { "class": "forms" });
      Object.keys(forms.forms).forEach(function (name) {
        var button = make("button", { type: "button", "data-form": name }, name);
        button.addEventListener("click", function () { form = name; fill(); });
        kinds.appendChild(button);
      });
      if (navigator.clipboard) {
        var copy = make("button", { type: "button", "class": "copy-citation" }, "Copy");
        copy.addEventListener("click", function () {
          navigator.clipboard.writeText(code.textContent).then(function () { copy.textContent = "Copied"; });
        });
        kinds.appendChild(copy);
      }
      if (parts.length > 1) place.appendChild(values);
      place.append(kinds, code);
      fill();

      function fill() {
        code.textContent = filled(forms, form, parts[chosen]);
        code.setAttribute("aria-label", "Citation as " + form);
        kinds.querySelectorAll("[data-form]").forEach(function (button) {
          button.setAttribute("aria-pressed", String(button.dataset.form === form));
        });
        if (copy) copy.textContent = "Copy";
      }
    });
  }

  // The values that were made of some words, a list entry on the page of a source: name, place in the release, and words.
  function valuesOf(entry) {
    var marked = document.getElementById("w" + entry.id.slice(1)), quote = entry.querySelector("q");
    var lines = entry.querySelector(".nowrap").textContent;
    var source = oneLine(document.querySelector("h1 bdi").textContent);
    var words = "Stated in “" + source + "”, " + lines + ": “" + oneLine((marked || quote).textContent) + "”";
    return Array.prototype.map.call(entry.querySelectorAll("[data-at]"), function (value) {
      var row = value.closest("li"), field = value.firstChild.textContent, text = value.querySelector("bdi");
      var name = row.querySelector(".soft").textContent + ", " + row.querySelector("bdi").textContent + ", " + field;
      var method = value.nextElementSibling, out = method && method.nextElementSibling;
      var stated = out && out.matches("a.out") ? ", from " + out.href : "";
      return [name + (text ? ": " + text.textContent : ""), value.dataset.at, words + stated + "."];
    });
  }

  // Shows the citations of values; ``head`` is shown above them.
  function open(values, head) {
    withForms(function (forms) {
      var dialog = make("dialog", { "class": "cite", "aria-label": "Citation of a value" });
      var close = make("button", { type: "button", "class": "close" }, "Close");
      close.addEventListener("click", function () { dialog.close(); });
      dialog.addEventListener("close", function () { dialog.remove(); });
      dialog.append(make("h2", {}, "Cite a value"), close);
      if (head) dialog.append(head);
      show(dialog, values.map(function (value) { return [oneLine(value[0]), forms.released + value[1], value[2]]; }));
      document.body.appendChild(dialog);
      dialog.showModal();
    });
  }

  function opener(values) {
    var button = make("button", { type: "button", "class": "cite-value" }, "Cite");
    button.addEventListener("click", function () { open(values); });
    return button;
  }

  // On a phone the values stand far below the words: a bar names how many there are, and cites them.
  function follow() {
    document.querySelectorAll(".words-bar").forEach(function (bar) { bar.remove(); });
    var to = /^#w(\d+-\d+)$/.exec(location.hash), entry = to && document.getElementById("v" + to[1]);
    var values = entry && citable.get(entry), number = values && values.length;
    if (!number) return;
    var bar = make("aside", { "class": "words-bar", "aria-label": "Values of these words" });
    bar.append(make("a", { href: "#v" + to[1] }, number === 1 ? "The value made of these words" : "The " + number + " values made of these words"), opener(values));
    document.body.appendChild(bar);
  }

  // They are read before the page is translated: citations are English.
  document.querySelectorAll(".made ol > li").forEach(function (entry) {
    var values = valuesOf(entry);
    if (!values.length) return;
    citable.set(entry, values);
    entry.querySelector(".quote").before(opener(values));
  });
  page.addEventListener("toggle", function () {
    var place = page.querySelector(".citation");
    if (page.open && place) {
      var shown = make("div");
      place.replaceWith(shown);
      show(shown, [[page.dataset.name, page.dataset.address, ""]]);
    }
  });
  window.cbrn.cite = open;
  window.addEventListener("hashchange", follow);
  follow();
})();
