"""Outlines of countries and where to look: ``outlines.md`` says where the file comes from and what it shows.

Countries are found by their code. Areas whose status is not settled belong to no country.
The view fits the countries shown: an azimuthal equal-area projection around them (Snyder, Map Projections, 1987, p. 185),
or the Equal Earth projection (Šavrič, Patterson and Jenny, 2018) where they are spread over the world.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cbrn_data.schema.canonical import Row

FEATURE = "outlines"
"""The name of the shapes in the topology."""
_WIDEST = math.radians(75)
"""Up to this angular distance between the middle and a country, an azimuthal projection keeps shapes."""
_APART = 2
"""Pixels between the vertices of an outline."""

Point = tuple[float, float]
"""Longitude and latitude in degrees; of what is projected, distances to the right and upwards."""


@dataclass(frozen=True)
class Frame:
    """A map of one size: ``areas`` and ``countries`` are in sight.

    Of the countries shown, ``places`` are where labels stand, in pixels to the right and downwards, and ``extents`` are how
    many pixels the largest part is wide or high.
    """

    topology: dict[str, Any]
    projection: dict[str, Any]
    areas: list[str]
    countries: set[str]
    places: dict[str, Point]
    extents: dict[str, float]


@dataclass(frozen=True)
class View:
    """``shown`` rows have ``lon`` and ``lat``, where a label stands; ``missing`` are the names without an outline."""

    shown: list[dict[str, Any]]
    missing: list[str]

    def frame(self, width: int, height: int) -> Frame:
        """Return the projection, as Vega-Lite has it, that fits the countries into a frame, and what is in sight then."""
        outlines = {row["country_id"]: _outlines()[row["country_id"]] for row in self.shown}
        lens = _fitted([point for rings in outlines.values() for ring in rings for point in ring], width, height)
        return Frame(
            _thinned(_world(), _APART * math.degrees(1 / lens.scale)),
            lens.projection(),
            sorted(name for name, rings in _areas().items() if lens.sees(rings)),
            {code for code, rings in _outlines().items() if lens.sees(rings)},
            {row["country_id"]: lens.pixel((row["lon"], row["lat"])) for row in self.shown},
            {code: lens.extent(rings) for code, rings in outlines.items()},
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

    def pixel(self, point: Point) -> Point:
        x, y = (_equal_earth if self.spread else _flat)(self.middle, point)
        return self.across + self.scale * x, self.down - self.scale * y

    def sees(self, rings: list[list[Point]]) -> bool:
        """Say whether a vertex is in the frame; what is on the other side of the Earth would be far outside."""
        points = (point for ring in rings for point in ring if self.spread or _distance(self.middle, point) < math.pi / 2)
        return any(0 <= x <= self.width and 0 <= y <= self.height for x, y in map(self.pixel, points))

    def extent(self, rings: list[list[Point]]) -> float:
        """Return how many pixels the largest ring is wide or high."""
        largest = max(rings, key=lambda ring: abs(_area(ring)))
        left, top, right, bottom = _box(map(self.pixel, largest))
        return max(right - left, bottom - top)


def _fitted(points: Sequence[Point], width: int, height: int) -> _Lens:
    """Return the projection that fits points into a frame."""
    middle = _middle(points)
    spread = max(_distance(middle, point) for point in points) > _WIDEST
    middle = (middle[0], 0.0) if spread else middle
    left, low, right, high = _box((_equal_earth if spread else _flat)(middle, point) for point in points)
    scale = 0.88 * min(width / (right - left), height / (high - low))
    across, down = width / 2 - scale * (left + right) / 2, height / 2 + scale * (low + high) / 2
    return _Lens(middle, spread, scale, across, down, width, height)


def view(rows: Sequence[Row]) -> View:
    """Return what a map of countries needs; ``rows`` are those of the table, each with a ``kind``."""
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
    """Return all shapes: those of countries have an id, those of areas that are no country's have none."""
    shapes: list[dict[str, Any]] = _world()["objects"][FEATURE]["geometries"]
    return shapes


@cache
def _outlines() -> dict[str, list[list[Point]]]:
    return {shape["id"]: list(_rings(_world(), shape)) for shape in _shapes() if "id" in shape}


@cache
def _areas() -> dict[str, list[list[Point]]]:
    return {shape["properties"]["name"]: list(_rings(_world(), shape)) for shape in _shapes() if "id" not in shape}


