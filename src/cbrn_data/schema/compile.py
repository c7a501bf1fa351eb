"""A table's definition compiled by ``tabular``, with what our own tables promise beyond Table Schema.

A definition goes the way of its published descriptor, so that what judges our tables is what consumers read. Beyond it,
a value has one spelling (no ``+5``, no ``007``), so that a cell's text and the value in JSON are the same; a whole number
fits 64 bits, and a year has four digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from sys import maxsize
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.errors import SchemaError
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.descriptor import table_schema
from cbrn_data.schema.model import Table
from cbrn_data.schema.rules import unsupported
from cbrn_data.sources.document import REFUSED, SOFT_HYPHEN
from cbrn_data.tabular.alike import remark
from cbrn_data.tabular.blocks import Block
from cbrn_data.tabular.compile import CompiledSchema, Failure, compile_schema
from cbrn_data.tabular.faults import Fault, Tally
from cbrn_data.tabular.keys import buffers, flat, places
from cbrn_data.tabular.schema import UnsupportedSchema, read_schema
from cbrn_data.tabular.stream import TableCheck
from cbrn_data.words.text import ACTIVE

TYPES = frozenset({"string", "integer", "year", "yearmonth", "date", "time", "datetime", "duration"})
"""Types that a column of ours can have: in CSV and JSON their one spelling is the same text or whole number."""

_ACTIVE_BYTES = np.frombuffer("=+-@\t\r\n\uff1d".encode()[:8], np.uint8)
"""The first bytes of characters that ``ACTIVE`` matches; those of the full-width ones are the same."""

_LONGEST = {"integer": 18, "year": 4}
"""Characters of a number that every reader has a place for."""

_BEYOND_A_CELL = ("required", "unique")


def refusals(table: Table) -> list[Finding]:
    """Return a finding for each type, format, constraint and named check of a definition that nothing checks."""
    said = [
        (field.name, f"a column of type {field.type!r} is not published")
        for field in table.fields
        if field.type not in TYPES
    ]
    try:
        _compiled(table, tuple(table.names), whole=True)
    except UnsupportedSchema as error:
        said += error.faults
    lines = {field.name: field.line for field in table.fields}
    return [*unsupported(table), *(_refused(table, name, message, lines.get(name, 1)) for name, message in said)]


def _refused(table: Table, field: str, message: str, line: int) -> Finding:
    return Finding("schema-unsupported", f"{field}: {message}" if field else message, f"schemas/{table.name}.yaml", line)


def compile_table(table: Table, names: Sequence[str] | None = None) -> CompiledSchema:
    """Return the compiled schema of a table, or of those columns of it that a curated file has.

    A part of the columns is judged cell by cell only: which cells may be null, and which keys repeat, shows when all
    sources are put together. Raises SchemaError for a type, format or constraint that has no check.
    """
    if refused := refusals(table):
        raise SchemaError("a definition asks for what is not checked", refused)
    return _compiled(table, tuple(names or table.names), whole=names is None)


def compile_part(table: Table, names: Sequence[str]) -> CompiledSchema:
    """Return the schema of whole rows of some columns: cells that must not be null and references, but no unique keys.

    Raises SchemaError as ``compile_table`` does.
    """
    if refused := refusals(table):
        raise SchemaError("a definition asks for what is not checked", refused)
    descriptor = table_schema(table, frozenset(key.resource for key in table.foreign_keys))
    fields = [field for field in descriptor["fields"] if field["name"] in names]
    return compile_schema(read_schema({**descriptor, "fields": fields, "primaryKey": []}))


def _compiled(table: Table, names: tuple[str, ...], whole: bool) -> CompiledSchema:
    descriptor = table_schema(table, frozenset())
    if whole:
        return compile_schema(read_schema(descriptor))
    fields = [_of_a_cell(field) for field in descriptor["fields"] if field["name"] in names]
    return compile_schema(read_schema({"fields": fields, "missingValues": descriptor["missingValues"]}))


def _of_a_cell(field: dict[str, Any]) -> dict[str, Any]:
    constraints = {key: value for key, value in field.get("constraints", {}).items() if key not in _BEYOND_A_CELL}
    return field | {"constraints": constraints}


def text_table(names: Sequence[str], rows: Iterable[dict[str, str | None]]) -> pa.Table:
    """Return rows as columns of text, in the order of ``names``."""
    rows = list(rows)
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def cell_faults(compiled: CompiledSchema, data: pa.Table) -> list[Fault]:
    """Return everything in a table of text that breaks its schema, by row from 1; a key that repeats is one of its row."""
    block = Block(data, 1, 1, data.num_rows, data.num_rows)
    check = TableCheck(compiled, Tally(maxsize), more=partial(misspelt, compiled))
    check.add(block)
    check.finish(lambda: [block])
    return check.tally.listed


def cell_check(table: Table) -> TableCheck:
    """Return what judges the cells and keys of a table block by block, listing faults up to a cap."""
    compiled = compile_table(table)

    def more(data: pa.Table, failures: Sequence[Failure]) -> Iterator[Failure]:
        yield from misspelt(compiled, data, failures)
        yield from unfit_texts(table, data)

    return TableCheck(compiled, Tally(), more=more)


def misspelt(compiled: CompiledSchema, data: pa.Table, failures: Sequence[Failure]) -> Iterator[Failure]:
    """Yield the cells that are of their type and not in its one spelling, or numbers that are too long."""
    told = {failure.field: failure.rows for failure in failures if failure.constraint == ""}
    for field in compiled.schema.fields:
        if field.type == "string":
            continue
        column = data[field.name]
        good = pc.equal(compiled.comparable(field.name, column), column)
        if field.type in _LONGEST:
            good = pc.and_kleene(good, pc.less_equal(pc.binary_length(column), _LONGEST[field.type]))
        rows = places(pc.invert(good))
        if len(rows) and len(rows := np.setdiff1d(rows, told.get(field.name, []))):
            yield Failure(field.name, "cell-type", "", rows)


def unfit_texts(table: Table, data: pa.Table) -> Iterator[Failure]:
    """Yield the cells of text that a spreadsheet would run, or that have characters which no source may have."""
    for field in table.fields:
        if field.type == "string" and field.name in data.column_names:
            for code, pattern in _suspected(flat(data[field.name]), table.role == "provenance"):
                rows = places(pc.match_substring_regex(data[field.name], pattern))
                if len(rows):
                    yield Failure(field.name, code, "", rows)


def _suspected(column: pa.Array, quotes: bool) -> Iterator[tuple[str, str]]:
    """Yield the patterns that any cell can match, as the bytes of the whole column tell at a glance.

    Where the cells are ``quotes`` they may have soft hyphens, as leaflets do.
    """
    offsets, data = buffers(column)
    text = data[offsets[0] : offsets[-1]]
    if not len(text):
        return
    begins = data[offsets[:-1][np.diff(offsets) > 0]]
    if np.isin(begins, _ACTIVE_BYTES).any():
        yield "text-active", f"^(?:{ACTIVE})"
    if text.min() < ord(" ") or text.max() > ord("~"):
        yield from ((code, pattern.replace(SOFT_HYPHEN, "") if quotes else pattern) for code, pattern in REFUSED)


_BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than", "exclusiveMaximum": "less than"}


def explained(table: Table, fault: Fault) -> str:
    """Return in words what is wrong with a cell, and what its column asks for."""
    if fault.code == "key-repeated":
        return f"the key ({', '.join(table.primary_key)}) stands twice"
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
        "cell-range": f"must be {_limits(rules, **_BOUNDS)}",
        "cell-length": f"must have {_limits(rules, minLength='at least', maxLength='at most')} characters",
    }
    words = said.get(fault.code, f"breaks the rule {fault.constraint}")
    return f"{subject} {words}{remark(fault.value or '', map(str, rules.get('enum', ())))}"


def _limits(rules: dict[str, Any], **words: str) -> str:
    return " and ".join(f"{said} {rules[key]}" for key, said in words.items() if key in rules)
