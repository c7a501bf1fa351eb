"""A web page to text: each paragraph, heading, list item and table cell is a separate block.

The text is that of ``main`` if it exists, with the ``header`` before it if only that has the title. Rules leave out
navigation (also lists of links before the title) and footers, scripts and styles, forms, pictures with their captions, and
hidden elements.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cbrn_data.documents.blocks import blocks_of
from cbrn_data.documents.marks import RAISED
from cbrn_data.documents.text import ReadText, RefusedError, value_of, written
from cbrn_data.leaflet.headings import heads

LARGEST = 8 << 20
_DEEPEST = 400

_LEFT_OUT = {
    "nav": "navigation",
    "footer": "footer",
    "figcaption": "caption",
    **dict.fromkeys(
        "script style noscript template iframe object embed audio video canvas svg math head".split(), "no-text"
    ),
    **dict.fromkeys("form button select input textarea option dialog".split(), "form"),
}
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6 summary".split())
"""Elements whose button opens the section below, so that its words are the heading."""
_ROLES = {"navigation": "navigation", "contentinfo": "footer", "search": "form", "dialog": "form"}
_INLINE = frozenset(
    """a abbr b bdi bdo big cite code data dfn em font i ins kbd label mark q s samp small span strong sub sup time tt u var
    wbr""".split()
)
_BOLD = frozenset(("b", "strong"))
_FIRST = 10
"""The pieces of a paragraph among which a heading at its start is, so that long paragraphs take no longer."""
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_CLASS = re.compile(r"(?:^|\s)(?:sr-only|visually-hidden|screen-reader-text|hidden|d-none)(?:\s|$)")
_CONSENT = re.compile(r"cookie|consent|share|social|breadcrumb|skip-link|widget-area", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset=[\"']?([A-Za-z0-9_-]{1,30})", re.IGNORECASE)


@value_of
def read_html(data: bytes) -> ReadText:
    """Return the text of a web page."""
    if len(data) > LARGEST:
        raise RefusedError("document-too-large", f"has more than {LARGEST >> 20} MiB")
    page = _Page(LexborHTMLParser(_decoded(data)))
    blocks, more = blocks_of(page.paragraphs())
    if not blocks:
        raise RefusedError("document-without-text", "is a page without text; a script in the browser may fill it")
    return written(blocks, f"selectolax {version('selectolax')}", [*page.left_out, *more])


def _decoded(data: bytes) -> str:
    """Decode as UTF-8, or else in the encoding that the page names; nothing is guessed."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    said = _CHARSET.search(data[:4096])
    try:
        return (
            codecs.decode(data, said[1].decode())
            if said
            else data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
        )
    except (LookupError, UnicodeDecodeError) as error:
        raise RefusedError("document-damaged", "is neither in UTF-8 nor in the encoding that it names, if any") from error


