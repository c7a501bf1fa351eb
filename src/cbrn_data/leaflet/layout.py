"""Divide the blocks of a leaflet into its head and its sections.

A heading has a separate line, or up to three if it wraps; ``headings`` recognises it. Text after a heading and its colon
on the same line belongs to the section.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from cbrn_data.leaflet.blocks import Block, Line, read_blocks
from cbrn_data.leaflet.headings import (
    HEADINGS,
    LIKE,
    LONGEST,
    OPTIONAL,
    SECTION_OF,
    SECTION_OF_PAGE,
    likely,
    near,
    title,
)
from cbrn_data.leaflet.reading import Reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.numbers import numbers

_MARGIN = 200
"""The most white space between the number of a page and a form feed, in characters."""

_TRIED = 2_000
"""The most lines that are tried as the heading of a section without an exact one."""

_LED_TO = re.compile(r"\b(?:partner countries|priorities|achievements)\b", re.IGNORECASE)
_OF_LEAFLETS = frozenset({"Structure", "Methodology"})

_BRACKETED = r"\((?:\*{1,3}|[0-9])\)|\[(?:\*{1,3}|[0-9a-z])\]"
_FOOTNOTE = re.compile(rf"(?P<mark>\*{{1,3}}|[†‡§¹²³⁴]|{_BRACKETED})\s*(?=\S)")
_MARKED_WORD = re.compile(rf"[^\W\d_](?P<mark>\*{{1,3}}|[†‡§¹²³⁴]| ?(?:{_BRACKETED}))(?![\w*])")
NAMED_PAGE = r"page [0-9]{1,3}(?: ?(?:of|/) ?[0-9]{1,3})?"
DASHED_PAGE = r"[-‐–—] ?[0-9]{1,3} ?[-‐–—]"
"""Numbers of pages, for a pattern that ignores case."""
_SURE_PAGE = re.compile(rf"(?:[-–—] ?)?{NAMED_PAGE}(?: ?[-–—])?|{DASHED_PAGE}", re.IGNORECASE)
_PAGE = re.compile(r"[0-9]{1,3}(?: ?(?:of|/) ?[0-9]{1,3})?", re.IGNORECASE)
_BEFORE_REST = re.compile(r"(?P<heading>[^:.–—]{4,60}?)(?:\. (?=[A-Z0-9])| ?[:–—] ?(?=[^\s0-9]|[0-9]{1,3} \S))")


@dataclass
class Section:
    """The blocks under a heading, with the heading's ``line`` and ``count``. The head has line 0 and no count."""

    name: str
    line: int
    blocks: list[Block]
    count: int | None = None


Unsure = tuple[str, list[Line]]
"""A section without an exact heading, and lines that may be it; the first is used, so that the rest can be read."""


@dataclass(frozen=True)
class Layout:
    """A leaflet as its head and its sections."""

    leaflet: Leaflet
    head: Section
    sections: list[Section]
    unsure: list[Unsure]

    @property
    def missing(self) -> list[str]:
        """The required sections that are missing; a region's page has no required ones."""
        return [name for name in HEADINGS if name not in OPTIONAL and not self.leaflet.is_page and not self.named(name)]

    @cached_property
    def _footnote_marks(self) -> frozenset[str]:
        """Marks after words with which exactly one line begins; a mark at the start of more lines is a bullet."""
        blocks = [block for section in (self.head, *self.sections) for block in section.blocks]
        texts = [line.plain.text for block in blocks for line in block.lines]
        opening = Counter(match["mark"] for text in texts if (match := _FOOTNOTE.match(text)))
        borne = {match["mark"].strip() for text in texts for match in _MARKED_WORD.finditer(text)}
        return frozenset(mark for mark in borne if opening[mark] == 1)

    def is_footnote(self, block: Block) -> bool:
        """Whether a block explains a mark after a word elsewhere (``Kosovo*`` and ``* This designation ...``)."""
        mark = _FOOTNOTE.match(block.lines[0].plain.text)
        return mark is not None and mark["mark"] in self._footnote_marks

    def is_page_number(self, block: Block) -> bool:
        """Whether a block is the number of its page.

        It has the word "page" or is between dashes, is next to a form feed, or is the last block of a text with form feeds.
        """
        if len(block.lines) > 1:
            return False
        if _SURE_PAGE.fullmatch(block.lines[0].plain.text):
            return True
        if not _PAGE.fullmatch(block.lines[0].plain.text):
            return False
        text, (start, end) = self.leaflet.document.text, block.plain.span()
        before, after = text[max(0, start - _MARGIN) : start], text[end : end + _MARGIN]
        space = before[len(before.rstrip()) :] + after[: len(after) - len(after.lstrip())]
        return "\f" in space or (not after.strip() and "\f" in text)

    def named(self, name: str) -> list[Section]:
        """Return the sections with that name: one, unless it is missing or repeated."""
        return [section for section in self.sections if section.name == name]


def read_layout(leaflet: Leaflet) -> Layout:
    """Divide a leaflet into head and sections; a region's page need not have all of them."""
    page, blocks = leaflet.is_page, list(read_blocks(leaflet))
    found, unsure = _find_headings(blocks, leaflet.reading, page)
    head = current = Section("", 0, [])
    sections: list[Section] = []
    for number, block in enumerate(blocks):
        start = 0
        for place, heading in sorted(found[number].items()):
            current.blocks += [Block(block.lines[start:place])] if start < place else []
            start = place + heading.width
            if page and sections and sections[-1].name == heading.section and not current.blocks:
                sections.pop()  # "Projects" and, under it, "On-going projects"
            lines = block.lines[place:start]
            leaflet.headings.append((lines[0].number, lines[-1].number))
            current = Section(heading.section, lines[0].number, [], heading.count)
            sections.append(current)
            if heading.rest and start < len(block.lines) and start not in found[number]:
                block = Block((*block.lines[: start - 1], heading.rest, *block.lines[start:]))
                start -= 1
            elif heading.rest:
                current.blocks.append(Block((heading.rest,)))
        current.blocks += [Block(block.lines[start:])] if start < len(block.lines) else []
    return Layout(leaflet, head, sections, unsure)


