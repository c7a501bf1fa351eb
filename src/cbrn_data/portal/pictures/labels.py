"""Place the names of countries on a map, so that no name overlaps another or a mark, or leaves the frame.

Larger countries are placed first. A name that fits nowhere is replaced by the country's code, and a code that fits nowhere
is left out. Words are measured generously, because readers have other fonts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cbrn_data.portal.pictures.world import Frame

_MARKED, _NAME_OUTSIDE = 10, 18
"""Pixels: smaller countries have a mark, and their names are next to them."""

_MARK = 5.0
"""The radius of a mark."""
_CAPITAL, _SMALL = 0.82, 0.64
"""The width of a bold letter, in ems, with room for a wider font."""
_LINE = 1.15
"""The height of a line, in ems."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """Words around a place, in pixels to the right and downwards."""

    text: str
    across: float
    down: float


def is_marked(frame: Frame, code: str) -> bool:
    """Return whether a country is too small to be seen, so that it has a mark."""
    return max(frame.extent(code)) < _MARKED


def is_small(frame: Frame, code: str) -> bool:
    """Return whether a country is smaller than its name."""
    return max(frame.extent(code)) < _NAME_OUTSIDE


def placed(frame: Frame, names: Mapping[str, Sequence[str]], size: int, beside: bool, room: float = 1.15) -> list[Label]:
    """Return the labels of countries; ``names`` are the words for each code, best first, ``size`` that of the font.

    ``beside``: smaller countries have their name next to them. A name may be ``room`` times as wide as a country.
    """
    order = sorted(names, key=lambda code: (-max(frame.extent(code)), code))
    taken = [_box(frame.places[code], 2 * _MARK, 2 * _MARK) for code in order if is_marked(frame, code)]
    found: list[Label] = []
    for code in (code for code in order if beside or not is_small(frame, code)):
        for label in _choices(frame, code, names[code], size, room):
            box = box_of(label, size)
            inside = min(box) >= 1 and box[2] <= frame.width - 1 and box[3] <= frame.height - 1
            if inside and not any(overlap(box, other) for other in taken):
                found.append(label)
                taken.append(box)
                break
    return found


def box_of(label: Label, size: int) -> Box:
    """Return left, top, right and bottom of a label."""
    return _box((label.across, label.down), _width(label.text, size), _LINE * size)


def _choices(frame: Frame, code: str, names: Sequence[str], size: int, room: float) -> Iterator[Label]:
    """Yield the words of a country at each place where they may stand, best first."""
    (x, y), (across, down) = frame.places[code], frame.extent(code)
    for text in names:
        width = _width(text, size)
        if is_small(frame, code):
            aside, above = _MARK + 3 + width / 2, _MARK + 2 + size * _LINE / 2
            moves = [(aside, 0.0), (-aside, 0.0), (0.0, -above), (0.0, above)]
        elif width <= across * (2 if text == names[-1] else room):
            moves = [(0.0, step * size) for step in (0, -0.6, 0.6, -1.2, 1.2) if abs(step) * size <= down / 3]
        else:
            continue
        yield from (Label(text, round(x + right, 1), round(y + low, 1)) for right, low in moves)


def _width(text: str, size: int) -> float:
    return size * sum(_CAPITAL if letter.isupper() else _SMALL for letter in text)


def _box(middle: tuple[float, float], width: float, height: float) -> Box:
    x, y = middle
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def overlap(one: Box, other: Box) -> bool:
    """Return whether two boxes have a place in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
