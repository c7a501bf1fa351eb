"""``cbrn-data add`` and ``cbrn-data extract``: what comes in, and what a leaflet says."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.cli.show import console, show_error, show_findings, show_json
from cbrn_data.documents.received import SUFFIXES
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import blocking, shown
from cbrn_data.intake import About, add_file, read_file
from cbrn_data.leaflet.extract import extracted
from cbrn_data.settings import release_date, settings
from cbrn_data.sources.source import MAX_BYTES, read_bytes


def add_files(files: list[Path], root: Path, **given: str | None) -> None:
    """Add each file and say what became of it; raises the first error after all were tried."""
    about = About(**given, retrieved_on=release_date())
    first: CbrnDataError | None = None
    for path in files:
        try:
            added = add_file(path, settings(root).raw, about)
        except CbrnDataError as error:
            first = first or error
            show_error(error)
            continue
        show_findings(added.findings)
        news = f"added as {', '.join(f'raw/{name}' for name in added.names)}" if added.names else "is there already"
        console().print(f"{shown(str(path))}: {news}")
    if first:
        raise SystemExit(first.exit_code)


def extract_file(path: Path) -> None:
    """Print a leaflet as JSON; findings go to standard error, and blocking ones leave nothing to print."""
    limit = MAX_BYTES["document" if path.suffix.lower() in SUFFIXES else "leaflet"]
    data, findings = read_bytes(path, str(path), limit)
    if data is not None:
        leaflet, _, findings = read_file(path, data)
        if not blocking(findings):
            show_findings(findings)
            show_json(extracted(leaflet))
            return
    raise SourceError(f"{path} cannot be read", findings)
