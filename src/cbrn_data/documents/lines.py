"""The lines of a column, from top to bottom.

Words on one line that are far apart are a doubt, because they may belong to two columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from cbrn_data.documents.page import Rect, around
from cbrn_data.documents.segments import Segment, parted, shared_style
from cbrn_data.leaflet.headings import heads

_FAR = 0.7
"""The gap, in em, from which on words on one line may belong to two columns."""

_SEPARATE = re.compile(r"(?:project|p) ?[0-9]{1,3}\W*$|:$", re.IGNORECASE)
"""A label, which a wider gap usually follows."""


@dataclass(frozen=True)
class Line:
    """The words on one baseline of one column."""

    segments: tuple[Segment, ...]

    @cached_property
    def rect(self) -> Rect:
        """The rectangle around all words."""
        return around(segment.rect for segment in self.segments)

    @cached_property
    def text(self) -> str:
        """The words, one space apart."""
        return " ".join(segment.text for segment in self.segments)

    @cached_property
    def size(self) -> float:
        """The size of the widest segment."""
        return max(self.segments, key=lambda segment: segment.rect.width).size

    @cached_property
    def y(self) -> float:
        """The baseline."""
        return max(self.segments, key=lambda segment: segment.rect.width).y

    @property
    def order(self) -> int:
        """The position of the first character in the drawing order of the file."""
        return self.segments[0].order

    @cached_property
    def style(self) -> tuple[bool | None, str | None]:
        """Bold or not, and the colour; None if mixed."""
        return shared_style(segment.style for segment in self.segments)


@dataclass
class Column:
    """Lines from top to bottom; ``flows``: its text may continue the column before; ``box`` is the box around it."""

    lines: list[Line]
    flows: bool = False
    box: Rect | None = None
    doubt: str = ""


def _lines(segments: Sequence[Segment]) -> list[Line]:
    """Join the words on one baseline."""
    lines: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: (segment.y, segment.rect.x0)):
        if lines and abs(segment.y - lines[-1][0].y) < 0.25 * min(segment.size, lines[-1][0].size):
            lines[-1].append(segment)
        else:
            lines.append([segment])
    return [Line(tuple(sorted(line, key=lambda segment: segment.rect.x0))) for line in lines]


def _after_heading(line: Line) -> tuple[Line, ...]:
    """Split a line after a heading at its start that only its font separates from the text."""
    first, *others = line.segments
    if not others and first.glyphs[0].font == first.glyphs[-1].font:
        return (line,)
    look = [(glyph.font, glyph.colour) for glyph in first.glyphs]
    end = next((place for place, one in enumerate(look) if one != look[0]), len(look))
    if (end < len(look) and end not in first.starts) or (end == len(look) and not others):
        return (line,)
    heading, rest = parted(first, end)
    after = Line((*([rest] if rest else []), *others))
    if (rest is None and others[0].style == heading.style) or not heads(heading.text, after.text):
        return (line,)
    return Line((heading,)), after


def column_of(segments: Sequence[Segment], box: Rect | None, doubt: str = "") -> Column:
    """Make a column of lines below one another; words far apart on one line are a doubt."""
    lines = [part for line in _lines(segments) for part in _after_heading(line)]
    for line in lines:
        for left, right in pairwise(line.segments):
            gap = (right.rect.x0 - left.rect.x1) / max(left.size, right.size)
            in_one_go = 0 < right.order - left.glyphs[-1].order <= 3
            if gap > _FAR and ((left.drawn or right.drawn) or not in_one_go) and not _SEPARATE.search(left.text):
                doubt = doubt or f"words on one line are far apart: {left.text[-30:]} … {right.text[:30]}"
    return Column(lines, box=box, doubt=doubt)
