"""Words broken at line ends in a PDF: a hyphen of the layout is removed, a hyphen of the word stays.

A hyphen that the file marks as soft is removed. For others, the words of the same file and a list of English words decide:
``labora-tories`` is one word, ``inter-ministerial`` has a hyphen. If the layout of the file adds no hyphens, all stay. If
two readings remain, that is a doubt. ``normalise.hyphens`` decides for texts without layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cbrn_data.documents.marks import frequency, is_english
from cbrn_data.documents.page import Page
from cbrn_data.documents.paragraphs import Paragraph
from cbrn_data.documents.text import Block

_BREAK = re.compile(r"([^\W\d_]+)([-‐\u00ad])$")
_HALVES = re.compile(r"\S+[-‐\u00ad](?:\n\S*|$)")
"""A word that a line's end breaks, with the hyphen."""

_START = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_SUSPENDED = re.compile(r"(?:and|or|to)\b")
_PREFIXES = frozenset(
    """anti bi bio co counter cross de e ex inter intra micro mid mini multi non off on over post pre pro quasi re self
    semi sub super trans tri ultra un under up vice""".split()
)


_SUFFIXES = frozenset(
    """able ably abilities ability age ages ally ance ant ants ate ates ding ed ence ent ents ful fully ing ings ion ions ism
    ist ists ity less ling ly ment ments ming ness ning ship ships sion ted ten ties ting tion tions tries ty""".split()
)
"""Ends of words that look like words, but do not follow a hyphen."""


@dataclass(frozen=True)
class _Split:
    """A broken word: its two halves, and whether the file marks its hyphen as soft."""

    head: str
    tail: str
    soft: bool


def printed(paragraphs: Sequence[Paragraph], pages: Sequence[Page]) -> Iterator[Block]:
    """Yield each paragraph as lines with whole words and their places, with its doubts and those about its words.

    A hyphen reads as the one of keyboards, because fonts name either one: both have the same shape.
    """
    words, by_number = _Words(paragraphs), {page.number: page for page in pages}
    for paragraph in paragraphs:
        lines = zip(_made_whole(paragraph, words), paragraph.lines, strict=True)
        kept = [(text.replace("‐", "-"), by_number[number].place(line.rect)) for text, (number, line) in lines if text]
        yield Block([text for text, _ in kept], [place for _, place in kept], paragraph.doubts)


def _made_whole(paragraph: Paragraph, words: _Words) -> list[str]:
    texts = [line.text for _, line in paragraph.lines]
    for place, (above, below) in enumerate(pairwise(list(texts))):
        split = _split(texts[place], below, paragraph, place)
        if split is None:
            continue
        verdict = words.verdict(split)
        if verdict is None:
            paragraph.doubts.append(f"{split.head}-{split.tail} may be one word, or have a hyphen")
            continue
        tail = re.match(r"\S+", below)
        assert tail is not None and above
        texts[place] = (texts[place][:-1] if verdict else texts[place]) + tail[0]
        texts[place + 1] = below[tail.end() :].lstrip()
    return texts


def _split(text: str, below: str, paragraph: Paragraph, place: int) -> _Split | None:
    head, tail = _BREAK.search(text), _START.match(below)
    if not head or not tail or not tail[0][0].islower() or _SUSPENDED.match(below):
        return None
    glyph = paragraph.lines[place][1].segments[-1].glyphs[-1]
    return _Split(head[1], tail[0], glyph.soft or head[2] == "\u00ad")


class _Words:
    """The evidence for hyphens in the words of a file."""

    def __init__(self, paragraphs: Sequence[Paragraph]) -> None:
        lines = [(paragraph, place) for paragraph in paragraphs for place in range(len(paragraph.lines))]
        texts = [paragraph.lines[place][1].text for paragraph, place in lines]
        self._seen = {
            word.lower().replace("‐", "-")
            for paragraph in paragraphs
            for word in _WORD.findall(_HALVES.sub("", "\n".join(line.text for _, line in paragraph.lines)))
        }
        inner = "".join(text[:-1] for text in texts)
        self._marked = "‐" not in inner and "-" in inner
        self._splits = [
            split
            for paragraph, place in lines
            if place + 1 < len(paragraph.lines)
            and (split := _split(paragraph.lines[place][1].text, paragraph.lines[place + 1][1].text, paragraph, place))
        ]
        self._ends = {paragraph.lines[place][1].text[-1] for paragraph, place in lines}

    def verdict(self, split: _Split) -> bool | None:
        """Return whether the hyphen is removed; None if that is not clear."""
        if split.soft or (self._marked and "‐" in self._ends):
            return True
        word = f"{split.head}{split.tail}".lower()
        whole, hyphened = word in self._seen, f"{split.head}-{split.tail}".lower() in self._seen
        if whole != hyphened:
            return whole
        # The layout breaks words if no word begins like a first half.
        if not any(each.soft or not self._occurs(each.head) for each in self._splits):
            return False
        occurs = self._occurs(split.head) and (self._occurs(split.tail) or len(split.tail) > 2)
        known = is_english(word)
        if known and (split.tail in _SUFFIXES or not (occurs and self._occurs(split.tail)) or _is_usual(word, split)):
            return True
        if split.head.lower() == "non" and self._occurs(split.tail):
            return False
        if not known and not self._occurs(split.head) and not self._occurs(split.tail) and len(split.tail) > 2:
            return True
        if not known and self._occurs(split.head) and self._occurs(split.tail):
            return False
        return None

    def _occurs(self, part: str) -> bool:
        return part.lower() in _PREFIXES or part.lower() in self._seen or is_english(part)


def _is_usual(word: str, split: _Split) -> bool:
    """Return whether a word is more frequent than its second half, as ``reviewed`` is; ``co-`` often keeps its hyphen."""
    return split.head.lower() != "co" and frequency(word) >= frequency(split.tail) > 0
