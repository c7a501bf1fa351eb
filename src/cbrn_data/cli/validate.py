"""``cbrn-data validate``: any table, or any Data Package, held against its Table Schemas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cbrn_data.cli.show import LISTED, console, show_json, show_table
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.tabular.report import report, sentence
from cbrn_data.tabular.resource import Resource, read_resources, table_resource
from cbrn_data.tabular.validate import Verdict, validate


def validate_files(files: Sequence[Path], schema: Path | None, delimiter: str, as_json: bool) -> int:
    """Print what is wrong with the tables; return 1 if anything is, else 0."""
    verdicts = [verdict for resources in _asked_for(files, schema, delimiter) for verdict in validate(resources)]
    if as_json:
        show_json(report(verdicts))
    else:
        _show(verdicts)
    return 0 if all(verdict.valid for verdict in verdicts) else 1


def _asked_for(files: Sequence[Path], schema: Path | None, delimiter: str) -> list[list[Resource]]:
    """Return the resources of each package, or each table: names are unique, and keys lead somewhere, within one only."""
    if schema is None:
        if wrong := [file for file in files if file.suffix != ".json"]:
            raise CbrnDataError(f"{wrong[0]}: a table needs --schema; without it a datapackage.json is expected")
        return [read_resources(file) for file in files]
    if missing := [file for file in files if not file.is_file()]:
        raise CbrnDataError(f"{missing[0]}: is no file")
    return [[table_resource(file, schema, delimiter)] for file in files]


def _show(verdicts: Sequence[Verdict]) -> None:
    left = LISTED
    for verdict in verdicts:
        for fault in verdict.tally.listed[:left]:
            where = f"{verdict.resource.place}:{fault.line}" if fault.line else verdict.resource.place
            console().print(f"{shown(where)}  {fault.code}")
            said = shown(sentence(fault, verdict.resource), 400)
            named = fault.field and not fault.fields  # what is said of a key names its fields
            console().print(f"        {shown(f'{fault.field}: ' if named else '', 80)}{said}")
        left = max(0, left - len(verdict.tally.listed))
    if (total := sum(verdict.tally.counts.total() for verdict in verdicts)) > LISTED:
        console().print(f"… and {total - LISTED:,} more")
    rows = [
        ("valid" if verdict.valid else "INVALID", verdict.resource.place, _rows(verdict), _counts(verdict))
        for verdict in verdicts
    ]
    show_table(("verdict", "table", "rows", "faults"), rows)


def _rows(verdict: Verdict) -> str:
    """Say how many rows were judged; of a file that is no table, only its digest and size are."""
    return f"{verdict.rows:,}" if verdict.resource.schema else "file"


def _counts(verdict: Verdict) -> str:
    return ", ".join(f"{code} {number:,}" for code, number in sorted(verdict.tally.counts.items()))
