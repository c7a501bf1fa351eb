"""Curated tables to claims: wide CSV, a row per entity and public page.

The header is a part of the target table's columns, with its whole key, and ``url`` (the public page that states the row)
and ``certainty`` (``high`` or ``medium``; what is less certain is not published). It may have ``read_on``, the day on which
the page was read, and ``archived_url``, a copy of it that an archive keeps. Cells are judged by the target's own schema. A
row that fails is a finding with its line; where the sidecar says ``quarantine`` the other rows are used and the bad one is
published in ``quarantine.csv``, else it blocks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.compile import cell_faults, compile_table, explained, text_table
from cbrn_data.schema.model import Package, Table
from cbrn_data.schema.rules import RULES, is_day
from cbrn_data.sources.addresses import OF_A_ROW, PUBLIC_PAGE, foreign_fault
from cbrn_data.sources.cells import CERTAINTIES, CsvRow, CsvTable, read_cells
from cbrn_data.sources.source import Source
from cbrn_data.tables.claims import Claim, Key
from cbrn_data.tables.known import KnownRows
from cbrn_data.tabular.faults import lost
from cbrn_data.words.text import is_active

_WITHIN_A_ROW = {"partial-date", "in-order"}
"""Checks that one row of several for an entity can fail; which cells stand together shows when all are put together."""


@dataclass(frozen=True)
class Curated:
    """A curated file that was read: its good rows, and what is wrong with the others."""

    source: Source
    table: Table
    rows: list[CsvRow]
    findings: list[Finding]
    quarantined: list[dict[str, str | None]]

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The fields by which a row of the file names its entity."""
        return self.table.primary_key

    def claims(self, row: CsvRow) -> Iterator[Claim]:
        """Yield a claim for every cell of a row that is not empty."""
        key: Key = tuple((name, row.text(name) or "") for name in self.key_fields)
        stated = row.text("url"), row.text("certainty"), row.text("read_on"), row.text("archived_url")
        for name in self.table.names:
            cell = row.cells.get(name)
            if cell and cell.value is not None:
                yield Claim(self.table.name, key, name, cell.value, self.source, cell.span, "curated", *stated)


def read_curated(source: Source, package: Package, known: KnownRows) -> Curated:
    """Read a curated source; ``known`` holds the rows to which its rows may refer."""
    name = str(source.about["table"])
    if name not in package.tables or package.tables[name].role != "data" or package.tables[name].by_line:
        names = ", ".join(table.name for table in package.with_role("data") if not table.by_line)
        finding = Finding("curated-table", f"completes {name!r}, which is none of {names}", f"{source.place}.yaml", 1)
        return Curated(source, next(iter(package.tables.values())), [], [finding], [])
    table, cells = package.tables[name], read_cells(source.document)
    findings = cells.findings + _header(source, table, cells)
    if any(finding.code in {"curated-header", "csv-header"} for finding in findings):
        return Curated(source, table, [], findings, [])
    wrong = _wrong_rows(source, table, cells, known)
    good = [row for row in cells.rows if row.line not in wrong]
    row_findings = [finding for found in wrong.values() for finding in found]
    if not source.quarantines:
        return Curated(source, table, good, findings + row_findings, [])
    misfits = [finding for finding in findings if finding.code == "csv-row-width"]
    whole = [finding for finding in findings if finding not in misfits]
    set_aside = [
        replace(finding, code="row-quarantined", message=f"{finding.code}: {finding.message}")
        for finding in (*misfits, *row_findings)
    ]
    texts = {row.line: json.dumps(row.values(), ensure_ascii=False) for row in cells.rows}
    texts |= {line: json.dumps(values, ensure_ascii=False) for line, values in cells.misfits.items()}
    return Curated(source, table, good, whole + set_aside, list(_records(source, [*misfits, *row_findings], texts)))


def _header(source: Source, table: Table, cells: CsvTable) -> list[Finding]:
    allowed = {*table.names, *OF_A_ROW, "certainty", "read_on"}
    needed = (*table.primary_key, "url", "certainty")
    messages = [f"has no column {name!r}" for name in needed if name not in cells.header]
    messages += [
        f"has a column {shown(name, 80)!r} that {table.name} does not"
        for name in cells.header
        if name and name not in allowed
    ]
    return [Finding("curated-header", message, source.place, 1, table=table.name) for message in messages]


