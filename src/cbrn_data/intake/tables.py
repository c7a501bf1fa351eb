"""Add a received table: a curated or bulk table, corrections, renames, or the list of regions.

The table is checked as publishing would check it (``check``) before anything is written, and messages refer to the received
file. A table that is not CSV with commas (``documents.tables``) is kept with the CSV of its cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cbrn_data import foreign
from cbrn_data.documents.tables import ReadTable, read_table
from cbrn_data.errors import CbrnDataError, SourceError, extra_missing
from cbrn_data.findings import Finding, errors_of, shown
from cbrn_data.intake.check import publish_findings
from cbrn_data.intake.write import About, Added, Content, Entry, entry_of, measured, safe_name, write_new
from cbrn_data.normalise.text import slug
from cbrn_data.regions import COLUMNS as OF_REGIONS
from cbrn_data.settings import Settings
from cbrn_data.sources.source import MAX_BYTES, Source, read_bytes
from cbrn_data.tabular.grammar import split
from cbrn_data.tabular.magic import likely_delimiter

KINDS = ("curated", "bulk", "corrections", "renames", "regions")
"""The kinds of sources that are tables."""

_TITLES = {"corrections": "Corrections", "renames": "Renamed achievements", "regions": "Names of regions"}
_OF_KIND = {"corrections": {"table_name", "row_id", "expect"}, "renames": {"new_id", "achievement_id"}}
"""Columns that only a table of this kind has."""

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Given:
    """A received table: its cells, or ``path`` of a CSV of a bulk table, which is not read into memory."""

    path: Path
    header: list[str]
    read: ReadTable | None
    received: bytes

    @property
    def content(self) -> Content:
        """The CSV."""
        return self.read.csv if self.read else self.path

    def placed(self, findings: Iterable[Finding], name: str) -> list[Finding]:
        """Return findings about ``raw/<name>`` with their places in the received file."""
        return sorted(self._placed(each, name) for each in findings)

    def _placed(self, finding: Finding, name: str) -> Finding:
        ours = re.compile(rf"raw/{re.escape(name)}(?::(\d+))?(?![\w.-])")
        finding = replace(finding, message=ours.sub(lambda found: self._place(found[1], finding), finding.message))
        if finding.source == f"raw/{name}.yaml":  # the options of the person
            return replace(finding, source=str(self.path), line=None)
        if finding.source != f"raw/{name}":
            return finding
        return self._at(finding)

    def _place(self, line: str | None, finding: Finding) -> str:
        return self._at(replace(finding, line=int(line) if line else None)).place

    def _at(self, finding: Finding) -> Finding:
        return self.read.placed(finding) if self.read else replace(finding, source=str(self.path))


def add_table(path: Path, settings: Settings, about: About) -> Added:
    """Add a received table. Raises SourceError with every reason, in terms of the file, CbrnDataError for options."""
    settings.check_project("schemas")
    header = _first_cells(path)
    is_bulk = bool(header) and kind_of(path, settings, about, header)[0] == "bulk"
    given = receive(path, about.sheet, is_bulk)
    if not _has_rows(given):
        raise SourceError(f"{path} was not added", [Finding("source-empty", "has a header and no rows", str(path))])
    kind, table = kind_of(path, settings, about, given.header)
    stem = safe_name(path.stem, slug(path.stem))
    files = files_of(stem, given, kind, table, _package(settings).metadata["publisher"]["name"], about)
    found = check_table(f"{stem}.csv", files[f"{stem}.csv"][1], given, settings)
    return Added(write_new(path, settings.raw, files, about.given()), found)


def check_table(name: str, entry: Entry, given: Given, settings: Settings) -> list[Finding]:
    """Return the warnings of publishing about a table with this sidecar. Raises SourceError if one finding is an error."""
    with _candidate(name, entry, given) as source:
        findings = given.placed(publish_findings(source, settings), name)
    if errors_of(findings):
        raise SourceError(f"{given.path} was not taken", findings)
    return findings


@contextmanager
def _candidate(name: str, entry: Entry, given: Given) -> Iterator[Source]:
    """Yield a table as a source; a bulk table must be a file."""
    sha256, size = measured(given.content)
    metadata = {key: value for key, value in entry.items() if value is not None} | {"sha256": sha256, "bytes": str(size)}
    if entry["kind"] != "bulk":
        assert isinstance(given.content, bytes)
        yield Source(name, metadata, b"", given.content)
    elif isinstance(given.content, Path):
        yield Source(name, metadata, b"", b"", given.content)
    else:
        with TemporaryDirectory(prefix="cbrn-data-") as folder:
            path = Path(folder) / name
            path.write_bytes(given.content)
            yield Source(name, metadata, b"", b"", path)


def receive(path: Path, sheet: str | None, is_bulk: bool) -> Given:
    """Read a received table; a CSV of a bulk table only up to its header. Raises SourceError."""
    header = _first_cells(path)
    if is_bulk and header:  # which may have any size
        return Given(path, header, None, b"")
    data, findings = read_bytes(path, str(path), MAX_BYTES["document" if not header else "curated"])
    if data is None:
        raise SourceError(f"{path} cannot be read", findings)
    read = read_table(str(path), data, sheet)
    return Given(path, split(read.csv.decode().removeprefix("\ufeff").splitlines()[0]), read, data)


def _first_cells(path: Path) -> list[str]:
    """Return the header of a CSV with commas without reading all of it; empty for another form."""
    if path.suffix.lower() != ".csv":
        return []
    try:
        with foreign.opened(path) as stream:
            first = stream.read(_BLOCK)
    except OSError:
        return []  # ``receive`` says why
    lines = first.decode("utf-8", "ignore").removeprefix("\ufeff").splitlines()
    return split(lines[0]) if lines and likely_delimiter(first) is None else []


def _has_rows(given: Given) -> bool:
    if given.read:
        lines = given.read.csv.splitlines()
    else:
        with foreign.opened(given.path) as stream:
            lines = stream.read(_BLOCK).splitlines()
    return any(line.strip(b' ,";\t') for line in lines[1:])


def kind_of(path: Path, settings: Settings, about: About, header: list[str]) -> tuple[str, str | None]:
    """Return the kind of a table, and the table that it completes or fills, by the options, else by the header.

    Raises CbrnDataError if they do not say it.
    """
    tables = {each.name: each for each in _package(settings).with_role("data")}
    guessed = next((kind for kind, columns in _OF_KIND.items() if columns <= set(header)), None)
    kind = about.kind or (None if about.table else guessed)
    if kind and kind not in KINDS:
        raise CbrnDataError(f"{path}: --kind {shown(kind, 40)} is not one of {', '.join(KINDS)}")
    if kind in (*_OF_KIND, "regions"):
        if about.table:
            raise CbrnDataError(f"{path}: a source of the kind {kind} has no table; leave out --table")
        return str(kind), None
    if not about.table:
        own = _fitting(header, tables) or "; `cbrn-data new-table` makes a table of its own"
        raise CbrnDataError(f"{path}: name the table that it completes, with --table{own}")
    if about.table not in tables:
        raise CbrnDataError(f"{path}: --table {shown(about.table, 60)} is not one of {', '.join(tables)}")
    needed = "bulk" if tables[about.table].by_line else "curated"
    if kind not in (None, needed):
        raise CbrnDataError(f"{path}: the sources of the table {about.table} are of the kind {needed}, not {kind}")
    return needed, about.table


def _package(settings: Settings) -> Any:
    try:
        from cbrn_data.schema.model import read_package
    except ModuleNotFoundError as error:
        raise CbrnDataError(extra_missing("adding a table", "publish", error.name or "a module")) from error
    return read_package(settings.schemas)


def _fitting(header: list[str], tables: dict[str, Any]) -> str:
    """Return the tables whose key and columns fit a header, as the end of a message."""
    own = set(header) - {"url", "certainty", "read_on", "archived_url"}
    fitting = [name for name, table in tables.items() if own and set(table.primary_key) <= own <= set(table.names)]
    regions = [", or the list of regions with --kind regions"] if set(OF_REGIONS) <= set(header) else []
    return "".join([f"; its columns fit {', '.join(fitting)}" if fitting else "", *regions])


def files_of(
    stem: str, given: Given, kind: str, table: str | None, publisher: str, about: About
) -> dict[str, tuple[Content, Entry]]:
    """Return the CSV, and the received file if it has another form, with their sidecars, by name.

    ``publisher`` is that of the project: a person compiled the table for it, unless ``about`` names somebody else.
    """
    named = {"table": table} if table else {}
    source_id, title = slug(stem), _TITLES.get(kind, given.path.stem)
    common = {"title": title, "publisher": publisher}
    if given.read is None or given.read.is_as_received:
        return {f"{stem}.csv": (given.content, entry_of(source_id, kind, about, **named, **common))}
    suffix = given.path.suffix.lower()
    document_id = f"{source_id}-{'received' if suffix == '.csv' else suffix[1:]}"
    sheet = {"sheet": given.read.sheet} if given.read.sheet else {}
    read = {"text_of": document_id, "read_with": given.read.read_with, **sheet}
    return {
        f"{stem}.csv": (given.content, entry_of(source_id, kind, about, **named, **read, **common)),
        f"{stem}{'.received' * (suffix == '.csv')}{suffix}": (
            given.received,
            _document(entry_of(document_id, "document", about, **common)),
        ),
    }


def _document(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key != "on_error"}
