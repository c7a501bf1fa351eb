"""Rows of text judged by a compiled schema: which cells break which rule, and what that is in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.errors import SchemaErrors

from cbrn_data.findings import shown
from cbrn_data.schema.model import Table


@dataclass(frozen=True)
class Fault:
    """A cell that breaks a rule: the label of its row in the frame, its column, the finding code, and its text."""

    index: Any
    field: str
    code: str
    value: str | None


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
    if fault.code == "cell-missing":
        return f"{field.name} is null and must not be"
    subject = f"{field.name} {shown(fault.value or '', 80)!r}"
    example = f"; an example: {shown(field.example, 60)}"
    rules = field.constraints
    kind = field.type if field.format == "default" else f"{field.type} ({field.format})"
    said = {
        "cell-unique": "stands twice",
        "cell-type": f"is no {kind}{example}",
        "cell-format": f"is no {kind}{example}",
        "cell-enum": f"is none of {', '.join(map(str, rules.get('enum', [])))}",
        "cell-pattern": f"does not match {shown(str(rules.get('pattern')), 80)}{example}",
        "cell-range": f"must be {_limits(rules, 'minimum', 'maximum')}",
        "cell-length": f"must have {_limits(rules, 'minLength', 'maxLength')} characters",
    }
    return f"{subject} {said[fault.code]}"


def _limits(rules: dict[str, Any], least: str, most: str) -> str:
    words = {least: "at least", most: "at most"}
    return " and ".join(f"{words[key]} {rules[key]}" for key in (least, most) if key in rules)
