"""The page of the differences between any two tables or Data Packages: one HTML file, without requests and scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from cbrn_data.review.changed import ChangedCell, ChangedRow, ChangedTable
from cbrn_data.review.plan import changes_page
from cbrn_data.tabular.changes import KINDS, Row, cells_of
from cbrn_data.tabular.compared import Compared, remarks

OfTable = Mapping[str, Mapping[str, Sequence[Row]]]
"""The rows of ``changes`` to show, by table and kind."""


def differences_page(old: str, new: str, results: Sequence[Compared], rows: OfTable) -> bytes:
    """Return the page; ``rows`` may be the first of each kind only, the others are counted."""
    title = f"Changes from {old} to {new}"
    differs = any(result.differs for result in results)
    facts = [("Old", old), ("New", new)]
    facts += [(result.name, remark) for result in results for remark in remarks(result)]
    tables = [_table(result, rows.get(result.name, {})) for result in results if result.differs]
    return changes_page(title, title if differs else f"{old} and {new} have the same rows", facts, None, tables, "diff")


def _table(result: Compared, rows: Mapping[str, Sequence[Row]]) -> ChangedTable:
    notes = (
        [f"{result.whole} as a whole"]
        if result.whole
        else [f"by {' + '.join(result.key)}" if result.key else "without a key"]
    )
    notes += [f"new column {name}" for name in result.columns.added]
    notes += [f"removed column {name}" for name in result.columns.removed]
    shown = [row for kind in KINDS for row in _rows(kind, rows.get(kind, ()))]
    return ChangedTable(result.name, result.name, notes, result.counts.rows, shown)


def _rows(kind: str, changes: Sequence[Row]) -> Iterator[ChangedRow]:
    """Yield the rows of one kind; the cells of a changed row follow each other."""
    numbered = enumerate(changes)
    for (_, row_id), group in groupby(numbered, lambda pair: (kind != "changed" and pair[0], pair[1]["row_id"])):
        cells = [ChangedCell(*cell, [], []) for _, change in group for cell in cells_of(change)]
        if cells:
            yield ChangedRow(row_id or "", kind, cells)
