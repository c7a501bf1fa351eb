"""The lines of columns to paragraphs; each item, heading or label is a separate paragraph.

A new paragraph begins at a heading, a list mark, a box, a rule or another style, and after a gap that is wider by 1.3 pt or
0.12 em than between lines of one text. The usual gap is measured at lines that begin with a small letter. A large numeral
belongs to the words that it counts, under it or next to it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from statistics import median

from cbrn_data.documents.items import JOINS, MARK, Room, has_ended, has_spot, items_without_gaps
from cbrn_data.documents.lines import Column, Line
from cbrn_data.documents.marks import MARKS, NUMERAL
from cbrn_data.documents.page import Page
from cbrn_data.leaflet.headings import is_heading

_WIDEST = 1.75
"""The greatest gap, in em, between lines of one text if no line begins with a small letter."""

_ENDS = '.!?:;”"'
_LABEL = re.compile(r"(?:project|p) ?[0-9]{1,3}\b.{0,3}", re.IGNORECASE)
_TITLED = re.compile(rf"(?:[{MARKS}] ?)?project [0-9]{{1,3}} ?[:–—-] ?\w", re.IGNORECASE)
"""A project with its title."""
OPENS = re.compile(r"(?:(?:overall )?goal ?:|established(?: on| in)?(?: ?:| [0-9])|(?:co-?)?funded by\b)", re.IGNORECASE)
"""The label of a statement of the head of a leaflet."""


@dataclass
class Paragraph:
    """Lines that belong together, each with its page number."""

    lines: list[tuple[int, Line]]
    joined: bool = False
    doubts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words of all lines, one space apart."""
        return " ".join(line.text for _, line in self.lines)


def read_paragraphs(pages: Sequence[tuple[Page, Sequence[Column]]]) -> list[Paragraph]:
    """Return the paragraphs of all pages in reading order."""
    leading = _leading([column for _, columns in pages for column in columns])
    paragraphs: list[Paragraph] = []
    right = 0.0
    for page, columns in pages:
        for place, column in enumerate(columns):
            found = list(_cut(column, page, leading))
            follows = column.flows or (place == 0 and page.number > 1)
            if paragraphs and follows and _goes_on(paragraphs, found[0], right):
                paragraphs[-1].lines += found[0].lines
                del found[0]
            if column.doubt and found:
                found[0].doubts.append(column.doubt)
            paragraphs += found
            right = max(line.rect.x1 for line in column.lines)
    return list(_with_numerals(paragraphs))