def _wrong_rows(source: Source, table: Table, cells: CsvTable, known: KnownRows) -> dict[int, list[Finding]]:
    names = [name for name in table.names if name in cells.header]
    wrong: dict[int, list[Finding]] = {}

    def say(row: CsvRow, code: str, field: str, message: str) -> None:
        row_id = "/".join(row.text(key) or "" for key in table.primary_key if key in names)
        value = row.text(field)
        finding = Finding(
            code, message, source.place, row.line, table.name, shown(row_id, 80), field, value and shown(value, 80)
        )
        wrong.setdefault(row.line, []).append(finding)

    for fault in cell_faults(compile_table(table, names), text_table(names, [row.values() for row in cells.rows])):
        say(cells.rows[fault.row - 1], fault.code, fault.field, explained(table, fault))
    for row in cells.rows:
        told = {finding.field for finding in wrong.get(row.line, [])}
        for code, field, message in _row_faults(table, row, known):
            if field not in told:
                say(row, code, field, message)
    return wrong


def _row_faults(table: Table, row: CsvRow, known: KnownRows) -> Iterator[tuple[str, str, str]]:
    for name in table.primary_key:
        if row.text(name) is None:
            yield "cell-missing", name, f"{name} is part of the key and must not be empty"
    url, certainty = row.text("url"), row.text("certainty")
    if url is None or not PUBLIC_PAGE.fullmatch(url):
        problem = f"{shown(url, 80)!r} is no http(s) address" if url else "the public page that states this row is missing"
        yield "curated-unsourced", "url", problem
    if (copy := row.text("archived_url")) and not PUBLIC_PAGE.fullmatch(copy):
        yield "cell-format", "archived_url", f"archived_url {shown(copy, 80)!r} is no http(s) address"
    for name in address_columns(table):
        if foreign := foreign_fault(name, row.text(name)):
            yield "curated-address", name, foreign
    if certainty not in CERTAINTIES:
        problem = f"is {shown(certainty, 40)!r}, not" if certainty else "is missing; it is"
        yield "curated-certainty", "certainty", f"certainty {problem} high or medium"
    if (read_on := row.text("read_on")) and not is_day(read_on):
        yield "row-partial-date", "read_on", f"read_on {shown(read_on, 40)!r} is no day of a calendar"
    for field in table.fields:
        if field.type == "string" and is_active(text := row.text(field.name) or ""):
            yield "text-active", field.name, f"{field.name} begins like a formula: {shown(text, 80)!r}"
    for check in table.checks:
        if check.name in _WITHIN_A_ROW and (wrong := RULES[check.name](_cells(row, check.fields), check.fields)):
            yield f"row-{check.name}", check.fields[0], wrong
    for key in table.foreign_keys:
        values = tuple(row.text(name) for name in key.fields)
        if known.is_lost(key, values):
            yield "reference-missing", key.fields[0], lost(key, [value or "" for value in values])


def address_columns(table: Table | None) -> list[str]:
    """Return every column of addresses that a row about ``table`` may have, the table's own too."""
    return [*OF_A_ROW, *(field.name for field in table.fields if field.format == "uri")] if table else [*OF_A_ROW]


def _cells(row: CsvRow, names: tuple[str, ...]) -> dict[str, str | None]:
    return {name: row.text(name) for name in names}


def _records(source: Source, findings: list[Finding], texts: Mapping[int, str]) -> Iterator[dict[str, str | None]]:
    """Yield a record per row and kind of fault, with every reason of that kind; ``texts`` are the rows by line."""
    for line, code in sorted({(finding.line or 0, finding.code) for finding in findings}):
        reasons = [finding.message for finding in findings if (finding.line, finding.code) == (line, code)]
        yield {
            "table_name": str(source.about["table"]),
            "source_id": source.source_id,
            "line": str(line),
            "code": code,
            "reason": "; ".join(reasons),
            "row": texts[line],
        }
