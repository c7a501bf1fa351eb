"""Rows: whether nodes side by side are read row by row (tables, grids, headings next to their text) or by column.

If the layout allows both, the drawing order of the file decides; if it does not, that is a doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cbrn_data.documents.nodes import Band, Node, cells_of, has_heading
from cbrn_data.documents.page import Page, around
from cbrn_data.leaflet.head import LABEL
from cbrn_data.leaflet.headings import is_heading

_ALIGNED = 1.6
"""The greatest difference between the baselines of one row, in points."""


def rows_of(
    bands: list[Band], columns: list[list[Node]], edges: Sequence[float], page: Page
) -> tuple[list[list[Node]], str]:
    """Return the rows if they must be read row by row, else none; and doubts about this."""
    if all(node.is_heading or _continues(node, columns[0]) for node in columns[0]) and len(columns[0]) > 1:
        return _rows_of_headings(bands, columns[0], page), ""
    if sum(any(has_heading(node) for node in column) for column in columns) > 1:
        return [], ""
    rows = _apart(bands, columns, page)
    each = _with_next_lines(bands, columns[0])
    if len(rows) < 2 and len(each) < 2:
        return [], ""
    down = _steps_back(columns)
    across = _steps_back([cell for row in rows for cell in cells_of(row, edges)])
    single = _steps_back([cell for row in each for cell in cells_of(row, edges)])
    if down == 0:
        labels = len(columns[0]) > 1 and all(map(_is_label, columns[0]))
        return _rows_of_headings(bands, columns[0], page) if labels else [], ""
    if len(rows) > 1 and across == 0:
        return rows, ""
    if single == 0:
        return each, ""
    if len(rows) > 1 and _is_table(rows, edges):
        return rows, ""
    return [], "the reading order of texts side by side is not clear"


def _with_next_lines(bands: list[Band], labels: Sequence[Node]) -> list[list[Node]]:
    """Return each band as a row, with the bands after it that have nothing in the first column."""
    rows: list[list[Node]] = []
    for band in bands:
        if rows and any(node in labels for node in rows[0]) and not any(node in labels for node in band):
            rows[-1] += band
        else:
            rows.append(list(band))
    return rows


def _is_label(node: Node) -> bool:
    """Return whether a node is a heading, or the label of a statement of the head."""
    return node.segment is not None and (node.is_heading or LABEL.fullmatch(node.segment.text) is not None)


def _continues(node: Node, column: Sequence[Node]) -> bool:
    """Return whether a segment is part of a heading of several lines: with its neighbours it is a heading."""
    if node.segment is None:
        return False
    texts = sorted((one.rect.y0, one.segment.text) for one in column if one.segment)
    return any(
        is_heading(" ".join(text for _, text in texts[start:stop]))
        for start in range(len(texts))
        for stop in range(start + 2, min(start + 4, len(texts) + 1))
        if any(y0 == node.rect.y0 for y0, _ in texts[start:stop])
    )


def _rows_of_headings(bands: list[Band], headings: Sequence[Node], page: Page) -> list[list[Node]]:
    """Split the bands at headings; what is above the first one goes on from the page before, if there is one."""
    nodes = sorted((node for band in bands for node in band), key=lambda node: (node.rect.y0, node.rect.x0))
    starts: list[float] = []
    before: Node | None = None
    for node in sorted(headings, key=lambda node: node.rect.y0):
        whole = before is None or _is_label(before)
        apart = before is not None and node.rect.y0 - before.rect.y1 > 1.2 * node.em
        if before is None or apart or (whole and _is_label(node)):
            starts.append(node.rect.y0)
        before = node
    edges = [start - 0.6 * headings[0].em for start in starts]
    if page.number > 1 and nodes[0].rect.y0 < edges[0]:
        edges.insert(0, nodes[0].rect.y0)
    rows: list[list[Node]] = [[] for _ in edges]
    for node in nodes:
        rows[max(0, sum(1 for edge in edges if node.rect.y0 >= edge) - 1)].append(node)
    return rows


def _apart(bands: list[Band], columns: list[list[Node]], page: Page) -> list[list[Node]]:
    """Split the bands into rows where every column has a wider gap than between its lines, or at a horizontal rule."""
    whole = around(node.rect for band in bands for node in band)
    rows: list[list[Node]] = [list(bands[0])]
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


def _widest_pitch(columns: list[list[Node]]) -> float:
    """Return the greatest gap between the lines of one cell, in em."""
    pitches = []
    for column in columns:
        segments = sorted((one for node in column for one in node.segments), key=lambda one: one.y)
        pitches += [(b.y - a.y) / b.size for a, b in pairwise(segments) if a.size == b.size and b.y - a.y > 0.5 * b.size]
    if not pitches or max(pitches) < 1.15 * min(pitches):
        return 1.6
    return 1.12 * min(pitches)


def _gap_everywhere(row: Sequence[Node], below: Sequence[Node], columns: list[list[Node]], widest: float) -> bool:
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


def _is_table(rows: list[list[Node]], edges: Sequence[float]) -> bool:
    """Return whether the first baselines, or the middles, of all cells of each row align."""
    for row in rows:
        cells = [cell for cell in cells_of(row, edges) if cell]
        tops = [min(node.rect.y0 if node.inner else node.segments[0].y for node in cell) for cell in cells]
        middles = [(around(n.rect for n in cell).y0 + around(n.rect for n in cell).y1) / 2 for cell in cells]
        if max(tops) - min(tops) > _ALIGNED and max(middles) - min(middles) > _ALIGNED:
            return False
    return True


def _steps_back(cells: Sequence[Sequence[Node]]) -> int:
    """Count the cells that the file draws before an earlier one, in the order of ``cells``."""
    orders = [
        segment.order
        for cell in cells
        for segment in sorted((s for node in cell for s in node.segments), key=lambda s: (s.y, s.rect.x0))
    ]
    return sum(1 for before, after in pairwise(orders) if after < before)
