"""Values with parts: JSON objects and arrays, lists, points and GeoJSON.

JSON is RFC 8259's, without the NaN that Python would read. Objects and arrays are equal when their parts are, whatever the
order of keys and the spelling of numbers. A list's items are read as cells of the item type in its default form.
TopoJSON is judged by the JSON Schema that frictionless carries, GeoJSON by ``geojson``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow.compute as pc

from cbrn_data.nesting import nests_too_deeply
from cbrn_data.tabular.geojson import is_geojson
from cbrn_data.tabular.kind import Kind, matches
from cbrn_data.tabular.numbers import decimal, spelt
from cbrn_data.tabular.schema import Field, option

ITEM_TYPES = ("string", "integer", "boolean", "number", "datetime", "date", "time")
_PLAIN_POINT = matches(r"-?(?:1[0-7][0-9]|[0-9]{1,2})(?:\.[0-9]+)?, ?-?[0-8]?[0-9](?:\.[0-9]+)?")
Point = tuple[Decimal, Decimal]


def parse_json(text: str) -> Any:
    """Return what a text says in JSON. Raises ValueError when it is none, or nests too deeply to be worked with."""
    if nests_too_deeply(text):
        raise ValueError("nests too deeply")
    return json.loads(text, parse_constant=_no_constant)


def object_kind(field: Field) -> Kind:
    """Return the kind of a JSON object."""
    return _json(lambda value: isinstance(value, dict))


def array_kind(field: Field) -> Kind:
    """Return the kind of a JSON array. Raises ValueError for frictionless's own ``arrayItem``, which nothing judges."""
    if "arrayItem" in field.descriptor:
        raise ValueError("arrayItem is not of the standard; say it as jsonSchema")
    return _json(lambda value: isinstance(value, list))


def geojson(field: Field) -> Kind:
    """Return the kind of a GeoJSON or TopoJSON object."""
    if field.format == "default":
        return _json(is_geojson)
    from frictionless.settings import TOPOJSON_PROFILE
    from jsonschema import Draft4Validator

    validator = Draft4Validator(TOPOJSON_PROFILE)
    return _json(lambda value: isinstance(value, dict) and bool(validator.is_valid(value)))


def list_kind(item: Kind, field: Field) -> Kind:
    """Return the kind of a list of items of the kind ``item``. Raises ValueError for a delimiter that is none."""
    delimiter = option(field, "delimiter", ",", str)
    if not delimiter:
        raise ValueError("delimiter must not be empty")

    def read(text: Any) -> list[Any] | None:
        if not isinstance(text, str):
            return None
        items = [item.read(part) for part in text.split(delimiter)]
        return None if any(value is None for value in items) else items

    return Kind(
        read=read,
        text=lambda values: json.dumps([item.text(value) for value in values]),
        certain=pc.is_valid if item.free else None,
        sizes=(lambda column: pc.add(pc.count_substring(column, delimiter), 1)) if item.free else None,
    )


def geopoint(field: Field) -> Kind:
    """Return the kind of a point: longitude and latitude in degrees, as text, JSON array or JSON object."""
    read = {"default": _point_of_text, "array": _point_of_array, "object": _point_of_object}[field.format]

    def literal(value: Any) -> Point | None:
        return read(value if isinstance(value, str) else json.dumps(value))

    return Kind(
        read=read,
        literal=literal,
        certain=_PLAIN_POINT if field.format == "default" else None,
        text=lambda point: f"{spelt(point[0])},{spelt(point[1])}",
    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _json(is_valid: Callable[[Any], bool]) -> Kind:
    def read(value: Any) -> Any:
        try:
            found = parse_json(value) if isinstance(value, str) else value
            return found if is_valid(found) else None
        except (ValueError, RecursionError):
            return None

    return Kind(read=read, literal=read, text=spelt_json)


def spelt_json(value: Any) -> str:
    """Return JSON so that equal values have equal text."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True)


def _plain(value: Any) -> Any:
    """Return JSON with numbers in one spelling: 1.0 is 1."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _point_of_text(text: str) -> Point | None:
    parts = text.split(",")
    return _point(*map(decimal, parts)) if len(parts) == 2 else None


def _point_of_array(text: str) -> Point | None:
    found = _parts(text)
    return _point(*map(_number, found)) if isinstance(found, list) and len(found) == 2 else None


def _point_of_object(text: str) -> Point | None:
    found = _parts(text)
    return (
        _point(_number(found["lon"]), _number(found["lat"]))
        if isinstance(found, dict) and found.keys() == {"lon", "lat"}
        else None
    )


def _parts(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None


def _number(value: Any) -> Decimal | None:
    return Decimal(repr(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _point(longitude: Decimal | None, latitude: Decimal | None) -> Point | None:
    if longitude is None or latitude is None or longitude.is_nan() or latitude.is_nan():
        return None
    return (longitude, latitude) if abs(longitude) <= 180 and abs(latitude) <= 90 else None
