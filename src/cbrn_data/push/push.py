"""A push: the local store as it is, at another address, so that a reader there never meets half of a release.

Files are put in the order that ``contents`` gives, then the index, then files that are derived no more are taken away.
What is there with the same digest is left alone, which also makes a push that was cut short go on where it ended. Each
file is read back after it was put. The place must be behind this store or level with it: a release that only the place
has, or that differs there, or a withdrawal that only it knows, stops the push before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cbrn_data.errors import PushError, ReleaseError
from cbrn_data.push.contents import Contents, Item, read_contents
from cbrn_data.push.lease import Lease, leased
from cbrn_data.push.place import ConflictError, Place
from cbrn_data.push.target import check_apart, open_place
from cbrn_data.refusals import at
from cbrn_data.store.folder import Release
from cbrn_data.store.index import INDEX, Index, read_index
from cbrn_data.store.lock import locked

WAIT = 30.0
Progress = Callable[[int, int], object]
"""Gets the bytes of a file that is there now, and of all files."""


@dataclass
class Pushed:
    """What a push did: names of files that were put or taken away, ``unchanged`` how many were there already."""

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


def push(published: Path, target: str, progress: Progress = lambda done, total: None) -> Pushed:
    """Copy a store to an fsspec address. Nobody publishes into it meanwhile.

    Raises ReleaseError where the store is broken or not up to date, and PushError where the place does not answer, has
    what this store has not, or is being pushed to by somebody else.
    """
    if not published.is_dir():
        raise ReleaseError(f"{published}: there is no store to push; `cbrn-data publish` makes one")
    place = open_place(target)
    check_apart(target, published)
    with locked(published, WAIT):
        contents = read_contents(published)
        with leased(place) as lease:
            return _Push(place, lease, contents, progress).run()


class _Push:
    def __init__(self, place: Place, lease: Lease, contents: Contents, progress: Progress) -> None:
        self._place, self._lease, self._contents, self._progress = place, lease, contents, progress
        self._total = sum(item.size for stage in contents.stages for item in stage)
        self._pushed = Pushed(place.address, contents.releases[-1])

    def run(self) -> Pushed:
        found = self._place.read(INDEX)
        if found is None and not self._lease.was_left and not self._place.is_empty():
            raise PushError(f"{self._place.address}: is not empty and has no {INDEX}; choose an empty folder")
        there = _index(self._place.address, found[0]) if found else Index()
        check_behind(self._place.address, there, self._contents.releases)
        self._lease.note(there.derived.keys() | self._contents.derived)
        with ThreadPoolExecutor(self._place.at_once) as pool:
            for stage in self._contents.stages:
                for item, is_new in zip(stage, pool.map(self._bring, stage), strict=True):
                    self._count(item, is_new)
        self._write_index(found)
        self._take_away()
        return self._pushed

    def _bring(self, item: Item) -> bool:
        """Put a file where it is not yet; tell whether it had to be."""
        self._lease.check()
        seen = self._place.seen(item.name)
        where = f"{self._place.address}/{item.name}"
        is_new = seen is None or seen.sha256 != item.sha256
        if is_new:
            if seen and item.is_of_release:
                raise PushError(
                    f"{where}: is another file than the release has, and a release is never overwritten; "
                    "find out who put it there, take it away by hand and push again"
                )
            try:
                self._place.put(item, seen)
            except ConflictError as error:
                seen = self._place.seen(item.name)
                if seen is None or seen.sha256 != item.sha256:
                    raise PushError(f"{where}: was changed by somebody else during the push; push again") from error
            if self._place.digest(item.name) != item.sha256:
                self._place.remove(item.name)
                raise PushError(f"{where}: did not arrive as it was sent, and was taken away; push again")
        self._progress(item.size, self._total)
        return is_new

    def _count(self, item: Item, is_new: bool) -> None:
        if is_new:
            self._pushed.put.append(item.name)
            self._pushed.size += item.size
        else:
            self._pushed.unchanged += 1

    def _write_index(self, found: tuple[bytes, str] | None) -> None:
        """Write the index if it is another. Raises PushError where somebody else wrote it meanwhile."""
        self._lease.check()
        data = self._contents.index
        if found and found[0] == data:
            self._pushed.unchanged += 1
            return
        where = f"{self._place.address}/{INDEX}"
        try:
            self._place.write(INDEX, data, found[1] if found else None)
        except ConflictError as error:
            if (self._place.read(INDEX) or (b"", ""))[0] != data:
                raise PushError(f"{where}: was changed by somebody else during the push; push again") from error
        if (self._place.read(INDEX) or (b"", ""))[0] != data:
            raise PushError(f"{where}: did not arrive as it was sent; push again")
        self._pushed.put.append(INDEX)
        self._pushed.size += len(data)

    def _take_away(self) -> None:
        for name in sorted(self._lease.names - self._contents.derived):
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
            raise PushError(f"{address}/{INDEX}: is not an index of releases; put the true one there") from error


def check_behind(address: str, there: Index, releases: Sequence[Release]) -> None:
    """Refuse a place that knows what these releases do not say. Raises PushError."""
    here: Mapping[str, Release] = {release.version: release for release in releases}
    for version, digest in there.digests.items():
        if version not in here:
            raise PushError(f"{address}: is ahead, with a release {version} that is not here; bring this store up to date")
        if here[version].digest != digest:
            raise PushError(f"{address}: its release {version} is another than the one here; find out which is the true one")
    for version in there.withdrawn:
        if here[version].withdrawn != there.withdrawn[version]:
            raise PushError(f"{address}: knows that {version} was withdrawn; withdraw it here too")
