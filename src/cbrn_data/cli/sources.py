"""``cbrn-data add``, ``extract`` and ``review``: what comes in, and what a leaflet says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cbrn_data.cli.pages import check_place, write_page
from cbrn_data.cli.show import console, show_error, show_findings, show_json
from cbrn_data.documents.received import LEAFLET_SUFFIXES, SUFFIXES
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import Finding, blocking, shown
from cbrn_data.intake.add import About, add_file
from cbrn_data.intake.read import read_file
from cbrn_data.leaflet.extract import extracted
from cbrn_data.regions import known_regions
from cbrn_data.settings import Settings, release_date, settings
from cbrn_data.sources.source import EDITION, MAX_BYTES, read_bytes


def add_files(files: list[Path], root: Path, new_region: bool = False, review: bool = False, **given: str | None) -> None:
    """Add each file and say what became of it; raises the first error after all were tried.

    ``review`` writes the page of each leaflet as well.
    """
    about, where = About(**given, new_region=new_region, retrieved_on=release_date()), settings(root)
    if not where.raw.is_dir() and where.root.is_dir() and any(where.root.iterdir()):
        where.check_project("schemas")  # a new project may begin with its first source, but not in any folder
    first: CbrnDataError | None = None
    for path in files:
        try:
            if review and path.suffix.lower() in LEAFLET_SUFFIXES:
                _review(path, where, about.edition)
            added = add_file(path, where.raw, about, known_regions(where))
        except CbrnDataError as error:
            first = first or error
            show_error(error)
            continue
        show_findings(added.findings)
        news = f"added as {', '.join(f'raw/{name}' for name in added.names)}" if added.names else "is there already"
        console().print(f"{shown(str(path))}: {news}")
    if first:
        raise SystemExit(first.exit_code)


def review_leaflet(path: Path, root: Path, edition: str | None = None, output: Path | None = None) -> None:
    """Write the page of a leaflet for a person and say where it is; then raise SourceError if a finding blocks."""
    findings = _review(path, settings(root), edition, output)
    if blocking(findings):
        raise SourceError(f"{path} is not ready to be added", findings)
    show_findings(findings)


def _review(path: Path, where: Settings, edition: str | None, output: Path | None = None) -> list[Finding]:
    from cbrn_data.review.leaflet import review_file
    from cbrn_data.review.page import review_page

    if path.suffix.lower() not in LEAFLET_SUFFIXES:
        raise CbrnDataError(f"{path}: only .txt, .pdf, .docx and .html leaflets can be reviewed")
    if edition and not re.fullmatch(EDITION, edition):
        raise CbrnDataError(f"--edition {shown(edition, 40)!r} is no year; write it as 2026")
    page = output or Path(f"{path.name}.review.html")
    check_place(page, path, where.raw, where.published)
    data, findings = _bytes(path)
    if data is None:
        raise SourceError(f"{path} cannot be read", findings)
    review = review_file(path, data, where.raw, known_regions(where), edition)
    write_page(page, review_page(review))
    console().print(f"{shown(str(path))}: open {shown(str(page))} to see how it is read")
    return review.findings


def _bytes(path: Path) -> tuple[bytes | None, list[Finding]]:
    return read_bytes(path, str(path), MAX_BYTES["document" if path.suffix.lower() in SUFFIXES else "leaflet"])


def extract_file(path: Path, as_json: bool = False) -> None:
    """Print a leaflet as JSON; findings go to standard error, and blocking ones leave nothing to print.

    ``as_json`` adds ``findings`` to the JSON; a leaflet that cannot be read then leaves nothing but them.
    """
    said, findings = _read(path)
    listed = {"findings": [finding.as_dict() for finding in sorted(findings)]} if as_json else {}
    if said is None:
        if listed:
            show_json(listed)
        raise SourceError(f"{path} cannot be read", findings)
    show_findings(findings)
    show_json(said | listed)


def _read(path: Path) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return what a leaflet says, or None where a finding blocks."""
    data, findings = _bytes(path)
    if data is None:
        return None, findings
    try:
        received = read_file(path, data)
    except SourceError as error:
        return None, list(error.findings)
    return (None if blocking(received.findings) else extracted(received.leaflet)), received.findings
