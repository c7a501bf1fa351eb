"""What a GeoJSON object is: RFC 7946, sections 3 and 5, as far as shape goes.

Not the JSON Schema that frictionless carries, which is of 2013: it knows no altitude, no collection of geometries in a
feature, and does not ask that a ring closes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Shape = Callable[[Any], bool]


def is_geojson(value: Any) -> bool:
    """Return whether parsed JSON is a geometry, a Feature or a FeatureCollection.

    >>> is_geojson({"type": "Point", "coordinates": [90.5, 45.5]}), is_geojson({"type": "Point"})
    (True, False)
    """
    return _is_geometry(value) or _is_feature(value) or _is_collection(value)


def _is_collection(value: Any) -> bool:
    return _is_object(value, "FeatureCollection") and _all(_is_feature)(value.get("features"))


def _is_feature(value: Any) -> bool:
    return (
        _is_object(value, "Feature")
        and {"geometry", "properties"} <= value.keys()
        and (value["geometry"] is None or _is_geometry(value["geometry"]))
        and (value["properties"] is None or isinstance(value["properties"], dict))
        and (isinstance(value.get("id", ""), str) or _is_number(value["id"]))
    )


def _is_geometry(value: Any) -> bool:
    if _is_object(value, "GeometryCollection"):
        return _all(_is_geometry)(value.get("geometries"))
    return any(_is_object(value, name) and shape(value.get("coordinates")) for name, shape in _SHAPES.items())


def _is_object(value: Any, name: str) -> bool:
    """Whether a value is an object of that type; a bounding box, if there is one, has two corners."""
    return isinstance(value, dict) and value.get("type") == name and ("bbox" not in value or _is_box(value["bbox"]))


def _is_box(value: Any) -> bool:
    return _all(_is_number)(value) and len(value) >= 4 and len(value) % 2 == 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all(shape: Shape, at_least: int = 0) -> Shape:
    return lambda value: isinstance(value, list) and len(value) >= at_least and all(map(shape, value))


_is_position = _all(_is_number, 2)
_is_line = _all(_is_position, 2)


def _is_ring(value: Any) -> bool:
    return _all(_is_position, 4)(value) and value[0] == value[-1]


_SHAPES: dict[str, Shape] = {
    "Point": _is_position,
    "MultiPoint": _all(_is_position),
    "LineString": _is_line,
    "MultiLineString": _all(_is_line),
    "Polygon": _all(_is_ring),
    "MultiPolygon": _all(_all(_is_ring)),
}
