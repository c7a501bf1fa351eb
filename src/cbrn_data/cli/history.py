"""``cbrn-data releases``, ``diff``, ``trace`` and ``withdraw``: the history of releases and the evidence of values."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path, PurePath

import pyarrow as pa
from rich.text import Text

from cbrn_data import pipeline
from cbrn_data.cli.pages import check_place, write_page
from cbrn_data.cli.show import console, show_changes, show_indented, show_json, show_table
from cbrn_data.documents.tables import workbook_cell
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import shown
from cbrn_data.refusals import at
from cbrn_data.release.changes import find_changes
from cbrn_data.release.erase import erase
from cbrn_data.release.trace import Passage, Traced, trace
from cbrn_data.release.version import reasons
from cbrn_data.schema.model import CHANGES, read_package
from cbrn_data.schema.table import Row, released_tables
from cbrn_data.settings import read_settings, release_date
from cbrn_data.sources.addresses import OF_A_ROW
from cbrn_data.store.folder import Release, check_unchanged, latest_of
from cbrn_data.store.history import LATEST
from cbrn_data.store.index import withdrawal
from cbrn_data.store.store import Store
from cbrn_data.tabular.canonical import csv_header, csv_rows


def list_releases(root: Path, published: Path | None, as_json: bool) -> None:
    """Print every release, newest first."""
    found = list(reversed(_store(root, published).releases()))
    if as_json:
        show_json([release.info | _state(release) for release in found])
    elif not found:
        console().print("Nothing is published yet; `cbrn-data publish` makes the first release.")
    else:
        show_table(
            ("version", "date", "digest", "summary"),
            [(release.version, release.date, release.digest[:12], _summary(release)) for release in found],
        )


def _store(root: Path, published: Path | None) -> Store:
    """Return the store to read. Raises CbrnDataError if the folder is not a store."""
    settings = read_settings(root, published)
    settings.check_published()
    return Store(settings.published)


def _state(release: Release) -> dict[str, object]:
    """Return what the index adds to a release."""
    past = {"past_withdrawals": list(release.past_withdrawals)} if release.past_withdrawals else {}
    return {"digest": release.digest, "withdrawn": release.withdrawn, **past}


def _summary(release: Release) -> str:
    said = str(release.info["summary"])
    if release.withdrawn:
        return f"WITHDRAWN: {release.withdrawn['reason']} ({said})"
    undone = [
        f"; its withdrawal ({past['reason']}) was undone: {past['undone_reason']}" for past in release.past_withdrawals
    ]
    return said + "".join(undone)


def _release(store: Store, version: str | None) -> Release:
    """Return a release by its version, ``latest`` as that folder, or None for the newest. Raises ReleaseError."""
    found = store.releases()
    if version == LATEST and found:
        version = latest_of(found).version
    for release in found:
        if version in {None, release.version} and (version or release is found[-1]):
            check_unchanged(release)
            return release
    there = ", ".join(release.version for release in found) or "none"
    raise ReleaseError(f"release {shown(version or '', 40)} does not exist; releases: {there}")


def show_diff(
    old: str,
    new: str,
    root: Path,
    published: Path | None,
    output: Path | None,
    as_json: bool,
    html: Path | None = None,
) -> bool:
    """Print or write the changes from one release to another; return whether there are any."""
    store = _store(root, published)
    if html:
        check_place(html, store.published)
    before, after = _release(store, old), _release(store, new)
    if html:
        from cbrn_data.review.plan import diff_page

        write_page(html, diff_page(before, after, pipeline.reported(after)))
    old_package, package = (read_package(release.folder / "schemas") for release in (before, after))
    tables = released_tables(before.folder, old_package), released_tables(after.folder, package)
    if output:
        with at(output), output.open("wb") as file:
            file.write(csv_header(package.tables[CHANGES].names))
            rows = 0

            def write(block: pa.Table) -> None:
                nonlocal rows
                rows += block.num_rows
                file.write(csv_rows(block) if block.num_rows else b"")

            find_changes(*tables, package, write)
        console().print(f"{rows:,} changes written to {output}")
    elif as_json:
        found: list[Row] = []
        find_changes(*tables, package, lambda block: found.extend(block.to_pylist()))
        show_json(found)
    elif before.content_digest == after.content_digest:
        console().print("No changes.")
    else:
        changes = find_changes(*tables, package)
        for reason in reasons(changes, old_package, package):
            console().print(f"{reason.step}: {reason.why}")
        show_changes(changes, f"cbrn-data diff {old} {new}")
    return before.content_digest != after.content_digest


def show_trace(
    table: str, row: str, field: str | None, root: Path, published: Path | None, version: str | None, as_json: bool
) -> None:
    """Print each value of a row with its words."""
    release = _release(_store(root, published), version)
    found = trace(release, table, row, field)
    if as_json:
        show_json([asdict(traced) for traced in found])
        return
    out = console()
    shown_rows: set[str] = set()
    for traced in found:
        out.print(_value(traced))
        for passage in traced.passages:
            for text in _lines(passage, shown_rows):
                show_indented(text, 4, out)
            name = PurePath(passage.file).name
            if passage.file in release.erased:
                show_indented(Text(f"the source was erased: {shown(release.erased[passage.file]['reason'])}"), 4, out)
            elif cell := workbook_cell(release.folder / "sources", name, passage.lines[0], traced.field):
                show_indented(Text(f"in the received workbook: {shown(cell)}", style="cyan"), 4, out)


def _lines(passage: Passage, shown_rows: set[str]) -> Iterator[Text]:
    """Yield the origin of a value; a row of a curated table is shown once, with the page that states it."""
    if not passage.row:
        yield _words(passage)
    elif str(passage.row) not in shown_rows:
        shown_rows.add(str(passage.row))
        yield _row(passage)
        yield from _statement(passage)
    yield _origin(passage)
    for said in passage.reading:
        yield Text(f"read as stated in {shown(said, 400)}", style="cyan")


def _value(traced: Traced) -> Text:
    value = f"null: {shown(traced.why, 400)}" if traced.why else shown(traced.value, 300)
    return Text(f"{traced.field}  ", style="bold") + Text(value)


def _words(passage: Passage) -> Text:
    before, after = (Text(shown(part), style="dim") for part in (passage.before, passage.after))
    words = Text(shown(passage.words, 300), style="reverse")
    return Text("…") + before + Text("«") + words + Text("»") + after + Text("…")


def _row(passage: Passage) -> Text:
    """Return the cells of a curated row; its page is on a separate line."""
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
    """Return who states a curated value, on which page, and with which certainty."""
    if not passage.url:
        return []
    said = f"stated by {shown(passage.stated_by or 'an address without host', 100)}, {passage.certainty} certainty: "
    copy = [f"archived copy of that page: {shown(passage.archived_url, 500)}"] if passage.archived_url else []
    return [Text(line, style="cyan") for line in (said + shown(passage.url, 500), *copy)]


def withdraw_release(version: str, reason: str, root: Path, published: Path | None, undo: bool = False) -> None:
    """Mark a release as withdrawn, or undo this; ``latest`` is refused, because it may be another one tomorrow."""
    settings = read_settings(root, published)
    settings.check_published()
    pipeline.check_address(settings)
    store = pipeline.open_store(settings)
    if version == LATEST and (found := store.releases()):
        raise ReleaseError(f"latest changes with each release; name the version, which is {latest_of(found).version} now")
    with store.writing() as writer:
        if undo:
            writer.undo_withdrawal(version, reason, release_date())
        else:
            writer.withdraw(version, withdrawal(reason, release_date()))
    for sentence in writer.repaired:
        console().print(f"Repaired: {sentence}.")
    if undo:
        console().print(f"The withdrawal of {version} is undone: {shown(reason)}. Both reasons stay in the index.")
    else:
        console().print(f"{version} is withdrawn: {shown(reason)}")


def erase_source(source: str, reason: str, root: Path, published: Path | None) -> None:
    """Take the bytes of a source out of every release, and print what is left elsewhere."""
    settings = read_settings(root, published)
    settings.check_published()
    pipeline.check_address(settings)
    erased = erase(pipeline.open_store(settings), source, reason, release_date())
    if (kept := settings.cache / "derived").exists():  # its ZIP files of releases have the bytes too
        shutil.rmtree(kept)
    out = console()
    for sentence in erased.repaired:
        out.print(f"Repaired: {sentence}.")
    names = sorted({name for files in erased.names.values() for name in files})
    out.print(Text(f"Erased from {', '.join(erased.names)}: {', '.join(names)}. Reason: {shown(reason)}"))
    out.print("Digests, sidecars, tables and their quotes stay. Repeat `cbrn-data push` for each mirror.")
    if left := [path for name in names if (path := settings.raw / PurePath(name).name).exists()]:
        out.print(f"Take it out of raw/ too, because erased bytes are not published again: {', '.join(map(str, left))}")
    out.print("Not touched: backups, version control, older versions in object storage. See docs/mend.md.")
