"""The table of the benchmarks: rows of about 280 bytes like those of achievements, the same bytes on every machine.

A key with a pattern, a foreign key, two enumerations, a text, two dates in order, a nullable whole number and an address,
with all rules on. ``bad`` of the rows, spread evenly, break one rule each, in turn.

    python benchmarks/table.py FOLDER ROWS BAD
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.schema.model import Field, NamedCheck, TableDefinition
from cbrn_data.tabular.canonical import csv_header, csv_rows
from cbrn_data.tabular.schema import ForeignKey

BLOCK = 100_000
PROJECTS = 200
STATUSES = ["planned", "ongoing", "completed", "cancelled"]
LEVELS = ["regional", "national", "local"]
WORDS = (
    "training officers laboratory border exercise awareness regional partners workshop response first equipment experts "
    "agencies national plan safety transport customs health points communication table-top simulation handbook"
).split()

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "record_id", "type": "string", "constraints": {"required": True, "pattern": "r-[0-9]{9}"}},
        {"name": "project_id", "type": "string", "constraints": {"required": True}},
        {"name": "status", "type": "string", "constraints": {"required": True, "enum": STATUSES}},
        {"name": "level", "type": "string", "constraints": {"enum": LEVELS}},
        {"name": "text", "type": "string", "constraints": {"required": True, "maxLength": 400}},
        {"name": "date_start", "type": "date", "constraints": {"required": True, "minimum": "2000-01-01"}},
        {"name": "date_end", "type": "date"},
        {"name": "people_count", "type": "integer", "constraints": {"minimum": 0, "maximum": 100000}},
        {"name": "page_url", "type": "string", "format": "uri"},
    ],
    "primaryKey": ["record_id"],
    "foreignKeys": [{"fields": ["project_id"], "reference": {"resource": "projects", "fields": ["project_id"]}}],
    "missingValues": [""],
}
NAMES = [field["name"] for field in SCHEMA["fields"]]
_SPOILT = {
    "record_id": "R 1", "project_id": "P999999", "status": "done", "level": "global", "text": None,
    "date_start": "2024-02-30", "date_end": "soon", "people_count": "-1", "page_url": "no address",
}  # fmt: skip


def make(folder: Path, rows: int, bad: float = 0.0) -> Path:
    """Write the table, the projects it refers to and their descriptor into ``folder``; return the descriptor."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"P{number}" for number in range(1, PROJECTS + 1)]
    (folder / "projects.csv").write_text("project_id\n" + "\n".join(ids) + "\n")
    with (folder / "records.csv").open("wb") as file:
        file.write(csv_header(NAMES))
        for start in range(0, rows, BLOCK):
            file.write(csv_rows(_block(start, min(BLOCK, rows - start), bad)))
    (folder / "records.schema.json").write_text(json.dumps(SCHEMA))
    resources = [
        {"name": "projects", "type": "table", "path": "projects.csv", "format": "csv",
         "schema": {"fields": [{"name": "project_id", "type": "string"}], "primaryKey": ["project_id"]}},
        {"name": "records", "type": "table", "path": "records.csv", "format": "csv", "schema": SCHEMA},
    ]  # fmt: skip
    descriptor = folder / "datapackage.json"
    descriptor.write_text(json.dumps({"name": "benchmark", "resources": resources}))
    return descriptor


def _block(start: int, rows: int, bad: float) -> pa.Table:
    random = np.random.Generator(np.random.PCG64(start + 1))
    words = pa.array(WORDS)
    text = [words.take(pa.array(random.integers(0, len(WORDS), rows))) for _ in range(20)]
    begin = np.datetime64("2010-01-01") + random.integers(0, 5000, rows)
    people = pa.array(random.integers(0, 2000, rows)).cast(pa.string())
    numbers = pa.array(np.arange(start, start + rows)).cast(pa.string())
    padded = pc.utf8_lpad(numbers, 9, "0")
    columns = [
        pc.binary_join_element_wise("r-", padded, ""),
        pc.binary_join_element_wise("P", pa.array(random.integers(1, PROJECTS + 1, rows)).cast(pa.string()), ""),
        pa.array(STATUSES).take(pa.array(random.integers(0, 4, rows))),
        pa.array(LEVELS).take(pa.array(random.integers(0, 3, rows))),
        pc.binary_join_element_wise(*text, " "),
        pa.array(begin).cast(pa.string()),
        pa.array(begin + random.integers(0, 60, rows)).cast(pa.string()),
        pc.if_else(pa.array(random.random(rows) < 0.3), pa.scalar(None, pa.string()), people),
        pc.binary_join_element_wise("https://example.org/records/", padded, ".html", ""),
    ]
    if bad:
        each = max(1, round(1 / bad))
        spoilt = np.flatnonzero(np.arange(start, start + rows) % each == 0)
        for number, name in enumerate(NAMES):
            mask = np.zeros(rows, dtype=bool)
            mask[spoilt[((spoilt + start) // each) % len(NAMES) == number]] = True
            columns[number] = pc.if_else(pa.array(mask), pa.scalar(_SPOILT[name], pa.string()), columns[number])
    return pa.table(dict(zip(NAMES, columns, strict=True)))


def definition() -> TableDefinition:
    """Return the same rules as the definition of a bulk table, with the dates in order."""
    fields = [
        Field(
            name=field["name"],
            type=field["type"],
            title=field["name"],
            description=field["name"],
            example="x",
            format=field.get("format", "default"),
            unit=None,
            constraints=field.get("constraints", {}),
        )
        for field in SCHEMA["fields"]
    ]
    line = Field("source_line", "integer", "Line", "Line", "2", "default", None, {"required": True})
    return TableDefinition(
        name="records",
        title="Records",
        description="Records",
        role="data",
        primary_key=("record_id",),
        foreign_keys=(ForeignKey(("project_id",), "projects", ("project_id",)),),
        checks=(NamedCheck("in-order", ("date_start", "date_end")),),
        fields=(*fields, line),
        evidence="by-line",
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
