"""Detect from digests alone that a run would change nothing, before any table library is imported.

A run that finds nothing new, and repairs nothing, stores its output (``remember``) under a digest of its inputs: the
settings; every file under ``raw/`` and ``schemas/``; the files of this package, Python, and the versions of all libraries;
every file of the store that such a run reads. If the digest is equal, a new run would read the same bytes with the same
code, so the stored output is shown (``recall``), until the day on which signed metadata must be renewed. Times and sizes of
inputs do not count. Large sources are read last, and only if nothing else changed: a new source has a new sidecar, which has
its digest.

The record is in the cache, one for each project and store, and holds a digest of itself. Without a record, or with a damaged
one, a run does everything.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cbrn_data.atomic import whole
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding
from cbrn_data.settings import FILE, Settings, release_date
from cbrn_data.store import disk
from cbrn_data.store.folder import INFO, SUMS, Release, read_release
from cbrn_data.store.history import RELEASES
from cbrn_data.store.lock import WAIT, locked
from cbrn_data.store.remembered import FILE as DIGESTS
from cbrn_data.store.remembered import LARGE, remembering
from cbrn_data.strict_json import dumped, parse_object

PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Unchanged:
    """The output of a run without changes: the newest release, its findings, and the lines of its overview."""

    release: Release
    findings: list[Finding]
    overview: list[tuple[str, str]]


def inputs(settings: Settings) -> str | None:
    """Return the digest of a run's inputs except the store; of a large source with a sidecar, only the name counts.

    Return None if an entry cannot be read, or is neither a file nor a folder.
    """
    total = sha256(dumped([repr(settings), os.getcwd(), sys.version, sorted(_libraries())]))
    try:
        large = {settings.raw / name for name in _large(settings)}
        for path in (settings.root / FILE, *_files(settings.raw), *_files(settings.schemas), *_files(PACKAGE)):
            is_read = disk.mode(path) and path not in large
            total.update(f"{disk.digest(path) if is_read else ''}  {path}\n".encode())
    except CbrnDataError:
        return None
    return total.hexdigest()


def recall(settings: Settings, given: str) -> Unchanged | None:
    """Return the stored output of a run with these ``inputs``, None if there is none.

    Waits for another publisher. Raises ReleaseError if it does not end.
    """
    published, day = settings.published, release_date()
    try:
        record = parse_object(_place(settings), disk.read(_place(settings)))
    except CbrnDataError:
        return None
    if record.pop("sha256", None) != _digest(record) or day >= record["until"] or not published.is_dir():
        return None
    if given != record["inputs"] or not _are_there(settings, record["sources"]):
        return None
    with locked(published, WAIT), suppress(CbrnDataError):
        if _store(settings, record["version"]) == record["store"]:
            release = replace(read_release(published / RELEASES / record["version"]), withdrawn=record["withdrawn"])
            findings = [Finding(**each) for each in record["findings"]]
            return Unchanged(release, findings, [(heading, text) for heading, text in record["overview"]])
    return None


def remember(settings: Settings, given: str | None, found: Unchanged, until: str, sources: Mapping[str, str]) -> None:
    """Store the output of a run without changes; ``given`` are its ``inputs`` as they were before it.

    ``sources`` are the digests of the sources that it read, by name. From the day ``until`` on, a run would renew metadata.
    Nothing is stored if an input changed meanwhile, or if there is no space.
    """
    if given is None or given != inputs(settings):
        return
    place, release = _place(settings), found.release
    with suppress(OSError, CbrnDataError, KeyError):
        record = {
            "inputs": given,
            "sources": {name: sources[name] for name in _large(settings)},
            "store": _store(settings, release.version),
            "until": until,
            "version": release.version,
            "withdrawn": release.withdrawn,
            "findings": [asdict(finding) for finding in found.findings],
            "overview": found.overview,
        }
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole(place) as file:
            file.write(dumped({**record, "sha256": _digest(record)}))


def _large(settings: Settings) -> list[str]:
    """Return the names of the large sources that have a sidecar, which a run compares with their bytes."""
    there = disk.entries(settings.raw)
    return [name for name in there if f"{name}.yaml" in there and disk.size(settings.raw / name) >= LARGE]


def _are_there(settings: Settings, sources: Mapping[str, str]) -> bool:
    """Return whether the large sources are those with these digests."""
    with suppress(CbrnDataError):
        is_of_name = list(sources) == _large(settings)
        return is_of_name and all(disk.digest(settings.raw / name) == sha256 for name, sha256 in sources.items())
    return False


def _place(settings: Settings) -> Path:
    """Return the file of the record of a project and a store."""
    folders = [str(folder.resolve()) for folder in (settings.root, settings.published)]
    return settings.cache / "unchanged" / f"{_digest(folders)[:32]}.json"


def _digest(value: Any) -> str:
    return sha256(dumped(value)).hexdigest()


def _libraries() -> Iterator[str]:
    """Yield the names of what is installed, with versions."""
    for folder in sys.path:
        with suppress(OSError):
            yield from (name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info", ".pth")))


def _files(folder: Path) -> list[Path]:
    return [folder / name for name, mode in _walk(folder) if not stat.S_ISDIR(mode)]


def _walk(folder: Path) -> Iterator[tuple[str, int]]:
    return ((name, mode) for name, mode in disk.walk(folder) if "__pycache__" not in name)


def _store(settings: Settings, newest: str) -> str:
    """Return the digest of a store's files that a run reads; of older releases, only names and lists of files.

    As in every run, the digests of large files are remembered.
    """
    total, published = sha256(), settings.published
    with remembering(settings.cache / DIGESTS):
        for name, mode in disk.walk(published):
            total.update(f"{mode:o} {name}\n".encode())
            of, _, below = name.partition("/")
            version, _, file = below.partition("/")
            if stat.S_ISREG(mode) and (of != RELEASES or version == newest or file in (INFO, SUMS)):
                total.update(disk.digest(published / name).encode())
    return total.hexdigest()