def _thinned(topology: dict[str, Any], step: float) -> dict[str, Any]:
    """Return a topology without what is smaller than a step, in degrees: vertices, islands and holes.

    What is drawn as filled is to the right of a ring, so a ring that collapsed or turned would fill the map around it.
    """
    arcs = [_arc_thinned(arc, step / topology["transform"]["scale"][0]) for arc in topology["arcs"]]
    thin = topology | {"arcs": arcs}
    shapes = []
    for shape in topology["objects"][FEATURE]["geometries"]:
        polygons = []
        for outer, *holes in shape["arcs"]:
            if _area(_ring(thin, outer)) < -(step**2):
                polygons.append([outer, *(hole for hole in holes if _area(_ring(thin, hole)) > step**2)])
        shapes.append(shape | {"arcs": polygons})
    return thin | {"objects": {FEATURE: {"type": "GeometryCollection", "geometries": shapes}}}


def _arc_thinned(arc: list[list[int]], step: float) -> list[list[int]]:
    """Return an arc without vertices that are within a step of the one before; both ends stay."""
    kept = [arc[0]]
    x = y = 0
    for across, up in arc[1:-1]:
        x, y = x + across, y + up
        if max(abs(x), abs(y)) >= step:
            kept.append([x, y])
            x = y = 0
    return [*kept, [x + arc[-1][0], y + arc[-1][1]]]


def _rings(topology: dict[str, Any], shape: dict[str, Any]) -> Iterator[list[Point]]:
    """Yield the outer ring of every polygon of a shape (TopoJSON, github.com/topojson/topojson-specification)."""
    for outer, *_ in shape["arcs"]:
        yield _ring(topology, outer)


def _ring(topology: dict[str, Any], numbers: list[int]) -> list[Point]:
    return [point for number in numbers for point in _arc(topology, number)]


def _arc(topology: dict[str, Any], number: int) -> list[Point]:
    """Return an arc, whose places are differences; a negative number is an arc the other way round."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    points, x, y = [], 0, 0
    for across, up in topology["arcs"][number if number >= 0 else ~number]:
        x, y = x + across, y + up
        points.append((x * scale_x + move_x, y * scale_y + move_y))
    return points if number >= 0 else points[::-1]


def _area(ring: list[Point]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def _box(points: Iterable[Point]) -> tuple[float, float, float, float]:
    """Return the least and the greatest of both coordinates."""
    across, up = zip(*points, strict=True)
    return min(across), min(up), max(across), max(up)


def _middle(points: Sequence[Point]) -> Point:
    """Return the direction of the mean of points on the sphere."""
    x = sum(math.cos(math.radians(lat)) * math.cos(math.radians(lon)) for lon, lat in points)
    y = sum(math.cos(math.radians(lat)) * math.sin(math.radians(lon)) for lon, lat in points)
    z = sum(math.sin(math.radians(lat)) for _, lat in points)
    return round(math.degrees(math.atan2(y, x)), 4), round(math.degrees(math.atan2(z, math.hypot(x, y))), 4)


def _cosine(middle: Point, point: Point) -> float:
    (lon0, lat0), (lon, lat) = (map(math.radians, one) for one in (middle, point))
    return math.sin(lat0) * math.sin(lat) + math.cos(lat0) * math.cos(lat) * math.cos(lon - lon0)


def _distance(middle: Point, point: Point) -> float:
    return math.acos(max(-1.0, min(1.0, _cosine(middle, point))))


def _equal_earth(middle: Point, point: Point) -> Point:
    """Return where the Equal Earth projection puts a point, on a sphere of radius 1."""
    lon, lat = math.radians((point[0] - middle[0] + 180) % 360 - 180), math.radians(point[1])
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    angle = math.asin(math.sqrt(3) / 2 * math.sin(lat))
    slope = a1 + 3 * a2 * angle**2 + angle**6 * (7 * a3 + 9 * a4 * angle**2)
    return 2 / math.sqrt(3) * lon * math.cos(angle) / slope, angle * (a1 + a2 * angle**2 + angle**6 * (a3 + a4 * angle**2))


def _flat(middle: Point, point: Point) -> Point:
    """Return where the Lambert azimuthal equal-area projection puts a point, on a sphere of radius 1."""
    (lon0, lat0), (lon, lat) = (map(math.radians, one) for one in (middle, point))
    factor = math.sqrt(2 / (1 + _cosine(middle, point)))
    across = math.cos(lat) * math.sin(lon - lon0)
    up = math.cos(lat0) * math.sin(lat) - math.sin(lat0) * math.cos(lat) * math.cos(lon - lon0)
    return factor * across, factor * up
