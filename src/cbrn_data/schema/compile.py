"""A table's definition to a pandera schema that judges whole Arrow columns of text.

Cells arrive as text, exactly as a CSV file has them, and null where they are empty: nothing is sniffed or cast before
it is judged. Each rule of Table Schema (https://datapackage.org/standard/table-schema/, Data Package 2.0) becomes one
pandera check whose name is the finding code; a rule that has no check here is refused when the schema is compiled.

Why not pandera's own reader of Frictionless schemas: it drops foreign keys, formats and exclusive bounds, does not check
dates, and refuses nullable integers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.errors import SchemaError
from cbrn_data.schema.model import Field, Table
from cbrn_data.schema.supported import INTEGER, refusals

TEXT = pd.ArrowDtype(pa.string())

Mask = Callable[[pa.ChunkedArray], pa.ChunkedArray]
"""Which cells of a column without nulls hold to a rule."""


def _matches(pattern: str) -> Mask:
    return lambda column: pc.match_substring_regex(column, f"^(?:{pattern})$")


def _each_distinct(holds: Callable[[str], bool]) -> Mask:
    """Judge each distinct value once, for rules that no Arrow kernel has."""

    def mask(column: pa.ChunkedArray) -> pa.ChunkedArray:
        values = pc.unique(column)
        return _is_in([value for value in values.to_pylist() if holds(value)])(column)

    return mask


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_in(values: list[str]) -> Mask:
    allowed = pa.array(values, pa.string())
    return lambda column: pc.is_in(column, value_set=allowed)


_TYPES: dict[tuple[str, str], Mask | None] = {
    ("string", "default"): None,
    ("string", "uri"): _matches(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+"),
    ("integer", "default"): _matches(INTEGER),
    ("year", "default"): _matches(r"[0-9]{4}"),
    ("date", "default"): _each_distinct(_is_date),
}


def _bound(limit: int, compare: Callable[[Any, int], Any]) -> Mask:
    """Compare numbers; a cell that is none is the type's fault, not the bound's."""
    is_number = _matches(r"-?[0-9]{1,18}")

    def mask(column: pa.ChunkedArray) -> pa.ChunkedArray:
        numbers = pc.if_else(is_number(column), column, None).cast(pa.int64())
        return pc.fill_null(compare(numbers, limit), True)

    return mask


def _length(limit: int, compare: Callable[[Any, int], Any]) -> Mask:
    return lambda column: compare(pc.utf8_length(column), limit)


_CONSTRAINTS: dict[str, tuple[str, Callable[[Any], Mask]]] = {
    "enum": ("cell-enum", lambda allowed: _is_in([str(value) for value in allowed])),
    "pattern": ("cell-pattern", _matches),
    "minimum": ("cell-range", lambda limit: _bound(limit, pc.greater_equal)),
    "maximum": ("cell-range", lambda limit: _bound(limit, pc.less_equal)),
    "minLength": ("cell-length", lambda limit: _length(limit, pc.greater_equal)),
    "maxLength": ("cell-length", lambda limit: _length(limit, pc.less_equal)),
}


def compile_table(table: Table, names: Sequence[str] | None = None) -> pandera.DataFrameSchema:
    """Return the pandera schema of a table, or of those columns of it that a curated file has.

    A part of the columns is judged cell by cell only: which cells may be null, and which keys repeat, shows when all
    sources are put together. Raises SchemaError for a type, format or constraint that has no check.
    """
    if refused := refusals(table):
        raise SchemaError("a definition asks for what is not checked", refused)
    columns = {name: _column(table.field(name), whole=names is None) for name in names or table.names}
    keys = [_unique_key(list(table.primary_key))] if names is None else []
    return pandera.DataFrameSchema(columns, checks=keys, strict=True, ordered=True, name=table.name)


def _column(field: Field, whole: bool) -> pandera.Column:
    mask = _TYPES[field.type, field.format]
    checks = [_check("cell-type" if field.format == "default" else "cell-format", mask)] if mask else []
    for name, value in field.constraints.items():
        if name in _CONSTRAINTS:
            code, rule = _CONSTRAINTS[name]
            checks.append(_check(code, rule(value)))
    if whole and field.constraints.get("unique"):
        checks.append(pandera.Check(lambda column: ~column.duplicated(), name="cell-unique"))
    return pandera.Column(TEXT, checks=checks, nullable=not (whole and field.required))


def _check(code: str, mask: Mask) -> pandera.Check:
    def holds(column: pd.Series[Any]) -> pd.Series[Any]:
        values = pa.chunked_array(column.array.__arrow_array__())
        return pd.Series(mask(values).to_numpy(), index=column.index)

    return pandera.Check(holds, name=code)


def _unique_key(key: list[str]) -> pandera.Check:
    return pandera.Check(lambda frame: ~frame.duplicated(subset=key), name="key-repeated")
