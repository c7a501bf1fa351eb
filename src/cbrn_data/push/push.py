"""A push: a copy of the local store at another address, where a reader never sees half a release.

Files are uploaded in the order of ``contents``, then the index and the timestamp of the metadata; then files that are no
longer derived, and sources that were erased, are removed. Files with the same digest are skipped, so an interrupted push
continues where it ended. Each file is read back after its upload. A large file that the place has under another name is
copied there and not uploaded, such as an unchanged part of a table. The place must not be ahead of this store: a release or
withdrawal that only the place has, or a different release there, stops the push before anything is written. If a place has
the index of this store, a push first only reads it: if every file is there, nothing is written, not even the lease, so that
a bucket with versions does not grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tuf.api.metadata import Snapshot, Targets, Timestamp

from cbrn_data.errors import PushError, ReleaseError, VerificationError, extra_missing
from cbrn_data.findings import shown
from cbrn_data.progress import BYTES, step, tracked
from cbrn_data.push.contents import FOR_EVER, TIMESTAMP_NAME, Contents, Item, read_contents
from cbrn_data.push.lease import Lease, leased, left_names
from cbrn_data.push.place import ConflictError, FilePlace, LocalPlace, Place, explained
from cbrn_data.refusals import at
from cbrn_data.store.folder import UNDONE, Release
from cbrn_data.store.history import INDEX, METADATA
from cbrn_data.store.index import Index, read_index, with_withdrawals
from cbrn_data.store.lock import locked
from cbrn_data.store.remembered import LARGE
from cbrn_data.trust.roles import file_of, read_metadata

WAIT = 30.0
_LOCAL = ("file", "local")


@dataclass
class Pushed:
    """The result of a push, or of a dry run: names of uploaded and removed files, and the number of ``unchanged`` ones."""

    target: str
    newest: Release
    put: list[str] = field(default_factory=list)
    size: int = 0
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Whether anything was changed."""
        return bool(self.put or self.removed)

    @property
    def summary(self) -> str:
        """The result of a push as a sentence, with the newest release of the target."""
        version = f"{self.newest.version}{', which is withdrawn' if self.newest.withdrawn else ''}"
        if not self.is_new:
            return f"Nothing new: {self.target} already has release {version}"
        files = f"{len(self.put)} files ({self.size:,} bytes) uploaded, {self.unchanged} unchanged"
        return f"{self.target}: {files}, {len(self.removed)} removed. The newest release there is {version}"

    def count(self, name: str, size: int, is_new: bool) -> None:
        """Count a file that was uploaded, or was there already."""
        if is_new:
            self.put.append(name)
            self.size += size
        else:
            self.unchanged += 1


def push(published: Path, target: str, dry_run: bool = False) -> Pushed:
    """Copy a store to an fsspec address, with the store locked against publishers; ``dry_run`` writes nothing.

    Raises ReleaseError if the store is damaged or not up to date, and PushError if the place does not answer, is ahead of
    this store, or is the target of another push.
    """
    if not published.is_dir():
        raise ReleaseError(f"{published}: is not a store; `cbrn-data publish` makes one")
    place = open_place(target)
    check_apart(target, published)
    with locked(published, WAIT):
        contents = read_contents(published)
        found, left = _last_of(place), left_names(place)
        names = _checked(place, found, contents, is_left=bool(left)) | (left or frozenset())
        if dry_run or (left is None and _are_there(found, contents)):
            seen = _look(place, contents, found, names)
            if dry_run or not seen.is_new:
                return seen
        with leased(place) as lease:
            return _Push(place, lease, contents).run()


Found = Mapping[str, tuple[bytes, str] | None]
"""Content and tag of index and timestamp at a place."""


def _last_of(place: Place) -> Found:
    return {name: place.read(name) for name in (INDEX, TIMESTAMP_NAME)}


def _are_there(found: Found, contents: Contents) -> bool:
    return all((there := found[name]) is not None and there[0] == data for name, data in contents.last.items())


def _checked(place: Place, found: Found, contents: Contents, is_left: bool) -> set[str]:
    """Return the names of the passing files that a place lists; ``is_left``: an interrupted push wrote there.

    Raises PushError for a place that is ahead, or has files but no index.
    """
    index, timestamp = found[INDEX], found[TIMESTAMP_NAME]
    if index is None and not is_left and not place.is_empty():
        raise PushError(f"{place.address}: is not empty and has no {INDEX}; choose an empty folder")
    there = _index(place.address, index[0]) if index else Index()
    check_behind(place.address, there, contents.releases)
    return {*there.derived, *(_older_metadata(place.address, timestamp[0], contents) if timestamp else ())}


