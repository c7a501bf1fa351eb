"""Lines, blocks and sections of a leaflet.

A block is a run of lines without a blank one between them; a line of spaces of any kind is blank. A heading is a line
(or up to three, where it wraps) that says one of ``HEADINGS``, whatever its letter case, bold marks or colon. Bullets,
numbers of a list and ``#`` marks at the start of a block are layout and belong to no value (rule ``list-mark``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from cbrn_data.sources.document import Document
from cbrn_data.words.text import Plain, folded

HEADINGS: dict[str, tuple[str, ...]] = {
    "Partner Countries": ("partner countries", "partner country", "our partner countries"),
    "Structure": ("structure", "regional structure"),
    "Projects": ("projects", "regional projects", "on-going projects", "ongoing projects"),
    "Regional Priorities": ("regional priorities", "priorities", "priority areas", "regional priority areas"),
    "Methodology": ("methodology", "method"),
    "Recent Achievements": ("recent achievements", "achievements", "key achievements", "main achievements"),
}
"""Each section by the name it has in the first leaflet, and the headings under which it is found."""

OPTIONAL = frozenset({"Structure"})

_MARGIN = 200
"""How far from a form feed the number of a page may stand, in characters of white space."""

_SECTION_OF = {heading: section for section, headings in HEADINGS.items() for heading in headings}
_WIDEST = 2 * max(map(len, _SECTION_OF))
_COUNTED = re.compile(r" ?\([0-9]{1,3}\)$")
_LIST_MARK = re.compile(r"(?:[•‣▪●○◦■□➢➤✓\uf0b7\uf0a7·*–—-]|[0-9]{1,2}[.)]|#{1,6})\s+(?=\S)")
_BRACKETED = r"\((?:\*{1,3}|[0-9])\)|\[(?:\*{1,3}|[0-9a-z])\]"
_FOOTNOTE = re.compile(rf"(?P<mark>\*{{1,3}}|[†‡§¹²³⁴]|{_BRACKETED})\s*(?=\S)")
_MARKED_WORD = re.compile(rf"[^\W\d_](?P<mark>\*{{1,3}}|[†‡§¹²³⁴]| ?(?:{_BRACKETED}))(?![\w*])")
_PAGE = re.compile(r"(?:page )?[0-9]{1,3}(?: ?(?:of|/) ?[0-9]{1,3})?|[-–—] ?[0-9]{1,3} ?[-–—]", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One line that is not blank: its number from 1, and its readable text."""

    number: int
    plain: Plain

    @cached_property
    def item(self) -> Plain:
        """The text without a list mark at its start."""
        mark = _LIST_MARK.match(self.plain.text)
        return self.plain.part(mark.end()) if mark else self.plain

    @property
    def opens_item(self) -> bool:
        """Whether a list mark stands at the start of the line."""
        return self.item is not self.plain


@dataclass(frozen=True)
class Block:
    """Lines that belong together; ``text`` joins them with spaces, without the list mark of the first."""

    lines: tuple[Line, ...]

    @cached_property
    def plain(self) -> Plain:
        """The readable text of all lines."""
        return joined(self.lines)

    @property
    def numbers(self) -> tuple[int, int]:
        """The first and the last line."""
        return self.lines[0].number, self.lines[-1].number

    def items(self) -> Iterator[Block]:
        """Split where a list mark opens a line."""
        start = 0
        for place in range(1, len(self.lines)):
            if self.lines[place].opens_item:
                yield Block(self.lines[start:place])
                start = place
        yield Block(self.lines[start:])


def joined(lines: tuple[Line, ...]) -> Plain:
    """Join lines into one text, without the list mark of the first."""
    return Plain.joined([lines[0].item, *(line.plain for line in lines[1:])])


@dataclass
class Section:
    """The blocks under a heading; ``line`` is the heading's, and the head of a leaflet has neither."""

    name: str
    line: int
    blocks: list[Block]


