"""Output on a terminal: results, errors, and findings by severity, each with its place, message and fix.

Standard output carries results, standard error everything else. Text from sources is shown, never interpreted.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cbrn_data.cli.running import OUTPUT
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, catalogue, errors_of, reading_file, shown
from cbrn_data.refusals import at

if TYPE_CHECKING:
    from cbrn_data.release.changes import TableChanges

LISTED = 50
"""Number of findings that are shown; the others are counted."""
NAMED_BY = ("title", "title_official", "name", "name_in_source", "text", "status", "value")
"""Fields by which people know a row, the first that has a value."""
UNWRAPPED = 1 << 16
"""The width of logs and pipes, where each message is one line, so that people can search for it."""


class PipedConsole(Console):
    """A console that raises an error when its pipe is closed or the disk is full, so that the command line handles it."""

    def on_broken_pipe(self) -> None:
        """Raise the current error again."""
        raise

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; an error names the stream."""
        with at(OUTPUT if self.file is sys.stdout else "standard error"):
            super().print(*objects, **options)


def console(stream: Any = None) -> Console:
    """Return a console that does not interpret markup, and wraps lines only on a terminal or if COLUMNS is set."""
    output = stream or sys.stdout
    width = None if output.isatty() or os.environ.get("COLUMNS") else UNWRAPPED
    return PipedConsole(file=output, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def show_error(error: CbrnDataError) -> None:
    """Print an error and its findings to standard error. A path that is longer than a line stays whole, to be copied."""
    out = console(sys.stderr)
    show_findings(error.findings, out)
    lines = f"error: {shown(str(error), 1000)}".splitlines()
    text = Text("\n".join(textwrap.fill(line, out.width, break_long_words=False, break_on_hyphens=False) for line in lines))
    text.stylize("bold red", 0, len("error:"))
    out.print(text, soft_wrap=True)


def show_findings(findings: Sequence[Finding], out: Console | None = None) -> None:
    """Print findings, errors first, with a line of totals."""
    out = out or console(sys.stderr)
    for finding in sorted(findings)[:LISTED]:
        style = "bold red" if finding.is_error else "yellow"
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
    """Print ``text`` wrapped, each line indented and without trailing spaces."""
    for line in text.wrap(out, max(20, out.width - by)):
        line.rstrip()
        out.print(Text(" " * by) + line)


def totals(findings: Sequence[Finding]) -> str:
    """Return the numbers of errors and warnings, as text.

    >>> totals([])
    'no findings'
    """
    if not findings:
        return "no findings"
    errors = len(errors_of(findings))
    numbers = {"error": errors, "warning": len(findings) - errors}
    return ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for name, number in numbers.items())


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write(text: str) -> None:
    """Write text to standard output as it is."""
    with at(OUTPUT):
        sys.stdout.write(text)


def show_table(
    columns: Iterable[str], rows: Iterable[Sequence[object]], title: str | None = None, out: Console | None = None
) -> None:
    """Print rows under headers."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown("" if cell is None else str(cell), 400)) for cell in row))
    _print(table, out)


def show_lines(lines: Iterable[tuple[str, str]]) -> None:
    """Print pairs of a heading and a sentence."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, sentence in lines:
        table.add_row(heading, Text(shown(sentence, 600)))
    _print(table)


def _print(table: Table, out: Console | None = None) -> None:
    """Print a table; if lines are not wrapped, without the trailing spaces of the last column."""
    is_output, out = out is None, out or console()
    if not is_output or out.width < UNWRAPPED:
        out.print(table)
        return
    with at(OUTPUT), out.capture() as printed:
        out.print(table)
    write("".join(f"{line.rstrip()}\n" for line in printed.get().splitlines()))


def show_changes(changes: Sequence[TableChanges], command: str) -> None:
    """Print up to ``LISTED`` changes: changed rows cell by cell, and each added or removed row once.

    ``command`` writes all changes with ``--html`` or ``--output``.
    """
    lines: list[tuple[str, ...]] = []
    for each in changes:
        for row in each.first:
            place = f"{each.table.name}/{row.row_id}"
            cells = row.cells() if row.kind == "changed" else [("*", _named(row.old), _named(row.new))]
            lines += [(row.kind, place, name, old or "", new or "") for name, old, new in cells]
    if not lines:
        console().print("No changed cell.")
        return
    listed = lines[:LISTED]
    show_table(("change", "row", "field", "old", "new"), [[shown(cell, 60) for cell in line] for line in listed])
    more = sum(each.counts.total() for each in changes) - len({place for _, place, *_ in listed})
    if more > 0:
        console().print(f"… and {more:,} more changed rows; `{command} --html FILE` or `--output FILE` writes all")


def _named(row: Mapping[str, str | None] | None) -> str | None:
    """Return the words by which people know a row, else its cells; None for no row."""
    if row is None:
        return None
    cells = "; ".join(f"{name} {value}" for name, value in row.items() if value)
    return next((row[name] for name in NAMED_BY if row.get(name)), cells)
