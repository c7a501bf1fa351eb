"""Propose a Table Schema for a table: a type that fits every cell and is unambiguous, otherwise text.

The proposal is validated with the table, so that the table is valid by it, if its rows are well-formed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cbrn_data.isolated import UnreadableError
from cbrn_data.tabular.columns import DATE, INTEGER, NO_VALUES, Column, Form, by_pattern
from cbrn_data.tabular.formats import PACKED
from cbrn_data.tabular.header import columns
from cbrn_data.tabular.magic import HEAD, marked_encoding
from cbrn_data.tabular.opening import UTF8, unpacked
from cbrn_data.tabular.reading import read
from cbrn_data.tabular.resource import Resource
from cbrn_data.tabular.schema import read_schema
from cbrn_data.tabular.validate import unreadable, validate
from cbrn_data.tabular.verdict import Verdict

PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"

_WHOLE = "[1-9][0-9]{0,17}"
_NUMBER = rf"-?(?:0|{_WHOLE})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{{1,3}})?"
_COMMA = rf"-?(?:0|{_WHOLE})(?:,[0-9]+)?"
_GROUPS = "-?(?:0|[1-9][0-9]{0,2}(?:,[0-9]{3}){0,5})"
_DAY = "[0-9]{1,2}"
_FORMS = {
    "boolean": by_pattern("true|false|True|False|TRUE|FALSE", type="boolean"),
    "integer": INTEGER,
    "number": by_pattern(_NUMBER, type="number"),
    "number with a decimal comma": by_pattern(
        _COMMA, "integer in groups of digits", "number in groups of digits", type="number", decimalChar=","
    ),
    "integer in groups of digits": by_pattern(_GROUPS, "number with a decimal comma", type="integer", groupChar=","),
    "number in groups of digits": by_pattern(
        rf"{_GROUPS}(?:\.[0-9]+)?", "number with a decimal comma", type="number", groupChar=","
    ),
    "date": DATE,
    "date as %Y/%m/%d": by_pattern(f"[0-9]{{4}}/{_DAY}/{_DAY}", type="date", format="%Y/%m/%d"),
    **{
        f"date as {one}": by_pattern(rf"{_DAY}[{mark}]{_DAY}[{mark}][0-9]{{4}}", f"date as {other}", type="date", format=one)
        for mark in "/.-"
        for one, other in (
            (f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y"),
            (f"%m{mark}%d{mark}%Y", f"%d{mark}%m{mark}%Y"),
        )
    },
    "datetime": by_pattern(r"[0-9-]{10}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?", type="datetime"),
    "datetime as %Y-%m-%d %H:%M:%S": by_pattern("[0-9-]{10} [0-9:]{8}", type="datetime", format="%Y-%m-%d %H:%M:%S"),
    "time": by_pattern("[0-9]{2}:[0-9]{2}:[0-9]{2}", type="time"),
    "UUID": by_pattern("(?:[0-9A-Fa-f]{4}){2}(?:-[0-9A-Fa-f]{4}){4}(?:[0-9A-Fa-f]{4}){2}", type="string", format="uuid"),
    "email address": by_pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+", type="string", format="email"),
    "web address": by_pattern(r"https?://\S+", type="string", format="uri"),
    "JSON object": by_pattern(r"(?s)\{.*\}", type="object"),
    "JSON array": by_pattern(r"(?s)\[.*\]", type="array"),
}
"""The forms of a column in the order of preference."""
_BY_NAME = {
    "year": ("year", by_pattern("[12][0-9]{3}", type="year")),
    "month": ("month of a year", by_pattern("[12][0-9]{3}-[0-9]{2}", type="yearmonth")),
}
"""Forms that need the name of the column as a hint: 2010 may be a number, and 2010-11 two years."""
_AS_WRITTEN = ("integer", "year", "date", "string")
"""Types whose values are equal if and only if their texts are, in the forms above."""


@dataclass(frozen=True)
class Description:
    """A proposed ``schema`` for a ``resource``, which has the delimiter and the encoding that were found.

    ``guesses`` has for each column what it is taken as, and why; ``keys`` the columns that could be the primary key.
    ``verdict`` is that of the table with the schema.
    """

    resource: Resource
    schema: dict[str, Any]
    guesses: list[tuple[str, str, str]]
    keys: list[str]
    verdict: Verdict


def describe(resource: Resource, progress: Callable[[int], object] = lambda rows: None) -> Description:
    """Propose a schema for a table; it has no fields if the file cannot be read."""
    found, kept = Verdict(resource), dict[str, Column]()
    try:
        found.resource = resource = replace(resource, schema=None, encoding=_encoding(resource))
        for block in read(found):
            for name in block.table.column_names:
                column = kept.setdefault(name, Column(name, _forms(name), NO_VALUES))
                column.add(block.table[name], ())
            progress(block.table.num_rows)
    except (OSError, UnreadableError) as error:
        unreadable(found, error)
        return Description(resource, {"fields": []}, [], [], found)
    resource = found.resource
    names = columns(found.labels, resource.fields)
    known = [kept.get(name) or Column(name, {}) for name in names]
    keys = [column.name for column in known if _could_be_key(column)]
    if not names:
        return Description(resource, {"fields": []}, [], [], found)
    schema, verdict = _held(resource, known, _key(keys))
    described = {field["name"]: field for field in schema["fields"]}
    guesses = [(column.name, _said(described[column.name]), column.reason) for column in known]
    return Description(resource, schema, guesses, keys, verdict)


def _encoding(resource: Resource) -> str:
    """Return the encoding that a byte order mark names, if the caller named none."""
    if resource.encoding != UTF8 or resource.form not in ("csv", "tsv", PACKED):
        return resource.encoding
    path = resource.paths[0]
    with resource.opened(path) as file, unpacked(file, resource.compression_of(path), resource.inner) as content:
        return marked_encoding(content.read(HEAD)) or UTF8


def _forms(name: str) -> dict[str, Form]:
    named = {form: found for word, (form, found) in _BY_NAME.items() if word in name.casefold()}
    return named | _FORMS


def _could_be_key(column: Column) -> bool:
    field = _field(column)
    is_full = column.rows > 1 and not column.empty and "missingValues" not in field
    return is_full and field["type"] in _AS_WRITTEN and column.is_unique()


def _key(keys: Sequence[str]) -> list[str]:
    """Return the primary key: the first candidate that is named as an identifier, or the only candidate."""
    named = [name for name in keys if name.casefold().replace("-", "_").replace(" ", "_").split("_")[-1] == "id"]
    return named[:1] or (list(keys) if len(keys) == 1 else [])


def _field(column: Column) -> dict[str, Any]:
    """Return the descriptor of a field."""
    form = column.forms.get(column.form)
    found = {"name": column.name, **(form.descriptor if form else {"type": "string"})}
    if form and not form.is_text and column.missing:
        found["missingValues"] = ["", *sorted(column.missing)]
    constraints: dict[str, Any] = {}
    if column.rows and not column.empty and "missingValues" not in found:
        constraints["required"] = True
    if column.enumeration:
        constraints["enum"] = column.enumeration
    return found | ({"constraints": constraints} if constraints else {})


def _held(resource: Resource, known: Sequence[Column], key: list[str]) -> tuple[dict[str, Any], Verdict]:
    """Return the schema, and the verdict of the table with it.

    A column of mixed types, such as numbers and texts in JSON, gets the type ``any``.
    """
    fields = [_field(column) for column in known]
    while True:
        schema = {"$schema": PROFILE, "fields": fields} | ({"primaryKey": key} if key else {})
        (verdict,) = validate([replace(resource, schema=read_schema(schema))])
        wrong = {issue.field for issue in verdict.tally.listed if issue.code.startswith("cell-")}
        changed = [{"name": field["name"], "type": "any"} if field["name"] in wrong else field for field in fields]
        if changed == fields:
            return schema, verdict
        fields, key = changed, [name for name in key if name not in wrong]


def _said(field: dict[str, Any]) -> str:
    """Return the properties of a field in words."""
    parts = [f"{field['type']} ({field['format']})" if "format" in field else field["type"]]
    parts += [f"{name} {field[name]!r}" for name in ("decimalChar", "groupChar") if name in field]
    if missing := field.get("missingValues", [])[1:]:
        parts.append(f"{', '.join(map(repr, missing))} is missing")
    constraints = field.get("constraints", {})
    return ", ".join([*parts, *(word for word in ("required", "enum") if word in constraints)])
