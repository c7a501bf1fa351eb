"""The rules of a row of a curated table: those of its cells, and of the page and the certainty that every row names.

Producer and auditor use the same rules, so an auditor can confirm that a quarantined row breaks one.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import maxsize

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.check import KnownKeysOf, compile_table, explained, table_check
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.rules import is_day
from cbrn_data.schema.table import block_of, text_table
from cbrn_data.sources.addresses import OF_A_ROW, PUBLIC_PAGE, foreign_fault
from cbrn_data.sources.cells import CERTAINTIES, CsvRow, CsvTable
from cbrn_data.tabular.issues import Tally

_WITHIN_A_ROW = {"partial-date", "in-order"}
"""Rules about one row; rules about cells of several rows are checked on the resolved table."""


def wrong_rows(place: str, table: TableDefinition, cells: CsvTable, known: KnownKeysOf) -> dict[int, list[Finding]]:
    """Return the findings about each row that breaks a rule, by line; ``known`` are the keys of the references to check."""
    names = [name for name in table.names if name in cells.header]
    wrong: dict[int, list[Finding]] = {}

    def say(row: CsvRow, code: str, field: str, message: str) -> None:
        row_id = "/".join(row.text(key) or "" for key in table.primary_key if key in names)
        value = row.text(field)
        finding = Finding(code, message, place, row.line, table.name, shown(row_id, 80), field, value and shown(value, 80))
        wrong.setdefault(row.line, []).append(finding)

    part = compile_table(table).part(names, nullable=True)
    check = table_check(table, known, part, _WITHIN_A_ROW, tally=Tally(maxsize))
    check.add(block_of(text_table(names, [row.values() for row in cells.rows])))
    for issue in check.tally.listed:
        row, field = cells.rows[issue.row - 1], (issue.fields or (issue.field,))[0]
        say(row, issue.code, field, explained(table, issue))
    for row in cells.rows:
        said = {finding.field for finding in wrong.get(row.line, [])}
        for code, field, message in _row_faults(table, row):
            if field not in said:
                say(row, code, field, message)
    return wrong


def _row_faults(table: TableDefinition, row: CsvRow) -> Iterator[tuple[str, str, str]]:
    """Yield the errors in the key, the page and the certainty of a row: code, field and message."""
    for name in table.primary_key:
        if row.text(name) is None:
            yield "cell-missing", name, f"{name} is part of the key and must not be empty"
    url, certainty = row.text("url"), row.text("certainty")
    if url is None or not PUBLIC_PAGE.fullmatch(url):
        problem = (
            f"{shown(url, 80)!r} is not an http(s) address" if url else "the public page that states this row is missing"
        )
        yield "curated-unsourced", "url", problem
    if (copy := row.text("archived_url")) and not PUBLIC_PAGE.fullmatch(copy):
        yield "cell-format", "archived_url", f"archived_url {shown(copy, 80)!r} is not an http(s) address"
    for name in address_columns(table):
        if foreign := foreign_fault(name, row.text(name)):
            yield "curated-address", name, foreign
    if certainty not in CERTAINTIES:
        problem = f"is {shown(certainty, 40)!r}, not" if certainty else "is missing; it is"
        yield "curated-certainty", "certainty", f"certainty {problem} high or medium"
    if (read_on := row.text("read_on")) and not is_day(read_on):
        yield "row-partial-date", "read_on", f"read_on {shown(read_on, 40)!r} is not a day, as in 2026-11-28"


def address_columns(table: TableDefinition | None) -> list[str]:
    """Return every column of addresses that a row of a file for ``table`` may have."""
    return [*OF_A_ROW, *(field.name for field in table.fields if field.format == "uri")] if table else [*OF_A_ROW]
