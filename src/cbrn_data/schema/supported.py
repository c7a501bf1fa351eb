"""Which types, formats and constraints have a check: a definition that asks for any other is refused.

Silence would look like a pass, so a rule that nothing judges must not stand in a definition. Table Schema says which
constraint goes with which type (https://datapackage.org/standard/table-schema/#constraints).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.model import Field, Table
from cbrn_data.schema.rules import unsupported

INTEGER = r"0|-?[1-9][0-9]{0,17}"
"""One spelling for each number, so that a cell's text and the number in JSON are the same."""

FORMATS = {("string", "default"), ("string", "uri"), ("integer", "default"), ("year", "default"), ("date", "default")}
"""The pairs of a type and a format that have a check."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_pattern(value: Any) -> bool:
    """Whether both engines that will judge by it, Arrow's and Python's, can read a pattern."""
    try:
        re.compile(value)
        pc.match_substring_regex(pa.array([""], pa.string()), value)
    except (TypeError, re.error, pa.ArrowInvalid):
        return False
    return True


_NUMBERS, _TEXTS, _ALL = {"integer", "year"}, {"string"}, {"string", "integer", "year", "date"}
_FLAG = (_ALL, lambda value: isinstance(value, bool), "true or false")
_LIMIT = (_NUMBERS, _is_number, "a whole number")
_SIZE = (_TEXTS, lambda value: _is_number(value) and value >= 0, "a whole number from 0")
_ARGUMENTS: dict[str, tuple[set[str], Callable[[Any], bool], str]] = {
    "required": _FLAG,
    "unique": _FLAG,
    "enum": (
        _ALL,
        lambda value: isinstance(value, list) and bool(value) and all(isinstance(x, str) or _is_number(x) for x in value),
        "a list of texts or numbers",
    ),
    "pattern": (_TEXTS, _is_pattern, "a regular expression that RE2 and Python read"),
    "minimum": _LIMIT,
    "maximum": _LIMIT,
    "minLength": _SIZE,
    "maxLength": _SIZE,
}
"""By constraint: the types that can have it, what its value must be, and that in words."""


def refusals(table: Table) -> list[Finding]:
    """Return a finding for each type, format, constraint and named check of a definition that nothing checks."""
    return [*unsupported(table), *_refused_fields(table)]


def _refused_fields(table: Table) -> list[Finding]:
    return [
        Finding("schema-unsupported", f"{field.name}: {message}", f"schemas/{table.name}.yaml", field.line)
        for field in table.fields
        for message in _refused(field)
    ]


def _refused(field: Field) -> Iterator[str]:
    if (field.type, field.format) not in FORMATS:
        yield f"type {field.type!r} with format {field.format!r} has no check"
        return
    for name, value in field.constraints.items():
        types, is_usable, wanted = _ARGUMENTS.get(name, (set[str](), bool, ""))
        if field.type not in types:
            yield f"constraint {name!r} has no check for type {field.type!r}"
        elif not is_usable(value):
            yield f"constraint {name!r} must be {wanted}, not {shown(repr(value), 80)}"
