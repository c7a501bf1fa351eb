"""The changes of a release, read from ``changes.csv``: for its page, and as a script for ``compare.html``.

Why a script for each release: the page compares any two releases, and shows the history of a value, from the scripts between
them. A page for each pair of releases would grow with the square of their number; a script is made of one release alone, and
never changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from cbrn_data.catalogue.schema_org import script_text
from cbrn_data.normalise.text import natural_order, unescape_formula
from cbrn_data.release.changes import cells_of
from cbrn_data.schema.model import CHANGES, TableDefinition
from cbrn_data.schema.table import table_in_file
from cbrn_data.store.folder import Release
from cbrn_data.tabular.changes import KINDS, WHOLE
from cbrn_data.tabular.structures import parse_json

EVIDENCE = "evidence"
"""The table that is only counted: it has rows for each value."""

ROWS_COMPARED = 1000
"""The most changed rows of a table in a script; ``changes.csv`` has all."""


@dataclass(frozen=True)
class ChangedRow:
    """A changed row: field, old and new value of its cells."""

    row_id: str
    kind: str
    cells: list[tuple[str, str | None, str | None]]


@dataclass
class ChangedTable:
    """The changes of a table: number of rows by kind, the first rows, and new or removed columns (``*`` for the table)."""

    name: str
    kinds: Counter[str] = field(default_factory=Counter)
    first: list[ChangedRow] = field(default_factory=list)
    whole: list[tuple[str, str]] = field(default_factory=list)

    @property
    def counts(self) -> str:
        """The numbers of rows as text."""
        return ", ".join(f"{self.kinds[kind]:,} {kind}" for kind in KINDS if self.kinds[kind])


def read_changes(release: Release, table: TableDefinition) -> list[ChangedTable]:
    """Read the changes table by table, in bounded memory; evidence, which comes last, is only counted."""
    rows = (row for block in table_in_file(table, release.folder / f"{CHANGES}.csv").blocks() for row in block.to_pylist())
    return [_table(name, changed) for name, changed in groupby(rows, lambda row: row["table_name"])]


def _table(name: str, changed: Iterator[dict[str, str | None]]) -> ChangedTable:
    found = ChangedTable(name)
    for (row_id, kind), changes in groupby(
        changed, lambda row: (unescape_formula(row["row_id"] or ""), row["change"] or "")
    ):
        if row_id == WHOLE:
            for change in changes:
                found.whole.append((change["field"] or "", kind))
                if change["field"] == WHOLE:
                    found.kinds[kind] += int(parse_json(change["new"] or change["old"] or "{}").get("rows", 0))
            continue
        found.kinds[kind] += 1
        if len(found.first) < ROWS_COMPARED and name != EVIDENCE:
            found.first.append(ChangedRow(row_id, kind, [cell for change in changes for cell in cells_of(change)]))
    found.first.sort(key=lambda row: natural_order(row.row_id))
    return found


def script_path(version: str) -> str:
    """Return the path of the script with the changes of a release."""
    return f"assets/changes-{version}.js"


def script(release: Release, changed: Sequence[ChangedTable]) -> bytes:
    """Return the script: changed rows by table, the changes of whole tables, and how many rows it leaves out."""
    tables: dict[str, Any] = {
        table.name: {
            "rows": [[row.row_id, row.kind, row.cells] for row in table.first],
            "whole": table.whole,
            "more": 0 if table.whole else table.kinds.total() - len(table.first),
        }
        for table in changed
        if table.name != EVIDENCE
    }
    into = f"(window.cbrnChanges = window.cbrnChanges || {{}})[{script_text(release.version)}]"
    return f"{into} = {script_text(tables)};\n".encode()
