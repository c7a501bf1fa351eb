"""Outlines of countries and the view of the map; ``outlines.md`` documents the file.

Countries are found by their code. Areas of unsettled status belong to no country.
The view fits the countries shown: an azimuthal equal-area projection around them (Snyder, Map Projections, 1987, p. 185),
or the Equal Earth projection (Šavrič, Patterson and Jenny, 2018) where they are spread over the world.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrn_data.schema.table import Row

FEATURE = "outlines"
"""The name of the shapes in the topology."""
_WIDEST = math.radians(75)
"""The greatest angular distance from the middle at which an azimuthal projection keeps shapes."""
_APART = 2
"""Pixels between the vertices of an outline."""

Point = tuple[float, float]
"""Longitude and latitude in degrees; for projected points, distances to the right and upwards."""

Points = NDArray[np.float64]
"""Points, one in each row."""


@dataclass(frozen=True)
class Frame:
    """A map of one size: ``areas`` and ``countries`` are the visible ones.

    For the countries of the data, ``places`` are the positions of labels, and ``rings`` the outlines of their parts, largest
    first, in pixels to the right and downwards.
    """

    width: int
    height: int

    topology: dict[str, Any]
    projection: dict[str, Any]
    areas: list[str]
    countries: set[str]
    places: dict[str, Point]
    rings: dict[str, list[Points]]

    def extent(self, code: str) -> Point:
        """Return the width and the height of the largest part of a country, in pixels."""
        across, down = (self.rings[code][0].max(axis=0) - self.rings[code][0].min(axis=0)).tolist()
        return across, down


@dataclass(frozen=True)
class View:
    """``shown`` rows have ``lon`` and ``lat``, the position of a label; ``missing`` are the names without an outline."""

    shown: list[dict[str, Any]]
    missing: list[str]

    def frame(self, width: int, height: int) -> Frame:
        """Return the Vega-Lite projection that fits the countries into a frame, and what is then visible."""
        outlines = {row["country_id"]: _outlines()[row["country_id"]] for row in self.shown}
        lens = _fitted(np.concatenate([ring for rings in outlines.values() for ring in rings]), width, height)
        return Frame(
            width,
            height,
            _thinned(_world(), _APART * math.degrees(1 / lens.scale)),
            lens.projection(),
            sorted(name for name, rings in _areas().items() if lens.sees(rings)),
            {code for code, rings in _outlines().items() if lens.sees(rings)},
            {row["country_id"]: lens.pixel(row["lon"], row["lat"]) for row in self.shown},
            {code: sorted(map(lens.pixels, rings), key=lambda ring: -abs(_area(ring))) for code, rings in outlines.items()},
        )


@dataclass(frozen=True)
class _Lens:
    """A projection into a frame: around ``middle``, ``scale`` pixels for a radian, moved by ``across`` and ``down``."""

    middle: Point
    spread: bool
    scale: float
    across: float
    down: float
    width: int
    height: int

    def projection(self) -> dict[str, Any]:
        return {
            "type": "equalEarth" if self.spread else "azimuthalEqualArea",
            "rotate": [-self.middle[0], -self.middle[1]],
            "scale": self.scale,
            "translate": [self.across, self.down],
            "clipExtent": [[0, 0], [self.width, self.height]],
        }

    def pixels(self, points: Points) -> Points:
        """Return pixels to the right and downwards."""
        return self.scale * _projected(self.middle, self.spread, points) * (1, -1) + (self.across, self.down)

    def pixel(self, lon: float, lat: float) -> Point:
        across, down = self.pixels(np.array([(lon, lat)])).tolist()[0]
        return across, down

    def sees(self, rings: list[Points]) -> bool:
        """Return whether a vertex is in the frame; the other side of the Earth is far outside."""
        points = np.concatenate(rings)
        if not self.spread:
            points = points[_distance(self.middle, points) < math.pi / 2]
        pixels = self.pixels(points)
        return bool(((pixels >= 0) & (pixels <= (self.width, self.height))).all(axis=1).any())


def _fitted(points: Points, width: int, height: int) -> _Lens:
    """Return the projection that fits points into a frame."""
    middle = _middle(points)
    spread = bool(_distance(middle, points).max() > _WIDEST)
    middle = (middle[0], 0.0) if spread else middle
    projected = _projected(middle, spread, points)
    (left, low), (right, high) = projected.min(axis=0).tolist(), projected.max(axis=0).tolist()
    scale = 0.88 * min(width / (right - left), height / (high - low))
    across, down = width / 2 - scale * (left + right) / 2, height / 2 + scale * (low + high) / 2
    return _Lens(middle, spread, scale, across, down, width, height)


def map_of(rows: Sequence[Row]) -> View:
    """Return the data of a map of countries; ``rows`` are those of the table, each with a ``kind``."""
    shapes = {shape["id"]: shape for shape in _shapes() if "id" in shape}
    shown: list[dict[str, Any]] = []
    for row in rows:
        if row["country_id"] in shapes:
            lon, lat = shapes[row["country_id"]]["properties"]["at"]
            shown.append({name: row[name] for name in ("country_id", "name", "kind")} | {"lon": lon, "lat": lat})
    return View(shown, [row["name"] or "" for row in rows if row["country_id"] not in shapes])


@cache
def _world() -> dict[str, Any]:
    text = (files("cbrn_data.portal.pictures") / "outlines.json").read_text(encoding="utf-8")
    topology: dict[str, Any] = json.loads(text)
    return topology


def _shapes() -> list[dict[str, Any]]:
    """Return all shapes: those of countries have an id, other areas have none."""
    shapes: list[dict[str, Any]] = _world()["objects"][FEATURE]["geometries"]
    return shapes


@cache
def _outlines() -> dict[str, list[Points]]:
    return {shape["id"]: list(_rings(_world(), shape)) for shape in _shapes() if "id" in shape}


@cache
def _areas() -> dict[str, list[Points]]:
    return {shape["properties"]["name"]: list(_rings(_world(), shape)) for shape in _shapes() if "id" not in shape}


def _thinned(topology: dict[str, Any], step: float) -> dict[str, Any]:
    """Return a topology without vertices, islands and holes that are smaller than a step, in degrees.

    The filled side of a ring is its right, so a ring that collapsed or turned would fill the map around it.
    """
    (across, up), smallest = topology["transform"]["scale"], 2 * step**2
    arcs = [_arc_thinned(arc, step / across) for arc in topology["arcs"]]
    swept: list[float] = [across * up * _swept(arc) for arc in arcs]

    def twice(ring: list[int]) -> float:
        """Return twice the area within a ring, negative where it goes clockwise."""
        return sum((swept[number] if number >= 0 else -swept[~number] for number in ring), 0.0)

    shapes = []
    for shape in topology["objects"][FEATURE]["geometries"]:
        polygons = []
        for outer, *holes in shape["arcs"]:
            if twice(outer) < -smallest:
                polygons.append([outer, *(hole for hole in holes if twice(hole) > smallest)])
        shapes.append(shape | {"arcs": polygons})
    return topology | {"arcs": arcs, "objects": {FEATURE: {"type": "GeometryCollection", "geometries": shapes}}}


def _swept(arc: list[list[int]]) -> int:
    """Return twice the area that the line from the origin sweeps along an arc: over a ring, the origin does not matter."""
    swept = x = y = 0
    for across, up in arc:
        swept += x * up - y * across
        x, y = x + across, y + up
    return swept


def _arc_thinned(arc: list[list[int]], step: float) -> list[list[int]]:
    """Return an arc without vertices within a step of the one before; both ends stay."""
    kept = [arc[0]]
    x = y = 0
    for across, up in arc[1:-1]:
        x, y = x + across, y + up
        if max(abs(x), abs(y)) >= step:
            kept.append([x, y])
            x = y = 0
    return [*kept, [x + arc[-1][0], y + arc[-1][1]]]


def _rings(topology: dict[str, Any], shape: dict[str, Any]) -> Iterator[Points]:
    """Yield the outer ring of every polygon of a shape (TopoJSON, github.com/topojson/topojson-specification)."""
    for outer, *_ in shape["arcs"]:
        yield _ring(topology, outer)


def _ring(topology: dict[str, Any], numbers: list[int]) -> Points:
    return np.concatenate([_arc(topology, number) for number in numbers])


def _arc(topology: dict[str, Any], number: int) -> Points:
    """Return an arc, whose places are differences; a negative number is a reversed arc."""
    places = np.cumsum(topology["arcs"][number if number >= 0 else ~number], axis=0)
    points: Points = places * topology["transform"]["scale"] + topology["transform"]["translate"]
    return points if number >= 0 else points[::-1]


def _area(ring: Points) -> float:
    """Return the area within a ring, negative where its points go clockwise."""
    (x1, y1), (x2, y2) = ring.T, np.roll(ring, -1, axis=0).T
    return float(np.sum(x1 * y2 - x2 * y1)) / 2


def _middle(points: Points) -> Point:
    """Return the direction of the mean of points on the sphere."""
    lon, lat = np.radians(points.T)
    x, y, z = (float(part.sum()) for part in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    return round(math.degrees(math.atan2(y, x)), 4), round(math.degrees(math.atan2(z, math.hypot(x, y))), 4)


def _cosine(middle: Point, points: Points) -> Points:
    (lon0, lat0), (lon, lat) = np.radians(middle), np.radians(points.T)
    cosine: Points = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(lon - lon0)
    return cosine


def _distance(middle: Point, points: Points) -> Points:
    """Return angular distances in radians."""
    distance: Points = np.arccos(np.clip(_cosine(middle, points), -1, 1))
    return distance


def _projected(middle: Point, spread: bool, points: Points) -> Points:
    """Return where the projection around ``middle`` puts points, on a sphere of radius 1."""
    return np.stack((_equal_earth if spread else _flat)(middle, points), axis=1)


def _equal_earth(middle: Point, points: Points) -> tuple[Points, Points]:
    lon, lat = np.radians((points[:, 0] - middle[0] + 180) % 360 - 180), np.radians(points[:, 1])
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    angle = np.arcsin(math.sqrt(3) / 2 * np.sin(lat))
    slope = a1 + 3 * a2 * angle**2 + angle**6 * (7 * a3 + 9 * a4 * angle**2)
    return 2 / math.sqrt(3) * lon * np.cos(angle) / slope, angle * (a1 + a2 * angle**2 + angle**6 * (a3 + a4 * angle**2))


def _flat(middle: Point, points: Points) -> tuple[Points, Points]:
    """Lambert's azimuthal equal-area projection."""
    (lon0, lat0), (lon, lat) = np.radians(middle), np.radians(points.T)
    factor = np.sqrt(2 / (1 + _cosine(middle, points)))
    across = np.cos(lat) * np.sin(lon - lon0)
    up = np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0)
    return factor * across, factor * up
