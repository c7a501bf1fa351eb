"""``verify --rebuild``: make a store again, and compare every byte.

A release is made from its own sources and definitions; the text of a leaflet from its document; pages, feed and catalogue
from the releases, at the address in the feed. The latter are not signed, and the index with their digests is derived too, so
only a rebuild shows that a page agrees with the releases. A result is valid only if the same code and libraries made the
release; otherwise it is "not checked". The signature is checked elsewhere: only the payload of the attestation is compared.

This is the only module of the verification that loads the producer.
"""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cbrn_data.catalogue.address import checked_base
from cbrn_data.catalogue.derive import derivation
from cbrn_data.catalogue.feed import FEED, base_of
from cbrn_data.documents.received import read_again
from cbrn_data.documents.tables import read_table
from cbrn_data.errors import CbrnDataError
from cbrn_data.kept import keeping
from cbrn_data.pipeline import build, gather, pages
from cbrn_data.progress import tracked
from cbrn_data.release.assemble import draft, release_files
from cbrn_data.release.changes import find_changes
from cbrn_data.release.code import code_version
from cbrn_data.release.gate import judge
from cbrn_data.release.guard import Allowed
from cbrn_data.release.sign import release_statement
from cbrn_data.release.version import STEPS, next_version
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from cbrn_data.settings import Settings
from cbrn_data.signing.attestation import ATTESTATION, read_envelope
from cbrn_data.signing.keys import PUBLIC_KEY
from cbrn_data.sources.document import LEAFLETS
from cbrn_data.sources.source import Source, read_source
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, SUMS, Release, read_release
from cbrn_data.store.history import read_history
from cbrn_data.store.index import read_index, with_withdrawals
from cbrn_data.strict_json import dumped
from cbrn_data.verify.derived import is_elsewhere
from cbrn_data.verify.results import FAILED, NOT_CHECKED, PASSED, STORE, Result, checked

REBUILD, DOCUMENTS, DERIVED = "rebuild", "documents", "derived again"
"""The checks, by what is rebuilt: a release, the texts of its documents, and the derived files of a store."""

SHOWN = 10
"""The most differing cells that are named; the others are counted."""


def rebuild_all(folder: Path, is_release: bool, results: Sequence[Result]) -> Iterator[Result]:
    """Rebuild a release, or all releases of a store, unless ``results`` show that the files are not intact."""
    if any(result.check in ("files", "record", "chain", "signature") and result.result == FAILED for result in results):
        yield Result(STORE, REBUILD, NOT_CHECKED, "the files are not those that were released")
        return
    folders = [folder] if is_release else [release.folder for release in read_history(folder)]
    for previous, release in tracked("Rebuild releases", zip([None, *folders], folders, strict=False), len(folders)):
        yield from rebuild_release(release, previous)
        yield from rebuild_texts(release)
    if not is_release:
        yield from rebuild_derived(STORE, folder)


def rebuild_release(folder: Path, previous: Path | None) -> Iterator[Result]:
    """Compare a release with its rebuild; ``previous`` is the folder of the release before it."""
    release = read_release(folder)
    code = release.info.get("code")
    if code != code_version():
        name = f"{code['name']} {code['version']} ({code['digest'][:12]})" if isinstance(code, dict) else "unknown"
        yield Result(folder.name, REBUILD, NOT_CHECKED, f"needs code {name}")
    elif release.previous is not None and previous is None:
        yield Result(folder.name, REBUILD, NOT_CHECKED, "the release before it is not available")
    else:
        good = "every file has the same bytes"
        yield from checked(folder.name, REBUILD, lambda: _differences(release, previous), good)


def _differences(release: Release, previous: Path | None) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="cbrn-data-") as name:
        made = _make(release, previous, Path(name))
        there = {file for file, mode in disk.walk(release.folder) if (release.folder / file).is_file()}
        signed = {ATTESTATION, PUBLIC_KEY, SUMS}
        yield from (f"{file} is not in the rebuild" for file in sorted(there - made.keys() - signed))
        yield from (f"{file} is only in the rebuild" for file in sorted(made.keys() - there))
        differing = [
            file for file in sorted(made.keys() & there) if disk.digest(release.folder / file) != disk.sha256_of(made[file])
        ]
        yield from (f"{file} differs from the rebuild" for file in differing)
        if any(file.endswith(".csv") for file in differing):
            yield from _cells(release, Path(name) / "made")
        payload = read_envelope(disk.read(release.folder / ATTESTATION)).payload
        if not differing and payload != release_statement(release.folder):
            yield f"the payload of {ATTESTATION} does not fit this release"


