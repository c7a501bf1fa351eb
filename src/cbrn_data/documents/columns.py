"""The segments of a page in reading order: columns, each a list of lines from top to bottom.

A box around whole segments is read as one unit. Bands that share a gutter are read column by column or row by row; all
others from top to bottom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cbrn_data.documents.gutters import runs_of
from cbrn_data.documents.lines import Column, column_of
from cbrn_data.documents.nodes import Band, Gutter, Node, bands_of, boxed, cells_of
from cbrn_data.documents.page import Page, Rect
from cbrn_data.documents.rows import rows_of
from cbrn_data.documents.segments import Segment

_DEEPEST = 40


def read_columns(segments: Sequence[Segment], page: Page) -> list[Column]:
    """Return the columns of a page in reading order."""
    nodes = boxed([Node(segment.band, segment) for segment in segments], page.boxes)
    return [column for column in _read(nodes, page, 0, None) if column.lines]


def _read(nodes: Sequence[Node], page: Page, depth: int, box: Rect | None) -> Iterator[Column]:
    if depth > _DEEPEST:  # leaflets do not have this; the lines stay in the order of their baselines
        segments = [segment for node in nodes for segment in node.segments]
        yield column_of(segments, box, "boxes are nested too deeply")
        return
    for bands, gutters in runs_of(bands_of(nodes), page):
        if gutters:
            yield from _side_by_side(bands, gutters, page, depth, box)
        else:
            yield from _one_below_other(bands, page, depth, box)


def _one_below_other(bands: Sequence[Band], page: Page, depth: int, box: Rect | None) -> Iterator[Column]:
    plain: list[Segment] = []
    for node in sorted((node for band in bands for node in band), key=lambda node: (node.rect.y0, node.rect.x0)):
        if node.segment:
            plain.append(node.segment)
            continue
        if plain:
            yield column_of(plain, box)
            plain = []
        yield from _read(node.inner, page, depth + 1, node.rect)
    if plain:
        yield column_of(plain, box)


def _side_by_side(bands: list[Band], gutters: list[Gutter], page: Page, depth: int, box: Rect | None) -> Iterator[Column]:
    edges = [right for _, right in gutters]
    columns = cells_of([node for band in bands for node in band], edges)
    rows, doubt = rows_of(bands, columns, edges, page)
    cells = [cell for row in rows for cell in cells_of(row, edges)] if rows else columns
    for number, cell in enumerate(cell for cell in cells if cell):
        for place, column in enumerate(_read(cell, page, depth + 1, box)):
            column.flows = column.flows or (not rows and number > 0 and place == 0 and column.box == box)
            column.doubt = column.doubt or (doubt if number == place == 0 else "")
            yield column
