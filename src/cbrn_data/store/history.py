"""The history: every release folder under ``published/releases/``, in order, and the chain of digests.

``release.json`` names the digest of the release before, so a removed, inserted or exchanged release is detected. Hidden
entries are ignored. This module only reads.
"""

from __future__ import annotations

import stat
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import INFO, Release, check_version, read_release

RELEASES = "releases"
LATEST = "latest"
"""The folder with the newest release that is not withdrawn, and its name in place of a version."""
CODE = "code"
"""The folder of the code that made releases."""
INDEX = "releases.json"
METADATA = "metadata"
"""The folder of the signed metadata, which vouch for the index and what it names."""


def read_history(published: Path) -> list[Release]:
    """Return the releases by sequence, empty if nothing was published yet.

    Raises ReleaseError naming the file if a release is incomplete or not in the folder of its version, if a sequence number
    is repeated or missing, or if a release does not name the digest of the release before.
    """
    kind = disk.mode(published / RELEASES)
    if not kind:
        return []
    if not stat.S_ISDIR(kind):
        raise ReleaseError(f"{published / RELEASES}: is not a folder, or is a link to one; restore the real folder")
    folders = disk.entries(published / RELEASES)
    found = [_read(published / RELEASES / name, mode) for name, mode in folders.items() if name[0] != "."]
    found.sort(key=lambda release: (release.sequence, release.version))
    previous: Release | None = None
    for release in found:
        check_follows(release, previous)
        previous = release
    return found


def _read(folder: Path, mode: int) -> Release:
    if not stat.S_ISDIR(mode):
        raise ReleaseError(f"{folder}: is not a release folder; move it away")
    try:
        check_version(folder.name)
    except ReleaseError as error:
        raise ReleaseError(f"{folder}: {error}; move it away") from error
    if not disk.entries(folder):
        raise ReleaseError(f"{folder}: is empty and not a release; remove this folder")
    release = read_release(folder)
    if release.version != folder.name:
        raise ReleaseError(f"{folder / INFO}: belongs to release {release.version}; restore each folder under its version")
    return release


def check_follows(release: Release, previous: Release | None) -> None:
    """Refuse a release that is not the next one after ``previous``. Raises ReleaseError naming its file."""
    file = release.folder / INFO
    sequence, digest = (previous.sequence, previous.digest) if previous else (0, None)
    if previous and release.sequence == sequence:
        raise ReleaseError(f"{file}: has the same sequence ({sequence}) as {previous.folder}; move the wrong one away")
    if release.sequence != sequence + 1:
        raise ReleaseError(f"{file}: has sequence {release.sequence} instead of {sequence + 1}; restore the missing release")
    if release.previous != digest:
        before = f"{digest} of {previous.version}" if previous else "null"
        raise ReleaseError(f"{file}: names {release.previous} instead of {before} as the release before")
