"""The segments of a page in reading order: columns, each a list of lines from top to bottom.

- A box that holds whole segments is read as one thing, with what stands within.
- Bands are what lies side by side. Bands that share a gutter are columns, rows of a table or a grid: where each row
  aligns and is apart from the next they are read row by row, headings beside their text too, else column by column.
- Where both could be, the order in which the file draws its text decides, and where that says nothing it is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from cbrn_data.documents.headings import is_heading
from cbrn_data.documents.page import Page, Rect, around
from cbrn_data.documents.segments import Segment

_GUTTERS = (2.0, 1.1, 0.9, 0.75)
"""How wide a gutter must be, in em, where one, two, three, or more lines stand on its fuller side."""

_UNSPACED = 0.5
"""How wide a gutter must be, in em, where the file draws the spaces between words and none in the gutter."""

_BETWEEN_BOXES = 1.0
_ALIGNED = 1.6
"""In points: the gutter between two boxes, and how far the baselines of one row may differ."""

_FAR = 0.7
"""From which gap on, in em, words that the rules left on one line may be those of two columns."""

_SEPARATE = re.compile(r"(?:project|p) ?[0-9]{1,3}\W*$|:$", re.IGNORECASE)
"""A label, after which a wider gap is usual."""

_DEEPEST = 40


@dataclass(frozen=True)
class Line:
    """What stands on one baseline of one column."""

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
        """When the file draws the first character."""
        return self.segments[0].order

    @cached_property
    def style(self) -> tuple[bool | None, str | None]:
        """Bold or not, and the colour; None where both kinds are there."""
        bold, colour = ({segment.style[place] for segment in self.segments} for place in (0, 1))
        return bold.pop() if len(bold) == 1 else None, colour.pop() if len(colour) == 1 else None


@dataclass
class Column:
    """Lines from top to bottom; ``flows`` says that its text may go on from the column before, ``box`` what holds it."""

    lines: list[Line]
    flows: bool = False
    box: Rect | None = None
    doubt: str = ""


@dataclass(frozen=True)
class _Node:
    """A segment, or a box with what stands in it."""

    rect: Rect
    segment: Segment | None = None
    inner: tuple[_Node, ...] = ()

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        return (self.segment,) if self.segment else tuple(one for node in self.inner for one in node.segments)

    @cached_property
    def em(self) -> float:
        return max(segment.size for segment in self.segments)

    @cached_property
    def is_heading(self) -> bool:
        return self.segment is not None and is_heading(self.segment.text)

    @cached_property
    def span(self) -> tuple[int, int]:
        """When the file begins and ends to draw it."""
        orders = [glyph.order for segment in self.segments for glyph in segment.glyphs]
        return min(orders), max(orders)


_Band = list[_Node]
_Gutter = tuple[float, float]


def read_columns(segments: Sequence[Segment], page: Page) -> list[Column]:
    """Return the columns of a page in reading order."""
    nodes = _boxed([_Node(segment.band, segment) for segment in segments], page.boxes)
    return [column for column in _read(nodes, page, 0, None) if column.lines]


def _boxed(nodes: list[_Node], boxes: Sequence[Rect]) -> list[_Node]:
    """Put nodes into the smallest box that holds them; a box that cuts words or holds most of a page does not count."""
    whole = sum(len(node.segments) for node in nodes)
    for box in sorted(set(boxes), key=lambda box: box.area):
        within = [node for node in nodes if box.holds(node.rect)]
        cut = any(box.meets(node.rect) and not box.holds(node.rect) for node in nodes)
        words = sum(len(node.segments) for node in within)
        if not within or cut or words > 0.6 * whole or (len(within) == 1 and within[0].inner):
            continue
        nodes = [node for node in nodes if node not in within]
        nodes.append(_Node(box, inner=tuple(within)))
    return nodes


def _read(nodes: Sequence[_Node], page: Page, depth: int, box: Rect | None) -> Iterator[Column]:
    if depth > _DEEPEST:  # nothing that a leaflet has; the lines stay in the order of their baselines
        segments = [segment for node in nodes for segment in node.segments]
        yield _column(segments, box, "boxes lie within boxes without end")
        return
    for bands, gutters in _runs(_bands(nodes), page):
        if gutters:
            yield from _side_by_side(bands, gutters, page, depth, box)
        else:
            yield from _one_below_other(bands, page, depth, box)


def _one_below_other(bands: Sequence[_Band], page: Page, depth: int, box: Rect | None) -> Iterator[Column]:
    plain: list[Segment] = []
    for node in sorted((node for band in bands for node in band), key=lambda node: (node.rect.y0, node.rect.x0)):
        if node.segment:
            plain.append(node.segment)
            continue
        if plain:
            yield _column(plain, box)
            plain = []
        yield from _read(node.inner, page, depth + 1, node.rect)
    if plain:
        yield _column(plain, box)


def _lines(segments: Sequence[Segment]) -> list[Line]:
    """Take together what stands on one baseline."""
    lines: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: (segment.y, segment.rect.x0)):
        if lines and abs(segment.y - lines[-1][0].y) < 0.25 * min(segment.size, lines[-1][0].size):
            lines[-1].append(segment)
        else:
            lines.append([segment])
    return [Line(tuple(sorted(line, key=lambda segment: segment.rect.x0))) for line in lines]


def _column(segments: Sequence[Segment], box: Rect | None, doubt: str = "") -> Column:
    """Make a column of what stands below one another; words far apart on one line are a doubt."""
    lines = _lines(segments)
    for line in lines:
        for left, right in pairwise(line.segments):
            gap = (right.rect.x0 - left.rect.x1) / max(left.size, right.size)
            in_one_go = 0 < right.order - left.glyphs[-1].order <= 3
            if gap > _FAR and ((left.drawn or right.drawn) or not in_one_go) and not _SEPARATE.search(left.text):
                doubt = doubt or f"words stand far apart on one line: {left.text[-30:]} … {right.text[:30]}"
    return Column(lines, box=box, doubt=doubt)


def _bands(nodes: Sequence[_Node]) -> list[_Band]:
    """Group what lies side by side, from top to bottom."""
    bands: list[_Band] = []
    lowest = 0.0
    for node in sorted(nodes, key=lambda node: (node.rect.y0, node.rect.x0)):
        if bands and node.rect.y0 < lowest - 0.5:
            bands[-1].append(node)
        else:
            bands.append([node])
        lowest = max(lowest, node.rect.y1) if len(bands[-1]) > 1 else node.rect.y1
    return bands


def _runs(bands: list[_Band], page: Page) -> Iterator[tuple[list[_Band], list[_Gutter]]]:
    """Cut bands into runs that share gutters, and into those that have none."""
    place = 0
    plain: list[_Band] = []
    while place < len(bands):
        stop = _reach(bands, place, page)
        if stop is None:
            plain.append(bands[place])
            place += 1
            continue
        run = bands[place:stop]
        lone = _beside_too(plain, _gutters(run, page))
        if plain[:lone]:
            yield plain[:lone], []
        run = [*plain[lone:], *run]
        plain = []
        yield run, _gutters(run, page)
        place = stop
    if plain:
        yield plain, []


def _beside_too(plain: list[_Band], gutters: list[_Gutter]) -> int:
    """Return from which band on those above a run belong to its columns: they reach over no gutter.

    A heading at the left is one of the page.
    """
    place = len(plain)
    for number in range(len(plain) - 1, -1, -1):
        band = plain[number]
        over = any(node.rect.x0 < right - 0.01 and node.rect.x1 > left + 0.01 for node in band for left, right in gutters)
        at_left = all(node.rect.x1 <= gutters[0][0] + 0.01 for node in band)
        if over or (at_left and any(_has_heading(node) for node in band)):
            break
        if not at_left:
            place = number
    return place


def _reach(bands: list[_Band], start: int, page: Page) -> int | None:
    """Return the end of the longest run from ``start`` with a gutter, or None where there is no gutter here."""
    if len(bands[start]) < 2:
        return None
    best = None
    for stop in range(start + 1, len(bands) + 1):
        run = bands[start:stop]
        if not _free(run):
            break
        if any(len(_split(bands[start], [gutter])) > 1 for gutter in _gutters(run, page)):
            best = stop
    if best is None:
        return None
    if any(_is_justified(bands[start:best], band) for band in (*bands[start - 1 : start], *bands[best : best + 1])):
        return None
    return start + max(1, _trimmed(bands[start:best], bands[best:], page))


def _is_justified(run: list[_Band], near: _Band) -> bool:
    """Whether the gaps of a run are white space of justified lines: the line next to them begins and ends where they do.

    The file draws each such line in one go.
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


