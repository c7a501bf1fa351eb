"""Match the labels of a table with the fields of its schema, by ``fieldsMatch`` (Data Package 2.0).

With ``exact``, a column belongs to the field at its position, else to the field with its label. So rows under a wrong label
are validated too, as in frictionless, and a wrong label is reported once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from cbrn_data.tabular.alike import remark
from cbrn_data.tabular.blocks import Block
from cbrn_data.tabular.issues import Issue
from cbrn_data.tabular.schema import TableSchema

MOST_COLUMNS = 100_000
"""Tables with more columns are not read."""

_COMPARED = 100
"""With more fields, a label is not compared with all of them."""

_Problem = tuple[str, str, str, int, str]
"""Field, label, error type, number of the column, and message."""


def header_issues(labels: Sequence[str], schema: TableSchema) -> list[Issue]:
    """Return the issues of a header."""
    if not labels:
        return [Issue(0, 1, "", "header-wrong", "source-error", message="the table has no header")]
    if len(labels) > MOST_COLUMNS:
        message = f"the table has {len(labels):,} columns and is not read; at most {MOST_COLUMNS:,} are supported"
        return [Issue(0, 1, "", "header-wrong", "source-error", message=message)]
    problems = [*_unmatched(labels, schema), *(_misplaced(labels, schema) if _by_place(schema) else _repeated(labels))]
    return [
        Issue(0, 1, field, "header-wrong", constraint, value=label, message=message, number=number)
        for field, label, constraint, number, message in problems
    ]


def columns(labels: Sequence[str], schema: TableSchema) -> list[str]:
    """Return the name of each column: its field, or its label, with a number if that name is taken.

    Empty if duplicate labels make the field of a column ambiguous, or if there are too many columns.
    """
    if len(labels) > MOST_COLUMNS or (not _by_place(schema) and len(set(labels)) < len(labels)):
        return []
    names: dict[str, None] = {}
    free: defaultdict[str, Iterator[int]] = defaultdict(
        lambda: count(2)
    )  # continue after the last number, because many labels may be equal
    for number, label in enumerate(labels, start=1):
        name = wanted = _field(number, label, schema) or label
        while name in names:
            name = f"{wanted}{next(free[wanted])}"
        names[name] = None
    return list(names)


def matched(block: Block, schema: TableSchema) -> Block:
    """Return a block with its columns in the order of the fields, then those without a field; adds no missing columns."""
    names = block.table.column_names
    fields, there = set(schema.names), set(names)
    order = [name for name in schema.names if name in there] + [name for name in names if name not in fields]
    return block if order == names else replace(block, table=block.table.select(order), written=None)


def _by_place(schema: TableSchema) -> bool:
    return schema.fields_match == "exact"


def _field(number: int, label: str, schema: TableSchema) -> str:
    """Return the field of a column, or ""."""
    if _by_place(schema):
        return schema.names[number - 1] if number <= len(schema.names) else ""
    return label if schema.has(label) else ""


def _unmatched(labels: Sequence[str], schema: TableSchema) -> Iterator[_Problem]:
    """Yield the columns without a field and the fields without a column that ``fieldsMatch`` does not allow."""
    match, found = schema.fields_match, [_field(*place, schema) for place in enumerate(labels, start=1)]
    if match not in ("subset", "partial"):
        for number, label in enumerate(labels, start=1):
            if not found[number - 1]:
                yield (
                    "",
                    label,
                    "extra-label",
                    number,
                    f"the column {label[:80]!r} is not a field of the schema{_alike(label, schema.names)}",
                )
    if match == "partial" and not any(found):
        yield "", "", "unmatched-header", 0, "no column is a field of the schema"
    needed = {field.name for field in schema.fields if field.constraints.get("required")} | {*schema.primary_key}
    wanted = [name for name in schema.names if match not in ("superset", "partial") or name in needed]
    there = set(found)
    missing = [name for name in wanted if name not in there]
    for number, name in enumerate(missing, start=len(labels) + 1):
        yield name, "", "missing-label", number, f"the column {name[:80]!r} is missing"


def _misplaced(labels: Sequence[str], schema: TableSchema) -> Iterator[_Problem]:
    """Yield the labels that differ from the field at their position."""
    seen: set[str] = set()
    for number, (label, name) in enumerate(zip(labels, schema.names, strict=False), start=1):
        if not label:
            yield name, label, "blank-label", number, f"column {number} has no label"
        elif label in seen:
            yield name, label, "duplicate-label", number, f"the label {label[:80]!r} is repeated"
        elif label != name:
            yield (
                name,
                label,
                "incorrect-label",
                number,
                f"column {number} is {label[:80]!r}, expected {name[:80]!r}{_alike(label, [name])}",
            )
        seen.add(label)


def _alike(label: str, names: Sequence[str]) -> str:
    """Return what is strange in a label, or how it differs from the name of a field that looks like it."""
    return remark(label[:80], names) if len(names) <= _COMPARED else ""


def _repeated(labels: Sequence[str]) -> Iterator[_Problem]:
    seen: set[str] = set()
    for number, label in enumerate(labels, start=1):
        if label in seen:
            yield label, label, "duplicate-label", number, f"the label {label[:80]!r} is repeated, so the rows are not read"
        seen.add(label)
