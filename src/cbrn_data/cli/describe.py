"""``cbrn-data describe``: propose a Table Schema for a table; the schema goes to standard output, the reasons do not."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path

import yaml

from cbrn_data.cli.show import LISTED, console, show_json, show_table, write
from cbrn_data.cli.validate import received, show_faults
from cbrn_data.findings import shown
from cbrn_data.progress import step
from cbrn_data.tabular.describe import Description, describe
from cbrn_data.tabular.opening import UTF8
from cbrn_data.tabular.resource import read_table


def describe_file(file: Path, delimiter: str | None, encoding: str, sheet: str | None, as_json: bool) -> int:
    """Print the proposal; return 1 if the table has faults that no schema can resolve, else 0. Raises CbrnDataError."""
    with tempfile.TemporaryDirectory() as folder:
        path, place = received(str(file), Path(folder))
        resource = read_table(path, None, delimiter, encoding, place, sheet)
        with step("Describe", unit="rows") as describing:
            found = describe(resource, progress=describing.advance)
    out = console(sys.stderr)
    if found.schema["fields"]:
        if as_json:
            show_json(found.schema)
        else:
            write(yaml.safe_dump(found.schema, sort_keys=False, allow_unicode=True, width=120))
        show_table(("column", "taken as", "because"), found.guesses[:LISTED], out=out)
        _show_notes(found, file)
    if found.verdict.valid:
        return 0
    show_faults([found.verdict], out=out)
    out.print("No schema helps against these faults: correct the file.")
    return 1


def _show_notes(found: Description, file: Path) -> None:
    """Say how the table was read, which columns could be its key, and how to validate it."""
    out, read = console(sys.stderr), found.resource
    if (more := len(found.guesses) - LISTED) > 0:
        out.print(f"… and {more:,} more columns")
    how = [f"as {read.form.upper()}"]
    how += [f"in {read.encoding}"] if read.form in ("csv", "tsv") else []
    how += [f"with {read.dialect.delimiter!r} between cells"] if read.dialect.delimiter else []
    out.print(f"Read {', '.join(how)}: {found.verdict.rows:,} rows.")
    key = found.schema.get("primaryKey", [])
    others = shown(", ".join(name for name in found.keys if name not in key), 300)
    said = f"The key is {shown(key[0], 80)}." if key else "No column is sure to be the key."
    either = " either" if key else ""
    out.print(f"{said} No cell is empty or repeated{either} in: {others}." if others else said)
    options = ["--delimiter", read.dialect.delimiter.replace("\t", "\\t")] if read.dialect.delimiter else []
    options += ["--encoding", read.encoding] if read.encoding != UTF8 else []
    options += ["--sheet", str(read.dialect.sheet)] if read.dialect.sheet != 1 else []
    command = shlex.join(["cbrn-data", "validate", str(file), "--schema", "SCHEMA", *options])
    out.print(f"Keep the schema in a file, correct it, and validate: {shown(command, 400)}")