def _trimmed(run: list[_Band], below: list[_Band], page: Page) -> int:
    """Return how many bands belong to the columns where something below reaches over their gutters.

    What stands alone at the end of the first column is a heading of the page then, and not of the column.
    """
    gutters = _gutters(run, page)
    last = max((i for i, band in enumerate(run) if len(_split(band, gutters)) > 1), default=0)
    for place, band in enumerate(run):
        if not place or not all(node.is_heading for node in band):
            continue
        alone = len(_split(band, gutters)) == 1
        if alone and place > last and below:
            return place
        if place < last and (
            _in_turn(run[:place], run[place:]) or (alone and not _alike(run[:place], run[place + 1 :], gutters, page))
        ):
            return place
    return len(run)


def _in_turn(above: list[_Band], below: list[_Band]) -> bool:
    """Whether the file draws all that stands above before all that stands below."""
    return max(node.span[1] for band in above for node in band) < min(node.span[0] for band in below for node in band)


def _alike(above: list[_Band], below: list[_Band], gutters: list[_Gutter], page: Page) -> bool:
    """Whether what stands above and below a heading has the same columns."""
    return len(_gutters(above, page)) == len(_gutters(below, page)) == len(gutters)


def _free(run: list[_Band]) -> list[_Gutter]:
    """Return the stretches from left to right that nothing in the run covers, between what it covers."""
    covered = sorted((node.rect.x0, node.rect.x1) for band in run for node in band)
    free, right = [], covered[0][1]
    for x0, x1 in covered[1:]:
        if x0 > right:
            free.append((right, x0))
        right = max(right, x1)
    return free


