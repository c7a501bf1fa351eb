"""``cbrn-data links``: check that the pages named in rows still exist."""

from __future__ import annotations

from pathlib import Path

from cbrn_data import pipeline
from cbrn_data.cli.show import console, show_findings, show_json
from cbrn_data.errors import SourceError
from cbrn_data.findings import errors_of
from cbrn_data.links.check import COLUMNS, MISSING_PAGES, Checked, check_links
from cbrn_data.refusals import at
from cbrn_data.schema.table import text_table
from cbrn_data.settings import read_settings
from cbrn_data.tabular.canonical import csv_bytes


def check_now(root: Path, output: Path | None, as_json: bool) -> None:
    """Check every page, and print findings; exit 1 if a row needs another address."""
    gathered = pipeline.gather(read_settings(root))
    sources = [*gathered.lists, *gathered.sources]
    checked = check_links(sources, gathered.package)
    if output:
        with at(output):
            output.write_bytes(csv_bytes(text_table(COLUMNS, list(checked.rows()))))
    if as_json:
        show_json({"pages": list(checked.rows()), "findings": [finding.as_dict() for finding in checked.findings]})
        if errors_of(checked.findings):
            raise SystemExit(1)
        return
    _show(checked)


def _show(checked: Checked) -> None:
    console().print(f"{checked.summary}.")
    if errors_of(checked.findings):
        raise SourceError(MISSING_PAGES, checked.findings)
    show_findings(checked.findings)
