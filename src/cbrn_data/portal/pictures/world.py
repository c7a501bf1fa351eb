"""Outlines of countries and where to look: Natural Earth at 1:110 million, as the package bqplot ships it.

The file is read as data, without importing bqplot. Countries are found by their M49 code, those without one by name.
The view fits the countries shown: an azimuthal equal-area projection around them (Snyder, Map Projections, 1987, p. 185),
or the Equal Earth projection (Šavrič, Patterson and Jenny, 2018) where they are spread over the world.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cbrn_data.errors import CbrnDataError
from cbrn_data.schema.canonical import Row

_FEATURE = "subunits"
_WIDEST = math.radians(75)
"""Up to this angular distance between the middle and a country, an azimuthal projection keeps shapes."""

Point = tuple[float, float]
"""Longitude and latitude, in degrees."""


@dataclass(frozen=True)
class View:
    """``shown`` rows have ``id`` (of the shape), ``lon`` and ``lat`` (where a label stands); ``missing`` are names."""

    topology: dict[str, Any]
    feature: str
    shown: list[dict[str, Any]]
    missing: list[str]
    points: list[Point]

    def projection(self, width: int, height: int) -> dict[str, Any]:
        """Return the projection, as Vega-Lite has it, that fits the countries into a frame."""
        middle = _middle(self.points)
        spread = max(_distance(middle, point) for point in self.points) > _WIDEST
        middle = (middle[0], 0.0) if spread else middle
        flat = [_equal_earth(middle, point) if spread else _flat(middle, point) for point in self.points]
        left, right = min(x for x, _ in flat), max(x for x, _ in flat)
        low, high = min(y for _, y in flat), max(y for _, y in flat)
        scale = 0.88 * min(width / (right - left), height / (high - low))
        return {
            "type": "equalEarth" if spread else "azimuthalEqualArea",
            "rotate": [-middle[0], -middle[1]],
            "scale": scale,
            "translate": [width / 2 - scale * (left + right) / 2, height / 2 + scale * (low + high) / 2],
            "clipExtent": [[0, 0], [width, height]],
        }


def view(rows: Sequence[Row]) -> View:
    """Return what a map of countries needs; ``rows`` are those of the table, each with a ``kind``."""
    topology = _world()
    shapes = {shape["id"]: shape for shape in topology["objects"][_FEATURE]["geometries"]}
    ids = {shape["properties"]["name"]: number for number, shape in shapes.items()}
    shown: list[dict[str, Any]] = []
    missing: list[str] = []
    points: list[Point] = []
    for row in rows:
        number = int(row["m49"]) if row["m49"] and int(row["m49"]) in shapes else ids.get(row["name"])
        if number is None:
            missing.append(row["name"] or "")
            continue
        rings = list(_rings(topology, shapes[number]))
        lon, lat = _label_place(max(rings, key=lambda ring: abs(_area(ring))))
        about = {name: row[name] for name in ("country_id", "name", "kind")}
        shown.append(about | {"id": number, "lon": lon, "lat": lat})
        points += [point for ring in rings for point in ring]
    return View(topology, _FEATURE, shown, missing, points)


@cache
def _world() -> dict[str, Any]:
    found = find_spec("bqplot")
    if found is None or not found.submodule_search_locations:
        raise CbrnDataError("the package bqplot is not installed; it holds the outlines for the map")
    path = Path(found.submodule_search_locations[0], "map_data", "WorldMap.json")
    topology: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return topology


def _rings(topology: dict[str, Any], shape: dict[str, Any]) -> Iterator[list[Point]]:
    """Yield the outer ring of every polygon of a shape (TopoJSON, github.com/topojson/topojson-specification)."""
    polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    for polygon in polygons:
        yield [point for number in polygon[0] for point in _arc(topology, number)]


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


def _label_place(ring: list[Point]) -> Point:
    """Return the centre of gravity of a ring."""
    area = _area(ring)
    pairs = list(zip(ring, ring[1:] + ring[:1], strict=True))
    x = sum((x1 + x2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / (6 * area)
    y = sum((y1 + y2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / (6 * area)
    return round(x, 4), round(y, 4)


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