def _gutters(run: list[_Band], page: Page) -> list[_Gutter]:
    return [gutter for gutter in _free(run) if gutter[1] > gutter[0] and _is_gutter(gutter, run, page)]


def _is_gutter(gutter: _Gutter, run: list[_Band], page: Page) -> bool:
    left, right = gutter
    before = [node for band in run for node in band if node.rect.x1 <= left + 0.01]
    after = [node for band in run for node in band if node.rect.x0 >= right - 0.01]
    near = [node for node in before if node.rect.x1 > left - 3 * node.em], [n for n in after if n.rect.x0 < right + 3 * n.em]
    if all(any(node.inner for node in side) for side in near) or _ruled(gutter, run, page):
        return right - left >= _BETWEEN_BOXES
    beside = sum(1 for band in run if any(node in before for node in band) and any(node in after for node in band))
    lines = max(beside, min(_height(before), _height(after)))
    em = median(node.em for node in (*before, *after))
    if right - left >= _UNSPACED * em and all(_unspaced(band, gutter) for band in run):
        return True
    return right - left >= _GUTTERS[min(lines, len(_GUTTERS)) - 1] * em


def _unspaced(band: _Band, gutter: _Gutter) -> bool:
    """Whether the file draws spaces between the words of a band and none in the gutter, or has nothing on one side."""
    left = max((node for node in band if node.rect.x1 <= gutter[0] + 0.01), key=lambda node: node.rect.x1, default=None)
    right = min((node for node in band if node.rect.x0 >= gutter[1] - 0.01), key=lambda node: node.rect.x0, default=None)
    if left is None or right is None:
        return True
    spaced = any(node.segment is not None and node.segment.drawn for node in (left, right))
    return spaced and right.span[0] - left.span[1] != 2  # one character between the two would be a space


