"""Printed text to readable text, with the source position of every character.

Markup is ``**bold**``, ``*emphasis*`` and both with ``_``, ``[label](target)``, ``![](picture)``, an empty anchor
(``<a id="goal"></a>``) and a backslash before a mark. A star that only follows a word is the mark of a note. White space of
any kind (line ends, no-break and narrow spaces, form feeds) reads as one space. Typography is folded: a ligature reads as
its letters, each of the three hyphens as the one of keyboards; a soft hyphen and a line end within a word (``on-`` and
``going``) read as nothing. The hyphen there stays, unless ``hyphens`` says that it belongs to the line end. Letter case,
quotation marks and dashes are unchanged.
"""

from __future__ import annotations

import json
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value", covariant=True)


class Span(NamedTuple):
    """A half-open range of Unicode code points in the decoded source."""

    start: int
    end: int


@dataclass(frozen=True)
class Extracted(Generic[Value]):
    """A value, and the place of its words in the source."""

    value: Value
    span: Span


_WITHIN_WORD = (
    r"(?:(?<=[^\W\d_][-‐‑])(?=\s+[^\W\d_])(?!\s+(?:and|or|to)\b)|(?<=[0-9][-‐‑–])(?=\s+[0-9]))"
    r"[^\S\r\n]*(?:\r\n|[\r\n])[^\S\r\n]*"
)
"""A line end after a hyphen in a word or a range of numbers; ``pre-`` and ``and post-course`` are two words."""

_BROKEN = re.compile(_WITHIN_WORD)
_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*\)"
_SOFT = r"\u00ad+(?:[^\S\r\n]*(?:\r\n|[\r\n])[^\S\r\n]*)?"
_PIECE = re.compile(
    rf"(?P<within>{_WITHIN_WORD})|"
    rf"(?P<markup>\*\*|!?\[\]{_TARGET}(?:\{{[^{{}}\r\n]*\}})?|\[\](?!\()|!?\[(?![^\[\]]*\](?!\())|\]{_TARGET}"
    rf"|\\(?=[*_\[\]()#.!|~&<>-])|<a (?:id|name)=\"[^\"<>]*\"></a>|{_SOFT})"
    r"|(?P<space>\s+)|(?P<words>[^\s*_\[\]!\\<\u00ad]+|.)"
)
"""An opening bracket is text only if another closes it, because a quote can end within the label of a link."""

_EMPHASIS = re.compile(r"(?<![\w*\\])(?P<mark>\*|__?)(?=[^\s*_])(?:[\s\S]{0,400}?[^\s*_\\])(?P<end>(?P=mark))(?![\w*])")
"""Words between two marks; the first follows no letter, so that the mark of a note (``Kosovo*``) does not begin them."""

SIGNS = r"•‣⁃∙\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\ue000-\uf8ff"
"""Signs that begin items, as in brackets of a regular expression: bullets, arrows, shapes, dingbats, private characters of
symbol fonts."""

LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_KEYS = LIGATURES | {"‐": "-", "‑": "-"}
_UNUSUAL = re.compile(f"[{''.join(_KEYS)}]")


@dataclass(frozen=True)
class Plain:
    """Readable text; ``at[i]`` is the place in the source of its i-th character.

    The letters of a ligature have one place. ``goes_on``: the last word continues in the next line.
    """

    text: str
    at: array[int]
    goes_on: bool = False

    @classmethod
    def of(cls, raw: str, start: int = 0, joins: Container[int] = ()) -> Plain:
        """Read ``raw``, which begins at ``start`` of its source; ``joins`` has the places of hyphens that are not read.

        >>> Plain.of("of which **4 are\\n on-going** oﬃcers").text
        'of which 4 are on-going officers'
        """
        words: list[str] = []
        at = array("Q")
        spaced = True  # so that no text begins with a space
        marks = _emphasis(raw)
        for piece in _PIECE.finditer(raw):
            if piece.start() in marks:
                continue
            if piece["words"]:
                _add(piece["words"], start + piece.start(), words, at)
                spaced = False
            elif piece["within"] and start + piece.start() - 1 in joins:
                words[-1] = words[-1][:-1]
                at.pop()
            elif piece["space"] and not spaced:
                words.append(" ")
                at.append(start + piece.start())
                spaced = True
        if words and spaced:
            words.pop()
            at.pop()
        return cls("".join(words), at)

    @classmethod
    def joined(cls, pieces: Iterable[Plain]) -> Plain:
        """Join lines with one space, or with none within a word."""
        words: list[str] = []
        at = array("Q")
        goes_on = False
        for piece in pieces:
            if piece.text:
                if words and not goes_on and not breaks_word(words[-1], piece.text):
                    words.append(" ")
                    at.append(at[-1] + 1)
                words.append(piece.text)
                at.extend(piece.at)
                goes_on = piece.goes_on
        return cls("".join(words), at, goes_on)

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """Return the range of the source behind ``text[start:end]``, which must not be empty."""
        last = len(self.text) if end is None else end
        return Span(self.at[start], self.at[last - 1] + 1)

    @property
    def whole(self) -> Extracted[str]:
        """The text as a value."""
        return Extracted(self.text, self.span())

    def part(self, start: int, end: int | None = None) -> Plain:
        """Return ``text[start:end]`` without spaces at its ends."""
        last = len(self.text) if end is None else end
        while start < last and self.text[start] == " ":
            start += 1
        while last > start and self.text[last - 1] == " ":
            last -= 1
        return Plain(self.text[start:last], self.at[start:last], self.goes_on and last == len(self.text))

    def lines(self, starts: Iterable[int]) -> list[Plain]:
        """Split at the places of the source where lines start; the first is the start of the text."""
        cuts = [bisect_left(self.at, start) for start in starts] + [len(self.text)]
        parts = [self.part(start, end) for start, end in pairwise(cuts)]
        within = [0 < cut < len(self.text) and " " not in self.text[cut - 1 : cut + 1] for cut in cuts[1:]]
        return [replace(part, goes_on=bool(part.text) and on) for part, on in zip(parts, within, strict=True)]