class _Page:
    """A parsed page, its paragraphs, and the words left out."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self.left_out: list[dict[str, Any]] = []
        self._hidden = _hidden_classes(tree)
        main = tree.css_first("main, [role=main]")
        body = tree.body
        self._roots = [node for node in (main or body,) if node is not None]
        self._before_title = main is None and tree.css_first("h1") is not None
        if main is not None and body is not None and main.css_first("h1") is None:
            before = [header for header in body.css("header") if header.css_first("h1") is not None]
            self._roots = [*(before or body.css("h1"))[:1], *self._roots]
        if main is not None and body is not None:
            self._leave_others(body)

    def _leave_others(self, node: LexborNode, depth: int = 0) -> None:
        """Leave out the text around the roots, and list it."""
        if depth > _DEEPEST:
            raise RefusedError("document-damaged", f"has elements nested more than {_DEEPEST} deep")
        roots = {root.mem_id for root in self._roots}
        child = node.child
        while child is not None:
            tag = str(child.tag)
            if child.mem_id not in roots and (tag == "-text" or not tag.startswith(("-", "_", "!"))):
                if any(inner.mem_id in roots for inner in child.css("main, [role=main], header, h1")):
                    self._leave_others(child, depth + 1)
                else:
                    self._leave(child, _LEFT_OUT.get(tag, "outside-main"))
            child = child.next

    def paragraphs(self) -> Iterator[str]:
        """Yield the text of each block."""
        words: list[str] = []
        for root in self._roots:
            yield from self._walk(root, words, 0)
            yield "".join(words)
            words.clear()

    def _walk(self, node: LexborNode, words: list[str], depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            raise RefusedError("document-damaged", f"has elements nested more than {_DEEPEST} deep")
        child = node.child
        while child is not None:
            tag = str(child.tag)
            if tag == "-text":
                words.append(re.sub(r"\s+", " ", str(child.text(deep=False) or "")))
            elif tag == "br":
                words.append("\n")
            elif rule := self._rule(child, tag):
                self._leave(child, rule)
            elif tag == "sup" and str(child.text()).strip().isdigit():
                words += [RAISED[char] for char in str(child.text()).strip() if char in RAISED]
            elif tag in _INLINE:
                words.append(_between(child.prev, child))
                yield from self._walk(child, words, depth + 1)
                if tag in _BOLD and len(words) < _FIRST and heads("".join(words).strip(), _after(child)):
                    words.append("\n\n")
            elif not tag.startswith(("-", "_", "!")):
                yield "".join(words)
                words.clear()
                yield from self._walk(child, words, depth + 1)
                yield "".join(words)
                words.clear()
            child = child.next

    def _rule(self, node: LexborNode, tag: str) -> str:
        if tag in _LEFT_OUT and not (tag == "button" and node.parent and node.parent.tag in _HEADINGS):
            return _LEFT_OUT[tag]
        self._before_title = self._before_title and tag not in _HEADINGS
        if self._before_title and tag not in _INLINE and _has_only_links(node):
            return "navigation"
        about = {key: str(value or "") for key, value in node.attributes.items()}
        classes = about.get("class", "")
        hidden = "hidden" in about or about.get("aria-hidden") == "true" or _HIDING.search(about.get("style", ""))
        if hidden or _HIDDEN_CLASS.search(classes) or self._hidden & set(classes.split()):
            return "hidden"
        if _CONSENT.search(f"{classes} {about.get('id', '')}"):
            return "page-furniture"
        return _ROLES.get(about.get("role", ""), "footer" if about.get("title") == "footer" else "")  # LibreOffice Writer

    def _leave(self, node: LexborNode, rule: str) -> None:
        texts = ((part, part.parent) for part in node.traverse(include_text=True) if part.tag == "-text")
        shown = [str(part.text()) for part, around in texts if around and _LEFT_OUT.get(str(around.tag)) != "no-text"]
        text = " ".join(" ".join(shown).split())
        if text and rule != "no-text":
            self.left_out.append({"text": text, "rule": rule})


def _has_only_links(node: LexborNode) -> bool:
    """Return whether all words of an element are links, and none is a heading."""
    if node.css_first("h1, h2, h3, h4, h5, h6") is not None:
        return False
    linked = "".join(str(link.text()) for link in node.css("a[href]"))
    return bool(linked.strip()) and "".join(linked.split()) == "".join(str(node.text()).split())


def _after(node: LexborNode) -> str:
    """Return the text directly after an element, from its first word."""
    return str(node.next.text(deep=False) or "").lstrip() if node.next is not None and node.next.tag == "-text" else ""


def _between(before: LexborNode | None, node: LexborNode) -> str:
    """Return the text for a gap that a style makes between two elements within a line without a written space.

    Elements of one kind are items, unless a word or number goes on in the second; a number is separated from the words that
    it counts.
    """
    if before is None or str(before.tag) not in _INLINE - {"sup", "sub"} or node.tag in ("sup", "sub"):
        return ""
    last, first = str(before.text())[-1:], str(node.text())[:2]
    within_word = last.isalpha() and (first[:1].islower() or (last.isupper() and first.isupper()))
    within_word = within_word or (last.isdigit() and first[:1].isdigit())
    if before.tag == node.tag and before.attributes.get("class") == node.attributes.get("class"):
        return "" if within_word else "\n"
    return " " if last.isdigit() and first[:1].isalpha() else ""


def _hidden_classes(tree: LexborHTMLParser) -> frozenset[str]:
    """Return the classes that the page's own style sheets hide by a selector of a single class."""
    sheets = " ".join(str(style.text()) for style in tree.css("style"))
    rules = re.findall(r"(?:^|[},])\s*\.([\w-]+)\s*(?:,[^{}]*)?\{([^{}]*)\}", sheets)
    return frozenset(name for name, body in rules if _HIDING.search(body))
