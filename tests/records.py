"""Tables for tests: of rows in memory, and a project with a bulk table, its definition and sources of any rows."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from cbrn_data.release.changes import RowChange, TableChanges
from cbrn_data.schema.check import table_issues
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Row, Table, Tables, block_of, table_of_rows, text_table
from cbrn_data.schema.written import json_row
from cbrn_data.strict_json import dumped
from cbrn_data.tabular import canonical
from cbrn_data.tabular.issues import Issue

DEFINITION = """name: trainings
title: Trainings
description: One row per training that a register lists.
role: data
evidence: by-line
primaryKey: [training_id]
foreignKeys:
  - {fields: [project_id], resource: projects, references: [project_id]}
checks:
  - {check: in-order, fields: [date_start, date_end]}
fields:
  - name: training_id
    type: string
    title: Training ID
    description: Identifier of the training in its register.
    example: t-0001
    constraints: {required: true}
  - name: project_id
    type: string
    title: Project ID
    description: Project that held the training.
    example: P101
  - name: title
    type: string
    title: Title
    description: Title of the training as the register has it.
    example: Border crossings
    constraints: {required: true}
  - name: people_count
    type: integer
    title: Number of people
    description: Number of people that the register states.
    example: 12
    constraints: {minimum: 1}
  - name: date_start
    type: date
    title: Start
    description: First day of the training.
    example: "2024-05-21"
  - name: date_end
    type: date
    title: End
    description: Last day of the training.
    example: "2024-05-22"
  - name: source_line
    type: integer
    title: Line
    description: Line of the source on which the row stands.
    example: 2
    constraints: {required: true, minimum: 1}
"""
UNIQUE = DEFINITION.replace(
    "Border crossings\n    constraints: {required: true}", "Border crossings\n    constraints: {unique: true}"
)
"""The same table, in which no title occurs twice."""
HEADER = "training_id,title,project_id,people_count,date_start,date_end"


def define(root: Path, definition: str = DEFINITION) -> None:
    """Add the table ``trainings`` to the definitions under ``root``, and leave only the projects that it refers to."""
    (root / "schemas" / "trainings.yaml").write_text(definition, encoding="utf-8")
    package = root / "schemas" / "package.yaml"
    package.write_text(package.read_text(encoding="utf-8").replace("  - sources\n", "  - trainings\n  - sources\n"), "utf-8")
    for path in (root / "raw").iterdir():
        if not path.name.startswith("projects.csv"):
            path.unlink()


def row(number: int, **other: str) -> str:
    """Return a good row, or one with other cells."""
    cells = {"id": f"t-{number:04d}", "title": f'Class "{number}", part', "project": "P101", "people": str(number % 9 + 1)}
    cells |= {"start": "2024-05-21", "end": "2024-05-22"} | other
    title = cells["title"].replace('"', '""')
    return f'{cells["id"]},"{title}",{cells["project"]},{cells["people"]},{cells["start"]},{cells["end"]}'


def put(root: Path, rows: Sequence[str], header: str = HEADER, on_error: str = "reject", name: str = "trainings") -> Path:
    """Write a source of records with its sidecar; return its path."""
    path = root / "raw" / f"{name}.csv"
    data = "\n".join([header, *rows, ""]).encode("utf-8", "surrogateescape")
    path.write_bytes(data)
    sidecar = f"""id: {name}
kind: bulk
table: trainings
title: Register of trainings
publisher: A publisher
retrieved_on: "2026-11-24"
sha256: {hashlib.sha256(data).hexdigest()}
bytes: {len(data)}
on_error: {on_error}
"""
    path.with_name(f"{name}.csv.yaml").write_text(sidecar, encoding="utf-8")
    return path


def tables_of(rows: Mapping[str, Sequence[Row]], package: Package) -> dict[str, Table]:
    """Return the tables of a package with these rows; one that has none is empty."""
    return {name: table_of_rows(table, rows.get(name, ())) for name, table in package.tables.items()}


def in_blocks(table: TableDefinition, rows: Sequence[Row], size: int) -> Table:
    """Return a table of rows that come in blocks of ``size``."""
    blocks = [block_of(text_table(table.names, rows[start : start + size])) for start in range(0, len(rows), size)]
    return Table(table, lambda: blocks)


def rows_of(tables: Tables) -> dict[str, list[Row]]:
    """Return the rows of tables, which can be changed and made tables again."""
    return {name: [dict(row) for row in table.rows] for name, table in tables.items()}


def issues_of(table: TableDefinition, rows: Sequence[Row]) -> list[Issue]:
    """Return all that is wrong with rows of a table that refers to no other."""
    return table_issues(table_of_rows(table, rows), {}).listed


def read_csv(data: bytes) -> tuple[list[str], list[Row]]:
    """Return the header and the rows of CSV, read with the standard library; an empty cell is null."""
    csv.field_size_limit(1 << 30)
    header, *records = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    return header, [dict(zip(header, (cell or None for cell in record), strict=True)) for record in records]


def csv_bytes(names: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return rows as the CSV of a release."""
    return canonical.csv_bytes(text_table(names, rows))


def json_bytes(table: TableDefinition, rows: Sequence[Row]) -> bytes:
    """Return rows as the JSON of a release."""
    return dumped([json_row(table, row) for row in rows])


def changed(table: TableDefinition, kind: str, *row_ids: str, **cells: tuple[str | None, str | None]) -> TableChanges:
    """Return changes of one kind of the rows ``row_ids``; ``cells`` are the old and new values of each."""
    old, new = ({name: pair[side] for name, pair in cells.items()} for side in (0, 1))
    sides = (None if kind == "added" else old, None if kind == "removed" else new)
    return TableChanges(table, Counter({kind: len(row_ids)}), [RowChange(kind, row_id, *sides) for row_id in row_ids])
