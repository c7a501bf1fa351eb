"""What a cell of each type looks like, for messages: in words, and with an example."""

from __future__ import annotations

import json

from cbrn_data.findings import shown
from cbrn_data.tabular.schema import Field

_FORMS = {
    "date": "yyyy-mm-dd, such as 2024-01-31",
    "time": "hh:mm:ss, such as 15:00:00",
    "datetime": "yyyy-mm-ddThh:mm:ss, such as 2024-01-31T15:00:00Z",
    "year": "yyyy, such as 2024",
    "yearmonth": "yyyy-mm, such as 2024-01",
    "duration": "as in XML Schema, such as P1Y2M3DT4H",
    "geopoint": "longitude, latitude in degrees, such as 69.24, 41.31",
    "geojson": 'GeoJSON, such as {"type": "Point", "coordinates": [69.24, 41.31]}',
    "object": 'a JSON object, such as {"a": 1}',
    "array": "a JSON array, such as [1, 2]",
}
_FORMATS = {
    ("geopoint", "array"): "a JSON array of longitude and latitude, such as [69.24, 41.31]",
    ("geopoint", "object"): 'a JSON object, such as {"lon": 69.24, "lat": 41.31}',
    ("geojson", "topojson"): "TopoJSON",
    ("string", "email"): "an email address, such as name@example.org",
    ("string", "uri"): "a URI, such as https://example.org/page",
    ("string", "uuid"): "a UUID, such as 123e4567-e89b-12d3-a456-426614174000",
    ("string", "binary"): "Base64, such as dGVzdA==",
    ("date", "any"): "such as 2024-01-31",
    ("time", "any"): "such as 15:00:00",
    ("datetime", "any"): "such as 2024-01-31T15:00:00Z",
}


def expected_form(field: Field) -> str:
    """Return the form of a field's cells in brackets, with a space before; "" if the type says it all."""
    said = _FORMATS.get((field.type, field.format)) or (_FORMS.get(field.type) if field.format == "default" else None)
    if said is None and field.format != "default":
        said = shown(field.format, 40)
    if field.type == "boolean":
        said = _booleans(field)
    elif field.type in ("integer", "number"):
        said = _numbers(field)
    elif field.type == "list":
        items = field.descriptor.get("itemType", "string")
        said = "items" + (f" of type {shown(str(items), 20)}" if items != "string" else "")
        said += f" separated by {shown(str(field.descriptor.get('delimiter', ',')), 5)!r}"
    return f" ({said})" if said else ""


def _booleans(field: Field) -> str:
    yes = field.descriptor.get("trueValues", ["true", "True", "TRUE", "1"])
    no = field.descriptor.get("falseValues", ["false", "False", "FALSE", "0"])
    shown_words = [", ".join(shown(str(word), 20) for word in words[:5]) for words in (yes, no) if isinstance(words, list)]
    return " or ".join(shown_words)


def _numbers(field: Field) -> str:
    """Return an example of a number in the characters of its field."""
    group, point = field.descriptor.get("groupChar", ""), field.descriptor.get("decimalChar", ".")
    if field.type == "integer":
        return f"digits, in groups with {json.dumps(group)}" if group else "digits, such as 42"
    grouped = f"1{shown(str(group), 5)}234" if group else "1234"
    return f"such as {grouped}{shown(str(point), 5)}5"
