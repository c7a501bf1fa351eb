"""Text as a leaflet prints it to text as a person reads it, with the way back for every character.

Markup is ``**bold**`` and ``[label](target)``; any run of white space (line ends, no-break and narrow spaces, form
feeds) reads as one space. Nothing else is changed: no letter case, no quotation mark, no dash.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of Unicode code points in the decoded source."""

    start: int
    end: int


_MARKUP = re.compile(r"\*\*|\[(?=[^\[\]]*\]\()|\]\((?:[^()\s]|\([^()\s]*\))*\)")


@dataclass(frozen=True)
class Plain:
    """Readable text; ``at[i]`` is the place in the source of its i-th character."""

    text: str
    at: tuple[int, ...]

    @classmethod
    def of(cls, raw: str, start: int = 0) -> Plain:
        """Read ``raw``, which stands at ``start`` of its source.

        >>> Plain.of("of which **4 are\\n on-going**").text
        'of which 4 are on-going'
        """
        skipped = bytearray(len(raw))
        for match in _MARKUP.finditer(raw):
            skipped[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
        chars: list[str] = []
        at: list[int] = []
        for place, char in enumerate(raw):
            if skipped[place]:
                continue
            if char.isspace():
                if not chars or chars[-1] == " ":
                    continue
                char = " "
            chars.append(char)
            at.append(start + place)
        if chars and chars[-1] == " ":
            chars.pop()
            at.pop()
        return cls("".join(chars), tuple(at))

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """Return the range of the source behind ``text[start:end]``, which must not be empty."""
        last = len(self.text) if end is None else end
        return Span(self.at[start], self.at[last - 1] + 1)

    def part(self, start: int, end: int | None = None) -> Plain:
        """Return ``text[start:end]`` without spaces at its ends."""
        last = len(self.text) if end is None else end
        while start < last and self.text[start] == " ":
            start += 1
        while last > start and self.text[last - 1] == " ":
            last -= 1
        return Plain(self.text[start:last], self.at[start:last])

    def __add__(self, other: Plain) -> Plain:
        """Join two pieces with one space, which stands for whatever lay between them."""
        if not self.text or not other.text:
            return self if self.text else other
        return Plain(f"{self.text} {other.text}", (*self.at, self.at[-1] + 1, *other.at))


def clean(quote: str) -> str:
    """Return the words of a quote, free of markup and line ends."""
    return Plain.of(quote).text


def folded(text: str) -> str:
    """Return ``text`` with accents taken off and apostrophes and dashes made alike, character by character.

    The length stays, so that a place in the result is a place in ``text``.

    >>> folded("Côte d’Ivoire 21–22")
    "Cote d'Ivoire 21-22"
    """
    return "".join(map(_fold, text))


def _fold(char: str) -> str:
    if char.isascii():
        return char
    if char in "’‘ʼ´′‛":
        return "'"
    if char in "‐‑‒–—−":
        return "-"
    return unicodedata.normalize("NFKD", char)[0]


def slug(text: str) -> str:
    """Return an ASCII id made of ``text``: lower case, letters and digits, joined by ``-``.

    >>> slug("African Atlantic Façade")
    'african-atlantic-facade'
    """
    return re.sub(r"[^a-z0-9]+", "-", folded(text).lower()).strip("-")


_SMALL = frozenset({"and", "of", "the", "for", "in"})


def region_name(quote: str) -> str:
    """Return a region's name; one printed in capitals is read in title case.

    >>> region_name("SOUTH EAST AND EASTERN EUROPE")
    'South East and Eastern Europe'
    """
    name = clean(quote)
    if not name.isupper():
        return name
    words = [word.lower() if word.lower() in _SMALL else word.capitalize() for word in name.split(" ")]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]