def _leading(columns: Iterable[Column]) -> Mapping[float, float]:
    """Return the gap between the lines of a paragraph by text size, in em."""
    sure: dict[float, list[float]] = defaultdict(list)
    every: dict[float, list[float]] = defaultdict(list)
    for column in columns:
        for above, below in pairwise(column.lines):
            pitch = (below.y - above.y) / below.size
            if above.size == below.size and 0.8 < pitch < 2.2:
                every[below.size].append(pitch)
                if below.text[:1].islower():
                    sure[below.size].append(pitch)
    found = {size: min(sorted(pitches)[len(pitches) // 4], _WIDEST) for size, pitches in every.items()}
    found |= {size: sorted(pitches)[len(pitches) // 4] for size, pitches in sure.items()}
    usual = median(sorted(found.values())) if found else 1.3
    return defaultdict(lambda: usual, found)


def _cut(column: Column, page: Page, leading: Mapping[float, float]) -> Iterator[Paragraph]:
    lines = column.lines
    own = [
        (below.y - above.y) / below.size
        for above, below in pairwise(lines)
        if above.size == below.size and below.text[:1].islower() and below.y - above.y < 2.2 * below.size
    ]
    room = Room(max(line.rect.width for line in lines), max(line.rect.x1 for line in lines))
    items, unsure = items_without_gaps(lines, page, room)
    current: list[Line] = []
    for line in lines:
        apart = sorted(own)[len(own) // 4] if len(own) > 2 else leading[line.size]
        begins = id(line) in items or (current and _begins(line, current, column, page, apart, room))
        if current and (begins or has_ended(current[-1], line, room)):
            yield _paragraph(current, page, unsure)
            current = []
        current.append(line)
    if current:
        yield _paragraph(current, page, unsure)


def _paragraph(lines: Sequence[Line], page: Page, unsure: set[int]) -> Paragraph:
    paragraph = Paragraph([(page.number, line) for line in lines])
    if any(id(line) in unsure for line in lines[1:]):
        paragraph.doubts.append("may be two items, because only the ends of lines separate the items here")
    return paragraph


def _begins(line: Line, current: list[Line], column: Column, page: Page, leading: float, room: Room) -> bool:
    """Return whether ``line`` begins a paragraph after the lines ``current``."""
    above = current[-1]
    if _heads(line, current, column):
        return True
    if MARK.match(line.text) and not MARK.fullmatch(line.text) and not _within_item(line, current):
        return True
    if has_spot(line, page) or (OPENS.match(line.text) and line.text[:1].isupper()):
        return True
    if abs(line.size - above.size) > 0.08 * max(line.size, above.size):
        return True
    same = line.style[1] == above.style[1]
    if OPENS.match(current[0].text) and line.text[:1].islower() and same and not OPENS.match(line.text):
        return line.y - above.y > _WIDEST * line.size
    joins, small, full = JOINS.search(above.text) is not None, line.text[:1].islower(), not room.has(above, line)
    open_end = same and (
        (joins and (small or full or line.text[:1].isdigit())) or (small and full and above.text[-1:] not in _ENDS)
    )
    widest = max(leading, _WIDEST if open_end else 0.0)
    if line.y - above.y > widest * line.size + max(1.3, 0.12 * line.size) or _ruled(above, line, page):
        return True
    return _other_style(line, current) or _indented(line, current, column)


def _within_item(line: Line, current: list[Line]) -> bool:
    """Return whether what looks like a list mark is in the text of an item: the text above begins further left, and has
    another mark if the sign is not a digit."""
    first = current[0].text
    marked = MARK.match(first) is not None and first[0] != line.text[0]
    further = line.rect.x0 > min(one.rect.x0 for one in current) + 0.3 * line.size
    return further and (line.text[0].isdigit() or (line.text[0] in "–—-" and marked))


def _heads(line: Line, current: list[Line], column: Column) -> bool:
    """Return whether a heading begins or ends between ``current`` and ``line``."""
    if is_heading(" ".join(one.text for one in (*current, line))):
        return False
    if is_heading(" ".join(one.text for one in current)):
        return True
    place = column.lines.index(line)
    return any(
        is_heading(" ".join(one.text for one in column.lines[place : place + width]))
        and len({one.size for one in column.lines[place : place + width]}) == 1
        for width in (1, 2, 3)
    ) and not _within_text(line, current)


def _within_text(line: Line, current: list[Line]) -> bool:
    """Return whether words that could be a heading are the end of a sentence: same style and size, and no capital."""
    above = current[-1]
    return (
        line.style == above.style and line.size == above.size and not line.text.isupper() and bool(JOINS.search(above.text))
    )


def _ruled(above: Line, line: Line, page: Page) -> bool:
    left, right = max(above.rect.x0, line.rect.x0), min(above.rect.x1, line.rect.x1)
    return any(
        rule.width > rule.height
        and above.y + 0.15 * above.size < rule.y0
        and rule.y1 < line.y - 0.6 * line.size
        and rule.x0 < right
        and rule.x1 > left
        and rule.width > 0.9 * max(above.rect.width, line.rect.width)
        for rule in page.rules
    )


def _other_style(line: Line, current: list[Line]) -> bool:
    """Return whether a line entirely in one style follows a label or title entirely in another."""
    first, last = current[0].style, current[-1].style
    if _LABEL.fullmatch(" ".join(one.text for one in current)) and last != line.style:
        return True
    if _LABEL.match(line.text) and line.text[:1].isupper() and last[0] is False and line.style[0] is True:
        return True
    whole = all(one.style == last for one in current)
    differ = None not in (*first, *line.style) and last != line.style
    return whole and differ and (first[0] is True or first[1] != line.style[1]) and not line.text[:1].islower()


def _indented(line: Line, current: list[Line], column: Column) -> bool:
    """Return whether a line begins a paragraph by its indent: the others of the column begin further left."""
    left = min(one.rect.x0 for one in column.lines)
    indent = 0.8 * line.size < line.rect.x0 - left < 3.5 * line.size
    place = column.lines.index(line)
    below = column.lines[place + 1] if place + 1 < len(column.lines) else None
    first = current[0]
    back = below is None or abs(below.rect.x0 - left) < 1.0
    hangs = bool(MARK.match(first.text)) or (first.rect.x0 < left + 1.0 <= line.rect.x0 and len(current) == 1)
    return indent and back and not hangs and abs(current[-1].rect.x0 - left) < 1.0 and current[-1].text[-1:] in ".!?”:"


def _goes_on(paragraphs: Sequence[Paragraph], after: Paragraph, right: float) -> bool:
    """Return whether a text continues from the end of a column, whose right end is given, or of a page.

    It continues after a word that needs a next one. If the next word would not fit in the column, it also continues before a
    small letter, if it is the title of a project and no other project follows, and if this is the only paragraph of the
    section without a full stop.
    """
    before = paragraphs[-1]
    first, last = after.lines[0][1], before.lines[-1][1]
    if is_heading(before.text) or is_heading(after.text) or first.size != last.size or MARK.match(first.text):
        return False
    if before.text[-1:] in _ENDS or any(one.match(after.text) for one in (_TITLED, _LABEL, OPENS)):
        return False
    if JOINS.search(before.text):
        return True
    word = first.rect.width * len(first.text.split()[0]) / len(first.text)
    if last.rect.x1 + 0.25 * last.size + word <= right - 0.5:
        return False
    titled = _TITLED.match(before.text) or (len(paragraphs) > 1 and _LABEL.fullmatch(paragraphs[-2].text))
    if titled:
        return True
    section = list(takewhile(lambda one: not is_heading(one.text), reversed(paragraphs[:-1])))
    if first.text[:1].islower() or (len(section) > 1 and all(one.text[-1:] in _ENDS for one in section)):
        return True
    sentences = any(one.text[-1:] in _ENDS for one in (after, *section))
    if sentences and len(before.lines) > 1 and len(before.text) > 60:
        after.doubts.append("may continue the end of the column or page before")
    return False


def _with_numerals(paragraphs: list[Paragraph]) -> Iterator[Paragraph]:
    """Join a large numeral to the paragraph that it counts, and a large word (``All``) to the rest of its sentence."""
    waiting: Paragraph | None = None
    for paragraph in paragraphs:
        if waiting:
            larger = waiting.lines[0][1].size >= 1.3 * paragraph.lines[0][1].size
            goes_on = paragraph.text[:1].islower() or not waiting.text.isalpha()
            if larger and goes_on and not is_heading(paragraph.text):
                paragraph.lines[:0] = waiting.lines
            else:
                yield waiting
            waiting = None
        if NUMERAL.fullmatch(paragraph.text) or paragraph.text.isalpha():
            waiting = paragraph
        else:
            yield paragraph
    if waiting:
        yield waiting