def _make(release: Release, previous: Path | None, place: Path) -> dict[str, disk.Data]:
    """Build the release in ``place``; return its files, except those of the signature."""
    for kind, room in (("sources", "raw"), ("schemas", "schemas")):
        shutil.copytree(release.folder / kind, place / room)
    built = build(gather(Settings(place, place / "published")))
    before = read_release(previous) if previous else None
    planned = draft(built.content, before, date=release.date)
    if before and release.version in {next_version(before.version, planned.why, step) for step in STEPS}:
        planned = replace(planned, version=release.version)
    allowed = [Allowed(**entry) for entry in release.info.get("allowed", ())]
    files = release_files(replace(planned, allowed=allowed, approval=release.info.get("approval")), release.date)
    target = place / "made"
    for name, data in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        disk.create(target / name, data)
    judged = judge(target, [*built.findings, *planned.findings])
    return files | {REPORT: dumped(judged.report)}


def _cells(release: Release, made: Path) -> Iterator[str]:
    """Yield the cells that differ: table, row, field, published value and rebuilt value."""
    package = read_package(made / "schemas")
    published, again = (released_tables(folder, package) for folder in (release.folder, made))
    changes = find_changes(published, again, package)
    cells = [(each, change, cell) for each in changes for change in each.first for cell in change.cells()]
    for each, change, (name, old, new) in cells[:SHOWN]:
        yield f"{each.table.name}, row {change.row_id}, {name}: published {old!r}, rebuilt {new!r}"
    if len(cells) > SHOWN or any(each.counts.total() > len(each.first) for each in changes):
        yield f"and more cells of {sum(each.counts.total() for each in changes):,} rows"


def rebuild_texts(release: Path) -> Iterator[Result]:
    """Yield a result for each text of a leaflet, and each CSV of a table, that was read from a received file."""
    folder = release / "sources"
    names = [name for name, _ in disk.walk(folder) if name.endswith(".yaml")] if folder.is_dir() else []
    sources = [source for name in sorted(names) if (source := read_source(folder, name.removesuffix(".yaml"))[0])]
    documents = {source.source_id: source for source in sources if source.kind == "document"}
    for text in sources:
        document = documents.get(str(text.metadata.get("text_of")))
        if document is not None:
            yield Result(release.name, DOCUMENTS, *_judged(text, document))


def _judged(text: Source, document: Source) -> tuple[str, str]:
    recorded = str(text.metadata.get("read_with"))
    try:
        read_with, data = _read_again(text, document)
    except CbrnDataError as error:
        return NOT_CHECKED, f"{text.name}: {error.findings[0].message if error.findings else error}"
    if read_with != recorded:
        return NOT_CHECKED, f"{text.name}: was read with {recorded}, but {read_with} is installed"
    if data != text.data:
        return FAILED, f"{text.name} is not the text of its document"
    return PASSED, f"{text.name} is the text of its document"


def _read_again(text: Source, document: Source) -> tuple[str, bytes]:
    """Return the reader, and the text or the CSV that it makes. Raises CbrnDataError."""
    if text.kind in LEAFLETS:
        read = read_again(document.data)
        return read.read_with, read.text.encode()
    table = read_table(document.name, document.data, text.metadata.get("sheet"))
    return table.read_with, table.csv


def rebuild_derived(subject: str, published: Path) -> Iterator[Result]:
    """Compare the derived files of a store with their rebuild, at the address in its feed."""

    def run() -> list[str]:
        found = read_history(published)
        index = read_index(published, found)
        releases = with_withdrawals(found, index)
        base = checked_base(base_of(disk.read(published / FEED)))
        states = [_derived(published, releases, base)]
        if index.digests and len(index.digests) < len(releases):
            states.append(_derived(published, releases[: len(index.digests)], base))
        faults = list(_derived_differences(published, states))
        if faults and releases[-1].info.get("code") != code_version():
            others.append(f"{len(faults)} files differ from the rebuild, but other code made {releases[-1].version}")
            return []
        return faults

    others: list[str] = []
    results = list(checked(subject, DERIVED, run, "every file has the same bytes"))
    yield from [Result(subject, DERIVED, NOT_CHECKED, detail) for detail in others] or results


def _derived(published: Path, releases: list[Release], base: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="cbrn-data-") as folder, keeping(Path(folder), code_version()):
        files = derivation(base, pages)(published, releases)
        return {name: disk.sha256_of(data) for name, data in files.items()}


def _derived_differences(published: Path, states: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield files that differ in all ``states``; if a publication was cut short, a file can be of the state before it."""
    files = [name for name, mode in disk.walk(published) if stat.S_ISREG(mode) and not is_elsewhere(name)]
    there = {name: disk.digest(published / name) for name in files}
    for name in sorted(there.keys() | states[-1].keys()):
        if all(there.get(name) != state.get(name) for state in states):
            known = any(name in state for state in states)
            what = "is missing" if name not in there else "differs from the rebuild" if known else "is not derived"
            yield f"{name} {what}"
