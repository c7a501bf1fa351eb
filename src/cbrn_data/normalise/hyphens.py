"""Words broken at a line end after a hyphen: the hyphen belongs to the word (``on-`` and ``going``) or to the line end.

First the other words of the text decide: ``capac-`` and ``itated`` are one word if ``capacitated`` occurs elsewhere, and
keep the hyphen if ``capac-itated`` does. Then ``hyphens.txt`` decides, with words of leaflets and parts that take a hyphen.
A word in neither keeps its hyphen and is reported as unsure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pycountry

from cbrn_data.normalise.text import clean, folded

_LETTER = r"[^\W\d_]"
_BREAK = re.compile(
    rf"(?<![\w‐‑-])(?P<first>{_LETTER}+(?:[‐‑-]{_LETTER}+)*)(?P<end>[‐‑-][^\S\r\n]*(?:\r\n|[\r\n])[^\S\r\n]*)"
    rf"(?!(?:and|or|to)\b)(?=(?P<second>{_LETTER}+))"
)
_WORD = re.compile(rf"{_LETTER}+(?:-{_LETTER}+)*")


@dataclass(frozen=True)
class Broken:
    """A broken word: ``text[start:end]`` is the hyphen with the line end; ``joins`` is None if unsure."""

    start: int
    end: int
    word: str
    joins: bool | None


def broken_words(text: str) -> Iterator[Broken]:
    """Yield the words of ``text`` that continue in the next line after a hyphen.

    >>> [(broken.word, broken.joins) for broken in broken_words("prepar-\\nedness is on-\\ngoing, zorg-\\nle")]
    [('prepar-edness', True), ('on-going', False), ('zorg-le', None)]
    """
    found = list(_BREAK.finditer(text))
    whole = _words_of(_BREAK.sub(" ", text)) if found else frozenset()
    for match in found:
        first, second = clean(match["first"]), match["second"]
        yield Broken(*match.span("end"), f"{first}-{second}", _joins(first, second, whole))


def _words_of(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(folded(clean(text)).casefold()))


def _joins(first: str, second: str, whole: frozenset[str]) -> bool | None:
    parts, known = _known()
    one, two = folded(first + second).casefold(), folded(f"{first}-{second}").casefold()
    head, tail = (folded(part).casefold() for part in (first.rpartition("-")[2], second))
    is_word = one in whole or head + tail in known
    if two in whole:
        return None if is_word else False
    if is_word:
        return True
    if f"{head}-" in parts or f"-{tail}" in parts or (second[0].isupper() and not first.isupper()):
        return False
    return None


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """Return the parts that take a hyphen, and the words that are written without one."""
    text = files("cbrn_data.normalise").joinpath("hyphens.txt").read_text(encoding="utf-8")
    listed = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    parts = frozenset(word for word in listed if word.startswith("-") or word.endswith("-"))
    names = _words_of(" ".join(country.name for country in pycountry.countries))
    return parts, frozenset(listed - parts) | names
