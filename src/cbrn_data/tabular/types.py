"""Which types and formats of Table Schema there are, and which room reads each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cbrn_data.tabular import numbers, structures, texts, times, years
from cbrn_data.tabular.kind import Kind
from cbrn_data.tabular.schema import Field, option

Maker = Callable[[Field], Kind]


def kind_of(field: Field) -> Kind:
    """Return how cells of a field are read. Raises ValueError for a type, a format or an option that is none."""
    formats = _KINDS.get(field.type)
    if formats is None:
        raise ValueError(f"there is no type {field.type!r}")
    maker = formats.get(field.format, formats.get("<PATTERN>"))
    if maker is None:
        raise ValueError(f"the type {field.type} has no format {field.format!r}")
    return maker(field)


def _list(field: Field) -> Kind:
    item_type = option(field, "itemType", "string", str)
    if item_type not in structures.ITEM_TYPES:
        raise ValueError(f"itemType must be one of {', '.join(structures.ITEM_TYPES)}")
    item = Field(field.name, item_type, "default", {}, (), {})
    return structures.list_kind(kind_of(item), field)


_GEOPOINT: Mapping[str, Maker] = dict.fromkeys(("default", "array", "object"), structures.geopoint)
_KINDS: Mapping[str, Mapping[str, Maker]] = {
    "any": {"default": texts.anything},
    "string": {
        "default": texts.string,
        "email": texts.email,
        "uri": texts.uri,
        "uuid": texts.uuid,
        "binary": texts.binary,
    },
    "integer": {"default": numbers.integer},
    "number": {"default": numbers.number},
    "boolean": {"default": numbers.boolean},
    "date": {"<PATTERN>": times.date_kind},
    "time": {"<PATTERN>": times.time_kind},
    "datetime": {"<PATTERN>": times.datetime_kind},
    "year": {"default": years.year},
    "yearmonth": {"default": years.yearmonth},
    "duration": {"default": years.duration},
    "object": {"default": structures.object_kind},
    "array": {"default": structures.array_kind},
    "list": {"default": _list},
    "geopoint": _GEOPOINT,
    "geojson": {"default": structures.geojson, "topojson": structures.geojson},
}
"""By type and format; a type with ``<PATTERN>`` takes whatever strptime reads."""
