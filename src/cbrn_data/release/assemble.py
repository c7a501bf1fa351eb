"""From content to a release: what it is called, how it differs from the newest one, and all its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cbrn_data.checks.compare import Pairs, all_changes, changed_records, differing
from cbrn_data.checks.rows import released_records, released_rows
from cbrn_data.checks.since import dated, since
from cbrn_data.findings import Finding
from cbrn_data.release.code import code_version
from cbrn_data.release.content import Content
from cbrn_data.release.descriptor import datapackage
from cbrn_data.release.notes import changes_text, completeness, summary
from cbrn_data.release.version import Reason, next_version, reasons
from cbrn_data.schema.canonical import Row, csv_bytes, json_bytes
from cbrn_data.schema.coverage import coverage
from cbrn_data.schema.delta import RecordChanges, delta
from cbrn_data.schema.model import CHANGES, read_package
from cbrn_data.schema.written import new_files
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, INFO, Release
from cbrn_data.strict_json import dumped


@dataclass(frozen=True)
class Draft:
    """What publishing would do: the content, its version and why, and what changes against the newest release.

    ``findings`` are those that only the comparison shows.
    """

    content: Content
    previous: Release | None
    version: str
    why: list[Reason]
    changes: list[Row]
    pairs: Pairs
    records: list[RecordChanges]
    findings: list[Finding]

    @property
    def is_news(self) -> bool:
        """Whether the content is another than the newest release's."""
        return self.previous is None or self.previous.content_digest != self.content.digest

    @property
    def counts(self) -> dict[str, int]:
        """Rows by published table."""
        return {name: self.content.counts[name] for name in self.content.tables}

    @property
    def summary(self) -> str:
        """What the release brings, in one line."""
        first, package = self.previous is None, self.content.package
        return summary(self.changes, package, self.counts, first=first, why=self.why, records=self.records)


def draft(content: Content, previous: Release | None, at_least: str = "patch", date: str | None = None) -> Draft:
    """Compare content with the newest release and choose the version that follows; ``date`` is the day it would bear."""
    if previous is None or previous.content_digest == content.digest:
        return Draft(content, previous, previous.version if previous else next_version(None, []), [], [], {}, [], [])
    old = read_package(previous.folder / "schemas")
    rows = released_rows(previous, old)
    changes = delta(rows, content.rows, content.package)
    pairs = differing(released_records(previous, old), content.records)
    records = changed_records(pairs, content.package)
    why = reasons(changes, old, content.package, records)
    findings = [*since(rows, content.rows), *(dated(date, previous.version, previous.date) if date else ())]
    return Draft(content, previous, next_version(previous.version, why, at_least), why, changes, pairs, records, findings)


def release_files(planned: Draft, date: str) -> dict[str, disk.Data]:
    """Return every file of the release but its report, which only the gate can write; ``date`` is YYYY-MM-DD."""
    content, previous, package = planned.content, planned.previous, planned.content.package
    files = content.files | _change_files(planned)
    old = previous.version if previous else None
    said = (planned.version, old, planned.summary, completeness(content.rows), planned.why)
    files["CHANGES.md"] = changes_text(*said, planned.changes, package, planned.records)
    tables = package.published(content.counts | {CHANGES: len(planned.changes) + len(planned.records)})
    cover = coverage(package, content.rows, {name: made.path for name, made in content.records.items()})
    described = datapackage(package, tables, files, content.rows["sources"], cover, planned.version, date)
    files[DESCRIPTOR] = dumped(described)
    files[INFO] = dumped(_info(planned, date))
    return files


def _change_files(planned: Draft) -> dict[str, disk.Data]:
    """Return what changed as CSV and JSON: in memory, or as files where a table of records is among it."""
    table = planned.content.package.tables[CHANGES]
    if not planned.records:
        changes = planned.changes
        made = {f"{CHANGES}.csv": csv_bytes(table.names, changes), f"{CHANGES}.json": json_bytes(table, changes)}
        return made if changes else {}  # type: ignore[return-value]
    assert planned.content.folder
    with new_files(table, planned.content.folder) as (writer, csv, js):
        for block in all_changes(planned.changes, planned.pairs, planned.content.package):
            writer.add(block)
    return {written.path.name: disk.Large(*written.whole) for written in (csv, js)}


def _info(planned: Draft, date: str) -> dict[str, Any]:
    previous = planned.previous
    return {
        "package": planned.content.package.about["name"],
        "version": planned.version,
        "sequence": previous.sequence + 1 if previous else 1,
        "date": date,
        "previous": previous.digest if previous else None,
        "content_digest": planned.content.digest,
        "summary": planned.summary,
        "counts": planned.counts,
        "code": code_version(),
    }
