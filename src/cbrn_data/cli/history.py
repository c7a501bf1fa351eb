"""``cbrn-data releases``, ``diff``, ``trace`` and ``withdraw``: what was published, and where each value came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from cbrn_data import pipeline
from cbrn_data.checks.compare import all_changes, changed_records, differing
from cbrn_data.checks.rows import released_records, released_rows
from cbrn_data.cli.show import console, show_changes, show_indented, show_json, show_table
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import shown
from cbrn_data.refusals import at
from cbrn_data.release.trace import Passage, Traced, trace
from cbrn_data.release.version import reasons
from cbrn_data.schema.canonical import csv_bytes
from cbrn_data.schema.delta import delta
from cbrn_data.schema.model import CHANGES, read_package
from cbrn_data.settings import release_date, settings
from cbrn_data.sources.addresses import OF_A_ROW
from cbrn_data.store.folder import Release, check_unchanged
from cbrn_data.store.store import Store
from cbrn_data.tabular.canonical import csv_rows


def list_releases(root: Path, published: Path | None, as_json: bool) -> None:
    """Print every release, the newest first."""
    found = list(reversed(_store(root, published).releases()))
    if as_json:
        show_json([release.info | {"digest": release.digest, "withdrawn": release.withdrawn} for release in found])
    elif not found:
        console().print("Nothing is published yet; `cbrn-data publish` makes the first release.")
    else:
        show_table(
            ("version", "date", "digest", "summary"),
            [(release.version, release.date, release.digest[:12], _summary(release)) for release in found],
        )


def _store(root: Path, published: Path | None) -> Store:
    """Return the releases to be read. Raises CbrnDataError where the folder is another than was meant."""
    where = settings(root, published)
    where.check_published()
    return Store(where.published)


def _summary(release: Release) -> str:
    said = str(release.info["summary"])
    return f"WITHDRAWN: {release.withdrawn['reason']} ({said})" if release.withdrawn else said


def _release(store: Store, version: str | None) -> Release:
    found = store.releases()
    for release in found:
        if version in {None, release.version} and (version or release is found[-1]):
            check_unchanged(release.folder)
            return release
    there = ", ".join(release.version for release in found) or "none yet"
    raise ReleaseError(f"there is no release {shown(version or '', 40)}; there are: {there}")


def show_diff(old: str, new: str, root: Path, published: Path | None, output: Path | None, as_json: bool) -> None:
    """Print or write the changes that make one release another."""
    store = _store(root, published)
    before, after = _release(store, old), _release(store, new)
    old_package, package = (read_package(release.folder / "schemas") for release in (before, after))
    changes = delta(released_rows(before, old_package), released_rows(after, package), package)
    pairs = differing(released_records(before, old_package), released_records(after, package))
    if output:
        with at(output), output.open("wb") as file:
            file.write(csv_bytes(package.tables[CHANGES].names, []))
            rows = 0
            for block in all_changes(changes, pairs, package):
                file.write(csv_rows(block) if block.num_rows else b"")
                rows += block.num_rows
        console().print(f"{rows:,} changes written to {output}")
        return
    records = changed_records(pairs, package)
    shown_first = [*changes, *(change for each in records for change in each.first)]
    if as_json:
        show_json(shown_first)
    elif before.content_digest == after.content_digest:
        console().print("No changes.")
    else:
        for reason in reasons(changes, old_package, package, records):
            console().print(f"{reason.step}: {reason.why}")
        show_changes(shown_first)
        if more := sum(each.counts.total() - len(each.first) for each in records):
            console().print(f"… and {more:,} more changed records; --output writes them all")


def show_trace(
    table: str, row: str, field: str | None, root: Path, published: Path | None, version: str | None, as_json: bool
) -> None:
    """Print each value of a row with the words it came from."""
    found = trace(_release(_store(root, published), version), table, row, field)
    if as_json:
        show_json([asdict(traced) for traced in found])
        return
    out = console()
    shown_rows: set[str] = set()
    for traced in found:
        out.print(_value(traced))
        for passage in traced.passages:
            for text in _told(passage, shown_rows):
                show_indented(text, 4, out)


def _told(passage: Passage, shown_rows: set[str]) -> Iterator[Text]:
    """Tell where a value comes from; a row of a curated table is shown once, with the page that states it."""
    if not passage.row:
        yield _words(passage)
    elif str(passage.row) not in shown_rows:
        shown_rows.add(str(passage.row))
        yield _row(passage)
        yield from _statement(passage)
    yield _origin(passage)
    for said in passage.reading:
        yield Text(f"read as said in {shown(said, 400)}", style="cyan")


def _value(traced: Traced) -> Text:
    value = f"null: {shown(traced.why, 400)}" if traced.why else shown(traced.value, 300)
    return Text(f"{traced.field}  ", style="bold") + Text(value)


def _words(passage: Passage) -> Text:
    before, after = (Text(shown(part), style="dim") for part in (passage.before, passage.after))
    words = Text(shown(passage.words, 300), style="reverse")
    return Text("…") + before + Text("«") + words + Text("»") + after + Text("…")


def _row(passage: Passage) -> Text:
    """Show the row of a curated table, name by name; the page that it names has a line of its own."""
    cells = [(name, value) for name, value in passage.row.items() if name not in (*OF_A_ROW, "certainty")]
    parts = [Text(f"{shown(name, 60)}: ", style="dim") + Text(shown(value, 300)) for name, value in cells]
    return Text("; ").join(parts)


def _origin(passage: Passage) -> Text:
    first, last = passage.lines
    lines = f"{first}" if first == last else f"{first}-{last}"
    edition = f", edition {passage.source['edition']}" if passage.source["edition"] else ""
    page = f", page {passage.page}" if passage.page else ""
    return Text(f"{passage.file}:{lines}{page}{edition}: {passage.how} ({passage.method})", style="cyan")


def _statement(passage: Passage) -> list[Text]:
    """Say who states a curated value, on which page, and how certain that is."""
    if not passage.url:
        return []
    said = f"stated by {shown(passage.stated_by or 'an address without host', 100)}, {passage.certainty} certainty: "
    copy = [f"archived copy of that page: {shown(passage.archived_url, 500)}"] if passage.archived_url else []
    return [Text(line, style="cyan") for line in (said + shown(passage.url, 500), *copy)]


def withdraw_release(version: str, reason: str, root: Path, published: Path | None) -> None:
    """Mark a release as withdrawn."""
    where = settings(root, published)
    where.check_published()
    pipeline.check_address(where)
    pipeline.open_store(where).withdraw(version, reason, release_date())
    console().print(f"{version} is withdrawn: {shown(reason)}")
