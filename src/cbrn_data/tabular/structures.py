"""Structured values: JSON objects and arrays, lists, points and GeoJSON.

JSON is that of RFC 8259, without NaN, which Python would read. Objects and arrays are equal if their parts are equal; the
order of keys and the form of numbers do not matter. Items of a list are read as cells of the item type in its default form.
TopoJSON is validated with the JSON Schema of frictionless, GeoJSON by ``geojson``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow.compute as pc

from cbrn_data.nesting import nests_too_deeply
from cbrn_data.strict_json import no_constant
from cbrn_data.tabular.geojson import is_geojson
from cbrn_data.tabular.kind import Kind, matches
from cbrn_data.tabular.numbers import decimal, json_decimal, spelt
from cbrn_data.tabular.schema import Field, option

ITEM_TYPES = ("string", "integer", "boolean", "number", "datetime", "date", "time")
_PLAIN_POINT = matches(r"-?(?:1[0-7][0-9]|[0-9]{1,2})(?:\.[0-9]+)?, ?-?[0-8]?[0-9](?:\.[0-9]+)?")
Point = tuple[Decimal, Decimal]


def parse_json(text: str) -> Any:
    """Parse a JSON text. Raises ValueError if it is not valid JSON, or nested too deeply."""
    if nests_too_deeply(text):
        raise ValueError("nests too deeply")
    return json.loads(text, parse_constant=no_constant)


def array_kind(field: Field) -> Kind:
    """Return the kind of a JSON array. Raises ValueError for ``arrayItem``, an unsupported extension of frictionless."""
    if "arrayItem" in field.descriptor:
        raise ValueError("arrayItem is not in the standard; use jsonSchema")
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
    """Return the kind of a list of items of the kind ``item``. Raises ValueError for an invalid delimiter."""
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
    return Kind(
        read=lambda text: _point(text, field.format),
        literal=lambda value: _point(value if isinstance(value, str) else json.dumps(value), field.format),
        certain=_PLAIN_POINT if field.format == "default" else None,
        text=lambda point: f"{spelt(point[0])},{spelt(point[1])}",
    )


def _json(is_valid: Callable[[Any], bool]) -> Kind:
    def read(value: Any) -> Any:
        try:
            found = parse_json(value) if isinstance(value, str) else value
            return found if is_valid(found) else None
        except (ValueError, RecursionError):
            return None

    return Kind(read=read, literal=read, text=spelt_json)


def spelt_json(value: Any) -> str:
    """Return JSON as text; equal values have equal text."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True)


def _plain(value: Any) -> Any:
    """Return JSON with numbers in one form: 1.0 is 1."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _point(text: str, form: str) -> Point | None:
    """Return the point of a text in one of the formats of a geopoint, or None.

    >>> _point("69.24,41.31", "default"), _point("1,1E+1000000", "default")
    ((Decimal('69.24'), Decimal('41.31')), None)
    """
    try:
        found = text.split(",") if form == "default" else parse_json(text)
    except ValueError:
        return None
    if form == "object":
        found = [found["lon"], found["lat"]] if isinstance(found, dict) and found.keys() == {"lon", "lat"} else None
    if not isinstance(found, list) or len(found) != 2:
        return None
    longitude, latitude = map(decimal if form == "default" else json_decimal, found)
    if longitude is None or latitude is None or longitude.is_nan() or latitude.is_nan():
        return None
    return (longitude, latitude) if -180 <= longitude <= 180 and -90 <= latitude <= 90 else None


OBJECT = _json(lambda value: isinstance(value, dict))
"""The kind of a JSON object."""
