"""Derived files: all files under ``published/`` that can be rebuilt from the releases.

Changed files are first written to a hidden folder, and then moved into place one by one: ``latest/datapackage.json`` after
the rest of ``latest/``, the index last. So a full disk fails before a release is committed, and a reader who starts at the
index finds all its files.

A file that is no longer derived is removed after the index is written, because the old index lists it. A hidden list keeps
its name until then: the new index does not have it, so an interrupted run would otherwise leave the file for ever.

The function ``vouch`` gives the signed metadata of all these files, in order. They are moved first, because each state has
new names for them. Only the timestamp, which decides which state is in force, and the files after it are moved after the
index.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.progress import BYTES, step
from cbrn_data.store import disk
from cbrn_data.store.code import code_folders, sums_name
from cbrn_data.store.folder import SUMS, UNLISTED, Release, some
from cbrn_data.store.history import INDEX, LATEST, METADATA, RELEASES
from cbrn_data.store.index import Index, check_derived_name, index_bytes
from cbrn_data.store.names import check_names
from cbrn_data.strict_json import dumped, parse_object

LEAVING = ".leaving.json"
_FIRST = "feed.xml"
_TIMESTAMP, _FIRST_ROOT = f"{METADATA}/timestamp.json", f"{METADATA}/1.root.json"
_IN_THIS_ORDER = (f"{LATEST}/datapackage.json", LEAVING, INDEX, _TIMESTAMP)

Vouch = Callable[[Path, Mapping[str, tuple[str, int]]], Mapping[str, bytes]]
"""Gets ``published``, and sha256 and size by path of all files to vouch for; returns the files of ``metadata/``."""


def unsigned(published: Path, targets: Mapping[str, tuple[str, int]]) -> Mapping[str, bytes]:
    """Vouch for nothing."""
    return {}


@dataclass(frozen=True)
class Derivation:
    """The files to write, in order, and the files to remove, to update ``published``."""

    published: Path
    changed: dict[str, disk.Data]
    leaving: list[str]
    unfinished: bool

    def __bool__(self) -> bool:
        return bool(self.changed or self.leaving or self.unfinished)

    def sentences(self) -> list[str]:
        """Return what a repair does, as sentences."""
        changed = [name for name in self.changed if name != LEAVING and not _is_metadata(name)]
        leaving = [name for name in self.leaving if not _is_metadata(name)]
        said = [("derived missing or outdated files again", changed), ("removed files that are not derived", leaving)]
        sentences = [f"{what}: {some(names)}" for what, names in said if names]
        if _TIMESTAMP in self.changed and not sentences:
            sentences.append("signed the metadata of the store again")
        return [*sentences, *self.new_root()]

    def new_root(self) -> list[str]:
        """Return the sentence about a new root of the metadata, if there is one."""
        own = "the store's metadata have a root of their own now, of the key that signs here, which auditors must pin"
        return [own] if _FIRST_ROOT in self.changed else []

    def write(self, staged: Path) -> None:
        """Write every changed file into the hidden folder ``staged``. Raises ReleaseError."""
        with step("Write the pages", sum(map(disk.size_of, self.changed.values())), BYTES):
            for number, data in enumerate(self.changed.values()):
                disk.create(staged / str(number), data)

    def put(self, staged: Path, before_timestamp: Callable[[], None] = lambda: None) -> None:
        """Move the files of ``write`` into place, then remove the others. Raises ReleaseError.

        ``before_timestamp`` moves files that only the new metadata vouch for, just before the timestamp is written.
        """
        self._remove([name for name in self.leaving if name.endswith(".root.json")])
        folders = {self.published: False}
        before = ""
        for number, name in enumerate(self.changed):
            is_next = folders.get(self.published / METADATA) and not _is_metadata(name)
            if is_next or name in _IN_THIS_ORDER or before == _TIMESTAMP:
                _flush(folders)
            if name == _TIMESTAMP:
                before_timestamp()
            target = self.published / name
            if target.parent not in folders:
                disk.make_folder(self.published, str(Path(name).parent))
            disk.rename(staged / str(number), target)
            folders[target.parent] = True
            before = name
        _flush(folders)
        if _TIMESTAMP not in self.changed:
            before_timestamp()
        self._take_away()

    def _take_away(self) -> None:
        # The metadata of the state before are last, because they vouch for the other files that leave.
        self._remove([name for name in self.leaving if not _is_metadata(name)])
        self._remove([name for name in self.leaving if _is_metadata(name)])
        if disk.mode(self.published / LEAVING):
            disk.remove(self.published / LEAVING)
            disk.flush(self.published)

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            path = self.published / name
            if path.parent.is_dir() and not stat.S_ISDIR(disk.mode(path)):
                disk.remove(path)
            disk.remove_empty(path, self.published)
        above = {self.published / folder for name in names for folder in Path(name).parents}
        for folder in above:
            if folder.is_dir():
                disk.flush(folder)


def _flush(folders: dict[Path, bool]) -> None:
    for folder in [folder for folder, touched in folders.items() if touched]:
        disk.flush(folder)
        folders[folder] = False


def is_settled(published: Path, releases: Sequence[Release], index: Index, derived_by: str, vouch: Vouch = unsigned) -> bool:
    """Return whether all derived files match the index and would be derived again unchanged.

    This needs the same code and the same releases. Raises ReleaseError as ``plan``.
    """
    if not derived_by or index.derived_by != derived_by or disk.mode(published / LEAVING):
        return False
    if disk.read(published / INDEX) != index_bytes(releases, index.derived, derived_by):
        return False
    there = all(
        stat.S_ISREG(_mode(published, name)) and disk.digest(published / name) == sha256
        for name, sha256 in index.derived.items()
    )
    if not there or _in(published, LATEST) - index.derived.keys():
        return False
    files = {**index.derived, INDEX: disk.digest(published / INDEX)}
    sizes = {name: (sha256, disk.size(published / name)) for name, sha256 in files.items()}
    vouched = _vouched(published, releases, sizes, vouch)
    return _in(published, METADATA) == vouched.keys() and all(_is(published, name, data) for name, data in vouched.items())


def _vouched(
    published: Path,
    releases: Sequence[Release],
    files: Mapping[str, tuple[str, int]],
    vouch: Vouch,
    code: Mapping[str, Path] | None = None,
) -> Mapping[str, bytes]:
    """Return the metadata for ``files`` (sha256 and size), and for what each release and its code list and sign.

    ``code`` are folders of code that will come into place, by digest.
    """
    if vouch is unsigned:
        return {name: disk.read(published / name) for name in _in(published, METADATA)}
    targets = dict(files)
    for digest, folder in {**(code or {}), **code_folders(published, releases)}.items():
        targets[sums_name(digest)] = disk.digest(folder / SUMS), disk.size(folder / SUMS)
    for release in releases:
        for name in sorted(UNLISTED):
            if disk.mode(path := release.folder / name):
                targets[f"{RELEASES}/{release.version}/{name}"] = disk.digest(path), disk.size(path)
    return vouch(published, targets)


def plan(
    published: Path,
    releases: Sequence[Release],
    files: Mapping[str, disk.Data],
    index: Index,
    derived_by: str = "",
    vouch: Vouch = unsigned,
    code: Mapping[str, Path] | None = None,
    is_read: bool = False,
) -> Derivation:
    """Compare ``files`` (every derived file except the index) and the index with the disk; write nothing.

    ``code`` are folders of code that will come into place, by digest. ``is_read``: this run has already found that the files
    on the disk match ``index``, so they are not read again.

    Raises ReleaseError for an invalid name, or if a link or folder has the name of a file.
    """
    for name in files:
        check_derived_name(name)
    check_names([*files, INDEX])
    known = index.derived.keys() | _listed_as_leaving(published)
    gone = sorted(known - files.keys())
    digests = {name: disk.sha256_of(data) for name, data in files.items()}
    # The feed is first, because it shows the intended state, and some names are last.
    order = sorted(files, key=lambda name: (name in _IN_THIS_ORDER, name != _FIRST, name))
    wanted: dict[str, disk.Data] = {name: files[name] for name in order}
    if gone:
        wanted[LEAVING] = dumped({"leaving": gone})
    wanted[INDEX] = index_bytes(releases, digests, derived_by)
    sizes = {name: (sha256, disk.size_of(files[name])) for name, sha256 in digests.items()}
    sizes[INDEX] = disk.sha256_of(wanted[INDEX]), disk.size_of(wanted[INDEX])
    vouched = _vouched(published, releases, sizes, vouch, code)
    names = list(vouched)
    last = names[names.index(_TIMESTAMP) :] if _TIMESTAMP in names else []
    wanted = {
        **{name: vouched[name] for name in names if name not in last},
        **wanted,
        **{name: vouched[name] for name in last},
    }
    there = {name for name, sha256 in digests.items() if is_read and index.derived.get(name) == sha256}
    changed = {name: data for name, data in wanted.items() if name not in there and not _is(published, name, data)}
    leaving = {name for name in gone if not stat.S_ISDIR(_mode(published, name))}
    leaving |= _in(published, LATEST) - files.keys() | _in(published, METADATA) - vouched.keys()
    return Derivation(published, changed, sorted(leaving), bool(disk.mode(published / LEAVING)))


def _is(published: Path, name: str, data: disk.Data) -> bool:
    """Return whether the file exists with exactly these bytes; a link is replaced, a folder is refused."""
    mode = _mode(published, name)
    if stat.S_ISDIR(mode):
        raise ReleaseError(f"{published / name}: is a folder, but must be a derived file; move it away")
    return stat.S_ISREG(mode) and disk.digest(published / name) == disk.sha256_of(data)


def _mode(published: Path, name: str) -> int:
    """Return the mode of an entry, 0 if it does not exist; a path through a link is refused."""
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


def _is_metadata(name: str) -> bool:
    return name.startswith(f"{METADATA}/")


def _in(published: Path, folder: str) -> set[str]:
    """Return files and empty folders in a folder that contains nothing else, such as an old table in ``latest/``."""
    if not stat.S_ISDIR(_mode(published, folder)):
        return set()
    found = dict(disk.walk(published / folder))
    full = {str(Path(name).parent) for name in found}
    return {f"{folder}/{name}" for name in found.keys() - full if "/." not in f"/{name}"}
