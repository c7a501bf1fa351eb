"""Make a release from its content: its version, its changes since the newest release, and all its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from cbrn_data.checks.across import dated, since
from cbrn_data.findings import Finding
from cbrn_data.release.approval import plan_digest
from cbrn_data.release.changes import TableChanges, find_changes
from cbrn_data.release.content import Content
from cbrn_data.release.descriptor import datapackage
from cbrn_data.release.guard import Allowed, Guard
from cbrn_data.release.losses import Losses
from cbrn_data.release.notes import changes_text, completeness, summary
from cbrn_data.release.version import Reason, next_version, reasons
from cbrn_data.schema.coverage import coverage
from cbrn_data.schema.model import CHANGES, read_package
from cbrn_data.schema.table import Row, released_tables, table_in_file
from cbrn_data.schema.written import new_files
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, INFO, Release
from cbrn_data.strict_json import dumped


@dataclass(frozen=True)
class Draft:
    """A planned release: the content, its version with reasons, and the changes since the newest release.

    ``files`` and ``rows`` describe the table of changes; ``findings`` are those of the comparison. ``allowed`` are the
    exceptions from the release guard, with reasons; ``approval`` is an entry of ``release.json``.
    """

    content: Content
    previous: Release | None
    version: str
    why: list[Reason] = field(default_factory=list)
    changes: list[TableChanges] = field(default_factory=list)
    rows: int = 0
    files: Mapping[str, disk.Data] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    allowed: Sequence[Allowed] = ()
    approval: Mapping[str, Any] | None = None

    @property
    def is_news(self) -> bool:
        """Whether the content differs from the newest release."""
        return self.previous is None or self.previous.content_digest != self.content.digest

    @property
    def digest(self) -> str:
        """The digest that somebody approves: of the content, the version and the changes, not of the date."""
        changes = self.files.get(f"{CHANGES}.csv")
        return plan_digest(
            self.previous.digest if self.previous else None,
            self.version,
            self.content.digest,
            disk.sha256_of(changes) if changes else None,
            [each.as_dict() for each in self.allowed],
        )

    def change_rows(self) -> Iterator[Row]:
        """Yield the rows of the table of changes, with one block in memory."""
        file = self.files.get(f"{CHANGES}.csv")
        if isinstance(file, disk.FileRef):
            for block in table_in_file(self.content.package.tables[CHANGES], file.path).blocks():
                yield from block.to_pylist()

    @property
    def summary(self) -> str:
        """The changes of the release, in one line."""
        data = {table.name for table in self.content.package.with_role("data")}
        counts = {name: number for name, number in self.content.counts.items() if name in data}
        return summary(self.changes, counts, self.previous is None, self.why)


def draft(
    content: Content,
    previous: Release | None,
    at_least: str = "patch",
    date: str | None = None,
    guard: Guard | None = None,
) -> Draft:
    """Compare content with the newest release, and choose the next version; ``date`` is the day of the release.

    A rebuild has no ``guard``, because the original release has passed it.
    """
    if previous is None or previous.content_digest == content.digest:
        return Draft(content, previous, previous.version if previous else next_version(None, []))
    package, old_package = content.package, read_package(previous.folder / "schemas")
    old = released_tables(previous.folder, old_package)
    rows = 0
    with new_files(package.tables[CHANGES], content.folder) as (writer, made):

        def write(block: pa.Table) -> None:
            nonlocal rows
            rows += block.num_rows
            writer.add(block)

        changes = find_changes(old, content.tables, package, write)
    files = {file.path.name: file for file in made.values()} if rows else {}
    why = reasons(changes, old_package, package)
    findings = [*since(old, content.tables), *(dated(date, previous.version, previous.date) if date else ())]
    lost = Losses(guard, previous.folder, old, content.tables, content.built.sources).findings(changes) if guard else []
    stops, allowed = guard.judge(lost) if guard else ([], [])
    version = next_version(previous.version, why, at_least)
    return Draft(content, previous, version, why, changes, rows, files, [*findings, *stops], allowed)


def release_files(planned: Draft, date: str, code: Mapping[str, Any]) -> dict[str, disk.Data]:
    """Return every file of the release except its report, which the gate writes.

    ``date`` is YYYY-MM-DD; ``code`` is what ``release.json`` says of the code (see ``release.code``).
    """
    content, previous, package = planned.content, planned.previous, planned.content.package
    files = {**content.files, **planned.files}
    old = previous.version if previous else None
    arguments = (planned.version, old, planned.summary, completeness(content.tables), planned.why)
    files["CHANGES.md"] = changes_text(*arguments, planned.changes, planned.allowed)
    tables = package.published(content.counts | {CHANGES: planned.rows})
    cover = coverage(package, content.tables)
    described = datapackage(package, tables, files, content.tables, cover, planned.version, date)
    files[DESCRIPTOR] = dumped(described)
    files[INFO] = dumped(_info(planned, date, code))
    return files


def _info(planned: Draft, date: str, code: Mapping[str, Any]) -> dict[str, Any]:
    previous = planned.previous
    more: dict[str, Any] = {"allowed": [each.as_dict() for each in planned.allowed]} if planned.allowed else {}
    more |= {"approval": planned.approval} if planned.approval else {}
    return {
        "package": planned.content.package.metadata["name"],
        "version": planned.version,
        "sequence": previous.sequence + 1 if previous else 1,
        "date": date,
        "previous": previous.digest if previous else None,
        "content_digest": planned.content.digest,
        "summary": planned.summary,
        "counts": planned.content.counts,
        **more,
        "code": dict(code),
    }