def _emphasis(raw: str) -> frozenset[int]:
    """Return the places of the characters that mark emphasis."""
    if "*" not in raw and "_" not in raw:
        return frozenset()
    spans = (found.span(name) for found in _EMPHASIS.finditer(raw) for name in ("mark", "end"))
    return frozenset(place for start, end in spans for place in range(start, end))


def _add(piece: str, place: int, words: list[str], at: array[int]) -> None:
    """Add words at ``place``, with the letters of ligatures and the hyphen of keyboards."""
    if not _UNUSUAL.search(piece):
        words.append(piece)
        at.extend(range(place, place + len(piece)))
        return
    for offset, char in enumerate(piece, start=place):
        letters = _KEYS.get(char, char)
        words.append(letters)
        at.extend([offset] * len(letters))


def breaks_word(line: str, after: str) -> bool:
    """Return whether a word continues from the end of ``line`` to the start of the line ``after``.

    >>> breaks_word("4 are on-", "going in 2025"), breaks_word("pre-", "and post-course")
    (True, False)
    """
    return _BROKEN.search(f"{line[-2:]}\n{after[:4]}") is not None


@lru_cache(maxsize=64)
def clean(quote: str) -> str:
    """Return the words of a quote without markup and line ends."""
    return Plain.of(quote).text


def folded(text: str) -> str:
    """Return ``text`` without accents and with uniform apostrophes, dashes and footnote marks, character by character.

    The length does not change, so a place in the result is a place in ``text``.

    >>> folded("Côte d’Ivoire 21–22")
    "Cote d'Ivoire 21-22"
    """
    return text if text.isascii() else text.translate(_FOLDED)


class _Folded(dict[int, str]):
    """The folded form of each character, computed on first use."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = str(unicodedata.decimal(char)) if char.isdecimal() else unicodedata.normalize("NFKD", char)[0]
        return self[code]


_FOLDED = _Folded(
    {ord(char): "'" for char in "’‘ʼ´′‛"}
    | {ord(char): "-" for char in "‐‑‒–—−"}
    | {ord(char): "*" for char in "¹²³⁰⁴⁵⁶⁷⁸⁹†‡"}
)


def slug(text: str) -> str:
    """Return an ASCII id of ``text``: lower case, letters and digits, joined by ``-``.

    >>> slug("African Atlantic Façade")
    'african-atlantic-facade'
    """
    return re.sub(r"[^a-z0-9]+", "-", folded(text).lower()).strip("-")


_SMALL = frozenset({"and", "of", "the", "for", "in"})


def region_name(quote: str) -> str:
    """Return the name of a region or a city; one printed in capitals is read in title case.

    >>> region_name("SOUTH EAST AND EASTERN EUROPE"), region_name("SOUTH-EAST ASIA")
    ('South East and Eastern Europe', 'South-East Asia')
    """
    name = clean(quote)
    if not name.isupper():
        return name
    words = [word.lower() if word.lower() in _SMALL else word.capitalize() for word in re.split("([ -])", name)]
    return "".join(words)[:1].upper() + "".join(words)[1:]


ACTIVE = "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_ACTIVE = re.compile(ACTIVE)


def looks_like_formula(text: str) -> bool:
    """Return whether a spreadsheet would run or split ``text`` instead of showing it.

    The characters are those of OWASP's page on CSV injection, with their full-width forms.
    """
    return _ACTIVE.match(text) is not None


def escape_formula(text: str) -> str:
    """Return ``text`` for a verbatim column: as JSON if a spreadsheet would run it.

    A cell that begins with a quotation mark is always JSON, so ``unescape_formula`` restores the text.
    """
    return json.dumps(text, ensure_ascii=False) if looks_like_formula(text) or text.startswith('"') else text


def unescape_formula(cell: str) -> str:
    """Return the text of a cell that ``escape_formula`` made.

    >>> unescape_formula(escape_formula("=1+1")), unescape_formula(escape_formula("plain"))
    ('=1+1', 'plain')
    """
    return str(json.loads(cell)) if cell.startswith('"') else cell


def natural_order(text: str) -> list[tuple[int, int, str]]:
    """Return what texts with numbers are sorted by as people do: numbers by their size.

    >>> sorted(["P100", "P31", "P9a"], key=natural_order)
    ['P9a', 'P31', 'P100']
    """
    parts = re.split(r"([0-9]+)", text)
    return [(1, int(part), "") if part.isascii() and part.isdigit() else (0, 0, part) for part in parts]
