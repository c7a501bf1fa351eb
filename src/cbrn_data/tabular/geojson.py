"""Check the structure of GeoJSON objects: RFC 7946, sections 3 and 5.

The JSON Schema in frictionless is of 2013: it does not allow an altitude or a GeometryCollection in a feature, and does not
require that a ring is closed.
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
    if _is_object(value, "FeatureCollection"):
        return _all(_is_feature)(value.get("features"))
    return _is_geometry(value) or _is_feature(value)


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
    """Return whether a value is an object of the type ``name``, and its bounding box, if present, has two corners."""
    if not isinstance(value, dict) or value.get("type") != name:
        return False
    return "bbox" not in value or (_all(_is_number, 4)(value["bbox"]) and len(value["bbox"]) % 2 == 0)


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
