"""A table's definition to a pandera schema that judges whole Arrow columns of text.

Cells arrive as text, exactly as a CSV file has them, and null where they are empty: nothing is sniffed or cast before
it is judged. Each rule of Table Schema (https://datapackage.org/standard/table-schema/, Data Package 2.0) becomes one
pandera check whose name is the finding code; a rule that has no check here is refused when the schema is compiled.

Why not pandera's own reader of Frictionless schemas: it drops foreign keys, formats and exclusive bounds, does not check
dates, and refuses nullable integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
from pandera.errors import SchemaErrors

from cbrn_data.errors import SchemaError
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.model import Field, Table

TEXT = pd.ArrowDtype(pa.string())

Mask = Callable[[pa.ChunkedArray], pa.ChunkedArray]
"""Which cells of a column without nulls hold to a rule."""


@dataclass(frozen=True)
class Fault:
    """A cell that breaks a rule: the label of its row in the frame, its column, the finding code, and its text."""

    index: Any
    field: str
    code: str
    value: str | None


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
    ("integer", "default"): _matches(r"[+-]?[0-9]{1,18}"),
    ("year", "default"): _matches(r"[0-9]{4}"),
    ("date", "default"): _each_distinct(_is_date),
}


def _bound(limit: int, compare: Callable[[Any, int], Any]) -> Mask:
    """Compare numbers; a cell that is none is the type's fault, not the bound's."""
    is_number = _matches(r"[+-]?[0-9]{1,18}")

    def mask(column: pa.ChunkedArray) -> pa.ChunkedArray:
        numbers = pc.if_else(is_number(column), pc.utf8_ltrim(column, "+"), None).cast(pa.int64())
        return pc.fill_null(compare(numbers, limit), True)

    return mask


_CONSTRAINTS: dict[str, tuple[str, Callable[[Any], Mask]]] = {
    "enum": ("cell-enum", lambda allowed: _is_in([str(value) for value in allowed])),
    "pattern": ("cell-pattern", _matches),
    "minimum": ("cell-range", lambda limit: _bound(int(limit), pc.greater_equal)),
    "maximum": ("cell-range", lambda limit: _bound(int(limit), pc.less_equal)),
    "minLength": ("cell-length", lambda limit: lambda column: pc.greater_equal(pc.utf8_length(column), limit)),
    "maxLength": ("cell-length", lambda limit: lambda column: pc.less_equal(pc.utf8_length(column), limit)),
}


def compile_table(table: Table, names: Sequence[str] | None = None) -> pandera.DataFrameSchema:
    """Return the pandera schema of a table, or of those columns of it that a curated file has.

    A part of the columns is judged cell by cell only: which cells may be null, and which keys repeat, shows when all
    sources are put together. Raises SchemaError for a type, format or constraint that has no check.
    """
    columns = {name: _column(table, table.field(name), whole=names is None) for name in names or table.names}
    keys = [_unique_key(list(table.primary_key))] if names is None else []
    return pandera.DataFrameSchema(columns, checks=keys, strict=True, ordered=True, name=table.name)


def _column(table: Table, field: Field, whole: bool) -> pandera.Column:
    if (field.type, field.format) not in _TYPES:
        raise _refused(table, field, f"type {field.type!r} with format {field.format!r}")
    mask = _TYPES[field.type, field.format]
    checks = [_check("cell-type" if field.format == "default" else "cell-format", mask)] if mask else []
    for name, value in field.constraints.items():
        if name in {"required", "unique"}:
            continue
        if name not in _CONSTRAINTS:
            raise _refused(table, field, f"constraint {name!r}")
        code, rule = _CONSTRAINTS[name]
        checks.append(_check(code, rule(value)))
    if whole and field.constraints.get("unique"):
        checks.append(pandera.Check(lambda column: ~column.duplicated(), name="cell-unique"))
    return pandera.Column(TEXT, checks=checks, nullable=not (whole and field.required))


def _refused(table: Table, field: Field, what: str) -> SchemaError:
    finding = Finding("schema-unsupported", f"{field.name}: {what} has no check", f"schemas/{table.name}.yaml")
    return SchemaError("a definition asks for what is not checked", [finding])


def _check(code: str, mask: Mask) -> pandera.Check:
    def holds(column: pd.Series[Any]) -> pd.Series[Any]:
        values = pa.chunked_array(column.array.__arrow_array__())
        return pd.Series(mask(values).to_numpy(), index=column.index)

    return pandera.Check(holds, name=code)


def _unique_key(key: list[str]) -> pandera.Check:
    return pandera.Check(lambda frame: ~frame.duplicated(subset=key), name="key-repeated")


def text_frame(
    names: Sequence[str], rows: Iterable[dict[str, str | None]], index: Sequence[Any] | None = None
) -> pd.DataFrame:
    """Return rows as a frame of text columns, in the order of ``names``."""
    rows = list(rows)
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame if index is None else frame.set_axis(list(index), axis="index")


def faults(schema: pandera.DataFrameSchema, frame: pd.DataFrame) -> list[Fault]:
    """Return every cell of ``frame`` that breaks a rule of ``schema``, each once."""
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        found = [_fault(frame, case) for case in cases.to_dict("records")]
        return sorted(set(found), key=lambda fault: (str(fault.index), fault.field, fault.code))
    return []


_PANDERA_CODES = {
    "not_nullable": "cell-missing",
    "column_in_dataframe": "header-wrong",
    "column_in_schema": "header-wrong",
    "column_ordered": "header-wrong",
}


def _fault(frame: pd.DataFrame, case: dict[str, Any]) -> Fault:
    check = str(case["check"])
    code = _PANDERA_CODES.get(check, check)
    if code == "header-wrong":
        return Fault(None, str(case["failure_case"]), code, None)
    if case["schema_context"] == "DataFrameSchema":
        return Fault(case["index"], "", code, None)
    value: Any = frame.at[case["index"], case["column"]]
    return Fault(case["index"], str(case["column"]), code, None if value is pd.NA else str(value))


def explained(table: Table, fault: Fault) -> str:
    """Return in words what is wrong with a cell, and what its column asks for."""
    if fault.code == "key-repeated":
        return f"the key ({', '.join(table.primary_key)}) stands twice"
    if fault.code == "header-wrong":
        return f"the column {shown(fault.field, 80)!r} is missing, unknown or out of order"
    field = table.field(fault.field)
    value = shown(fault.value or "", 80)
    rules = {key: rule for key, rule in field.constraints.items() if key not in {"required", "unique"}}
    wanted = ", ".join(f"{key} {rule}" for key, rule in rules.items())
    if fault.code == "cell-missing":
        return f"{field.name} is null and must not be"
    if fault.code == "cell-unique":
        return f"{field.name} {value!r} stands twice"
    if fault.code in {"cell-type", "cell-format"}:
        kind = field.type if field.format == "default" else f"{field.type} ({field.format})"
        return f"{field.name} {value!r} is no {kind}"
    return f"{field.name} {value!r} does not hold to {shown(wanted, 160)}"
