"""``cbrn-data links``: whether the pages that rows name are still there."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cbrn_data import pipeline
from cbrn_data.cli.show import console, show_findings, show_json
from cbrn_data.errors import SourceError
from cbrn_data.findings import blocking
from cbrn_data.links.check import COLUMNS, Checked, check_links
from cbrn_data.links.named import named_pages
from cbrn_data.refusals import at
from cbrn_data.schema.canonical import csv_bytes
from cbrn_data.settings import settings


def check_now(root: Path, output: Path | None, as_json: bool) -> None:
    """Ask every page, with a bar on a terminal, and print what is not there; exit 1 where a row needs another address."""
    gathered = pipeline.gather(settings(root))
    sources = [*gathered.lists, *gathered.sources]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(sys.stderr), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("pages", total=len(named_pages(sources, gathered.package)))
        checked = check_links(sources, gathered.package, lambda answer: bar.advance(task))
    if output:
        with at(output):
            output.write_bytes(csv_bytes(COLUMNS, list(checked.rows())))
    if as_json:
        show_json({"pages": list(checked.rows()), "findings": [finding.as_dict() for finding in checked.findings]})
        if blocking(checked.findings):
            raise SystemExit(1)
        return
    _show(checked)


def _show(checked: Checked) -> None:
    console().print(f"{checked.summary}.")
    if blocking(checked.findings):
        raise SourceError("rows name pages that are not there", checked.findings)
    show_findings(checked.findings)
