"""Gutters: vertical white space that separates columns, and the bands that share it.

The least width of a gutter depends on the number of lines next to it. White space in justified lines is not a gutter: the
file draws such a line in one operation, and the line ends where its neighbour does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from statistics import median

from cbrn_data.documents.nodes import Band, Gutter, Node, has_heading, split
from cbrn_data.documents.page import Page, around

_GUTTERS = (2.0, 1.1, 0.9, 0.75)
"""The least width of a gutter, in em, with one, two, three, or more lines on its fuller side."""

_UNSPACED = 0.5
"""The least width of a gutter with several lines beside it, in em, if the file draws spaces between words but not in it."""

_IN_TURN = 0.3
"""The least width of a gutter with many lines beside it, in em, if the file draws all of one side before the other."""

_BETWEEN_BOXES = 1.0
"""The least width of a gutter, in points, between two boxes or at a rule."""


def runs_of(bands: list[Band], page: Page) -> Iterator[tuple[list[Band], list[Gutter]]]:
    """Split bands into runs that share gutters, and runs without gutters."""
    place = 0
    plain: list[Band] = []
    while place < len(bands):
        stop = _reach(bands, place, page)
        if stop is None:
            plain.append(bands[place])
            place += 1
            continue
        run = bands[place:stop]
        lone = _also_in_columns(plain, run, gutters_of(run, page))
        if plain[:lone]:
            yield plain[:lone], []
        run = [*plain[lone:], *run]
        plain = []
        yield run, gutters_of(run, page)
        place = stop
    if plain:
        yield plain, []


def _also_in_columns(plain: list[Band], run: list[Band], gutters: list[Gutter]) -> int:
    """Return the first of the bands above a run that belong to its columns, because they cross no gutter.

    A heading at the left belongs to the page, unless words above it begin where others of a column do.
    """
    place = len(plain)
    starts = [node.rect.x0 for band in run for node in band]
    headed = False
    for number in range(len(plain) - 1, -1, -1):
        band = plain[number]
        if any(node.rect.x0 < right - 0.01 and node.rect.x1 > left + 0.01 for node in band for left, right in gutters):
            break
        at_left = all(node.rect.x1 <= gutters[0][0] + 0.01 for node in band)
        aligned = all(any(abs(node.rect.x0 - start) < 0.5 for start in starts) for node in band)
        if not at_left and (aligned or not headed):
            place = number
        elif not at_left:
            break
        headed = headed or (at_left and any(has_heading(node) for node in band))
    return place


def _reach(bands: list[Band], start: int, page: Page) -> int | None:
    """Return the end of the longest run from ``start`` with a gutter, or None without a gutter."""
    if len(bands[start]) < 2:
        return None
    best = None
    for stop in range(start + 1, len(bands) + 1):
        run = bands[start:stop]
        if not free_stretches(run):
            break
        if any(len(split(bands[start], [gutter])) > 1 for gutter in gutters_of(run, page)):
            best = stop
    if best is None:
        return None
    if any(_is_justified(bands[start:best], band) for band in (*bands[start - 1 : start], *bands[best : best + 1])):
        return None
    stop = start + max(1, _trimmed(bands[start:best], bands[best:], page))
    return stop if gutters_of(bands[start:stop], page) else None


def _is_justified(run: list[Band], near: Band) -> bool:
    """Return whether the gaps of a run are in justified lines: the next line begins and ends at the same places.

    The file draws each such line in one operation.
    """
    if any(node.segment is None for band in (near, *run) for node in band):
        return False
    line = around(node.rect for node in near)
    if min(abs(band[0].segments[0].y - near[0].segments[0].y) for band in run) > 1.7 * near[0].em:
        return False
    for band in run:
        nodes = sorted(band, key=lambda node: node.rect.x0)
        in_one_go = all(0 < right.span[0] - left.span[1] <= 3 for left, right in pairwise(nodes))
        flush = abs(nodes[0].rect.x0 - line.x0) < 1.5 and abs(nodes[-1].rect.x1 - line.x1) < 1.5
        if not in_one_go or not (flush or len(nodes) == 1):
            return False
    return True


def _trimmed(run: list[Band], below: list[Band], page: Page) -> int:
    """Return the number of bands that belong to the columns if something below crosses their gutters.

    Headings at the end of the run are then those of what is below: one of the page, or several of other columns.
    """
    gutters = gutters_of(run, page)
    last = max((i for i, band in enumerate(run) if len(split(band, gutters)) > 1), default=0)
    for place, band in enumerate(run):
        if not place or not all(node.is_heading for node in band):
            continue
        if place >= last and below:
            return place
        apart = place < last and _in_turn(chain(*run[:place]), chain(*run[place:]))
        if apart or (place < last and not _alike(run[:place], run[place + 1 :], gutters, page)):
            return place
    return len(run)


def _in_turn(first: Iterable[Node], second: Iterable[Node]) -> bool:
    """Return whether the file draws all of the first nodes before all of the second ones."""
    return max(node.span[1] for node in first) < min(node.span[0] for node in second)


def _starts_together(nodes: Sequence[Node]) -> bool:
    """Return whether most nodes begin at the left edge of all."""
    left = min(node.rect.x0 for node in nodes)
    return 2 * sum(node.rect.x0 < left + 0.5 for node in nodes) > len(nodes)


def _alike(above: list[Band], below: list[Band], gutters: list[Gutter], page: Page) -> bool:
    """Return whether the bands above and below a heading have the same columns."""
    return len(gutters_of(above, page)) == len(gutters_of(below, page)) == len(gutters)


def free_stretches(run: list[Band]) -> list[Gutter]:
    """Return the uncovered stretches of a run from left to right, between covered ones."""
    covered = sorted((node.rect.x0, node.rect.x1) for band in run for node in band)
    free, right = [], covered[0][1]
    for x0, x1 in covered[1:]:
        if x0 > right:
            free.append((right, x0))
        right = max(right, x1)
    return free


def gutters_of(run: list[Band], page: Page) -> list[Gutter]:
    return [gutter for gutter in free_stretches(run) if gutter[1] > gutter[0] and _is_gutter(gutter, run, page)]


def _is_gutter(gutter: Gutter, run: list[Band], page: Page) -> bool:
    left, right = gutter
    before = [node for band in run for node in band if node.rect.x1 <= left + 0.01]
    after = [node for band in run for node in band if node.rect.x0 >= right - 0.01]
    near = [node for node in before if node.rect.x1 > left - 3 * node.em], [n for n in after if n.rect.x0 < right + 3 * n.em]
    if all(any(node.inner for node in side) for side in near) or _ruled(gutter, run, page):
        return right - left >= _BETWEEN_BOXES
    beside = [band for band in run if any(node in before for node in band) and any(node in after for node in band)]
    lines = max(len(beside), min(_height(before), _height(after)))
    em = median(node.em for node in (*before, *after))
    several = max(_height(after), _height([node for band in beside for node in band])) > 1
    if several and right - left >= _UNSPACED * em and all(_unspaced(band, gutter) for band in run):
        return True
    if lines >= len(_GUTTERS) and _starts_together(after) and _in_turn(before, after):
        return right - left >= _IN_TURN * em
    return right - left >= _GUTTERS[min(lines, len(_GUTTERS)) - 1] * em


def _unspaced(band: Band, gutter: Gutter) -> bool:
    """Return whether the file draws spaces between words but not in the gutter, or has no text on one side."""
    left = max((node for node in band if node.rect.x1 <= gutter[0] + 0.01), key=lambda node: node.rect.x1, default=None)
    right = min((node for node in band if node.rect.x0 >= gutter[1] - 0.01), key=lambda node: node.rect.x0, default=None)
    if left is None or right is None:
        return True
    spaced = any(node.segment is not None and node.segment.drawn for node in (left, right))
    return spaced and right.span[0] - left.span[1] != 2  # one character between them would be a space


def _height(nodes: Sequence[Node]) -> int:
    """Return the number of lines of the nodes."""
    return len({round(segment.y) for node in nodes for segment in node.segments})


def _ruled(gutter: Gutter, run: list[Band], page: Page) -> bool:
    """Return whether a vertical rule is in the gutter, along most of the run."""
    whole = around(node.rect for band in run for node in band)
    upright = [rule for rule in page.rules if rule.height > rule.width and gutter[0] - 1 <= rule.x0 <= gutter[1] + 1]
    along = sum(
        min(rule.y1, whole.y1) - max(rule.y0, whole.y0) for rule in upright if rule.y0 < whole.y1 and rule.y1 > whole.y0
    )
    return along > 0.7 * whole.height
