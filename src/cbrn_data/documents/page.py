"""The content of a PDF page: characters, boxes, rules and pictures, in points from the upper left corner.

A page whose text mostly runs in another direction is turned, so that text runs from left to right; ``place`` gives the
position on the page as shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

NO_CHARACTER = "\ufffd"
"""The replacement of a character that its font does not identify."""


class Rect(NamedTuple):
    """A rectangle; ``y`` grows downwards."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """From left to right, in points."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """From top to bottom, in points."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """In square points."""
        return self.width * self.height

    def holds(self, other: Rect, slack: float = 1.0) -> bool:
        """Return whether ``other`` is inside, with a tolerance of ``slack`` points."""
        return (
            self.x0 - slack <= other.x0
            and self.y0 - slack <= other.y0
            and other.x1 <= self.x1 + slack
            and other.y1 <= self.y1 + slack
        )


def around(rects: Iterable[Rect]) -> Rect:
    """Return the smallest rectangle around all of ``rects`` (at least one)."""
    several = list(rects)
    return Rect(
        min(rect.x0 for rect in several),
        min(rect.y0 for rect in several),
        max(rect.x1 for rect in several),
        max(rect.y1 for rect in several),
    )


@dataclass(frozen=True)
class Glyph:
    """A character as it is drawn; ``order`` counts the characters of the page as the file draws them,
    and ``run`` the operators by which it shows text.

    ``x0`` to ``x1`` is its width on the baseline ``y``; ``size`` is the height of its font in points; ``hidden`` is
    what the PDF does not paint; ``pagination`` what it marks as header, footer or number of a page; ``soft`` a hyphen
    that it marks as one of the line's end; ``unseen`` what has the colour of the ground under it, or is painted over;
    ``mark`` the number of the marked content that it is in, 0 if none.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    font: str
    bold: bool
    colour: str
    order: int
    run: int = 0
    hidden: bool = False
    pagination: bool = False
    soft: bool = False
    unseen: bool = False
    mark: int = 0

    @property
    def is_space(self) -> bool:
        """Whether this is a space of any kind."""
        return self.text.isspace()

    @property
    def rect(self) -> Rect:
        """The rectangle of the character, from the top of a capital letter to below the baseline."""
        return Rect(self.x0, self.y - 0.75 * self.size, self.x1, self.y + 0.22 * self.size)


@dataclass(frozen=True)
class Page:
    """One page; ``shapes`` are the rectangles around painted paths, ``pictures`` those of images.

    ``aside`` is text in another direction than that of the page; ``curves`` counts the points of painted
    paths, ``remarks`` the comments, stamps and form fields that show text of their own.
    """

    number: int
    width: float
    height: float
    glyphs: list[Glyph]
    shapes: list[Rect] = field(default_factory=list)
    pictures: list[Rect] = field(default_factory=list)
    curves: int = 0
    turn: int = 0
    aside: str = ""
    remarks: int = 0

    @property
    def boxes(self) -> list[Rect]:
        """Shapes large enough to hold text."""
        return [shape for shape in self.shapes if shape.width >= _BOX_WIDTH and shape.height >= _BOX_HEIGHT]

    @property
    def rules(self) -> list[Rect]:
        """Lines and thin bars on the page."""
        thin = [shape for shape in self.shapes if min(shape.width, shape.height) <= _THIN]
        return [shape for shape in thin if max(shape.width, shape.height) >= _BOX_WIDTH]

    @property
    def spots(self) -> list[Rect]:
        """Small shapes as wide as high, which may be list marks."""
        small = [shape for shape in self.shapes if max(shape.width, shape.height) < _BOX_HEIGHT]
        return [shape for shape in small if min(shape.width, shape.height) > 0.6 * max(shape.width, shape.height)]

    def place(self, rect: Rect) -> tuple[int, list[float]]:
        """Return the number of the page, and the position of ``rect`` on the page as shown."""
        unturned = turned_rect(rect, (360 - self.turn) % 360, self.width, self.height)
        return self.number, [round(side, 1) for side in unturned]


_BOX_WIDTH, _BOX_HEIGHT, _THIN = 12.0, 8.0, 2.5
"""In points: the smallest box, and the thickest rule (a bar above a table is seldom thicker)."""


def turned_rect(rect: Rect, turn: int, width: float, height: float) -> Rect:
    """Return the position of ``rect`` after turning text in the direction ``turn`` to run from left to right.

    >>> turned_rect(Rect(0, 90, 10, 100), 90, 200, 100)
    Rect(x0=0, y0=0, x1=10, y1=10)
    """
    x0, y0, x1, y1 = rect
    if turn == 90:  # upwards on the page as it is shown
        return Rect(height - y1, x0, height - y0, x1)
    if turn == 180:
        return Rect(width - x1, height - y1, width - x0, height - y0)
    if turn == 270:
        return Rect(y0, width - x1, y1, width - x0)
    return rect