def _height(nodes: Sequence[_Node]) -> int:
    """Return how many lines the nodes take."""
    return len({round(segment.y) for node in nodes for segment in node.segments})


def _ruled(gutter: _Gutter, run: list[_Band], page: Page) -> bool:
    """Whether an upright rule stands in the gutter, along most of the run."""
    whole = around(node.rect for band in run for node in band)
    upright = [rule for rule in page.rules if rule.height > rule.width and gutter[0] - 1 <= rule.x0 <= gutter[1] + 1]
    along = sum(
        min(rule.y1, whole.y1) - max(rule.y0, whole.y0) for rule in upright if rule.y0 < whole.y1 and rule.y1 > whole.y0
    )
    return along > 0.7 * whole.height


def _split(nodes: Sequence[_Node], gutters: Sequence[_Gutter]) -> list[list[_Node]]:
    """Cut nodes at the gutters; columns without any are left out."""
    edges = [right for _, right in gutters]
    return [part for part in _cells(nodes, edges) if part]


def _cells(nodes: Sequence[_Node], edges: Sequence[float]) -> list[list[_Node]]:
    cells: list[list[_Node]] = [[] for _ in range(len(edges) + 1)]
    for node in nodes:
        cells[sum(1 for edge in edges if node.rect.x0 >= edge - 0.01)].append(node)
    return cells


def _side_by_side(bands: list[_Band], gutters: list[_Gutter], page: Page, depth: int, box: Rect | None) -> Iterator[Column]:
    edges = [right for _, right in gutters]
    columns = _cells([node for band in bands for node in band], edges)
    rows, doubt = _rows(bands, columns, edges, page)
    cells = [cell for row in rows for cell in _cells(row, edges)] if rows else columns
    for number, cell in enumerate(cell for cell in cells if cell):
        for place, column in enumerate(_read(cell, page, depth + 1, box)):
            column.flows = column.flows or (not rows and number > 0 and place == 0 and column.box == box)
            column.doubt = column.doubt or (doubt if number == place == 0 else "")
            yield column


def _rows(
    bands: list[_Band], columns: list[list[_Node]], edges: Sequence[float], page: Page
) -> tuple[list[list[_Node]], str]:
    """Return the rows, where they are to be read row by row, else none; and what is doubtful about that."""
    if all(node.is_heading or _continues(node, columns[0]) for node in columns[0]) and len(columns[0]) > 1:
        return _rows_of_headings(bands, columns[0]), ""
    if sum(any(_has_heading(node) for node in column) for column in columns) > 1:
        return [], ""
    rows = _apart(bands, columns, page)
    each = [list(band) for band in bands]
    if len(rows) < 2 and len(each) < 2:
        return [], ""
    down = _steps_back(columns)
    across = _steps_back([cell for row in rows for cell in _cells(row, edges)])
    single = _steps_back([cell for row in each for cell in _cells(row, edges)])
    if down == 0:
        return [], ""
    if len(rows) > 1 and across == 0:
        return rows, ""
    if single == 0:
        return each, ""
    if len(rows) > 1 and _is_table(rows, edges):
        return rows, ""
    return [], "the order of what stands side by side is not clear"


def _continues(node: _Node, column: Sequence[_Node]) -> bool:
    """Whether a segment is part of a heading over several lines: it is a heading with those above or below it."""
    if node.segment is None:
        return False
    texts = sorted((one.rect.y0, one.segment.text) for one in column if one.segment)
    return any(
        is_heading(" ".join(text for _, text in texts[start:stop]))
        for start in range(len(texts))
        for stop in range(start + 2, min(start + 4, len(texts) + 1))
        if any(y0 == node.rect.y0 for y0, _ in texts[start:stop])
    )


