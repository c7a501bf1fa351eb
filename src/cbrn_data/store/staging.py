"""Staging: hidden folders in which a release or derived files are built before they are visible.

They are in ``published/`` because a rename is atomic only within a file system. A staging folder can be deleted at any time;
the next run removes those of a killed run.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.progress import BYTES, step
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, checksums, differences
from cbrn_data.store.names import check_names, inside


class Staging:
    """The staging folders of one publication, and the sha256 of every file in them."""

    def __init__(self, published: Path) -> None:
        self._published = published
        self._digests: dict[Path, dict[str, str]] = {}

    def sweep(self) -> bool:
        """Remove the folders of earlier runs; return whether there were any. Needs the lock."""
        left = [name for name in disk.entries(self._published) if name.startswith(disk.STAGING)]
        for name in left:
            disk.remove_tree(self._published / name)
        if left:
            disk.flush(self._published)
        return bool(left)

    def make(self) -> Path:
        """Make an empty folder, mode 0700, with an unguessable name."""
        folder = disk.make_staging(self._published)
        self._digests[folder] = {}
        return folder

    def fill(self, files: Mapping[str, disk.Data]) -> Path:
        """Make a folder with ``files`` and their SHA256SUMS; after an error, nothing is left."""
        check_names([*files, SUMS])
        folder = self.make()
        try:
            self.add(folder, files)
        except BaseException:
            with suppress(ReleaseError):
                self.discard(folder)
            raise
        return folder

    def add(self, folder: Path, files: Mapping[str, disk.Data]) -> None:
        """Write more files, update SHA256SUMS, and flush all. Raises ReleaseError if a file already exists."""
        known = self._known(folder)
        check_names([*known, *files, SUMS])
        if twice := {SUMS, *known} & files.keys():
            raise ReleaseError(f"{min(twice)!r} is already in the release")
        before = checksums(known)
        folders = sorted({name.rpartition("/")[0] for name in files} - {""})
        for below in folders:
            disk.make_folder(folder, below)
        with step("Write the release", sum(map(disk.size_of, files.values())), BYTES):
            for name in sorted(files):
                disk.create(inside(folder, name), files[name])
                known[name] = disk.sha256_of(files[name])
        if checksums(known) != before:
            disk.remove(folder / SUMS)
            disk.create(folder / SUMS, checksums(known))
        for below in [*reversed(folders), ""]:
            disk.flush(folder / below)

    def check(self, folder: Path) -> None:
        """Refuse a folder whose bytes changed after staging, for example during the gate."""
        sums = checksums(self._known(folder))
        found = differences(folder) if disk.read(folder / SUMS) == sums else f"{SUMS!r} was changed"
        if found:
            raise ReleaseError(f"{folder}: {found} since it was staged; publish again")

    def let_go(self, folder: Path) -> None:
        """Forget a folder that was renamed to its final place."""
        del self._digests[folder]

    def discard(self, folder: Path) -> None:
        """Remove one folder and free its space. Raises ReleaseError for an error of the disk."""
        self._known(folder)
        disk.remove_tree(folder)
        self.let_go(folder)

    def discard_all(self) -> None:
        """Remove every folder that was not committed."""
        for folder in list(self._digests):
            self.discard(folder)

    def _known(self, folder: Path) -> dict[str, str]:
        if folder not in self._digests:
            raise ReleaseError(f"{folder}: was not staged here, or is committed or discarded; stage it again")
        return self._digests[folder]
