"""The nodes of a page (segments, and boxes with their content), and bands of nodes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cbrn_data.documents.page import Rect
from cbrn_data.documents.segments import Segment
from cbrn_data.leaflet.headings import is_heading


@dataclass(frozen=True)
class Node:
    """A segment, or a box with its content."""

    rect: Rect
    segment: Segment | None = None
    inner: tuple[Node, ...] = ()

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
        """The start and end in the drawing order of the file."""
        orders = [glyph.order for segment in self.segments for glyph in segment.glyphs]
        return min(orders), max(orders)


Band = list[Node]


Gutter = tuple[float, float]


def boxed(nodes: list[Node], boxes: Sequence[Rect]) -> list[Node]:
    """Put nodes into the smallest box around them, except boxes that cut words or contain most of a page."""
    whole = sum(len(node.segments) for node in nodes)
    for box in sorted(set(boxes), key=lambda box: box.area):
        within = [node for node in nodes if box.holds(node.rect)]
        others = [node.rect for node in nodes if not box.holds(node.rect)]
        cut = any(box.x0 < r.x1 and r.x0 < box.x1 and box.y0 < r.y1 and r.y0 < box.y1 for r in others)
        words = sum(len(node.segments) for node in within)
        if not within or cut or words > 0.6 * whole or (len(within) == 1 and within[0].inner):
            continue
        nodes = [node for node in nodes if node not in within]
        nodes.append(Node(box, inner=tuple(within)))
    return nodes


def bands_of(nodes: Sequence[Node]) -> list[Band]:
    """Group nodes side by side into bands, from top to bottom."""
    bands: list[Band] = []
    lowest = 0.0
    for node in sorted(nodes, key=lambda node: (node.rect.y0, node.rect.x0)):
        if bands and node.rect.y0 < lowest - 0.5:
            bands[-1].append(node)
        else:
            bands.append([node])
        lowest = max(lowest, node.rect.y1) if len(bands[-1]) > 1 else node.rect.y1
    return bands


def split(nodes: Sequence[Node], gutters: Sequence[Gutter]) -> list[list[Node]]:
    """Split nodes at the gutters, without empty columns."""
    edges = [right for _, right in gutters]
    return [part for part in cells_of(nodes, edges) if part]


def cells_of(nodes: Sequence[Node], edges: Sequence[float]) -> list[list[Node]]:
    cells: list[list[Node]] = [[] for _ in range(len(edges) + 1)]
    for node in nodes:
        cells[sum(1 for edge in edges if node.rect.x0 >= edge - 0.01)].append(node)
    return cells


def has_heading(node: Node) -> bool:
    return any(is_heading(segment.text) for segment in node.segments)
