"""The links on a map: a shape over the picture for each country in the data, usable with mouse and keyboard."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from cbrn_data.portal.pictures.drawing import PADDING, Link, Overlay
from cbrn_data.portal.pictures.labels import is_marked
from cbrn_data.portal.pictures.world import Frame, Points

_STEP = 4
"""Pixels between the corners of a shape, which nobody sees until it is pointed at."""


def overlay(frame: Frame, variant: str, countries: Sequence[tuple[str, str, str]]) -> Overlay:
    """Return the links of a map; ``countries`` are code, page and name of each, in the order of the keys."""
    box = f"{-PADDING} {-PADDING} {frame.width + 2 * PADDING} {frame.height + 2 * PADDING}"
    links = []
    for code, page, name in countries:
        x, y = frame.places[code]
        links.append(Link(page, name, (round(x), round(y)), "" if is_marked(frame, code) else _path(frame.rings[code])))
    return Overlay(variant, box, links)


def _path(rings: list[Points]) -> str:
    """Return the largest part of a country and its other parts that can be pointed at, as a path of whole pixels."""
    shapes = [_corners(ring) for number, ring in enumerate(rings) if number == 0 or np.ptp(ring, axis=0).min() > 2 * _STEP]
    return "".join(map(_drawn, shapes))


def _drawn(shape: list[list[int]]) -> str:
    """Return a shape as a path of steps, which is shorter than one of places."""
    steps = ((x - a, y - b) for (a, b), (x, y) in itertools.pairwise(shape))
    return f"M{shape[0][0]} {shape[0][1]}l" + " ".join(f"{x} {y}" for x, y in steps).replace(" -", "-") + "z"


def _corners(ring: Points) -> list[list[int]]:
    kept = [ring[0]]
    for point in ring[1:]:
        if np.abs(point - kept[-1]).max() >= _STEP:
            kept.append(point)
    corners: list[list[int]] = np.rint(np.array(kept)).astype(int).tolist()
    return corners
