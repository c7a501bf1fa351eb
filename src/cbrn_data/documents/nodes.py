"""What lies on a page in columns: segments, and boxes with what stands in them; bands of what lies side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cbrn_data.documents.headings import is_heading
from cbrn_data.documents.page import Rect
from cbrn_data.documents.segments import Segment


@dataclass(frozen=True)
class Node:
    """A segment, or a box with what stands in it."""

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
        """When the file begins and ends to draw it."""
        orders = [glyph.order for segment in self.segments for glyph in segment.glyphs]
        return min(orders), max(orders)


Band = list[Node]


Gutter = tuple[float, float]


def boxed(nodes: list[Node], boxes: Sequence[Rect]) -> list[Node]:
    """Put nodes into the smallest box that holds them; a box that cuts words or holds most of a page does not count."""
    whole = sum(len(node.segments) for node in nodes)
    for box in sorted(set(boxes), key=lambda box: box.area):
        within = [node for node in nodes if box.holds(node.rect)]
        cut = any(box.meets(node.rect) and not box.holds(node.rect) for node in nodes)
        words = sum(len(node.segments) for node in within)
        if not within or cut or words > 0.6 * whole or (len(within) == 1 and within[0].inner):
            continue
        nodes = [node for node in nodes if node not in within]
        nodes.append(Node(box, inner=tuple(within)))
    return nodes


def bands_of(nodes: Sequence[Node]) -> list[Band]:
    """Group what lies side by side, from top to bottom."""
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
    """Cut nodes at the gutters; columns without any are left out."""
    edges = [right for _, right in gutters]
    return [part for part in cells_of(nodes, edges) if part]


def cells_of(nodes: Sequence[Node], edges: Sequence[float]) -> list[list[Node]]:
    cells: list[list[Node]] = [[] for _ in range(len(edges) + 1)]
    for node in nodes:
        cells[sum(1 for edge in edges if node.rect.x0 >= edge - 0.01)].append(node)
    return cells


def has_heading(node: Node) -> bool:
    return any(is_heading(segment.text) for segment in node.segments)
