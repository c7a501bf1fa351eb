"""``cbrn-data add``, ``update``, ``extract`` and ``review``: received files, and the content of a leaflet."""

from __future__ import annotations

import re
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from cbrn_data.cli.pages import check_place, write_page
from cbrn_data.cli.show import LISTED, console, show_error, show_findings, show_json, show_table
from cbrn_data.documents.received import LEAFLET_SUFFIXES, SUFFIXES
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import Finding, errors_of, shown
from cbrn_data.intake.add import add_file
from cbrn_data.intake.read import read_file
from cbrn_data.intake.update import Updated, changed_files, update_file
from cbrn_data.intake.write import About
from cbrn_data.leaflet.extract import extracted
from cbrn_data.regions import known_regions
from cbrn_data.settings import Settings, read_settings, release_date
from cbrn_data.sources.sidecar import EDITION
from cbrn_data.sources.source import MAX_BYTES, read_bytes


def check_file(path: Path) -> None:
    """Raise CbrnDataError if the given path is not a file."""
    if not path.is_file():
        raise CbrnDataError(f"{path}: {'is a folder; name its files' if path.is_dir() else 'there is no such file'}")


def add_files(
    files: list[Path],
    root: Path,
    new_region: bool = False,
    review: bool = False,
    as_json: bool = False,
    **given: str | None,
) -> None:
    """Add each file and print the result; raises the first error after all files were tried.

    ``review`` also writes the page of each leaflet. ``as_json`` prints a list with an object for each file, at the end.
    """
    about, settings = About(**given, new_region=new_region, today=release_date()), read_settings(root)
    if not settings.raw.is_dir() and settings.root.is_dir() and any(settings.root.iterdir()):
        settings.check_project(
            "schemas"
        )  # a new project may begin with its first source, but not in a folder of other files
    first: CbrnDataError | None = None
    results = []
    for path in files:
        try:
            check_file(path)
            if review and path.suffix.lower() in LEAFLET_SUFFIXES:
                _review(path, settings, about.edition, is_quiet=as_json)
            added = add_file(path, settings, about, known_regions(settings))
        except CbrnDataError as error:
            first = first or error
            show_error(error)
            results.append(_refused(path, error))
            continue
        show_findings(added.findings)
        names = [f"raw/{name}" for name in added.names]
        results.append(_done(path, added.findings, added=names))
        if not as_json:
            news = f"added as {', '.join(names)}" if names else "already added"
            console().print(f"{shown(str(path))}: {news}")
    if as_json:
        show_json(results)
    if first:
        raise SystemExit(first.exit_code)


def _refused(path: Path, error: CbrnDataError) -> dict[str, Any]:
    return {"file": str(path), "error": str(error), "findings": [each.as_dict() for each in sorted(error.findings)]}


def _done(path: Path, findings: list[Finding], **what: object) -> dict[str, Any]:
    return {"file": str(path), "error": None, **what, "findings": [each.as_dict() for each in sorted(findings)]}


def update_files(
    files: list[Path],
    root: Path,
    every: bool = False,
    dry_run: bool = False,
    sheet: str | None = None,
    as_json: bool = False,
    **given: str | None,
) -> None:
    """Update each file, or ``every`` changed one, and print what differs; raises the first error after all were tried.

    ``as_json`` prints a list with an object for each file, at the end.
    """
    settings = read_settings(root)
    if every == bool(files):
        either = "name the files to update, or give --all for those whose bytes changed"
        raise CbrnDataError(f"{either}, not both" if every else either)
    changes = {key: value for key, value in given.items() if value is not None}
    first: CbrnDataError | None = None
    chosen = changed_files(settings.raw) if every else files
    results = []
    if not chosen and not as_json:
        options = "; to change what sidecars say, name their files" if changes else ""
        console().print(f"Nothing to update: every file under raw/ is as its sidecar says{options}.")
    for path in chosen:
        try:
            updated = update_file(path, settings, changes, sheet, dry_run)
            if as_json:
                show_findings(updated.findings)
                results.append(_done(path, updated.findings, **_differences(updated), dry_run=dry_run))
            else:
                show_update(updated, dry_run)
        except CbrnDataError as error:
            first = first or error
            show_error(error)
            results.append(_refused(path, error))
    if as_json:
        show_json(results)
    if first:
        raise SystemExit(first.exit_code)