def _leaving(place: Place, contents: Contents, names: Set[str]) -> list[str]:
    """Return the files that a push takes away: of ``names`` those of another state, and the erased ones that are there."""
    return sorted((names - contents.passing) | {name for name in contents.erased if place.seen(name)})


def _older_metadata(address: str, timestamp: bytes, contents: Contents) -> list[str]:
    """Return the names of the metadata in force at a place. Raises PushError if they are newer than those of this store."""
    where = f"{address}/{TIMESTAMP_NAME}"
    try:
        there = read_metadata(timestamp, Timestamp, where).signed
        data = contents.last.get(TIMESTAMP_NAME)
        here = read_metadata(data, Timestamp, TIMESTAMP_NAME).signed.version if data else 0
    except VerificationError as error:
        raise PushError(f"{error}; restore it") from error
    if there.version > here:
        raise PushError(f"{where}: is ahead; it has version {there.version}, this store {here}; update this store")
    state = there.snapshot_meta.version
    return [f"{METADATA}/{file_of(role, state)}" for role in (Targets.type, Snapshot.type)]


def _look(place: Place, contents: Contents, found: Found, names: Set[str]) -> Pushed:
    """Return what a push would do; ``names`` are the derived files that may be at the place. Raises PushError."""
    pushed = Pushed(place.address, contents.releases[-1])
    items = [item for stage in contents.stages for item in stage]
    with ThreadPoolExecutor(place.at_once) as pool:
        seen = pool.map(place.seen, [item.name for item in items])
        for item, there in zip(tracked("Look at the target", items, len(items)), seen, strict=True):
            is_new = there is None or there.sha256 != item.sha256
            if there and is_new and item.cache == FOR_EVER:
                raise _differing(f"{place.address}/{item.name}")
            pushed.count(item.name, item.size, is_new)
    for name, data in contents.last.items():
        last = found[name]
        pushed.count(name, len(data), last is None or last[0] != data)
    pushed.removed = _leaving(place, contents, names)
    return pushed


def _differing(where: str) -> PushError:
    if f"/{METADATA}/" in where:
        return PushError(f"{where}: differs from the one here: the place has metadata of another root; choose another place")
    return PushError(
        f"{where}: differs from the file of the release, and a release is never overwritten; "
        "find out who wrote it, remove it by hand and push again"
    )


class _Push:
    def __init__(self, place: Place, lease: Lease, contents: Contents) -> None:
        self._place, self._lease, self._contents = place, lease, contents
        self._pushed = Pushed(place.address, contents.releases[-1])
        self._there: dict[str, str] = {}

    def run(self) -> Pushed:
        found = _last_of(self._place)
        self._lease.note(_checked(self._place, found, self._contents, self._lease.was_left) | self._contents.passing)
        total = sum(item.size for stage in self._contents.stages for item in stage)
        with ThreadPoolExecutor(self._place.at_once) as pool, step("Upload", total, BYTES) as uploading:
            for stage in self._contents.stages:
                for item, is_new in zip(stage, pool.map(self._bring, stage), strict=True):
                    self._pushed.count(item.name, item.size, is_new)
                    uploading.advance(item.size)
        for name, data in self._contents.last.items():
            self._write(name, data, found[name])
        self._take_away()
        return self._pushed

    def _bring(self, item: Item) -> bool:
        """Upload a file unless it exists; return whether it was uploaded."""
        self._lease.check()
        seen = self._place.seen(item.name)
        where = f"{self._place.address}/{item.name}"
        is_new = seen is None or seen.sha256 != item.sha256
        if is_new:
            if seen and item.cache == FOR_EVER:
                raise _differing(where)
            source = self._there.get(item.sha256) if item.size >= LARGE else None
            if source and self._place.copy(item, source, seen):
                return True
            try:
                self._place.put(item, seen)
            except ConflictError as error:
                seen = self._place.seen(item.name)
                if seen is None or seen.sha256 != item.sha256:
                    raise PushError(f"{where}: was changed by somebody else during the push; push again") from error
            if self._place.digest(item.name) != item.sha256:
                self._place.remove(item.name)
                raise PushError(f"{where}: was changed on the way, and was removed; push again")
        self._there.setdefault(item.sha256, item.name)
        return is_new

    def _write(self, name: str, data: bytes, found: tuple[bytes, str] | None) -> None:
        """Write index or timestamp if it differs. Raises PushError if somebody else wrote it in the meantime."""
        self._lease.check()
        if found and found[0] == data:
            self._pushed.count(name, len(data), False)
            return
        where = f"{self._place.address}/{name}"
        try:
            self._place.write(name, data, found[1] if found else None)
        except ConflictError as error:
            if (self._place.read(name) or (b"", ""))[0] != data:
                raise PushError(f"{where}: was changed by somebody else during the push; push again") from error
        if (self._place.read(name) or (b"", ""))[0] != data:
            raise PushError(f"{where}: was changed on the way; push again")
        self._pushed.count(name, len(data), True)

    def _take_away(self) -> None:
        for name in _leaving(self._place, self._contents, self._lease.names):
            self._lease.check()
            self._place.remove(name)
            self._pushed.removed.append(name)


