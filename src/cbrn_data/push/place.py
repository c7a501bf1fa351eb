"""Where a push goes: the few things that are asked of any fsspec address, and how a file system answers them.

A place is asked what is at a name (``seen``), to put a file there, to read, make and exchange small texts, and to take a
file away. Each thing that was seen has a tag; what is put says which tag it replaces, and ``ConflictError`` means that
something else is there by now.

``FilePlace`` is for every protocol but S3 (``s3`` has its own): a file is written under another name in the same place,
and then moved, so that nobody sees half of one. Such places cannot compare and exchange in one step: there the lease
alone keeps two pushes apart. What is there is told by reading it.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cbrn_data.errors import CbrnDataError, PushError
from cbrn_data.findings import shown
from cbrn_data.push.contents import Item
from cbrn_data.store import disk

HIDDEN = ".push"
"""How the names begin of what a push leaves when it is cut short."""
CHUNK = 8 << 20
SMALL = 64 << 20
"""The most bytes of a file that is read whole: an index or a lease."""


class ConflictError(PushError):
    """Something else is there than what was seen."""


@dataclass(frozen=True)
class Seen:
    """A file that is there: its sha256, and what must still hold when it is replaced."""

    sha256: str
    tag: str


class Place(Protocol):
    """A folder behind an address. Every method raises PushError where the place does not answer or forbids it."""

    address: str
    at_once: int
    """How many files may be put at the same time."""

    def seen(self, name: str) -> Seen | None:
        """Return what is at ``name``, None where nothing is."""

    def digest(self, name: str) -> str:
        """Return the sha256 of what readers get at ``name``, read piece by piece."""

    def put(self, item: Item, seen: Seen | None) -> None:
        """Put a file in the place of what was seen. Raises ConflictError."""

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a small file and its tag, None where there is none."""

    def write(self, name: str, data: bytes, tag: str | None) -> str:
        """Put a small JSON file that no cache keeps in the place of what has ``tag`` (None: of nothing); return its tag.

        Raises ConflictError.
        """

    def remove(self, name: str) -> None:
        """Take a file away; one that is gone already is no error."""

    def is_empty(self) -> bool:
        """Tell whether nothing is there but what a push that was cut short has left."""


@contextmanager
def explained(address: str) -> Iterator[None]:
    """Turn whatever a library raises inside into a PushError that names the address."""
    try:
        yield
    except CbrnDataError:
        raise
    except Exception as error:
        raise PushError(f"{address}: {shown(str(error) or type(error).__name__, 300)} ({type(error).__name__})") from error


class FilePlace:
    """A folder on a file system that fsspec reaches, which can move files."""

    at_once = 1

    def __init__(self, address: str, files: Any, root: str) -> None:
        self.address, self._files, self._root = address.rstrip("/"), files, root.rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def seen(self, name: str) -> Seen | None:
        """See ``Place``."""
        with explained(self.address):
            if not self._files.exists(self._path(name)):
                return None
        return Seen(self.digest(name), "")

    def digest(self, name: str) -> str:
        """See ``Place``."""
        with explained(f"{self.address}/{name}"), self._files.open(self._path(name), "rb") as file:
            return sha256_of(file)

    def put(self, item: Item, seen: Seen | None) -> None:
        """See ``Place``; files are put one by one, so that one name is enough for what is half there."""
        beside = self._path(f"{HIDDEN}.part")
        with explained(f"{self.address}/{item.name}"):
            self._files.makedirs(self._files._parent(self._path(item.name)), exist_ok=True)
            self._files.put_file(str(item.path), beside)
            self._files.mv(beside, self._path(item.name))

    def read(self, name: str) -> tuple[bytes, str] | None:
        """See ``Place``."""
        with explained(f"{self.address}/{name}"):
            try:
                check_small(self._files.size(self._path(name)) or 0, f"{self.address}/{name}")
                data: bytes = self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return None
            return data, _tag(data)

    def write(self, name: str, data: bytes, tag: str | None) -> str:
        """See ``Place``."""
        found = self.read(name)
        if (found and found[1]) != tag:
            raise ConflictError(f"{self.address}/{name}: was changed by somebody else")
        with explained(f"{self.address}/{name}"):
            self._files.makedirs(self._root, exist_ok=True)
            beside = self._path(f"{HIDDEN}.{name}")
            self._files.pipe_file(beside, data)
            try:
                self._files.mv(beside, self._path(name))
            except FileNotFoundError as error:
                raise ConflictError(f"{self.address}/{name}: was changed by somebody else") from error
        return _tag(data)

    def remove(self, name: str) -> None:
        """See ``Place``."""
        with explained(f"{self.address}/{name}"):
            if self._files.exists(self._path(name)):
                self._files.rm_file(self._path(name))

    def is_empty(self) -> bool:
        """See ``Place``."""
        with explained(self.address):
            try:
                names = [entry.rstrip("/").rsplit("/", 1)[-1] for entry in self._files.ls(self._root, detail=False)]
            except FileNotFoundError:
                return True
        return all(name.startswith(HIDDEN) for name in names)


class LocalPlace(FilePlace):
    """A folder of this machine, reached through no link: whoever can write there could plant one to write elsewhere."""

    def _path(self, name: str) -> str:
        """Return a path, unless it leads through a link, or to what is not a regular file. Raises PushError."""
        path = super()._path(name)
        for step in [*reversed(Path(path).parents), Path(path)]:
            mode = disk.mode(step)
            if stat.S_ISLNK(mode):
                way_out = "take it away, or push to the folder that it leads to"
                raise PushError(
                    f"{self.address}: {shown(str(step), 200)} is a symbolic link, which is never followed; {way_out}"
                )
        if mode and not stat.S_ISREG(mode):
            raise PushError(f"{self.address}: {shown(path, 200)} is not a regular file; take it away")
        return path


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check_small(size: int, place: str) -> None:
    """Refuse to read a file into memory that is larger than any of ours. Raises PushError."""
    if size > SMALL:
        raise PushError(f"{place}: has more than {SMALL:,} bytes; find out who put it there")


def sha256_of(file: Any) -> str:
    """Return the sha256 of an open file, read in pieces."""
    total = hashlib.sha256()
    while piece := file.read(CHUNK):
        total.update(piece)
    return total.hexdigest()
