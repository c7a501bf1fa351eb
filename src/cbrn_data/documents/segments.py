"""The characters of a page to segments: runs of words on one baseline that certainly belong together.

Words end at a space or at a gap of 0.18 em. A segment ends at a wider gap than between words, at a rule, and at the edge of
a box. If a space is drawn and the file continues after it, words belong together over a wider gap, as in justified lines.
Spaced-out letters are joined again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from statistics import median

from cbrn_data.documents.page import Glyph, Page, Rect, around

_WORD_GAP = 0.18
_SEGMENT_GAP = 0.5
_SPACED_GAP = 3.0
_ONE_RUN_GAP = 10.0
_SAME_GAP = 0.03
_TAB = 0.7
_SEEN = 0.25
"""Gaps in em: between words; the same without a drawn space; with a drawn space; and within one operator. Then the greatest
difference of two gaps of one width, and the least gap that is written as a tab. Last, the least part of a drawn space that
the next letter does not cover; otherwise the file moves back after the space, and nobody sees it."""


@dataclass(frozen=True)
class Segment:
    """Words on one baseline; ``glyphs`` are from left to right, ``starts`` are those after a space, and ``drawn`` is whether
    the file draws the spaces between its words."""

    glyphs: tuple[Glyph, ...]
    starts: frozenset[int] = frozenset()
    drawn: bool = False

    @cached_property
    def text(self) -> str:
        """The words, one space apart, or a tab if they are far apart and the gaps differ."""
        pieces = [glyph.text for glyph in self.glyphs]
        gaps = {place: (self.glyphs[place].x0 - self.glyphs[place - 1].x1) / self.size for place in self.starts}
        justified = len(gaps) > 2 and max(gaps.values()) - min(gaps.values()) < 2 * _SAME_GAP
        for place, gap in gaps.items():
            pieces[place] = ("\t" if gap > _TAB and not justified else " ") + pieces[place]
        return "".join(pieces)

    @cached_property
    def rect(self) -> Rect:
        """The rectangle around all characters."""
        return around(glyph.rect for glyph in self.glyphs)

    @cached_property
    def band(self) -> Rect:
        """The rectangle without the space above and below the letters, which separates lines."""
        return Rect(self.rect.x0, self.y - 0.7 * self.size, self.rect.x1, self.y + 0.12 * self.size)

    @cached_property
    def size(self) -> float:
        """The size of most characters."""
        sizes = sorted(round(glyph.size, 1) for glyph in self.glyphs)
        return max(dict.fromkeys(sizes), key=sizes.count)

    @cached_property
    def y(self) -> float:
        """The baseline of the characters of that size."""
        return next(glyph.y for glyph in self.glyphs if round(glyph.size, 1) == self.size)

    @property
    def order(self) -> int:
        """The position of the first character in the drawing order of the file."""
        return self.glyphs[0].order

    @cached_property
    def style(self) -> tuple[bool | None, str | None]:
        """Bold or not, and the colour; None if mixed."""
        return shared_style((glyph.bold, glyph.colour) for glyph in self.glyphs)


def shared_style(styles: Iterable[tuple[bool | None, str | None]]) -> tuple[bool | None, str | None]:
    """Return what all styles have in common; None where they differ."""
    bold, colours = (set(each) for each in zip(*styles, strict=True))
    return bold.pop() if len(bold) == 1 else None, colours.pop() if len(colours) == 1 else None


def parted(segment: Segment, place: int) -> tuple[Segment, Segment | None]:
    """Return the characters of a segment before a place, and those from there on if there are any."""
    glyphs, starts = segment.glyphs, segment.starts
    before = Segment(glyphs[:place], frozenset(start for start in starts if start < place), segment.drawn)
    if place == len(glyphs):
        return before, None
    return before, Segment(glyphs[place:], frozenset(start - place for start in starts if start > place), segment.drawn)


def read_segments(page: Page) -> list[Segment]:
    """Return the segments of a page, from top to bottom and from left to right."""
    glyphs = [glyph for glyph in page.glyphs if glyph.text and glyph.size > 0]
    found = [segment for line in _baselines(glyphs) for segment in _cut(_once(line), page)]
    return sorted(found, key=lambda segment: (segment.y, segment.rect.x0))


def _baselines(glyphs: Sequence[Glyph]) -> Iterator[list[Glyph]]:
    """Group characters by baseline and size, so that columns with different sizes stay separate."""
    line: list[Glyph] = []
    for glyph in sorted(glyphs, key=lambda glyph: (glyph.y, glyph.x0)):
        if line and glyph.y - line[0].y > 0.12 * min(glyph.size, line[0].size):
            yield line
            line = []
        line.append(glyph)
    if line:
        yield line


def _once(line: list[Glyph]) -> list[Glyph]:
    """Sort from left to right; drop characters that are drawn twice at one place to look bold."""
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
    """Two neighbouring characters with only white space between; ``gap`` is in em, ``drawn``: a space is drawn."""

    left: Glyph
    right: Glyph
    gap: float
    drawn: bool

    @property
    def follows(self) -> bool:
        """Return whether the file draws the right one soon after the left one."""
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
        if _parts(pair, gap, usual, wide) or _is_cut(pair, page):
            yield Segment(tuple(run), frozenset(starts), drawn)
            run, starts, drawn = [], set(), False
        elif pair.drawn or gap > _WORD_GAP:
            starts.add(len(run))
            drawn = pair.drawn
        run.append(pair.right)
    yield Segment(tuple(run), frozenset(starts), drawn)


def _pair(left: Glyph, right: Glyph, spaces: Sequence[Glyph]) -> _Pair:
    em = max(left.size, right.size) if max(left.size, right.size) < 1.3 * min(left.size, right.size) else left.size
    drawn = any(
        left.x0 < space.x0 < right.x0 + 0.05 * em
        and left.order < space.order < right.order
        and right.x0 - space.x0 > _SEEN * (space.x1 - space.x0)
        for space in spaces
    )
    return _Pair(left, right, (right.x0 - left.x1) / em, drawn)


def _parts(pair: _Pair, gap: float, usual: float, wide: Sequence[float]) -> bool:
    """Return whether a gap separates two segments; ``wide`` are the gaps of the line with a space, ``usual`` their median.

    Words of justified lines have gaps of the same width.
    """
    if pair.left.run == pair.right.run:
        return gap > _ONE_RUN_GAP
    if not (pair.drawn and pair.follows):
        return gap > _SEGMENT_GAP
    same = sum(abs(one - pair.gap) < _SAME_GAP for one in wide)
    return gap > 1.0 and (gap > _SPACED_GAP or (same < 2 and (len(wide) < 3 or gap > 1.6 * usual + 0.2)))


def _tracking(pairs: Sequence[_Pair]) -> Iterator[float]:
    """Yield for each pair the letter spacing of its run, in em; 0 if letters are not spaced out."""
    for _, group in groupby(pairs, key=lambda pair: (pair.left.font, pair.left.size)):
        run = list(group)
        gaps = sorted(pair.gap for pair in run if not pair.drawn)
        low = gaps[len(gaps) // 4] if len(gaps) >= 4 else 0.0
        yield from (low if low > 0.06 else 0.0 for _ in run)


def _is_cut(pair: _Pair, page: Page) -> bool:
    """Return whether a vertical rule or the edge of a box is between the two characters.

    Frames that touch leave hardly a gap; the file then draws the second character much later or earlier.
    """
    if pair.gap < (_WORD_GAP if pair.follows else 0.0):
        return False
    left, right, y = pair.left.x1, pair.right.x0, pair.left.y - 0.3 * pair.left.size
    edges = (edge for shape in page.shapes if shape.height > 8 for edge in (shape.x0, shape.x1) if shape.y0 < y < shape.y1)
    return any(left - 0.5 <= edge <= right + 0.5 for edge in edges)
