"""Lines and blocks of a leaflet's text.

A block is a run of lines without a blank line between them; a line of any white space is blank. Bullets, numbers of a
list, flags and ``#`` marks at the start of a line are layout, not part of a value (rule ``list-mark``). So are remains of
converters: front matter, pictures, lines drawn with dashes, and the bars of a table, whose cells are blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from cbrn_data.leaflet.reading import Reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.text import SIGNS, Plain
from cbrn_data.sources.document import Document

_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_BULLET = f"[{SIGNS}]"
_SPACED_MARK = (
    r"[·*»›–—-]|[0-9]{1,2}[.)](?! (?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sep|Oct|Nov|Dec)[a-z.]* [0-9])"
    r"|#{1,6}|(?:[>+oüvqØ§]|[(]?[a-z][)]|[(][ivx]{2,4}[)])(?= [A-Z0-9“])"
)
_LIST_MARK = re.compile(rf"(?:(?:{_FLAG}|{_BULLET}) ?|(?:{_SPACED_MARK}) )+(?=\S)")
_CLOSED = re.compile(r" #{1,6}$")
_ONLY_MARK = re.compile(rf"(?:{_FLAG}|{_BULLET}|[·»›-]|[0-9]{{1,2}}[.)]|#{{1,6}})(?: ?(?:{_FLAG}|{_BULLET}))*")
_NUMBER_MARK = re.compile(r"([0-9]{1,2})[.)](?= |$)")
_EXPECTS_NUMBER = re.compile(
    r"(?:\b(?:projects?|pr|nos?|phases?|levels?|class|iso|and|or|to|of|in|on|under|with|by|from|over|than|about)\.?|[,–—-])$",
    re.I,
)
"""The end of a line whose sentence continues with a number."""
_RULE_LINE = re.compile(r"[=_*~–—-]{3,}|[|: =-]*-{3,}[|: =-]*|(?:\| ?:?-+:? ?)+\|")
_TABLE_ROW = re.compile(r"\|.*\|")
_CELL = re.compile(r"(?:[^|\\]|\\.)+")
_BETWEEN_ITEMS = re.compile(r"; (?:and )?")
_PICTURE = r"!\[[^\[\]]*\]\([^()]*\)(?:\{[^{}]*\})?"
_PICTURES = re.compile(rf"(?:(?:{_PICTURE}|\[{_PICTURE}\]\([^()]*\))\s*)+")
_FRONT_MATTER = re.compile(
    r"\ufeff?---[ \t]*\r?\n(?:[A-Za-z_][\w -]*:.*\r?\n|[ \t-].*\r?\n|\r?\n){1,60}?(?:---|\.\.\.)[ \t]*(?:\r?\n|$)"
)


@dataclass(frozen=True)
class Line:
    """One line that is not blank: its number from 1, its readable text, and whether the text describes a ``picture``.

    ``goes_on``: a number at its start belongs to the sentence of the line before.
    """

    number: int
    plain: Plain
    picture: bool = False
    goes_on: bool = False

    @cached_property
    def item(self) -> Plain:
        """The text without a list mark at its start, or the marks of a heading (``## Projects ##``) around it."""
        mark = None if self.goes_on else _LIST_MARK.match(self.plain.text)
        end = _CLOSED.search(self.plain.text) if mark and mark[0][0] == "#" else None
        return self.plain.part(mark.end(), end.start() if end else None) if mark else self.plain

    @property
    def opens_item(self) -> bool:
        """Whether the line begins with a list mark."""
        return self.item is not self.plain


@dataclass(frozen=True)
class Block:
    """Lines that belong together; ``plain`` joins them with spaces, without the list mark of the first."""

    lines: tuple[Line, ...]

    @cached_property
    def plain(self) -> Plain:
        """The readable text of all lines."""
        return Plain.joined([self.lines[0].item, *(line.plain for line in self.lines[1:])])

    @property
    def numbers(self) -> tuple[int, int]:
        """The first and the last line."""
        return self.lines[0].number, self.lines[-1].number

    def split(self, opens: Callable[[tuple[Line, ...], Line], object]) -> Iterator[Block]:
        """Split before each line that ``opens`` a part after the lines of the part so far."""
        start = 0
        for place in range(1, len(self.lines)):
            if opens(self.lines[start:place], self.lines[place]):
                yield Block(self.lines[start:place])
                start = place
        yield Block(self.lines[start:])

    def items(self) -> Iterator[Block]:
        """Split before each line that begins with a list mark."""
        return self.split(lambda part, line: line.opens_item)

    def in_a_row(self) -> list[Plain]:
        """Return the items of a list within one sentence (``Waste; Borders; and Forensics.``); none if there are not three.

        Each begins with a capital letter or a digit, and has no other list mark or sentence in it.
        """
        plain, place, found = self.plain, 0, list[Plain]()
        if any(line.opens_item for line in self.lines[1:]) or re.search(r"[.!?] ", plain.text):
            return []
        for sign in [*_BETWEEN_ITEMS.finditer(plain.text), None]:
            found.append(plain.part(place, sign.start() if sign else len(plain.text.rstrip(" .;"))))
            place = sign.end() if sign else place
        return found if len(found) > 2 and all(re.match("[A-Z0-9]", item.text) for item in found) else []


def read_blocks(leaflet: Leaflet) -> Iterator[Block]:
    """Yield the blocks of a leaflet; lines of layout only are ignored with their rule.

    The reading file can ignore further lines, begin a block at any line, and join any lines to one block.
    """
    document, reading = leaflet.document, leaflet.reading
    starts = [*document.line_starts, len(document.text)]
    starts[0] = int(document.text.startswith("\ufeff"))
    front = _FRONT_MATTER.match(document.text)
    skipped = document.line(front.end() - 1) if front else 0
    if skipped:
        leaflet.ignore((1, skipped), "front-matter")
    first: int | None = None
    count = 0
    for place in range(skipped, len(starts) - 1):
        raw = document.text[starts[place] : starts[place + 1]]
        joins = reading.at(place + 1, "join")
        passed = reading.at(place + 1, "ignore")
        kind = "reading-file" if passed else None if joins else _kind(raw)
        words = "" if joins or passed else " ".join(raw.split())
        if number := _NUMBER_MARK.match(words):
            before = document.text[starts[place - 1] : starts[place]] if first is not None else ""
            # A number is a mark if it begins a list or follows the last item's: a single "81." is not.
            is_mark = int(number[1]) in (1, count + 1) and not _goes_on(words, before)
            kind = None if kind == "list-mark" and not is_mark else kind
            count = int(number[1]) if is_mark else count
        begins = reading.at(place + 1, "split") or (joins and place + 1 == joins.first)
        if (kind or begins) and first is not None:
            yield _block(document, starts, first, place, reading)
            first = None
        if kind is None:
            first = place if first is None else first
        elif kind == "table-row":
            yield from _cells(document, raw, starts[place], place + 1)
        elif kind == "picture" and (plain := Plain.of(raw, starts[place])).text:
            yield Block((Line(place + 1, plain, picture=True),))
        elif kind != "blank":
            leaflet.ignore((place + 1, place + 1), kind)
        if joins and place + 1 == joins.last and first is not None:
            yield _block(document, starts, first, place + 1, reading)
            first = None
    if first is not None:
        yield _block(document, starts, first, len(starts) - 1, reading)


def _goes_on(text: str, before: str) -> bool:
    """Whether a line begins with a number that belongs to the sentence of the line before."""
    return bool(_NUMBER_MARK.match(text) and _EXPECTS_NUMBER.search(before.rstrip()))


def _kind(raw: str) -> str | None:
    """Return the kind of a line without words: ``blank``, ``picture``, or the rule of its layout; else None."""
    text = " ".join(raw.split())
    if _TABLE_ROW.fullmatch(text) and not _RULE_LINE.fullmatch(text):
        return "table-row"
    if _PICTURES.fullmatch(text):
        return "picture"
    if _RULE_LINE.fullmatch(text):
        return "rule-line"
    if _ONLY_MARK.fullmatch(text):
        return "list-mark"
    return None if text and Plain.of(raw).text else "blank"


def _cells(document: Document, raw: str, start: int, number: int) -> Iterator[Block]:
    for cell in _CELL.finditer(raw):
        plain = Plain.of(cell[0], start + cell.start(), document.joins)
        if plain.text:
            yield Block((Line(number, plain),))


def _block(document: Document, starts: list[int], first: int, stop: int, reading: Reading) -> Block:
    """Read the lines ``first`` to before ``stop`` as one text, because bold marks and links can span lines."""
    whole = Plain.of(document.text[starts[first] : starts[stop]], starts[first], document.joins)
    plains = whole.lines(starts[first:stop])
    lines: list[Line] = []
    for number, plain in enumerate(plains, start=first + 1):
        if plain.text:
            before = lines[-1].plain.text if lines else ""
            joins = reading.at(number, "join")
            goes_on = number > joins.first if joins else _goes_on(plain.text, before)
            lines.append(Line(number, plain, goes_on=goes_on))
    return Block(tuple(lines))
