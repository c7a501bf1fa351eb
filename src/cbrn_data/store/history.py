"""The history: every release folder under ``published/releases/``, in order, and the chain that holds them.

``release.json`` of each names the digest of the one before, so that a release that was taken out, put in or
exchanged is seen by whoever reads the folders. Hidden entries are not ours to judge here. Only reading happens.
"""

from __future__ import annotations

import stat
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import INFO, Release, check_version, read_release

RELEASES = "releases"


def read_history(published: Path) -> list[Release]:
    """Return the releases by sequence, none where nothing was published yet.

    Raises ReleaseError naming the file: a release is incomplete or not in the folder of its version, two have one
    sequence, one is missing between two others, or one does not name the digest of the one before.
    """
    kind = disk.mode(published / RELEASES)
    if not kind:
        return []
    if not stat.S_ISDIR(kind):
        raise ReleaseError(f"{published / RELEASES}: is not a folder, or is a link to one; put the real folder back")
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
        raise ReleaseError(f"{folder / INFO}: is of release {release.version}; put each folder back under its version")
    return release


def check_follows(release: Release, previous: Release | None) -> None:
    """Refuse a release that is not the next one after ``previous``. Raises ReleaseError naming its file."""
    file = release.folder / INFO
    sequence, digest = (previous.sequence, previous.digest) if previous else (0, None)
    if previous and release.sequence == sequence:
        raise ReleaseError(f"{file}: has the same sequence ({sequence}) as {previous.folder}; move the false one away")
    if release.sequence != sequence + 1:
        raise ReleaseError(
            f"{file}: has sequence {release.sequence} where {sequence + 1} belongs; put the missing release back"
        )
    if release.previous != digest:
        before = f"{digest} of {previous.version}" if previous else "null"
        raise ReleaseError(f"{file}: names {release.previous} as the release before where {before} belongs")
