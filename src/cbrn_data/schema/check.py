"""The rule engine: validate the rows of our tables, from every source, block by block.

Definitions are compiled with ``tabular`` from their published descriptors, so that the rules are public.

In addition to Table Schema, values must be canonical (no ``+5``, no ``007``), so that the text of a cell is the value in
JSON; an integer fits 64 bits, and a year has four digits. ``rules`` has the rules between the cells of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.errors import SchemaError
from cbrn_data.findings import Finding, shown
from cbrn_data.normalise.text import ACTIVE
from cbrn_data.schema.descriptor import table_schema
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.rules import RULES, broken_rows, unsupported
from cbrn_data.schema.table import Table, Tables
from cbrn_data.sources.document import REFUSED, SOFT_HYPHEN
from cbrn_data.tabular.alike import remark
from cbrn_data.tabular.arrays import only, places
from cbrn_data.tabular.compile import BrokenRule, CompiledSchema, compile_schema
from cbrn_data.tabular.doubt import Look
from cbrn_data.tabular.issues import Issue, Tally
from cbrn_data.tabular.keys import KnownKeys
from cbrn_data.tabular.schema import ForeignKey, UnsupportedSchema, read_schema
from cbrn_data.tabular.stream import More, TableCheck

TYPES = frozenset({"string", "integer", "year", "yearmonth", "date", "time", "datetime", "duration"})
"""The types of our columns: their canonical form is the same text or integer in CSV and in JSON."""

_IS_ACTIVE = np.isin(np.arange(256), list("=+-@\t\r\n\uff1d".encode()[:8]))
"""Whether a byte is the first of a character that ``ACTIVE`` matches; the full-width ones share theirs."""

_LONGEST = {"integer": 18, "year": 4}
"""The most characters of a number that every reader supports."""

KnownKeysOf = Mapping[ForeignKey, KnownKeys]
"""The keys to which the references of a table can refer."""


def refusals(table: TableDefinition) -> list[Finding]:
    """Return a finding for each unsupported type, format, constraint and named check of a definition."""
    problems = [
        (field.name, f"the type {field.type!r} is not supported for columns")
        for field in table.fields
        if field.type not in TYPES
    ]
    try:
        _compiled(table)
    except UnsupportedSchema as error:
        problems += error.faults
    lines = {field.name: field.line for field in table.fields}
    return [*unsupported(table), *(_refused(table, name, message, lines.get(name, 1)) for name, message in problems)]


def _refused(table: TableDefinition, field: str, message: str, line: int) -> Finding:
    return Finding("schema-unsupported", f"{field}: {message}" if field else message, f"schemas/{table.name}.yaml", line)


def check_supported(*tables: TableDefinition) -> None:
    """Raise SchemaError with a finding for each unsupported type, format, constraint and named check."""
    if refused := [finding for table in tables for finding in refusals(table)]:
        raise SchemaError("the definitions have unsupported rules", refused)


def compile_table(table: TableDefinition) -> CompiledSchema:
    """Return the compiled schema of a table, cached by definition.

    Raises SchemaError for an unsupported type, format, constraint or named check.
    """
    check_supported(table)
    return _compiled(table)


@cache
def _compiled(table: TableDefinition) -> CompiledSchema:
    return compile_schema(read_schema(table_schema(table, frozenset(key.resource for key in table.foreign_keys))))


def known_keys(table: TableDefinition, tables: Tables) -> dict[ForeignKey, KnownKeys]:
    """Return the keys to which the references of a table can refer."""
    return {key: tables[key.resource].keys(key.references) for key in table.foreign_keys}


def table_check(
    table: TableDefinition,
    known: KnownKeysOf,
    compiled: CompiledSchema | None = None,
    rules: Collection[str] = RULES.keys(),
    more: More = lambda data, found: (),
    tally: Tally | None = None,
    with_unique: bool = True,
) -> TableCheck:
    """Return a check for the blocks of a table, or of a ``compiled`` part of it, by its definition and our own rules.

    ``rules`` are the rules between cells to check, ``known`` the keys of the references to check, and ``more`` are rules of
    the caller. A rule between cells is not checked in a row in which one of these cells is wrong. ``with_unique`` as in
    ``TableCheck``.
    """
    compiled = compiled or compile_table(table)

    def beyond(data: pa.Table, found: Sequence[BrokenRule]) -> Iterator[BrokenRule]:
        wrong = [*found, *non_canonical(compiled, data, found)]
        yield from wrong[len(found) :]
        yield from unfit_texts(table, compiled.looks(data))
        for check in table.checks:
            if check.name in rules and set(check.fields) <= set(data.column_names):
                broken = [failure.rows for failure in wrong if failure.field in check.fields]
                rows = reduce(np.setdiff1d, broken, broken_rows(data, check.name, check.fields))
                if len(rows):
                    yield BrokenRule(check.fields[0], f"row-{check.name}", check.name, rows, fields=check.fields)
        yield from more(data, found)

    return TableCheck(compiled, tally or Tally(), known, more=beyond, with_unique=with_unique)


def table_issues(table: Table, known: KnownKeysOf, writer: Callable[[pa.Table], None] = lambda block: None) -> Tally:
    """Validate a table, and pass each block to ``writer``; an issue has the number of its row, from 1, and its line."""
    check = table_check(table.definition, known)
    for block in table.read():
        writer(check.add(block)[0])
    check.finish(table.read)
    return check.tally


def non_canonical(compiled: CompiledSchema, data: pa.Table, failures: Sequence[BrokenRule]) -> Iterator[BrokenRule]:
    """Yield the cells whose value is valid but not canonical, and numbers that are too long."""
    malformed = {failure.field: failure.rows for failure in failures if failure.constraint == ""}
    for field in compiled.schema.fields:
        if field.type == "string":
            continue
        look = compiled.looks(data)[field.name]
        doubtful = compiled.kinds[field.name].respelt(look)
        if doubtful is not None and not len(doubtful):
            continue
        column = look.column if doubtful is None else only(look.column, doubtful)
        good = pc.equal(compiled.comparable(field.name, column), column)
        if field.type in _LONGEST:
            good = pc.and_kleene(good, pc.less_equal(pc.binary_length(column), _LONGEST[field.type]))
        rows = places(pc.invert(good))
        rows = rows if doubtful is None else doubtful[rows]
        if len(rows) and len(rows := np.setdiff1d(rows, malformed.get(field.name, []))):
            yield BrokenRule(field.name, "cell-type", "", rows)


def unfit_texts(table: TableDefinition, looks: Mapping[str, Look]) -> Iterator[BrokenRule]:
    """Yield the cells that look like a formula, or that have characters that are refused in sources."""
    for field in table.fields:
        if field.type == "string" and field.name in looks:
            look = looks[field.name]
            for code, pattern in _suspected(look, table.role):
                rows = places(pc.match_substring_regex(look.column, pattern))
                if len(rows):
                    yield BrokenRule(field.name, code, "", rows)


def _suspected(look: Look, role: str) -> Iterator[tuple[str, str]]:
    """Yield the patterns that a cell can match, from the bytes of the whole column.

    Quotes of evidence may have soft hyphens, like leaflets. Logs keep any text: they quote rows that were refused.
    """
    text = look.data
    if not len(text):
        return
    if _IS_ACTIVE[look.first].any():
        yield "text-active", f"^(?:{ACTIVE})"
    if role != "log" and (text.min() < ord(" ") or text.max() > ord("~")):
        allowed = SOFT_HYPHEN if role == "provenance" else ""
        yield from ((code, pattern.replace(allowed, "")) for code, pattern in REFUSED)


_LENGTHS = {"minLength": "at least", "maxLength": "at most"}
_BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than", "exclusiveMaximum": "less than"}


def explained(table: TableDefinition, issue: Issue) -> str:
    """Return the message of an issue, with the rule of the column."""
    if issue.message:
        return issue.message
    if issue.code == "key-repeated":
        return f"the key ({', '.join(table.primary_key)}) is not unique"
    if issue.code.startswith("row-"):
        return RULES[issue.constraint].sentence(dict(zip(issue.fields, issue.values, strict=True)), issue.fields)
    field, value = table.field(issue.field), shown(issue.value or "", 80)
    rules, kind = field.constraints, field.type if field.format == "default" else f"{field.type} ({field.format})"
    example = f"; an example: {shown(field.example, 60)}"
    messages = {
        "cell-missing": f"{field.name} must not be null",
        "cell-unique": f"{field.name} {value!r} is not unique",
        "cell-type": f"{field.name} {value!r} is not of type {kind}{example}",
        "cell-format": f"{field.name} {value!r} is not of type {kind}{example}",
        "cell-enum": f"{field.name} {value!r} is not one of {', '.join(map(str, rules.get('enum', [])))}",
        "cell-pattern": f"{field.name} {value!r} does not match {shown(str(rules.get('pattern')), 80)}{example}",
        "cell-range": f"{field.name} {value!r} must be {_limits(rules, **_BOUNDS)}",
        "cell-length": f"{field.name} {value!r} must have {_limits(rules, **_LENGTHS)} characters",
        "text-active": f"{field.name} looks like a formula: {value!r}",
        "source-control-character": f"{field.name} has a control character: '{value}'",
        "source-invisible-character": f"{field.name} has an invisible character: '{value}'",
        "key-form": f"the key {value!r} must have only small letters, digits and hyphens",
        "records-unordered": f"the key {value!r} comes after a greater one",
    }
    words = messages.get(issue.code, f"{field.name} {value!r} breaks the rule {issue.constraint}")
    return words + remark(issue.value or "", map(str, rules.get("enum", ())))


def _limits(rules: Mapping[str, Any], **words: str) -> str:
    return " and ".join(f"{word} {rules[key]}" for key, word in words.items() if key in rules)