def _rows_of_headings(bands: list[_Band], headings: Sequence[_Node]) -> list[list[_Node]]:
    """Cut the bands where a heading begins."""
    nodes = sorted((node for band in bands for node in band), key=lambda node: (node.rect.y0, node.rect.x0))
    starts: list[float] = []
    before: _Node | None = None
    for node in sorted(headings, key=lambda node: node.rect.y0):
        whole = before is None or is_heading(before.segment.text if before.segment else "")
        apart = before is not None and node.rect.y0 - before.rect.y1 > 1.2 * node.em
        if before is None or apart or (whole and node.is_heading):
            starts.append(node.rect.y0)
        before = node
    edges = [start - 0.6 * headings[0].em for start in starts]
    rows: list[list[_Node]] = [[] for _ in edges]
    for node in nodes:
        rows[max(0, sum(1 for edge in edges if node.rect.y0 >= edge) - 1)].append(node)
    return rows


def _has_heading(node: _Node) -> bool:
    return any(is_heading(segment.text) for segment in node.segments)


def _apart(bands: list[_Band], columns: list[list[_Node]], page: Page) -> list[list[_Node]]:
    """Cut the bands into rows where every column has a wider gap than between its lines, or where a rule runs across."""
    whole = around(node.rect for band in bands for node in band)
    rows: list[list[_Node]] = [list(bands[0])]
    widest = _widest_pitch(columns)
    for above, below in pairwise(bands):
        high, low = max(node.rect.y1 for node in above), min(node.rect.y0 for node in below)
        across = [r for r in page.rules if r.width > r.height and high - 3 <= r.y0 and r.y1 <= low + 3]
        ruled = sum(rule.width for rule in across) > 0.6 * whole.width
        if ruled or _gap_everywhere(rows[-1], below, columns, widest):
            rows.append(list(below))
        else:
            rows[-1] += below
    return rows


def _widest_pitch(columns: list[list[_Node]]) -> float:
    """Return how far apart the lines of one cell may be, in em."""
    pitches = []
    for column in columns:
        segments = sorted((one for node in column for one in node.segments), key=lambda one: one.y)
        pitches += [(b.y - a.y) / b.size for a, b in pairwise(segments) if a.size == b.size and b.y - a.y > 0.5 * b.size]
    if not pitches or max(pitches) < 1.15 * min(pitches):
        return 1.6
    return 1.12 * min(pitches)


def _gap_everywhere(row: Sequence[_Node], below: Sequence[_Node], columns: list[list[_Node]], widest: float) -> bool:
    for column in columns:
        high = [node for node in row if node in column]
        low = [node for node in below if node in column]
        if not high or not low:
            continue
        upper, lower = max(high, key=lambda node: node.rect.y1), min(low, key=lambda node: node.rect.y0)
        if upper.inner or lower.inner:
            continue
        pitch = lower.segments[0].y - upper.segments[-1].y
        if pitch < widest * lower.em:
            return False
    return True


def _is_table(rows: list[list[_Node]], edges: Sequence[float]) -> bool:
    """Whether the first baselines, or the middles, of all cells of each row align."""
    for row in rows:
        cells = [cell for cell in _cells(row, edges) if cell]
        tops = [min(node.rect.y0 if node.inner else node.segments[0].y for node in cell) for cell in cells]
        middles = [(around(n.rect for n in cell).y0 + around(n.rect for n in cell).y1) / 2 for cell in cells]
        if max(tops) - min(tops) > _ALIGNED and max(middles) - min(middles) > _ALIGNED:
            return False
    return True


def _steps_back(cells: Sequence[Sequence[_Node]]) -> int:
    """Count where the file draws earlier what stands later, in the order of ``cells``."""
    orders = [
        segment.order
        for cell in cells
        for segment in sorted((s for node in cell for s in node.segments), key=lambda s: (s.y, s.rect.x0))
    ]
    return sum(1 for before, after in pairwise(orders) if after < before)
