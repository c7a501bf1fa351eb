"""Read a source as text: strictly decoded UTF-8, with line and page numbers.

Spans are counted in code points of the decoded file: a byte order mark is one, CR LF are two. Other encodings, control
characters, noncharacters (XML cannot hold them), and characters that change the appearance of text (bidirectional and
zero-width ones) are refused. A leaflet may have soft hyphens, which are layout.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from cbrn_data.findings import Finding, shown
from cbrn_data.normalise.hyphens import Broken, broken_words
from cbrn_data.normalise.text import Span

MAX_LINE = 20_000
"""The most code points of a line of a leaflet."""

MAX_LINES = 20_000
"""The most lines of a leaflet, including blank ones."""

LEAFLETS = ("leaflet", "page")
"""The kinds that are read as leaflets: leaflets of secretariats, and regions' pages on the programme's site."""

_MOST_NAMED = 20
"""The most refused characters whose places are named; the others are counted."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROLS = "[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]"
SOFT_HYPHEN = "\u00ad"
_INVISIBLES = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
REFUSED = (("source-control-character", _CONTROLS), ("source-invisible-character", _INVISIBLES))
"""Characters that are refused in the text of a source, as patterns for Python and RE2, by finding code."""

_CONTROL, _INVISIBLE = (re.compile(pattern) for _, pattern in REFUSED)


@dataclass(frozen=True)
class Document:
    """The text of a file; ``place`` is its name for messages, such as ``raw/central-asia-2025.txt``."""

    place: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of each line, from line 1."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @cached_property
    def _bounds(self) -> list[int]:
        """The offset of each line, and the end of the last one."""
        return [*self.line_starts, len(self.text)]

    def text_of(self, first: int, last: int | None = None) -> str:
        """Return the text of a line, or of lines ``first`` to ``last``, with line breaks; "" if there are none."""
        bounds, end = self._bounds, len(self.line_starts)
        return self.text[bounds[min(first - 1, end)] : bounds[min(last or first, end)]]

    def line(self, offset: int) -> int:
        """Return the line number, from 1, of the code point at ``offset``."""
        return bisect.bisect_right(self.line_starts, offset)

    def page(self, offset: int) -> int:
        """Return the page number, from 1, of the code point at ``offset``; a form feed ends a page."""
        return bisect.bisect_left(self._page_ends, offset) + 1

    @cached_property
    def _page_ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\f", self.text)]

    def lines(self, span: Span) -> tuple[int, int]:
        """Return the first and last line of ``span``."""
        return self.line(span.start), self.line(max(span.start, span.end - 1))

    def quote(self, span: Span) -> str:
        """Return the exact text at ``span``."""
        return self.text[span.start : span.end]

    @cached_property
    def broken(self) -> list[Broken]:
        """The words that are hyphenated at a line end."""
        return list(broken_words(self.text))

    @cached_property
    def joins(self) -> dict[int, int]:
        """The offset of each hyphen that only marks a line end, with the offset at which its word continues."""
        return {broken.start: broken.end for broken in self.broken if broken.joins}

    @cached_property
    def _joined(self) -> list[int]:
        """The offsets in ``joins``, ascending."""
        return list(self.joins)

    def words(self, span: Span) -> str:
        """Return the text at ``span`` as it is read: without hyphens and line ends within a word."""
        pieces, place = [], span.start
        for at in range(*(bisect.bisect_left(self._joined, edge) for edge in (span.start, span.end))):
            start = self._joined[at]
            if self.joins[start] < span.end:
                pieces.append(self.text[place:start])
                place = self.joins[start]
        return "".join([*pieces, self.text[place : span.end]])


def read_document(place: str, data: bytes, kind: str = "") -> tuple[Document | None, list[Finding]]:
    """Decode the ``data`` of a source of a ``kind``; the document is None if there is an error."""
    if not data.strip():
        return None, [Finding("source-empty", "has only white space" if data else "is empty", place)]
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
        return None, [Finding("source-empty", "has only white space", place)]
    findings = _refused_characters(document, SOFT_HYPHEN if kind in LEAFLETS else "")
    return (None if findings else document), findings


def _refused_characters(document: Document, allowed: str) -> list[Finding]:
    """Return findings for refused characters, except ``allowed``, with the places of at most ``_MOST_NAMED`` of a kind."""
    findings = []
    rules = (
        ("source-control-character", _CONTROL, 0),
        ("source-invisible-character", _INVISIBLE, document.text.startswith("\ufeff")),
    )
    for code, pattern, start in rules:
        matches = pattern.finditer(document.text, int(start))
        found = [match.start() for match in matches if match[0] not in allowed]
        lines: dict[int, list[int]] = {}
        for offset in found[:_MOST_NAMED]:
            lines.setdefault(document.line(offset), []).append(offset)
        for number, offsets in lines.items():
            places = _at_characters(document, number, offsets)
            more = len(found) - _MOST_NAMED if number == max(lines) else 0
            message = f"{places}, and {more} more" if more > 0 else places
            findings.append(Finding(code, message, document.place, number, value=shown(document.text[offsets[0]])))
    return findings


def _at_characters(document: Document, line: int, offsets: list[int]) -> str:
    """Describe the characters at ``offsets`` of one line, each kind with its places."""
    columns: dict[str, list[int]] = {}
    for offset in offsets:
        columns.setdefault(document.text[offset], []).append(offset - document.line_starts[line - 1] + 1)
    return "; ".join(
        f"{_named(char)} at character{'s' * (len(at) > 1)} {', '.join(map(str, at))}" for char, at in columns.items()
    )


def refused_character(text: str) -> str | None:
    """Return the name of the first refused character, or None.

    >>> refused_character("a\u202eb")
    'U+202E (RIGHT-TO-LEFT OVERRIDE)'
    """
    found = _CONTROL.search(text) or _INVISIBLE.search(text)
    return _named(found[0]) if found else None


def _named(char: str) -> str:
    nameless = "control character" if unicodedata.category(char) == "Cc" else "noncharacter"
    return f"U+{ord(char):04X} ({unicodedata.name(char, nameless)})"


def oversize(document: Document) -> list[Finding]:
    """Return a finding for too many lines, or for the first line that is too long for a leaflet."""
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
