"""A project with a table of records: its definition, and sources of any rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

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
HEADER = "training_id,title,project_id,people_count,date_start,date_end"


def define(root: Path, definition: str = DEFINITION) -> None:
    """Add the table ``trainings`` to the definitions under ``root``."""
    (root / "schemas" / "trainings.yaml").write_text(definition, encoding="utf-8")
    package = root / "schemas" / "package.yaml"
    package.write_text(package.read_text(encoding="utf-8").replace("  - sources\n", "  - trainings\n  - sources\n"), "utf-8")


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
kind: records
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