def _index(address: str, data: bytes) -> Index:
    with TemporaryDirectory(prefix="cbrn-data-") as folder:
        with at(Path(folder) / INDEX):
            (Path(folder) / INDEX).write_bytes(data)
        try:
            return read_index(Path(folder), [])
        except ReleaseError as error:
            raise PushError(f"{address}/{INDEX}: is not an index of releases; restore it") from error


def check_behind(address: str, there: Index, releases: Sequence[Release]) -> None:
    """Refuse a place that is ahead of these releases. Raises PushError."""
    here: Mapping[str, Release] = {release.version: release for release in releases}
    for version, digest in there.digests.items():
        if version not in here:
            raise PushError(f"{address}: is ahead; it has release {version}, which is not here; update this store")
        if here[version].digest != digest:
            raise PushError(f"{address}: its release {version} differs from the one here; find out which one is right")
    for release in with_withdrawals([here[version] for version in there.digests], there):
        if missing := sorted(release.erased.keys() - here[release.version].erased.keys()):
            raise PushError(f"{address}: has {missing[0]} of {release.version} erased; erase it here too")
        ours, theirs = here[release.version].marks, release.marks
        if ours[: len(theirs)] == theirs:
            continue
        if theirs[-1]["kind"] == UNDONE:
            raise PushError(f"{address}: has the withdrawal of {release.version} undone; undo it here too")
        raise PushError(f"{address}: has {release.version} withdrawn; withdraw it here too")


def open_place(address: str) -> Place:
    """Return the place at an fsspec address. Raises PushError if it is invalid, or its package is not installed.

    Credentials come from the environment or fsspec's configuration, because addresses are shown and logged.
    """
    protocol, separator, path = address.partition("://")
    if not separator or not path or "::" in address or not address.isprintable():
        raise PushError(f"{shown(address)}: give an address such as s3://bucket/folder or file:///srv/www/data")
    if any(character in path for character in "@?#"):
        raise PushError(f"the {shown(protocol, 20)} address contains '@', '?' or '#'; give credentials in the environment")
    if {".", ".."} & set(path.split("/")) or (protocol in _LOCAL and not path.startswith("/")):
        raise PushError(f"{address}: give the whole path, such as file:///srv/www/data, without '.' and '..'")
    if protocol in ("http", "https"):
        raise PushError(f"{address}: is an address for readers; give the address of the storage")
    with explained(address):
        try:
            if protocol in ("s3", "s3a"):
                from cbrn_data.push.s3 import S3Place

                return S3Place(address)
            import fsspec

            files, root = fsspec.url_to_fs(address)
            files.dircache.use_listings_cache = False  # as an option, some protocols pass it to functions that refuse it
        except (ImportError, ValueError) as error:
            if isinstance(error, ImportError) and protocol in ("s3", "s3a"):
                raise PushError(extra_missing(address, "s3", "s3fs")) from error
            raise PushError(
                f"{address}: cannot be reached ({shown(str(error), 120)}); see fsspec's documentation"
            ) from error
        return (LocalPlace if protocol in _LOCAL else FilePlace)(address, files, root)


def check_apart(address: str, published: Path) -> None:
    """Refuse a place inside the pushed store, which would then contain unknown files. Raises PushError."""
    protocol, _, path = address.partition("://")
    if protocol in _LOCAL and Path(path).resolve().is_relative_to(published.resolve()):
        raise PushError(f"{address}: is inside the pushed store; choose a folder outside of {published}")