def _differences(updated: Updated) -> dict[str, Any]:
    """Return what differs from the sidecar of a file, and the first changes of its content."""
    difference = updated.difference
    changes = iter(difference.changes if difference else ())
    return {
        "name": f"raw/{updated.name}",
        "changed": bool(updated.keys or difference),
        "sidecar": [
            {"name": f"raw/{name}.yaml", "key": key, "old": old, "new": new} for name, key, old, new in updated.keys
        ],
        "compared_with": difference.known_from if difference else None,
        "changes": [asdict(each) for each in islice(changes, LISTED)],
        "more_changes": sum(1 for _ in changes),
    }


def show_update(updated: Updated, dry_run: bool) -> None:
    """Print the differences of a file from its sidecar, then what became of it."""
    place, difference = f"raw/{shown(updated.name)}", updated.difference
    lines = [("sidecar", f"{name}.yaml", key, old, new) for name, key, old, new in updated.keys]
    if difference and not difference.known_from:
        console().print(f"{place}: no release has the bytes that its sidecar knows, so their difference cannot be shown")
    changes = iter(difference.changes if difference else ())
    lines += [(each.kind, each.place, each.field, each.old, each.new) for each in islice(changes, LISTED)]
    if lines:
        since = f"{place}, compared with {difference.known_from}" if difference and difference.known_from else place
        show_table(("change", "row", "field", "old", "new"), lines, since)
    if more := sum(1 for _ in changes):
        console().print(f"… and {more:,} more changes")
    show_findings(updated.findings)
    is_news = bool(updated.keys or difference)
    result = "would be updated" if dry_run else "updated"
    console().print(f"{place}: {result if is_news else 'is as its sidecar says'}")


def review_leaflet(path: Path, root: Path, edition: str | None = None, output: Path | None = None) -> None:
    """Write the page of a leaflet and print its place; raise SourceError if a finding is an error."""
    findings = _review(path, read_settings(root), edition, output)
    if errors_of(findings):
        raise SourceError(f"{path} is not ready to be added", findings)
    show_findings(findings)


def _review(
    path: Path, settings: Settings, edition: str | None, output: Path | None = None, is_quiet: bool = False
) -> list[Finding]:
    from cbrn_data.review.leaflet import review_file
    from cbrn_data.review.page import review_page

    if path.suffix.lower() not in LEAFLET_SUFFIXES:
        raise CbrnDataError(f"{path}: only .txt, .pdf, .docx and .html leaflets can be reviewed")
    if edition and not re.fullmatch(EDITION, edition):
        raise CbrnDataError(f"--edition {shown(edition, 40)!r} is not a year; write it as 2026")
    page = output or Path(f"{path.name}.review.html")
    check_place(page, path, settings.raw, settings.published)
    data, findings = _bytes(path)
    if data is None:
        raise SourceError(f"{path} cannot be read", findings)
    review = review_file(path, data, settings.raw, known_regions(settings), edition)
    write_page(page, review_page(review))
    if not is_quiet:
        console().print(f"{shown(str(path))}: open {shown(str(page))} to check how it is read")
    return review.findings


def _bytes(path: Path) -> tuple[bytes | None, list[Finding]]:
    return read_bytes(path, str(path), MAX_BYTES["document" if path.suffix.lower() in SUFFIXES else "leaflet"])


def extract_file(path: Path, as_json: bool = False) -> None:
    """Print a leaflet as JSON, and findings to standard error; if a finding is an error, print no JSON.

    ``as_json`` adds ``findings`` to the JSON; for a leaflet that cannot be read, the JSON then has only ``findings``.
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
    """Return the content of a leaflet, or None if a finding is an error."""
    data, findings = _bytes(path)
    if data is None:
        return None, findings
    try:
        received = read_file(path, data)
    except SourceError as error:
        return None, list(error.findings)
    return (None if errors_of(received.findings) else extracted(received.leaflet)), received.findings
