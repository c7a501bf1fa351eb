"""``verify --rebuild``: make a store again, and compare every byte.

A release is made from its own sources and definitions; the text of a leaflet from its document; pages, feed and catalogue
from the releases, at the address in the feed. A rebuild is valid only with the code and the libraries that shaped a release:
if they are not those that run here, the code in the store is run, if the auditor says so (``recorded``); otherwise, the
result is "not checked". The same holds for pages and the code that shaped them. The signature is checked elsewhere: only the
payload of the attestation is compared.

This is the only module of the verification that loads the producer.
"""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cbrn_data.catalogue.address import checked_base
from cbrn_data.catalogue.derive import derivation
from cbrn_data.catalogue.feed import FEED, base_of
from cbrn_data.documents.received import read_again
from cbrn_data.documents.tables import read_table
from cbrn_data.errors import CbrnDataError, VerificationError
from cbrn_data.kept import keeping
from cbrn_data.pipeline import derived_by, pages
from cbrn_data.progress import tracked
from cbrn_data.release.changes import find_changes
from cbrn_data.release.code import is_of_this_code, pages_version
from cbrn_data.release.rebuild import rebuild
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from cbrn_data.signing.attestation import ATTESTATION, read_envelope
from cbrn_data.signing.keys import PUBLIC_KEY
from cbrn_data.sources.document import LEAFLETS
from cbrn_data.sources.source import Source, read_source
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, read_release
from cbrn_data.store.history import METADATA, read_history
from cbrn_data.store.index import read_index, with_withdrawals
from cbrn_data.verify.derived import is_elsewhere
from cbrn_data.verify.recorded import RecordedCode, obstacle, recorded_code, without_network
from cbrn_data.verify.results import DERIVED, DOCUMENTS, ERASED, FAILED, NOT_CHECKED, PASSED, REBUILD, STORE, Result, checked

SHOWN = 10
"""The most differing cells that are named; the others are counted."""


def rebuild_all(
    folder: Path, is_release: bool, results: Sequence[Result], pinned: bool = False, run_recorded: bool = False
) -> Iterator[Result]:
    """Rebuild a release, or all releases of a store, unless ``results`` show that files are not intact, or were not read.

    ``pinned``: the results are those with pinned keys; ``run_recorded``: the code in the store may be run.
    """
    needed = ("files", "record", "chain", "signature", METADATA)
    if any(result.check in needed and result.result in (FAILED, NOT_CHECKED) for result in results):
        yield Result(STORE, REBUILD, NOT_CHECKED, "the files are not those that were released")
        return
    folders = [folder] if is_release else [release.folder for release in read_history(folder)]
    published = None if is_release else folder
    gone = {result.subject: result.detail for result in results if result.check == ERASED}
    with recorded_code(folder) as recorded:
        for previous, each in tracked("Rebuild releases", zip([None, *folders], folders, strict=False), len(folders)):
            if each.name in gone:
                yield Result(each.name, REBUILD, NOT_CHECKED, f"cannot be made again: {gone[each.name]}")
                continue
            release = read_release(each)
            is_ours = is_of_this_code(release.info)
            if not is_ours and (reason := obstacle(release, published, run_recorded, pinned, results)):
                yield Result(each.name, REBUILD, NOT_CHECKED, reason)
            else:
                yield from rebuild_release(each, previous, None if is_ours else recorded)
            yield from _texts(each)
    if not is_release:
        yield from rebuild_derived(STORE, folder)


def rebuild_release(folder: Path, previous: Path | None, recorded: RecordedCode | None = None) -> Iterator[Result]:
    """Compare a release with its rebuild by this code, or by its ``recorded`` code.

    ``previous`` is the folder of the release before it.
    """
    release = read_release(folder)
    if release.previous is not None and previous is None:
        yield Result(folder.name, REBUILD, NOT_CHECKED, "the release before it is not given; verify the whole store")
        return
    with tempfile.TemporaryDirectory(prefix="cbrn-data-") as name:
        made, good = None, "every file has the same bytes"
        if recorded:
            good += ", made by its own code" + ("" if without_network() else ", which was not kept from the network")
            try:
                made = recorded.rebuild(release, previous, Path(name))
            except VerificationError as error:
                yield Result(folder.name, REBUILD, NOT_CHECKED, str(error))
                return
        yield from checked(
            folder.name, REBUILD, lambda: _differences(release, made or rebuild(release, previous, Path(name))), good
        )


def _differences(release: Release, made: Path) -> Iterator[str]:
    there, again = ({file for file, mode in disk.walk(of) if stat.S_ISREG(mode)} for of in (release.folder, made))
    signed = {ATTESTATION, PUBLIC_KEY, SUMS}
    yield from (f"{file} is not in the rebuild" for file in sorted(there - again - signed))
    yield from (f"{file} is only in the rebuild" for file in sorted(again - there))
    common = sorted(there & again - signed)
    differing = [file for file in common if disk.digest(release.folder / file) != disk.digest(made / file)]
    yield from (f"{file} differs from the rebuild" for file in differing)
    if any(file.endswith(".csv") for file in differing):
        yield from _cells(release, made)
    if ATTESTATION in again and not differing:
        payload = read_envelope(disk.read(release.folder / ATTESTATION)).payload
        if payload != disk.read(made / ATTESTATION):
            yield f"the payload of {ATTESTATION} does not fit this release"


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


def _texts(release: Path) -> Iterator[Result]:
    """Yield the results of ``rebuild_texts``; if the sources cannot be read, the texts fail."""
    results: list[Result] = []

    def run() -> Iterator[str]:
        results.extend(rebuild_texts(release))
        return iter(())

    yield from [each for each in checked(release.name, DOCUMENTS, run, "") if each.result == FAILED]
    yield from results


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
    """Return the reader, and the text or the CSV that it produces. Raises CbrnDataError."""
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
        if faults and index.derived_by != derived_by(base):
            others.append(f"{len(faults)} files differ from the rebuild, but other code derived them")
            return []
        return faults

    others: list[str] = []
    results = list(checked(subject, DERIVED, run, "every file has the same bytes"))
    yield from [Result(subject, DERIVED, NOT_CHECKED, detail) for detail in others] or results


def _derived(published: Path, releases: list[Release], base: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="cbrn-data-") as folder, keeping(Path(folder), pages_version()):
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
