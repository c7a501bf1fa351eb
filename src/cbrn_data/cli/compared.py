"""The output of ``cbrn-data diff`` of tables: as text, and as JSON."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.text import Text

from cbrn_data.cli.running import OUTPUT
from cbrn_data.cli.show import LISTED, console, show_indented, show_table, write
from cbrn_data.findings import shown
from cbrn_data.refusals import at
from cbrn_data.tabular.changes import KINDS, WHOLE, Row, cells_of
from cbrn_data.tabular.compared import Compared, remarks
from cbrn_data.tabular.report import sentence

KEPT = 20
"""Rows of ``changes`` of each kind that are printed for a table."""


class Lists:
    """The first rows of ``changes`` of each kind of each table."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.of_table: defaultdict[str, dict[str, list[Row]]] = defaultdict(lambda: {kind: [] for kind in KINDS})

    def add(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        for kind, kept in self.of_table[rows["table_name"][0].as_py()].items():
            if len(kept) < self._most:
                kept += rows.filter(pc.equal(rows["change"], kind)).slice(0, self._most - len(kept)).to_pylist()


class JsonStream:
    """One JSON object, written as the rows come: ``changes`` first, then a summary of each table."""

    def __init__(self, old: str, new: str) -> None:
        self._begin = f'{{\n  "old": {json.dumps(old)},\n  "new": {json.dumps(new)},\n  "changes": ['
        self._between = ""

    def rows(self, rows: pa.Table) -> None:
        if rows.num_rows:
            lines = [json.dumps(row, ensure_ascii=False) for row in rows.to_pylist()]
            write(self._begin + self._between + ",".join(f"\n    {line}" for line in lines))
            self._begin, self._between = "", ","

    def end(self, results: Sequence[Compared]) -> None:
        tables = json.dumps([_summary(result) for result in results], ensure_ascii=False, indent=2)
        close = "\n  ]" if self._between else "]"
        write(f'{self._begin}{close},\n  "tables": {tables}\n}}\n')
        with at(OUTPUT):
            sys.stdout.flush()


def _summary(result: Compared) -> dict[str, Any]:
    """Return the result for a table as JSON data; lists of two are old and new."""
    return {
        "table": result.name,
        "whole": result.whole or None,
        "key": list(result.key),
        "rows": list(result.rows),
        **{kind: result.counts.rows[kind] for kind in KINDS},
        "cells": dict(result.counts.cells),
        "respelt": result.counts.respelt,
        "columns_added": result.columns.added,
        "columns_removed": result.columns.removed,
        "repeated": [{"keys": each.keys, "rows": each.rows, "first": each.ids} for each in result.repeats],
        "faults": [
            [
                {"line": fault.line, "code": fault.code, "message": sentence(fault, verdict.resource)}
                for fault in verdict.tally.listed
            ]
            for verdict in result.verdicts
        ],
        "problem": result.problem or None,
        "notes": result.notes,
    }


def show_compared(results: Sequence[Compared], lists: Lists, command: str, places: Sequence[Path]) -> None:
    """Print what differs, up to ``LISTED`` rows of ``changes``; ``command`` writes all, ``places`` are the files written."""
    out, room = console(), LISTED
    told = [result for result in results if result.differs or remarks(result)]
    for result in told:
        out.print(shown(f"{result.name}: {_counted(result)}", 400))
        for remark in remarks(result):
            show_indented(_text(remark), 2, out)
        lines = [line for kind in KINDS for row in lists.of_table[result.name][kind][:KEPT] for line in [_line(row)] if line]
        if lines[:room]:
            show_table(("change", "row", "field", "old", "new"), lines[:room])
        left = _lines(result) - len(lines[:room])
        room -= len(lines[:room])
        if left > 0:
            show_indented(_text(f"… and {left:,} more; `{command} --html FILE` or `--output FILE` writes all"), 0, out)
    if not any(result.differs for result in results):
        out.print("No differences.")
    for path in places:
        out.print(f"Written to {path}")


def _text(text: str) -> Text:
    return Text(shown(text, 400))


def _lines(result: Compared) -> int:
    """Return the number of rows of ``changes`` that are not about a whole table or column."""
    rows = result.counts.rows
    return rows["added"] + rows["removed"] + result.counts.cells.total()


def _line(row: Row) -> list[str] | None:
    """Return a row of ``changes`` for a terminal; None if it is about a whole table or column."""
    if row["row_id"] == WHOLE:
        return None
    if row["field"] == WHOLE:
        cells = cells_of(row)
        said = "; ".join(f"{name} {old or new}" for name, old, new in cells)
        sides = [said, ""] if row["change"] == "removed" else ["", said]
    else:
        sides = [row["old"] or "", row["new"] or ""]
    return [shown(cell or "", 60) for cell in (row["change"], row["row_id"], row["field"], *sides)]


def _counted(result: Compared) -> str:
    if result.problem:
        return "not compared"
    if result.whole:
        return f"{result.whole} as a whole"
    numbers = [f"{result.counts.rows[kind]:,} {kind}" for kind in KINDS if result.counts.rows[kind]]
    by = f"by {' + '.join(result.key)}" if result.key else "without a key"
    return f"rows {', '.join(numbers)}, {by}" if numbers else f"no row differs, {by}"
