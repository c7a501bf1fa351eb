"""Read curated tables to claims: wide CSV, one row per entity and public page.

The header has some columns of the target table, with its whole key, and ``url`` (the public page that states the row)
and ``certainty`` (``high`` or ``medium``; less certain values are not published). It may have ``read_on``, the day on
which the page was read, and ``archived_url``, an archived copy of it. The schema of the target table applies to the
cells. A bad row is an error with its line; if the sidecar says ``quarantine``, the row is published in
``quarantine.csv`` instead, and the others are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.curated import wrong_rows
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.sources.addresses import OF_A_ROW
from cbrn_data.sources.cells import CsvRow, CsvTable, read_cells
from cbrn_data.sources.source import Source
from cbrn_data.tables.bulk import bulk_tables, quarantined
from cbrn_data.tables.claims import Claim, Key
from cbrn_data.tabular.keys import KnownKeys
from cbrn_data.tabular.schema import ForeignKey


@dataclass(frozen=True)
class Curated:
    """A curated file: its good rows, and the findings about the others."""

    source: Source
    table: TableDefinition
    rows: list[CsvRow]
    findings: list[Finding]
    quarantined: list[dict[str, str | None]]

    def claims(self, row: CsvRow) -> Iterator[Claim]:
        """Yield a claim for every cell of a row that is not empty."""
        key: Key = tuple((name, row.text(name) or "") for name in self.table.primary_key)
        stated = row.text("url"), row.text("certainty"), row.text("read_on"), row.text("archived_url")
        for name in self.table.names:
            cell = row.cells.get(name)
            if cell and cell.value is not None:
                yield Claim(self.table.name, key, name, cell.value, self.source, cell.span, "curated", *stated)


class KnownRows:
    """The rows that curated tables may refer to while sources are still being read, by table and key; rows can grow.

    A reference may name any fields. It is checked only if every row of the target table is known with all these fields;
    ``checks.run`` checks all references again on the complete tables.
    """

    def __init__(self) -> None:
        self._rows: dict[str, dict[tuple[str | None, ...], dict[str, str | None]]] = {}

    def begin(self, table: str) -> None:
        """Announce that all rows of a table will be added; references to other tables are not checked."""
        self._rows.setdefault(table, {})

    def add(self, table: str, key: Mapping[str, str | None], values: Mapping[str, str | None]) -> None:
        """Add known values of a row, if its table was begun."""
        if table in self._rows:
            self._rows[table].setdefault(tuple(key.values()), dict(key)).update(values)

    def forget(self, table: str) -> None:
        """Forget the rows of a table that could not be read, so that references to it are not errors."""
        self._rows.pop(table, None)

    def keys(self, reference: ForeignKey) -> KnownKeys | None:
        """Return the keys to which a reference may lead, or None if they are not all known."""
        rows = self._rows.get(reference.resource)
        if rows is None or not all(name in row for row in rows.values() for name in reference.references):
            return None
        keys = KnownKeys()
        keys.add([pa.array([row[name] for row in rows.values()], pa.string()) for name in reference.references])
        return keys


def read_curated(source: Source, package: Package, known: KnownRows) -> Curated:
    """Read a curated source; ``known`` has the rows to which its rows may refer."""
    name = str(source.metadata["table"])
    there = {table.name for table in package.with_role("data")} - {table.name for table in bulk_tables(package)}
    if name not in there:
        names = ", ".join(table for table in package.tables if table in there)
        finding = Finding("curated-table", f"completes {name!r}, which is not one of {names}", f"{source.place}.yaml", 1)
        return Curated(source, next(iter(package.tables.values())), [], [finding], [])
    table, cells = package.tables[name], read_cells(source.document)
    findings = cells.findings + _header(source, table, cells)
    if any(finding.code in {"curated-header", "csv-header"} for finding in findings):
        return Curated(source, table, [], findings, [])
    references = {key: found for key in table.foreign_keys if (found := known.keys(key)) is not None}
    wrong = wrong_rows(source.place, table, cells, references)
    good = [row for row in cells.rows if row.line not in wrong]
    row_findings = [finding for found in wrong.values() for finding in found]
    if not source.quarantines:
        return Curated(source, table, good, findings + row_findings, [])
    misfits = [finding for finding in findings if finding.code == "csv-row-width"]
    whole = [finding for finding in findings if finding not in misfits]
    rows: dict[int, object] = {row.line: row.values() for row in cells.rows}
    set_aside, records = quarantined(source, [*misfits, *row_findings], rows | cells.misfits)
    return Curated(source, table, good, whole + set_aside, records)


def _header(source: Source, table: TableDefinition, cells: CsvTable) -> list[Finding]:
    allowed = {*table.names, *OF_A_ROW, "certainty", "read_on"}
    needed = (*table.primary_key, "url", "certainty")
    messages = [f"has no column {name!r}" for name in needed if name not in cells.header]
    messages += [
        f"has a column {shown(name, 80)!r} that {table.name} does not"
        for name in cells.header
        if name and name not in allowed
    ]
    return [Finding("curated-header", message, source.place, 1, table=table.name) for message in messages]
