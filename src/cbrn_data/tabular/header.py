"""A table's labels held against the fields of its schema, as ``fieldsMatch`` says (Data Package 2.0).

Under ``exact`` a column belongs to the field at its place, whatever its label, else to the field of its label. So rows
under a wrong header are judged too, as frictionless does, and a wrong label is told once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from cbrn_data.tabular.blocks import Block
from cbrn_data.tabular.faults import Fault
from cbrn_data.tabular.schema import TableSchema

MOST_COLUMNS = 100_000
"""Tables with more columns are not read."""

_Said = tuple[str, str, str, int, str]
"""Field, label, kind of fault, number of the column, and what is wrong in words."""


def header_faults(labels: Sequence[str], schema: TableSchema) -> list[Fault]:
    """Return what is wrong with a header."""
    if not labels:
        return [Fault(0, 1, "", "header-wrong", "source-error", message="there is no header")]
    if len(labels) > MOST_COLUMNS:
        message = f"there are {len(labels):,} columns, more than {MOST_COLUMNS:,}, so that the table is not read"
        return [Fault(0, 1, "", "header-wrong", "source-error", message=message)]
    said = [*_unmatched(labels, schema), *(_misplaced(labels, schema) if _by_place(schema) else _repeated(labels))]
    return [
        Fault(0, 1, field, "header-wrong", constraint, value=label, message=message, number=number)
        for field, label, constraint, number, message in said
    ]


def columns(labels: Sequence[str], schema: TableSchema) -> list[str]:
    """Return for each label the name of its field, or of one without a field its text, with a number where that is taken.

    Empty where labels that stand twice leave open which column belongs to a field, or there are too many.
    """
    if len(labels) > MOST_COLUMNS or (not _by_place(schema) and len(set(labels)) < len(labels)):
        return []
    names: dict[str, None] = {}
    free: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))  # never tried twice: equal labels may be many
    for number, label in enumerate(labels, start=1):
        name = wanted = _field(number, label, schema) or label
        while name in names:
            name = f"{wanted}{next(free[wanted])}"
        names[name] = None
    return list(names)


def matched(block: Block, schema: TableSchema) -> Block:
    """Return a block whose columns stand in the order of the fields, then those without a field; absent ones stay absent."""
    names = block.table.column_names
    fields, there = set(schema.names), set(names)
    order = [name for name in schema.names if name in there] + [name for name in names if name not in fields]
    return block if order == names else replace(block, table=block.table.select(order))


def _by_place(schema: TableSchema) -> bool:
    return schema.fields_match == "exact"


def _field(number: int, label: str, schema: TableSchema) -> str:
    """Return the field of a column, "" if it has none."""
    if _by_place(schema):
        return schema.names[number - 1] if number <= len(schema.names) else ""
    return label if schema.has(label) else ""


def _unmatched(labels: Sequence[str], schema: TableSchema) -> Iterator[_Said]:
    """Yield the columns without a field and the fields without a column, as far as ``fieldsMatch`` wants them."""
    match, found = schema.fields_match, [_field(*place, schema) for place in enumerate(labels, start=1)]
    if match not in ("subset", "partial"):
        for number, label in enumerate(labels, start=1):
            if not found[number - 1]:
                yield "", label, "extra-label", number, f"the column {label[:80]!r} is no field of the schema"
    if match == "partial" and not any(found):
        yield "", "", "unmatched-header", 0, "there is no column of any field of the schema"
    wanted = [name for name in schema.names if match not in ("superset", "partial") or _required(name, schema)]
    there = set(found)
    missing = [name for name in wanted if name not in there]
    for number, name in enumerate(missing, start=len(labels) + 1):
        yield name, "", "missing-label", number, f"there is no column {name[:80]!r}"


def _required(name: str, schema: TableSchema) -> bool:
    return bool(schema.field(name).constraints.get("required")) or name in schema.primary_key


def _misplaced(labels: Sequence[str], schema: TableSchema) -> Iterator[_Said]:
    """Yield the labels that are not those of the fields at their places."""
    seen: set[str] = set()
    for number, (label, name) in enumerate(zip(labels, schema.names, strict=False), start=1):
        if not label:
            yield name, label, "blank-label", number, f"column {number} has no label"
        elif label in seen:
            yield name, label, "duplicate-label", number, f"the label {label[:80]!r} stands in an earlier column too"
        elif label != name:
            yield name, label, "incorrect-label", number, f"column {number} is {label[:80]!r}, expected is {name[:80]!r}"
        seen.add(label)


def _repeated(labels: Sequence[str]) -> Iterator[_Said]:
    seen: set[str] = set()
    for number, label in enumerate(labels, start=1):
        if label in seen:
            yield label, label, "duplicate-label", number, f"the label {label[:80]!r} stands twice: its rows are not read"
        seen.add(label)
