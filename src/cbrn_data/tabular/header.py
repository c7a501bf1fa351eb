"""A table's labels held against the fields of its schema, as ``fieldsMatch`` says (Data Package 2.0)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from cbrn_data.tabular.blocks import Block
from cbrn_data.tabular.faults import Fault
from cbrn_data.tabular.schema import TableSchema


def header_faults(labels: Sequence[str], schema: TableSchema) -> list[Fault]:
    """Return what is wrong with a header. Rows under a wrong header are not judged: whose they are is not known."""
    return [
        Fault(0, 1, field, "header-wrong", constraint, message=message)
        for field, constraint, message in _said(labels, schema)
    ]


def _said(labels: Sequence[str], schema: TableSchema) -> Iterator[tuple[str, str, str]]:
    if not labels:
        yield "", "source-error", "there is no header"
        return
    times = Counter(labels)
    for number, label in enumerate(labels, start=1):
        if not label.strip():
            yield "", "blank-label", f"column {number} has no label"
    for label in (label for label in times if label.strip() and times[label] > 1):
        yield label, "duplicate-label", f"the label {label[:80]!r} stands {times[label]} times"
    match, fields = schema.fields_match, schema.names
    missing = [name for name in fields if name not in times]
    extra = [label for label in times if label.strip() and label not in fields]
    if match in ("exact", "equal", "subset"):
        yield from ((name, "missing-label", f"there is no column {name[:80]!r}") for name in missing)
    if match in ("exact", "equal", "superset"):
        yield from ((name, "extra-label", f"the column {name[:80]!r} is no field of the schema") for name in extra)
    if match == "partial" and len(missing) == len(fields):
        yield "", "missing-label", "there is no column of any field of the schema"
    if match == "exact" and not missing and not extra and len(labels) == len(fields) and list(labels) != list(fields):
        yield "", "incorrect-label", f"the columns stand in the order {', '.join(labels)[:120]}"


def matched(block: Block, schema: TableSchema) -> Block:
    """Return a block with the columns of the schema: no others, and empty ones for those that are not there."""
    if block.table.column_names == list(schema.names):
        return block
    nothing = pa.chunked_array([pa.nulls(block.table.num_rows, pa.string())])
    there = set(block.table.column_names)
    columns = [block.table[name] if name in there else nothing for name in schema.names]
    return replace(block, table=pa.Table.from_arrays(columns, names=list(schema.names)))
