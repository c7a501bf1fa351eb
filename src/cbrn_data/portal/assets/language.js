// Russian instead of English for those who switch it on; assets/first.js knows whether it is on. What the portal itself says
// is translated, as portal/languages.py describes; quotations and data stay. A classic script, so that it runs from disk.
(function () {
  "use strict";

  var THEIRS = "bdi:not(.ours), code, pre, mark, q, script, style, noscript, select:not(.ours) option + option, .text, .quote, .citation, .also, [lang]:not(html, [data-said])";
  var NAMED = ["aria-label", "placeholder", "title", "alt", "data-label"];
  var button = document.getElementById("language"), russian = window.cbrnRussian, exact = null, patterns = [], changed = [];
  var observer = new MutationObserver(function (changes) {
    changes.forEach(function (change) {
      if (change.type === "childList") change.addedNodes.forEach(translate);
      else if (change.type === "attributes") attribute(change.target, change.attributeName);
      else translate(change.target);
    });
  });

  // The messages: those without values by their words, the others as patterns.
  function learn(messages) {
    exact = new Map();
    Object.keys(messages).forEach(function (english) {
      if (english.indexOf("{") < 0) return exact.set(english, messages[english]);
      var form = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{#\}/g, "([\\d.,:–-]+)").replace(/\{\}/g, "(.+?)");
      patterns.push([new RegExp("^" + form + "$"), messages[english], english.replace(/\{#?\}|[^a-z]/gi, "").length]);
    });
    patterns.sort(function (one, other) { return other[2] - one[2]; }); // what has more words fits fewer texts
  }

  // The Russian of a message; of several sentences, or of several in an enumeration, if all of them are messages; else null.
  function said(english) {
    if (!exact.has(english)) exact.set(english, found(english));
    return exact.get(english);
  }

  function found(english) {
    var large = english.charAt(0).toUpperCase() + english.slice(1);
    if (large !== english && exact.get(large)) return exact.get(large).charAt(0).toLowerCase() + exact.get(large).slice(1);
    var listed = several(english.split("; "), "; ") || several(english.split(", "), ", ");
    if (listed) return listed;
    for (var number = 0; number < patterns.length; number += 1) {
      var values = patterns[number][0].exec(english);
      if (values && (patterns[number][2] >= 4 || values.slice(1).every(ours))) return filled(patterns[number][1], values.slice(1));
    }
    var counted = /^(.+) (\([\d,]+\))$/.exec(english);
    if (counted) return said(counted[1]) && said(counted[1]) + " " + amount(counted[2]);
    return several(english.split(/(?<=\.) (?=[A-Z*])/), " ") || several(english.split(" and "), " и ");
  }

  function several(messages, between) {
    var parts = messages.length > 1 ? messages.map(said) : [null];
    return parts.indexOf(null) < 0 ? parts.join(between) : null;
  }

  // A pattern of few letters fits too much, so its values must be messages or numbers.
  function ours(value) { return !/[a-z]/i.test(value) || said(value) !== null; }

  function filled(russian, values) {
    return russian.replace(/\{#?\}/g, function () { var value = values.shift(); return said(value) || (/\p{L}/u.test(value) ? value : amount(value)); });
  }

  // Numbers as Russians write them; versions and dates stay.
  function amount(text) {
    return text.replace(/(?<![\d.,-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\d.,-])/g, function (found) {
      return found.replace(/,/g, "\u00a0").replace(".", ",");
    });
  }

  function translate(node) {
    var within = node.nodeType === 1 ? node : node.parentElement;
    if (!within || within.closest(THEIRS)) return;
    var walker = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, function (each) {
      return each.nodeType === 1 && each.matches(THEIRS) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;
    });
    for (var each = node; each; each = walker.nextNode()) {
      if (each.nodeType === 3) words(each);
      else if (each.nodeType === 1) NAMED.forEach(attribute.bind(null, each));
    }
  }

  function words(node) {
    var english = node.data, shown = english.trim().replace(/\s+/g, " "), russian = /[A-Za-z]/.test(shown) ? said(shown) : amount(shown);
    if (!russian || russian === shown) return;
    var before = /^[,.;]/.test(russian) ? "" : /^\s*/.exec(english)[0], after = /\s*$/.exec(english)[0];
    node.data = before + russian + after;
    changed.push([node, "", english, node.data]);
    if (node.parentElement.childElementCount) return;
    node.parentElement.lang = "ru";
    node.parentElement.dataset.said = "";
  }

  function attribute(element, name) {
    var english = element.getAttribute(name), russian = english && /[A-Za-z]/.test(english) && said(english);
    if (!russian || element.closest(THEIRS)) return;
    element.setAttribute(name, russian);
    changed.push([element, name, english, russian]);
  }

  // A title is a name and that of the site; pictures with words of ours have a Russian variant.
  function titled() {
    var english = document.title;
    document.title = english.split(" – ").map(function (part) { return said(part) || part; }).join(" – ");
    changed.push([document, "title", english, document.title]);
  }

  function drawn(element) {
    var name = element.srcset ? "srcset" : "src", english = element.getAttribute(name);
    element.setAttribute(name, english.replace(/\.svg$/, "-ru.svg"));
    changed.push([element, name, english, element.getAttribute(name)]);
  }

  function back() {
    changed.forEach(function (one) {
      if (one[0] === document) document.title = one[2];
      else if (one[1] && one[0].getAttribute(one[1]) === one[3]) one[0].setAttribute(one[1], one[2]);
      else if (!one[1] && one[0].data === one[3]) one[0].data = one[2];
    });
    changed = [];
    document.querySelectorAll("[data-said]").forEach(function (element) {
      element.removeAttribute("lang");
      delete element.dataset.said;
    });
  }

  function show() {
    if (russian.on && !exact) learn(russian.messages);
    document.documentElement.classList.toggle("russian", russian.on);
    button.setAttribute("aria-pressed", String(russian.on));
    if (russian.on) {
      translate(document.body);
      titled();
      document.querySelectorAll("[data-russian] source, [data-russian] img").forEach(drawn);
      observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: NAMED });
    } else {
      observer.disconnect();
      back();
    }
    document.documentElement.classList.remove("waiting");
  }

  button.addEventListener("click", function () {
    russian.turn(!russian.on);
    russian.ready().then(show);
  });
  if (russian.on) russian.ready().then(show);
})();
