"""Words that a line's end takes apart: the hyphen goes where the layout put it, and stays where the word has one.

A hyphen that the file marks as soft goes. One that could be either is judged by the words of the same file and by a list
of English words: ``labora-tories`` is one word, ``inter-ministerial`` has its hyphen. Where no hyphen of the file was
put by the layout, all stay; where that leaves two readings, it is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cbrn_data.documents.english import is_english
from cbrn_data.documents.page import Rect
from cbrn_data.documents.paragraphs import Paragraph

_BREAK = re.compile(r"([^\W\d_]+)([-‐\u00ad])$")
_START = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_SUSPENDED = re.compile(r"(?:and|or|to)\b")
_PREFIXES = frozenset(
    """anti bi bio co counter cross de e ex inter intra micro mid mini multi non off on over post pre pro quasi re self
    semi sub super trans tri ultra un under up vice""".split()
)


@dataclass(frozen=True)
class Printed:
    """A line of the text that results: its words, and where they are on which page."""

    text: str
    page: int
    rect: Rect


@dataclass(frozen=True)
class _Split:
    """A word over a line's end: its two halves, and whether the file marks its hyphen as put by the layout."""

    head: str
    tail: str
    soft: bool

    @property
    def whole(self) -> str:
        return f"{self.head}{self.tail}".lower()

    @property
    def hyphened(self) -> str:
        return f"{self.head}-{self.tail}".lower()


def printed(paragraphs: Sequence[Paragraph]) -> list[list[Printed]]:
    """Return the lines of each paragraph, with words made whole; doubts go to the paragraphs."""
    words = _Words(paragraphs)
    return [list(_made_whole(paragraph, words)) for paragraph in paragraphs]


def _made_whole(paragraph: Paragraph, words: _Words) -> Iterator[Printed]:
    texts = [line.text for _, line in paragraph.lines]
    for place, (above, below) in enumerate(pairwise(list(texts))):
        split = _split(texts[place], below, paragraph, place)
        if split is None:
            continue
        verdict = words.verdict(split)
        if verdict is None:
            paragraph.doubts.append(f"{split.head}-{split.tail} may be one word or have its hyphen")
            continue
        tail = re.match(r"\S+", below)
        assert tail is not None and above
        texts[place] = (texts[place][:-1] if verdict else texts[place]) + tail[0]
        texts[place + 1] = below[tail.end() :].lstrip()
    for text, (page, line) in zip(texts, paragraph.lines, strict=True):
        if text:
            yield Printed(text, page, line.rect)


def _split(text: str, below: str, paragraph: Paragraph, place: int) -> _Split | None:
    head, tail = _BREAK.search(text), _START.match(below)
    if not head or not tail or not tail[0][0].islower() or _SUSPENDED.match(below):
        return None
    glyph = paragraph.lines[place][1].segments[-1].glyphs[-1]
    return _Split(head[1], tail[0], glyph.soft or head[2] == "\u00ad")


class _Words:
    """What the words of a file say of its hyphens."""

    def __init__(self, paragraphs: Sequence[Paragraph]) -> None:
        lines = [(paragraph, place) for paragraph in paragraphs for place in range(len(paragraph.lines))]
        texts = [paragraph.lines[place][1].text for paragraph, place in lines]
        self._seen = {
            word.lower().replace("‐", "-") for text in texts for word in _WORD.findall(re.sub(r"\S+[-‐\u00ad]$", "", text))
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

    @property
    def _by_layout(self) -> bool:
        """Whether the layout took words apart somewhere: no word begins as that half does."""
        return any(split.soft or not self._stands(split.head) for split in self._splits)

    def verdict(self, split: _Split) -> bool | None:
        """Return whether the hyphen goes; None where that cannot be told."""
        if split.soft or (self._marked and "‐" in self._ends):
            return True
        whole, hyphened = split.whole in self._seen, split.hyphened in self._seen
        if whole != hyphened:
            return whole
        if not self._by_layout:
            return False
        stands = self._stands(split.head) and (self._stands(split.tail) or len(split.tail) > 2)
        known = is_english(split.whole)
        if known and not (stands and self._stands(split.tail)):
            return True
        if not known and self._stands(split.head) and self._stands(split.tail):
            return False
        return None

    def _stands(self, part: str) -> bool:
        return part.lower() in _PREFIXES or part.lower() in self._seen or is_english(part)
