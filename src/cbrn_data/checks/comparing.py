"""Compare the rows of a table with the bytes of its files in a release."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from cbrn_data.findings import Finding
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.parts import KnownCuts, PartsWriter
from cbrn_data.schema.table import Table
from cbrn_data.schema.written import NO_FILE, ComparedPart, ComparingWriter, TableWriter
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR


@contextmanager
def comparison(folder: Path, table: TableDefinition) -> Iterator[tuple[TableWriter, list[Finding]]]:
    """Yield a writer that compares with the two files of a table in ``folder``, and findings, complete after the block."""
    with disk.opened(folder / f"{table.name}.csv") as csv_file, disk.opened(folder / f"{table.name}.json") as json_file:
        csv, js = ComparingWriter(csv_file), ComparingWriter(json_file)
        writer, findings = TableWriter(table, csv, js), list[Finding]()
        yield writer, findings
        writer.close()
        for code, form, sink in (("release-not-canonical", "csv", csv), ("release-json-differs", "json", js)):
            sink.end()
            if sink.differs_at is not None:
                message = f"byte {sink.differs_at + 1:,} differs from the rows"
                findings.append(Finding(code, message, f"{table.name}.{form}"))


@contextmanager
def compared_parts(table: Table, judged: Collection[str] = ()) -> Iterator[tuple[PartsWriter, list[Finding]]]:
    """Yield a writer that compares with the parts of a table, and findings, complete after the block.

    Parts that were ``judged``, by their first keys, are left out.
    """
    findings: list[Finding] = []
    by_name = {name: part.file.path for name, part in zip(table.written, table.parts, strict=True)}

    def opened(name: str) -> ComparedPart:
        def differs(message: str) -> None:
            findings.append(Finding("release-not-canonical", message, name))

        return ComparedPart(by_name.get(name), differs)

    writer = PartsWriter(table.definition, opened, KnownCuts(table.definition, table.parts))
    yield writer, findings
    writer.close()
    described = [replace(part, file=NO_FILE, source_bytes=0, source_sha256="") for part in table.parts]
    is_in_order = all(one.last < other.first for one, other in pairwise(described))
    if not findings and (not is_in_order or writer.parts != [part for part in described if part.first not in judged]):
        message = f"the parts of {table.name} are not those that are described"
        findings.append(Finding("release-not-canonical", message, DESCRIPTOR))
