"""Corrections are data: ``table_name,row_id,field,expect,value,reason,url``, one row per cell.

A correction applies as long as the sources give the value that it expects (empty for null). When a source is corrected,
the correction becomes a finding and must be removed. It gives a reason, and a page or document as reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.model import Package
from cbrn_data.sources.addresses import PUBLIC_PAGE, foreign_fault
from cbrn_data.sources.cells import CsvRow, read_cells
from cbrn_data.sources.source import Source
from cbrn_data.tables.claims import Claim

COLUMNS = ("table_name", "row_id", "field", "expect", "value", "reason", "url")


@dataclass(frozen=True)
class Correction:
    """The cell ``claim.field`` of ``row_id`` gets ``claim.value`` if the sources give ``expect``."""

    row_id: str
    expect: str | None
    claim: Claim


def read_corrections(sources: list[Source], package: Package) -> tuple[list[Correction], list[Finding]]:
    """Read every source of kind ``corrections``; malformed rows are findings with their line."""
    corrections: list[Correction] = []
    findings: list[Finding] = []
    for source in (source for source in sources if source.kind == "corrections"):
        for row in read_rows(source, COLUMNS, findings):
            wrong = list(_wrong(row, package))
            findings += [Finding("correction-invalid", message, source.place, row.line) for message in wrong]
            corrections += [] if wrong else [_correction(source, row)]
    return corrections, findings


def read_rows(source: Source, columns: Iterable[str], findings: list[Finding]) -> list[CsvRow]:
    """Return the rows of a file, none if it lacks one of ``columns``; errors are added to ``findings``."""
    cells = read_cells(source.document)
    findings += cells.findings
    missing = [name for name in columns if name not in cells.header]
    if missing:
        findings.append(Finding("curated-header", f"has no column {', '.join(missing)}", source.place, 1))
    return [] if missing else cells.rows


def _wrong(row: CsvRow, package: Package) -> Iterator[str]:
    table = package.tables.get(row.text("table_name") or "")
    field = row.text("field") or ""
    if table is None or table.role != "data":
        yield f"{shown(row.text('table_name') or '', 80)!r} is not a table that can be corrected"
    elif field not in table.names or field in table.primary_key:
        yield f"{shown(field, 80)!r} is not a field of {table.name} that can be corrected"
    if not row.text("value"):
        yield "the new value is missing"
    if not row.text("reason"):
        yield "the reason is missing"
    if not PUBLIC_PAGE.fullmatch(row.text("url") or ""):
        yield "the reference (an http(s) address in the column url) is missing"
    is_address = table is not None and field in table.names and table.field(field).format == "uri"
    for name in ("url", "value") if is_address else ("url",):
        if foreign := foreign_fault(name, row.text(name)):
            yield foreign


def _correction(source: Source, row: CsvRow) -> Correction:
    cell = row.cells["value"]
    table, field = row.text("table_name") or "", row.text("field") or ""
    claim = Claim(table, (), field, cell.value or "", source, cell.span, "curated", row.text("url"), "high")
    return Correction(row.text("row_id") or "", row.text("expect"), claim)
