"""What people see on a terminal: findings by severity, each with its place, its words and the way out.

Standard output carries results, standard error everything else. Text from sources is shown, never interpreted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cbrn_data.cli import OUTPUT
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, blocking, catalogue, reading_file, shown
from cbrn_data.refusals import at

LISTED = 50
"""How many findings a person is shown; the others are counted."""
UNWRAPPED = 1 << 16
"""How wide the lines of a log or a pipe may be: each message is one line there, so that it can be searched for."""


class PipedConsole(Console):
    """A console that leaves it to the command line how to end when its reader goes away or its disk is full."""

    def on_broken_pipe(self) -> None:
        """Raise the error that is being handled."""
        raise

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, and let an error say where to."""
        with at(OUTPUT if self.file is sys.stdout else "standard error"):
            super().print(*objects, **options)


def console(stream: Any = None) -> Console:
    """Return a console that does not interpret markup and wraps for a terminal only, or where COLUMNS asks for it."""
    output = stream or sys.stdout
    width = None if output.isatty() or os.environ.get("COLUMNS") else UNWRAPPED
    return PipedConsole(file=output, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def show_error(error: CbrnDataError) -> None:
    """Print an error and its findings to standard error."""
    out = console(sys.stderr)
    show_findings(error.findings, out)
    out.print(Text("error: ", style="bold red") + Text(shown(str(error), 1000)))


def show_findings(findings: Sequence[Finding], out: Console | None = None) -> None:
    """Print findings, the blocking ones first, with a line of totals."""
    out = out or console(sys.stderr)
    for finding in sorted(findings)[:LISTED]:
        style = "bold red" if finding.blocks else "yellow"
        place = Text(f"{shown(finding.place)}  ", style="bold")
        out.print(Text(f"{finding.severity:<8}", style=style) + place + Text(finding.code, style="dim"))
        show_indented(Text(shown(finding.message, 400)), 8, out)
        show_indented(Text("→ " + catalogue()[finding.code].fix, style="dim"), 8, out)
        if finding.entry:
            name = reading_file(PurePath(finding.source).name)
            out.print(Text(f"{' ' * 8}in {shown(name)}:", style="dim"))
            out.print(Text("".join(f"{' ' * 8}{shown(line, 400)}\n" for line in finding.entry.splitlines())), end="")
    if len(findings) > LISTED:
        out.print(f"… and {len(findings) - LISTED:,} more")
    if findings:
        out.print(totals(findings))


def show_indented(text: Text, by: int, out: Console) -> None:
    """Print ``text`` wrapped, each line indented, with no spaces at its end."""
    for line in text.wrap(out, max(20, out.width - by)):
        line.rstrip()
        out.print(Text(" " * by) + line)


def totals(findings: Sequence[Finding]) -> str:
    """Return how many findings block and how many do not, in words.

    >>> totals([])
    'no findings'
    """
    if not findings:
        return "no findings"
    errors = len(blocking(findings))
    warnings = len(findings) - errors
    return f"{errors} blocking, {warnings} for information"


def show_json(value: Any) -> None:
    """Print a value for machines."""
    write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write(text: str) -> None:
    """Write text to standard output as it is."""
    with at(OUTPUT):
        sys.stdout.write(text)


def show_table(columns: Iterable[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print rows under headers."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown("" if cell is None else str(cell), 400)) for cell in row))
    _print(table)


def show_lines(lines: Iterable[tuple[str, str]]) -> None:
    """Print pairs of a heading and a sentence."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, sentence in lines:
        table.add_row(heading, Text(shown(sentence, 600)))
    _print(table)


def _print(table: Table) -> None:
    """Print a table; where its lines are not wrapped, without the spaces that would fill the last column."""
    out = console()
    if out.width < UNWRAPPED:
        out.print(table)
        return
    with out.capture() as printed:
        out.print(table)
    write("".join(f"{line.rstrip()}\n" for line in printed.get().splitlines()))


def show_changes(changes: Sequence[Mapping[str, str | None]]) -> None:
    """Print changes, up to ``LISTED``: those of rows that stay cell by cell, a row that comes or goes as one."""
    rows: dict[tuple[str | None, ...], tuple[str | None, ...]] = {}
    for change in changes:
        kind, row = change["change"], f"{change['table_name']}/{change['row_id']}"
        field = change["field"] if kind == "changed" else "*"
        old, new = (change["old"], change["new"]) if kind == "changed" else (None, None)
        rows.setdefault((row, field), (kind, row, field, old, new))
    if rows:
        show_table(
            ("change", "row", "field", "old", "new"),
            [[shown(cell or "", 60) for cell in row] for row in list(rows.values())[:LISTED]],
        )
    else:
        console().print("No changed cell.")
    if len(rows) > LISTED:
        console().print(f"… and {len(rows) - LISTED:,} more changes")
