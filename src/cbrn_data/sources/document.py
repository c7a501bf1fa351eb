"""A source as text: strictly decoded UTF-8 in which every place has a line.

Spans are counted in code points of the decoded file: a byte order mark is one, CR LF are two. Refused are other
encodings, control characters, code points that are no characters (XML cannot hold them), and characters that make text
look other than it is (bidirectional and zero-width ones). A leaflet may have soft hyphens, which are layout.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from cbrn_data.findings import Finding, shown
from cbrn_data.words.hyphens import Broken, broken_words
from cbrn_data.words.text import Span

MAX_LINE = 20_000
"""The longest line a leaflet may have, in code points: a page has lines of words, not of megabytes."""

MAX_LINES = 20_000
"""How many lines a leaflet may have, blank ones included."""

LEAFLETS = ("leaflet", "page")
"""The kinds that are read as leaflets: those of secretariats, and the regions' pages of the programme's site."""

_LISTED = 20
"""How many places of refused characters are named; the others are counted."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROLS = "[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]"
SOFT_HYPHEN = "\u00ad"
_INVISIBLES = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
REFUSED = (("source-control-character", _CONTROLS), ("source-invisible-character", _INVISIBLES))
"""Characters that no text of a source may have, as patterns for Python and RE2, by finding code."""

_CONTROL, _INVISIBLE = (re.compile(pattern) for _, pattern in REFUSED)


@dataclass(frozen=True)
class Document:
    """Text at a ``place`` (the file as people know it: ``raw/central-asia-2025.txt``)."""

    place: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """Where each line begins; the first is line 1."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @cached_property
    def _bounds(self) -> list[int]:
        """Where each line begins, and where the last one ends."""
        return [*self.line_starts, len(self.text)]

    def text_of(self, first: int, last: int | None = None) -> str:
        """Return the text of a line, or of lines ``first`` to ``last``, with their ends; nothing where there are none."""
        bounds, end = self._bounds, len(self.line_starts)
        return self.text[bounds[min(first - 1, end)] : bounds[min(last or first, end)]]

    def line(self, offset: int) -> int:
        """Return the number of the line that holds the code point at ``offset``, from 1."""
        return bisect.bisect_right(self.line_starts, offset)

    def page(self, offset: int) -> int:
        """Return the page that holds the code point at ``offset``, from 1; a form feed ends a page."""
        return self.text.count("\f", 0, offset) + 1

    def lines(self, span: Span) -> tuple[int, int]:
        """Return the first and last line that ``span`` touches."""
        return self.line(span.start), self.line(max(span.start, span.end - 1))

    def quote(self, span: Span) -> str:
        """Return the words at ``span``, exactly as they stand."""
        return self.text[span.start : span.end]

    @cached_property
    def broken(self) -> list[Broken]:
        """The words that a line end cuts after a hyphen."""
        return list(broken_words(self.text))

    @cached_property
    def joins(self) -> dict[int, int]:
        """Where hyphens stand that belong to a line end and to no word, and where the next line goes on after each."""
        return {broken.start: broken.end for broken in self.broken if broken.joins}

    def words(self, span: Span) -> str:
        """Return the quote of a leaflet as it is read: without the hyphens and line ends that cut a word."""
        pieces, place = [], span.start
        for start, end in self.joins.items():
            if span.start <= start and end < span.end:
                pieces.append(self.text[place:start])
                place = end
        return "".join([*pieces, self.text[place : span.end]])


def read_document(place: str, data: bytes, kind: str = "") -> tuple[Document | None, list[Finding]]:
    """Decode ``data`` of a source of that ``kind``; the document is None when a finding blocks."""
    if not data.strip():
        return None, [Finding("source-empty", "holds nothing but white space" if data else "is empty", place)]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, [Finding("source-encoding", "is UTF-16 (byte order mark at byte offset 0), not UTF-8", place, 1)]
    if data[:200].count(0) * 3 > len(data[:200]):
        return None, [Finding("source-encoding", "looks like UTF-16 without a byte order mark, not UTF-8", place, 1)]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} at byte offset {error.start} is not UTF-8 ({error.reason})"
        return None, [Finding("source-encoding", message, place, line)]
    document = Document(place, text)
    if not text.lstrip("\ufeff").strip():
        return None, [Finding("source-empty", "holds nothing but white space", place)]
    findings = _refused_characters(document, SOFT_HYPHEN if kind in LEAFLETS else "")
    return (None if findings else document), findings


def _refused_characters(document: Document, allowed: str) -> list[Finding]:
    """Name every refused character but the ``allowed`` by line and column, at most ``_LISTED`` of each kind."""
    findings = []
    rules = (
        ("source-control-character", _CONTROL, 0),
        ("source-invisible-character", _INVISIBLE, document.text.startswith("\ufeff")),
    )
    for code, pattern, start in rules:
        matches = pattern.finditer(document.text, int(start))
        found = [match.start() for match in matches if match[0] not in allowed]
        lines: dict[int, list[int]] = {}
        for offset in found[:_LISTED]:
            lines.setdefault(document.line(offset), []).append(offset)
        for number, offsets in lines.items():
            places = _in_columns(document, number, offsets)
            more = len(found) - _LISTED if number == max(lines) else 0
            message = f"{places}, and {more} more after it" if more > 0 else places
            findings.append(Finding(code, message, document.place, number, value=shown(document.text[offsets[0]])))
    return findings


def _in_columns(document: Document, line: int, offsets: list[int]) -> str:
    """Name the characters at ``offsets`` of one line, each kind with its columns."""
    columns: dict[str, list[int]] = {}
    for offset in offsets:
        columns.setdefault(document.text[offset], []).append(offset - document.line_starts[line - 1] + 1)
    said = (f"{_named(char)} in column{'s' * (len(at) > 1)} {', '.join(map(str, at))}" for char, at in columns.items())
    return "; ".join(said)


def refused_character(text: str) -> str | None:
    """Return the name of the first character that no text of a source may have, or None.

    >>> refused_character("a\u202eb")
    'U+202E (RIGHT-TO-LEFT OVERRIDE)'
    """
    found = _CONTROL.search(text) or _INVISIBLE.search(text)
    return _named(found[0]) if found else None


def _named(char: str) -> str:
    nameless = "control character" if unicodedata.category(char) == "Cc" else "no character"
    return f"U+{ord(char):04X} ({unicodedata.name(char, nameless)})"


def oversize(document: Document) -> list[Finding]:
    """Return a finding for too many lines, or for the first line that is too long to be a leaflet's."""
    if (lines := document.line(len(document.text) - 1)) > MAX_LINES:
        message = f"has {lines:,} lines, more than {MAX_LINES:,}"
        return [Finding("source-too-large", message, document.place)]
    ends = [*document.line_starts[1:], len(document.text)]
    for number, (start, end) in enumerate(zip(document.line_starts, ends, strict=True), start=1):
        if end - start > MAX_LINE:
            message = (
                f"the line has {end - start:,} characters, more than {MAX_LINE:,}: {shown(document.text[start:end], 80)}"
            )
            return [Finding("source-line-too-long", message, document.place, number)]
    return []
