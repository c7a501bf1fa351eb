"""Derived files: everything under ``published/`` that follows from the releases and can be made again.

What changes is first written whole into a hidden folder (all that needs space), then moved into place file by
file: ``latest/datapackage.json`` after the rest of ``latest/``, the index after everything. So a full disk is met
before a release is committed, and a reader who starts at the index finds what it names.

A file that is no longer derived goes after the index, which until then lists it. Its name is kept in a hidden
list from before the new index until it is gone: the new index has forgotten it, and a run that is cut short there
would leave it for ever.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import NAMED_AT_MOST, Release
from cbrn_data.store.index import INDEX, Index, check_derived_name, index_bytes
from cbrn_data.strict_json import dumped, parse_object

LATEST = "latest"
LEAVING = ".leaving.json"
_FIRST = "feed.xml"
_IN_THIS_ORDER = (f"{LATEST}/datapackage.json", LEAVING, INDEX)


@dataclass(frozen=True)
class Derivation:
    """The files to put, in their order, and those to take away, to bring ``published`` up to date."""

    published: Path
    changed: dict[str, disk.Data]
    leaving: list[str]
    unfinished: bool

    def __bool__(self) -> bool:
        return bool(self.changed or self.leaving or self.unfinished)

    def sentences(self) -> list[str]:
        """Say what a repair does, for people."""
        changed = [name for name in self.changed if name != LEAVING]
        said = [("derived again what was missing or behind", changed), ("removed what is not derived", self.leaving)]
        return [f"{what}: {_some(names)}" for what, names in said if names]

    def write(self, staged: Path) -> None:
        """Write every changed file into the hidden folder ``staged``. Raises ReleaseError."""
        for number, data in enumerate(self.changed.values()):
            disk.create(staged / str(number), data)

    def put(self, staged: Path) -> None:
        """Move what ``write`` wrote into place, then take away what leaves. Raises ReleaseError."""
        folders = {self.published: False}
        for number, name in enumerate(self.changed):
            if name in _IN_THIS_ORDER:
                _flush(folders)
            target = self.published / name
            if target.parent not in folders:
                disk.make_folder(self.published, str(Path(name).parent))
            disk.rename(staged / str(number), target)
            folders[target.parent] = True
        _flush(folders)
        self._take_away()

    def _take_away(self) -> None:
        for name in self.leaving:
            path = self.published / name
            if path.parent.is_dir() and not stat.S_ISDIR(disk.mode(path)):
                disk.remove(path)
            disk.remove_empty(path, self.published)
        above = {self.published / folder for name in self.leaving for folder in Path(name).parents}
        for folder in above:
            if folder.is_dir():
                disk.flush(folder)
        if disk.mode(self.published / LEAVING):
            disk.remove(self.published / LEAVING)
            disk.flush(self.published)


def _flush(folders: dict[Path, bool]) -> None:
    for folder in [folder for folder, touched in folders.items() if touched]:
        disk.flush(folder)
        folders[folder] = False


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else ""
    return ", ".join(names[:NAMED_AT_MOST]) + more


def is_settled(published: Path, releases: Sequence[Release], index: Index, derived_by: str) -> bool:
    """Tell whether all that is derived is there as the index lists it, and the same would be derived again.

    Only what the same recipe made of the same releases is taken for that. Raises ReleaseError as ``plan`` does.
    """
    if not derived_by or index.derived_by != derived_by or disk.mode(published / LEAVING):
        return False
    if disk.read(published / INDEX) != index_bytes(releases, index.derived, derived_by):
        return False
    there = all(
        stat.S_ISREG(_mode(published, name)) and disk.digest(published / name) == sha256
        for name, sha256 in index.derived.items()
    )
    return there and not _in_latest(published) - index.derived.keys()


def plan(
    published: Path, releases: Sequence[Release], files: Mapping[str, disk.Data], index: Index, derived_by: str = ""
) -> Derivation:
    """Compare ``files`` (every derived file but the index) and the index with the disk; nothing is written.

    Raises ReleaseError if a name cannot be one, or a link or folder is in the way of a file.
    """
    for name in files:
        check_derived_name(name)
    disk.check_names([*files, INDEX])
    known = index.derived.keys() | _listed_as_leaving(published)
    gone = sorted(known - files.keys())
    digests = {name: disk.sha256_of(data) for name, data in files.items()}
    wanted: dict[str, disk.Data] = {name: files[name] for name in sorted(files, key=_rank)}
    if gone:
        wanted[LEAVING] = dumped({"leaving": gone})
    wanted[INDEX] = index_bytes(releases, digests, derived_by)
    changed = {name: data for name, data in wanted.items() if not _is(published, name, data)}
    leaving = {name for name in gone if not stat.S_ISDIR(_mode(published, name))}
    leaving |= _in_latest(published) - files.keys()
    return Derivation(published, changed, sorted(leaving), bool(disk.mode(published / LEAVING)))


def _rank(name: str) -> tuple[bool, bool, str]:
    """Put the feed first, which says which state is being brought about, and some names last."""
    return name in _IN_THIS_ORDER, name != _FIRST, name


def _is(published: Path, name: str, data: disk.Data) -> bool:
    """Tell whether the file is there with exactly these bytes; a link is replaced, a folder is refused."""
    mode = _mode(published, name)
    if stat.S_ISDIR(mode):
        raise ReleaseError(f"{published / name}: is a folder where a derived file belongs; move it away")
    return stat.S_ISREG(mode) and disk.digest(published / name) == disk.sha256_of(data)


def _mode(published: Path, name: str) -> int:
    """Return the mode of an entry, 0 if there is none; what would be reached through a link is refused."""
    path = published
    for segment in name.split("/")[:-1]:
        path = path / segment
        mode = disk.mode(path)
        if not mode:
            return 0
        if not stat.S_ISDIR(mode):
            raise ReleaseError(f"{path}: is not a folder, or is a link to one; move it away")
    return disk.mode(published / name)


def _listed_as_leaving(published: Path) -> frozenset[str]:
    path = published / LEAVING
    if not disk.mode(path):
        return frozenset()
    names = parse_object(path, disk.read(path)).get("leaving")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ReleaseError(f"{path}: is not a list of files; remove it")
    for name in names:
        check_derived_name(name)
    return frozenset(names)


def _in_latest(published: Path) -> set[str]:
    """Return the files and empty folders in ``latest/``: that folder is ours alone, and an old table would mislead."""
    if not stat.S_ISDIR(_mode(published, LATEST)):
        return set()
    found = dict(disk.walk(published / LATEST))
    full = {str(Path(name).parent) for name in found}
    return {f"{LATEST}/{name}" for name in found.keys() - full if not _is_hidden(name)}


def _is_hidden(name: str) -> bool:
    return any(segment.startswith(".") for segment in name.split("/"))