@dataclass(frozen=True)
class Layout:
    """A leaflet cut into its head and its sections; ``headings`` are the lines that are nothing but a heading."""

    document: Document
    head: Section
    sections: list[Section]
    headings: list[int]

    @cached_property
    def _footnote_marks(self) -> frozenset[str]:
        """Marks that words bear and one line alone begins with; where more lines begin with one it is a bullet."""
        blocks = [block for section in (self.head, *self.sections) for block in section.blocks]
        texts = [line.plain.text for block in blocks for line in block.lines]
        opening = Counter(match["mark"] for text in texts if (match := _FOOTNOTE.match(text)))
        borne = {match["mark"].strip() for text in texts for match in _MARKED_WORD.finditer(text)}
        return frozenset(mark for mark in borne if opening[mark] == 1)

    def is_footnote(self, block: Block) -> bool:
        """Whether a block explains a mark that a word elsewhere bears (``Kosovo*`` and ``* This designation ...``)."""
        mark = _FOOTNOTE.match(block.lines[0].plain.text)
        return mark is not None and mark["mark"] in self._footnote_marks

    def is_page_number(self, block: Block) -> bool:
        """Whether a block is the number of its page: it stands next to a form feed, or last where there are pages."""
        if len(block.lines) > 1 or not _PAGE.fullmatch(block.lines[0].plain.text):
            return False
        text, (start, end) = self.document.text, block.plain.span()
        before, after = text[max(0, start - _MARGIN) : start], text[end : end + _MARGIN]
        space = before[len(before.rstrip()) :] + after[: len(after) - len(after.lstrip())]
        return "\f" in space or (not after.strip() and "\f" in text)

    def named(self, name: str) -> list[Section]:
        """Return the sections of that name: one, unless the leaflet has none or repeats it."""
        return [section for section in self.sections if section.name == name]


def read_layout(document: Document) -> Layout:
    """Cut a document into head and sections."""
    head = current = Section("", 0, [])
    sections: list[Section] = []
    headings: list[int] = []
    for block in _blocks(document):
        start = place = 0
        while place < len(block):
            name, width = _heading(block, place)
            if name:
                current.blocks += [Block(block[start:place])] if start < place else []
                headings += [line.number for line in block[place : place + width]]
                current = Section(name, block[place].number, [])
                sections.append(current)
                start = place + width
            place += width
        current.blocks += [Block(block[start:])] if start < len(block) else []
    return Layout(document, head, sections, headings)


def _blocks(document: Document) -> Iterator[tuple[Line, ...]]:
    """Yield the runs of lines between blank ones, each line with its number."""
    starts = [*document.line_starts, len(document.text)]
    starts[0] = int(document.text.startswith("\ufeff"))
    first: int | None = None
    for place, (start, end) in enumerate(pairwise(starts)):
        raw = document.text[start:end]
        blank = raw.isspace() or not Plain.of(raw).text
        if not blank and first is None:
            first = place
        elif blank and first is not None:
            yield _lines(document, starts, first, place)
            first = None
    if first is not None:
        yield _lines(document, starts, first, len(starts) - 1)


def _lines(document: Document, starts: list[int], first: int, stop: int) -> tuple[Line, ...]:
    """Read the lines ``first`` to before ``stop`` as one text, since bold and links go over line ends."""
    whole = Plain.of(document.text[starts[first] : starts[stop]], starts[first])
    cuts = [bisect_left(whole.at, start) for start in starts[first : stop + 1]]
    plains = (whole.part(start, end) for start, end in pairwise(cuts))
    return tuple(Line(number, plain) for number, plain in enumerate(plains, start=first + 1) if plain.text)


def _heading(block: tuple[Line, ...], place: int) -> tuple[str, int]:
    """Return the section that the lines at ``place`` head and how many lines the heading takes, or ``("", 1)``.

    Within a block a heading begins with a capital letter: a wrapped sentence can leave ``projects`` alone on a line.
    """
    for width in (1, 2, 3):
        lines = block[place : place + width]
        if len(lines) < width or sum(len(line.plain.text) for line in lines) > _WIDEST:
            break
        text = _COUNTED.sub("", folded(joined(lines).text)).strip(" :*_")
        if text.casefold() in _SECTION_OF and (place == 0 or text[:1].isupper()):
            return _SECTION_OF[text.casefold()], width
    return "", 1