@dataclass(frozen=True)
class _Heading:
    """The heading of ``section`` over ``width`` lines, the count in it, and the text after it on its line."""

    section: str
    width: int = 1
    count: int | None = None
    rest: Line | None = field(default=None, compare=False)


_Found = defaultdict[int, dict[int, _Heading]]
"""Headings by the number of their block and their first line in it."""


def _find_headings(blocks: list[Block], reading: Reading, page: bool) -> tuple[_Found, list[Unsure]]:
    found: _Found = defaultdict(dict)
    for number, block in enumerate(blocks):
        place = 0
        while place < len(block.lines):
            heading = _heading(block.lines, place, reading, SECTION_OF_PAGE if page else SECTION_OF)
            if heading:
                found[number][place] = heading
            place += heading.width if heading else 1
    unsure: list[Unsure] = []
    headed = {heading.section for places in found.values() for heading in places.values()}
    missing = [section for section in HEADINGS if section not in headed and not (page and section in _OF_LEAFLETS)]
    tried = list(_tried(blocks, found)) if missing else []
    for section in missing:
        _supply(section, tried, found, unsure, page)
    return found, unsure


def _heading(block: tuple[Line, ...], place: int, reading: Reading, sections: dict[str, str]) -> _Heading | None:
    """Return the heading at ``place``, according to the reading file or by its words, or None.

    Within a block, a heading must begin with a capital letter, because a sentence can wrap before a last word ``projects``.
    """
    if entry := reading.at(block[place].number, "heading"):
        return _Heading(entry.value, sum(line.number in entry.lines for line in block[place:]))
    for width, text in _runs(block, place):
        words = title(text)
        if words.words in sections and (place == 0 or text[:1].isupper()):
            return _Heading(sections[words.words], width, words.count)
    return _leading(block[place]) if sections is SECTION_OF_PAGE else None


def _leading(line: Line) -> _Heading | None:
    """Return the heading in a page's sentence with a colon (``The three partner countries are:``), or None."""
    text = line.item.text
    found = {match[0].lower() for match in _LED_TO.finditer(text)}
    if not text.endswith(":") or len(text) > 120 or len(found) != 1 or re.search(r"[0-9]|project", text, re.IGNORECASE):
        return None
    counts = [number.value for number in numbers(text)]
    return _Heading(SECTION_OF[found.pop()], 1, counts[0] if counts else None) if len(counts) < 2 else None


def _runs(block: tuple[Line, ...], place: int) -> Iterator[tuple[int, str]]:
    """Yield the text of the line at ``place`` alone, with the next, and with the next two, up to a heading's length."""
    for width in (1, 2, 3):
        lines = block[place : place + width]
        if len(lines) < width or sum(len(line.plain.text) for line in lines) > LONGEST:
            return
        yield width, Block(lines).plain.text


@dataclass(frozen=True)
class _Tried:
    """One to three lines that may be a heading, with their place and text."""

    block: int
    place: int
    width: int
    line: Line
    text: str


def _tried(blocks: list[Block], found: _Found) -> Iterator[_Tried]:
    count = 0
    for number, block in enumerate(blocks):
        taken = {place + more for place, heading in found[number].items() for more in range(heading.width)}
        for place, line in enumerate(block.lines):
            if place in taken or not (place == 0 or line.item.text[:1].isupper()):
                continue
            count += 1
            if count > _TRIED:
                return
            for width, text in _runs(block.lines, place):
                yield _Tried(number, place, width, line, text)
            if len(line.plain.text) > LONGEST:
                yield _Tried(number, place, 1, line, line.item.text)


def _supply(section: str, tried: list[_Tried], found: _Found, unsure: list[Unsure], page: bool) -> None:
    """Find the heading of a section without an exact one: first a near one, then one before a colon, then a likely one."""
    close = {(each.block, each.place): each for each in reversed(tried) if near(each.text) == section}
    for each in close.values():
        found[each.block].setdefault(each.place, _Heading(section, each.width, title(each.text).count))
        break
    if len(close) > 1:
        unsure.append((section, [each.line for each in sorted(close.values(), key=lambda each: each.line.number)]))
    if close or any(_with_rest(section, each, found) for each in tried if each.width == 1) or page:
        return
    scored = [(likely(each.text, section), -place, each) for place, each in enumerate(tried)]
    best = max(scored, default=None, key=lambda score: score[:2])
    if best and best[0] >= LIKE:
        each = best[2]
        found[each.block].setdefault(each.place, _Heading(section, each.width))
        unsure.append((section, [each.line]))


def _with_rest(section: str, each: _Tried, found: _Found) -> bool:
    """Use a line that begins with a heading of the section and a colon or dash; return whether it does."""
    match = _BEFORE_REST.match(each.line.item.text[: 2 * LONGEST])
    if not match or SECTION_OF.get(title(match["heading"]).words) != section or each.place in found[each.block]:
        return False
    rest = Line(each.line.number, each.line.item.part(match.end()))
    found[each.block][each.place] = _Heading(section, 1, title(match["heading"]).count, rest)
    return True
