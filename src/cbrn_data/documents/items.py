"""The items of a list: the marks before them, and the lines that begin them in a list without gaps or marks.

In such a list only the ends of lines separate the items: a line is not full if the first word of the next one would fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cbrn_data.documents.lines import Line
from cbrn_data.documents.marks import MARKS, SPACED
from cbrn_data.documents.page import Page
from cbrn_data.leaflet.foreign import begins_with_count
from cbrn_data.leaflet.headings import is_heading
from cbrn_data.normalise.countries import country_id

MARK = re.compile(rf"(?:[{MARKS}]|[{SPACED}](?= )|[0-9]{{1,2}}[.)](?= ))")
"""A list mark at the start of a line."""
JOINS = re.compile(
    r"(?:[,–—/&-]|\b(?:a|an|and|as|at|by|for|from|in|into|of|on|or|over|the|their|to|under|which|with|projects?))$",
    re.IGNORECASE,
)
"""The end of a line whose text continues."""


_WITHIN = re.compile(r"[.!?”] [A-Z0-9]")
"""The end of a sentence within a line."""


class Room(NamedTuple):
    """The greatest width of the lines of a column, and their right end."""

    width: float
    right: float

    def has(self, above: Line, line: Line) -> bool:
        """Return whether the first word of ``line`` would fit after ``above``, so that the line end is intended."""
        word = line.rect.width * len(line.text.split()[0]) / len(line.text) + 0.6 * above.size
        return above.rect.width + word < self.width and above.rect.x1 + word < self.right


def has_ended(above: Line, line: Line, room: Room) -> bool:
    """Return whether a sentence ends a paragraph: more words would fit, and the next line begins another sentence."""
    return above.text[-1:] in ".!?”" and not line.text[:1].islower() and room.has(above, line)


def items_without_gaps(lines: Sequence[Line], page: Page, room: Room) -> tuple[set[int], set[int]]:
    """Return the lines that begin items of a list without gaps or marks, and those that may begin one.

    Such a list follows a heading, and before every line that could begin an item, the line is not full.
    """
    found, unsure = set[int](), set[int]()
    for run in _even_runs(lines):
        if any(MARK.match(line.text) or has_spot(line, page) for line in run):
            continue
        pairs = list(pairwise(run))
        if begun := _begun_by_tags(pairs, room):
            found |= begun
            continue
        starts = [(above, line) for above, line in pairs if not _goes_on(above.text, line.text)]
        sentences = any(line.text[-1:] in ".!?:" for line in run[:-1])
        ended = [room.has(*pair) for pair in starts]
        if len(run) > 2 and starts and not sentences and (all(ended) or _is_each_an_item(run, ended)):
            found |= {id(line) for _, line in starts}
        elif len(run) > 2 and not sentences and any(ended):
            unsure |= {id(line) for _, line in starts}
        elif begun := _begun_by_sentences(pairs, room):
            found |= begun
        elif any(has_ended(above, line, room) for above, line in pairs):
            unsure |= {id(line) for above, line in starts if above.text[-1:] in ".!?”" and not room.has(above, line)}
    return found, unsure


def _begun_by_sentences(pairs: Sequence[tuple[Line, Line]], room: Room) -> set[int]:
    """Return the lines that begin items because sentences end only at ends of lines; none if one ends within a line.

    Two or more ends would hardly fall there by chance, and at least one line has room for the next word.
    """
    ended = [(above, line) for above, line in pairs if above.text[-1:] in ".!?”" and not line.text[:1].islower()]
    within = any(_WITHIN.search(line.text) for pair in pairs for line in pair)
    sure = len(ended) > 1 and any(room.has(*pair) for pair in ended) and not within
    return {id(line) for _, line in ended} if sure else set()


def _begun_by_tags(pairs: Sequence[tuple[Line, Line]], room: Room) -> set[int]:
    """Return the lines that begin items by the tags of the file; none if it does not tag the lines of an item together.

    A line with the tag of the line above continues its item. Tags that contradict the words are not used.
    """
    tags = [(above.segments[-1].glyphs[-1].mark, line.segments[0].glyphs[0].mark) for above, line in pairs]
    same = [one == other for one, other in tags]
    if not any(same) or 0 in (tag for two in tags for tag in two):
        return set()
    if any(room.has(*pair) if one else _goes_on(pair[0].text, pair[1].text) for pair, one in zip(pairs, same, strict=True)):
        return set()
    return {id(line) for (_, line), one in zip(pairs, same, strict=True) if not one}


def _goes_on(above: str, text: str) -> bool:
    """Return whether a line certainly continues the item of the line above."""
    return JOINS.search(above) is not None or (text[:1].islower() and not begins_with_count(text))


def _is_each_an_item(run: Sequence[Line], ended: Sequence[bool]) -> bool:
    """Return whether each line is an item, though some are full: the widest line gives the width of the column.

    All lines begin like items, and half of them are not full, or few other words have a capital, or all are countries.
    """
    texts = [line.text for line in run]
    if len(ended) + 1 < len(run) or any(JOINS.search(text) for text in texts[:-1]):
        return False
    others = [word for text in texts for word in text.split()[1:] if word[0].isalpha() and not word.isupper()]
    small = sum(word[0].islower() for word in others)
    sure = 2 * sum(ended) >= len(ended) or (any(ended) and small >= 0.7 * len(others) > 0)
    return sure or all(map(country_id, texts))


def _even_runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines between two headings if all have the same style and distance."""
    run: list[Line] = []
    for line in [*lines, None]:
        if line is None or is_heading(line.text):
            pitches = [below.y - above.y for above, below in pairwise(run)]
            alike = len({(one.size, one.style) for one in run}) == 1
            if pitches and alike and max(pitches) < 1.05 * min(pitches) + 0.5:
                yield run
            run = []
        else:
            run.append(line)


def has_spot(line: Line, page: Page) -> bool:
    """Return whether a small shape on the left of a line is its list mark."""
    x0, y0 = line.rect.x0, line.y
    return any(
        0 < x0 - spot.x1 < 2.0 * line.size and y0 - line.size < spot.y0 and spot.y1 < y0 + 0.25 * line.size
        for spot in page.spots
    )
