"""Findings about the rows of a table, each with the id of its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.check import KnownKeysOf, explained, table_issues
from cbrn_data.schema.table import Table, row_ids
from cbrn_data.tabular.issues import Tally


def table_findings(
    table: Table, known: KnownKeysOf, write: Callable[[pa.Table], None] = lambda block: None
) -> Iterator[Finding]:
    """Yield findings about the rows of a table, and pass each block to ``write``."""
    tally = table_issues(table, known, write)
    ids = _ids(table, tally)
    for issue in tally.listed:
        value, row_id = issue.value and shown(issue.value, 80), ids.get(issue.row)
        source, line = ("", None) if row_id is not None else (f"{table.name}.csv", issue.line)
        message, field = explained(table.definition, issue), issue.field or None
        yield Finding(issue.code, message, source, line, table.name, row_id, field, value)


def _ids(table: Table, tally: Tally) -> dict[int, str]:
    """Return the ids of wrong rows by their numbers; a skipped record has no id."""
    wanted = {issue.row for issue in tally.listed if not issue.code.startswith("csv-")}
    found: dict[int, str] = {}
    for block in table.read() if wanted else ():
        numbers = block.rows(np.arange(block.table.num_rows))
        places = np.flatnonzero(np.isin(numbers, list(wanted)))
        ids = row_ids(table.definition, block.table.take(pa.array(places)))
        found |= zip(numbers[places].tolist(), ids.to_pylist(), strict=True)
    return found
