"""The characters of a page to segments: runs of words on one baseline that surely belong together.

Words end at a space or at a gap of 0.18 em. A segment ends where the gap is wider than words have it, at a rule, and at
the edge of a box. Where a space is drawn and the file draws on after it, words belong together over a wider gap, for
justified lines have such. Letters that are spaced out are taken together again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, pairwise
from statistics import median

from cbrn_data.documents.page import NO_CHARACTER, Glyph, Page, Rect, around

_WORD_GAP = 0.18
_SEGMENT_GAP = 0.5
_SPACED_GAP = 3.0
_ONE_RUN_GAP = 10.0
"""In em: between words; between words where no space is drawn; where one is; and where one operator shows both."""

_MARK_GAP = 3.5
"""In em: between the mark of a list and its item."""

_LARGE = 1.3
NUMERAL = re.compile(r"[0-9]{1,4}(?:[.,  ]?[0-9]{3})*[+%]?")
"""How much larger a numeral is than the words that it belongs to."""

MARKS = "•‣▪●○◦■□➢➤✓✔►▶◆❖§\uf0b7\uf0a7\uf0d8\uf0fc"
RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
"""Raised digits, which are marks of notes."""

_NAMELESS = "\uf0b7\uf0a7\uf0d8\uf0fc" + NO_CHARACTER
LIST_MARK = re.compile(rf"[{MARKS}{NO_CHARACTER}·*–—-]|[0-9]{{1,2}}[.)]|[a-z][.)]")
"""The mark of a list as characters, those of symbol fonts too, and the number or letter of one."""


@dataclass(frozen=True)
class Segment:
    """Words on one baseline; ``glyphs`` run from left to right, and ``starts`` are those before which a space belongs,
    ``drawn`` whether the file draws the spaces between its words."""

    glyphs: tuple[Glyph, ...]
    starts: frozenset[int] = frozenset()
    drawn: bool = False

    @cached_property
    def text(self) -> str:
        """The words, one space apart."""
        pieces = (f" {glyph.text}" if place in self.starts else glyph.text for place, glyph in enumerate(self.glyphs))
        return "".join(pieces)

    @cached_property
    def rect(self) -> Rect:
        """The rectangle around all characters."""
        return around(glyph.rect for glyph in self.glyphs)

    @cached_property
    def band(self) -> Rect:
        """The rectangle without the room above and below the letters, by which lines are told apart."""
        return Rect(self.rect.x0, self.y - 0.7 * self.size, self.rect.x1, self.y + 0.12 * self.size)

    @cached_property
    def size(self) -> float:
        """The size of most characters."""
        return _most(round(glyph.size, 1) for glyph in self.glyphs)

    @cached_property
    def y(self) -> float:
        """The baseline of the characters of that size."""
        return next(glyph.y for glyph in self.glyphs if round(glyph.size, 1) == self.size)

    @property
    def order(self) -> int:
        """When the file draws the first character."""
        return self.glyphs[0].order

    @cached_property
    def style(self) -> tuple[bool | None, str | None]:
        """Bold or not, and the colour; None where both kinds are there."""
        bold = {glyph.bold for glyph in self.glyphs}
        colours = {glyph.colour for glyph in self.glyphs}
        return bold.pop() if len(bold) == 1 else None, colours.pop() if len(colours) == 1 else None


def _most(values: Iterable[float]) -> float:
    several = sorted(values)
    return max(dict.fromkeys(several), key=several.count)


def read_segments(page: Page) -> list[Segment]:
    """Return the segments of a page, from top to bottom and from left to right."""
    glyphs = [glyph for glyph in page.glyphs if glyph.text and glyph.size > 0]
    found = [segment for line in _baselines(glyphs) for segment in _cut(_once(line), page)]
    return sorted(_with_marks(_with_numerals(list(_with_raised(found)))), key=lambda segment: (segment.y, segment.rect.x0))


def _baselines(glyphs: Sequence[Glyph]) -> Iterator[list[Glyph]]:
    """Group characters by baseline and size, so that those of two columns with other sizes stay apart."""
    line: list[Glyph] = []
    for glyph in sorted(glyphs, key=lambda glyph: (glyph.y, glyph.x0)):
        if line and glyph.y - line[0].y > 0.12 * min(glyph.size, line[0].size):
            yield line
            line = []
        line.append(glyph)
    if line:
        yield line


def _once(line: list[Glyph]) -> list[Glyph]:
    """Sort from left to right; drop what is drawn twice at one place to look bold."""
    kept: list[Glyph] = []
    for glyph in sorted(line, key=lambda glyph: (glyph.x0, glyph.order)):
        again = any(
            before.text == glyph.text and abs(before.x0 - glyph.x0) < 0.12 * glyph.size and not glyph.is_space
            for before in kept[-4:]
        )
        if not again:
            kept.append(glyph)
    return kept


@dataclass(frozen=True)
class _Pair:
    """Two characters with nothing but white space between; ``gap`` is in em, ``drawn`` says that a space is drawn."""

    left: Glyph
    right: Glyph
    gap: float
    drawn: bool

    @property
    def follows(self) -> bool:
        """Whether the file draws the right one soon after the left one."""
        return 0 < self.right.order - self.left.order <= 4


def _cut(line: list[Glyph], page: Page) -> Iterator[Segment]:
    letters = [glyph for glyph in line if not glyph.is_space]
    if not letters:
        return
    spaces = [glyph for glyph in line if glyph.is_space]
    pairs = [_pair(left, right, spaces) for left, right in pairwise(letters)]
    tracking = list(_tracking(pairs))
    wide = [pair.gap for pair in pairs if pair.drawn and pair.follows]
    usual = median(wide) if wide else 0.0
    run, starts, drawn = [letters[0]], set[int](), False
    for pair, spaced in zip(pairs, tracking, strict=True):
        gap = pair.gap - spaced
        if _parts(pair, gap, usual, len(wide)) or _is_cut(pair, page):
            yield Segment(tuple(run), frozenset(starts), drawn)
            run, starts, drawn = [], set(), False
        elif pair.drawn or gap > _WORD_GAP:
            starts.add(len(run))
            drawn = pair.drawn
        run.append(pair.right)
    yield Segment(tuple(run), frozenset(starts), drawn)


def _pair(left: Glyph, right: Glyph, spaces: Sequence[Glyph]) -> _Pair:
    em = max(left.size, right.size) if max(left.size, right.size) < 1.3 * min(left.size, right.size) else left.size
    drawn = any(left.x0 < space.x0 < right.x0 + 0.05 * em and left.order < space.order < right.order for space in spaces)
    return _Pair(left, right, (right.x0 - left.x1) / em, drawn)


def _parts(pair: _Pair, gap: float, usual: float, many: int) -> bool:
    """Whether a gap parts two segments."""
    if pair.left.run == pair.right.run:
        return gap > _ONE_RUN_GAP
    if not (pair.drawn and pair.follows):
        return gap > _SEGMENT_GAP
    return gap > 1.0 and (gap > _SPACED_GAP or many < 3 or gap > 1.6 * usual + 0.2)


def _tracking(pairs: Sequence[_Pair]) -> Iterator[float]:
    """Yield for each pair by how much the letters of its run are spaced out, in em; 0 where they are not."""
    for _, group in groupby(pairs, key=lambda pair: (pair.left.font, pair.left.size)):
        run = list(group)
        gaps = sorted(pair.gap for pair in run if not pair.drawn)
        low = gaps[len(gaps) // 4] if len(gaps) >= 4 else 0.0
        yield from (low if low > 0.06 else 0.0 for _ in run)


def _is_cut(pair: _Pair, page: Page) -> bool:
    """Whether an upright rule or the edge of a box stands between the two characters."""
    if pair.gap < _WORD_GAP:
        return False
    left, right, y = pair.left.x1, pair.right.x0, pair.left.y - 0.3 * pair.left.size
    edges = (edge for shape in page.shapes if shape.height > 8 for edge in (shape.x0, shape.x1) if shape.y0 < y < shape.y1)
    return any(left - 0.5 <= edge <= right + 0.5 for edge in edges)


def _with_raised(segments: list[Segment]) -> Iterator[Segment]:
    """Put raised or lowered small characters (marks of footnotes, ``st`` of ``1st``) to the words that they touch."""
    found = sorted(segments, key=lambda segment: segment.rect.x0)
    small = {id(one): host for one in found if (host := _host(one, found))}
    for segment in found:
        if id(segment) in small:
            continue
        glyphs, starts = segment.glyphs, segment.starts
        for one in found:
            if small.get(id(one)) is segment:
                merged = sorted((*glyphs, *map(_raised, one.glyphs)), key=lambda glyph: (glyph.x0, glyph.order))
                heads = {id(glyphs[place]) for place in starts}
                glyphs, starts = tuple(merged), frozenset(i for i, glyph in enumerate(merged) if id(glyph) in heads)
        yield Segment(glyphs, starts, segment.drawn)


def _raised(glyph: Glyph) -> Glyph:
    """Make a raised digit the character of one: it is the mark of a note, and no part of a number or word."""
    return replace(glyph, text=RAISED.get(glyph.text, glyph.text))


def _host(one: Segment, segments: Sequence[Segment]) -> Segment | None:
    if len(one.glyphs) > 3:
        return None
    for other in segments:
        near = -0.1 * other.size < one.rect.x0 - other.rect.x1 < 0.3 * other.size
        near = near or (one.text in RAISED and -0.1 * other.size < other.rect.x0 - one.rect.x1 < 0.5 * other.size)
        level = other.y - 0.75 * other.size < one.y < other.y + 0.3 * other.size and abs(one.y - other.y) > 0.1 * one.size
        if one is not other and one.size < 0.8 * other.size and near and level:
            return other
    return None


def _with_numerals(segments: list[Segment]) -> list[Segment]:
    """Put a large numeral to the words on its right, where none stand under it."""
    found = list(segments)
    for numeral in (one for one in segments if NUMERAL.fullmatch(one.text)):
        follower = _counted(numeral, [one for one in found if one is not numeral])
        if follower is not None:
            merged = Segment(
                (*numeral.glyphs, *follower.glyphs),
                frozenset({len(numeral.glyphs), *(start + len(numeral.glyphs) for start in follower.starts)}),
                follower.drawn,
            )
            found = [one for one in found if one is not numeral and one is not follower] + [merged]
    return found


def _counted(numeral: Segment, segments: Sequence[Segment]) -> Segment | None:
    """Return the words beside a numeral, unless words under it are nearer in the order in which the file draws."""
    rect, last = numeral.rect, numeral.glyphs[-1].order
    small = [one for one in segments if numeral.size >= _LARGE * one.size]
    under = [
        one
        for one in small
        if one.rect.x0 < rect.x1 and rect.x0 < one.rect.x1 and 0 < one.y - numeral.y < 0.6 * numeral.size + one.size
    ]
    beside = [
        one
        for one in small
        if 0 <= one.rect.x0 - rect.x1 < 1.2 * numeral.size and rect.y0 - 0.3 * one.size < one.y <= rect.y1 + 0.3 * one.size
    ]
    if under and not any(0 < one.order - last <= 2 for one in beside):
        return None
    nearest = min((one.rect.x0 for one in beside), default=0.0)
    return min((one for one in beside if one.rect.x0 < nearest + numeral.size), key=lambda one: one.y, default=None)


def _with_marks(segments: list[Segment]) -> Iterator[Segment]:
    """Put the mark of a list, or its number, to the words on its right."""
    taken: set[int] = set()
    for segment in segments:
        follower = _marked(segment, segments) if LIST_MARK.fullmatch(segment.text) else None
        if follower and id(follower) not in taken:
            taken |= {id(segment), id(follower)}
            shift = len(segment.glyphs)
            glyphs = tuple(replace(glyph, text="•") if glyph.text in _NAMELESS else glyph for glyph in segment.glyphs)
            yield Segment(
                (*glyphs, *follower.glyphs),
                frozenset({shift, *(start + shift for start in follower.starts)}),
                follower.drawn,
            )
    yield from (segment for segment in segments if id(segment) not in taken)


def _marked(mark: Segment, segments: Sequence[Segment]) -> Segment | None:
    level = (one for one in segments if abs(one.y - mark.y) < 0.3 * one.size and one.rect.x0 >= mark.rect.x1 - 0.5)
    nearest = min((one for one in level if one is not mark), key=lambda one: one.rect.x0, default=None)
    near = nearest is not None and nearest.rect.x0 - mark.rect.x1 < _MARK_GAP * max(nearest.size, mark.size)
    return nearest if near else None
