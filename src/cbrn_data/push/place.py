"""The target of a push: the operations on an fsspec address, and their implementation for file systems.

A place can look at a name (``seen``), upload a file, read, create and exchange small texts, and remove a file. A seen file
has a tag; an upload says which tag it replaces, and ``ConflictError`` means that the file has changed in the meantime.

``FilePlace`` is for every protocol except S3 (``s3`` has its own): a file is written under another name and then renamed, so
that nobody sees half a file. Such places cannot compare and exchange atomically, so only the lease separates two pushes. The
digest of an existing file is found by reading it.
"""

from __future__ import annotations

import hashlib
import os
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
"""The prefix of the names of temporary files."""
CHUNK = 8 << 20
SMALL = 64 << 20
"""The most bytes of a file that is read into memory: an index or a lease."""


class ConflictError(PushError):
    """The file has changed since it was seen."""


@dataclass(frozen=True)
class Seen:
    """An existing file: its sha256, and the tag that must be unchanged when it is replaced."""

    sha256: str
    tag: str


class Place(Protocol):
    """A folder at an address. Every method raises PushError if the place does not answer or refuses."""

    address: str
    at_once: int
    """Number of concurrent uploads."""

    def seen(self, name: str) -> Seen | None:
        """Return the file at ``name``, None if it does not exist."""

    def digest(self, name: str) -> str:
        """Return the sha256 of the file that readers get at ``name``."""

    def put(self, item: Item, seen: Seen | None) -> None:
        """Upload a file in place of the seen one. Raises ConflictError."""

    def copy(self, item: Item, source: str, seen: Seen | None) -> bool:
        """Copy the file that the place has at ``source``, in place of the seen one; return whether it can.

        The storage copies or links it, so its bytes are not uploaded, and not read back.
        """

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a small file and its tag, None if it does not exist."""

    def write(self, name: str, data: bytes, tag: str | None) -> str:
        """Write a small, uncached JSON file in place of the one with ``tag`` (None: of no file); return its tag.

        Raises ConflictError.
        """

    def remove(self, name: str) -> None:
        """Remove a file; it may already be gone."""

    def is_empty(self) -> bool:
        """Return whether the place contains only remains of an interrupted push."""


@contextmanager
def explained(address: str) -> Iterator[None]:
    """Turn any exception of a library into a PushError that names the address."""
    try:
        yield
    except CbrnDataError:
        raise
    except Exception as error:
        raise PushError(f"{address}: {shown(str(error) or type(error).__name__, 300)} ({type(error).__name__})") from error


class FilePlace(Place):
    """A folder on a file system of fsspec that can rename files."""

    at_once = 1

    def __init__(self, address: str, files: Any, root: str) -> None:
        self.address, self._files, self._root = address.rstrip("/"), files, root.rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def seen(self, name: str) -> Seen | None:
        with explained(self.address):
            if not self._files.exists(self._path(name)):
                return None
        return Seen(self.digest(name), "")

    def digest(self, name: str) -> str:
        with explained(f"{self.address}/{name}"), self._files.open(self._path(name), "rb") as file:
            return sha256_of(file)

    def put(self, item: Item, seen: Seen | None) -> None:
        """Upload a file; files are uploaded one by one, so one temporary name is enough."""
        temporary = self._path(f"{HIDDEN}.part")
        with explained(f"{self.address}/{item.name}"):
            self._files.makedirs(self._files._parent(self._path(item.name)), exist_ok=True)
            self._files.put_file(str(item.path), temporary)
            self._files.mv(temporary, self._path(item.name))

    def copy(self, item: Item, source: str, seen: Seen | None) -> bool:
        return False

    def read(self, name: str) -> tuple[bytes, str] | None:
        with explained(f"{self.address}/{name}"):
            try:
                check_small(self._files.size(self._path(name)) or 0, f"{self.address}/{name}")
                data: bytes = self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return None
            return data, _tag(data)

    def write(self, name: str, data: bytes, tag: str | None) -> str:
        found = self.read(name)
        if (found and found[1]) != tag:
            raise ConflictError(f"{self.address}/{name}: was changed by somebody else")
        with explained(f"{self.address}/{name}"):
            self._files.makedirs(self._files._parent(self._path(name)), exist_ok=True)
            temporary = self._path(f"{HIDDEN}.{name.replace('/', '-')}")
            self._files.pipe_file(temporary, data)
            try:
                self._files.mv(temporary, self._path(name))
            except FileNotFoundError as error:
                raise ConflictError(f"{self.address}/{name}: was changed by somebody else") from error
        return _tag(data)

    def remove(self, name: str) -> None:
        with explained(f"{self.address}/{name}"):
            if self._files.exists(self._path(name)):
                self._files.rm_file(self._path(name))

    def is_empty(self) -> bool:
        with explained(self.address):
            try:
                names = [entry.rstrip("/").rsplit("/", 1)[-1] for entry in self._files.ls(self._root, detail=False)]
            except FileNotFoundError:
                return True
        return all(name.startswith(HIDDEN) for name in names)


class LocalPlace(FilePlace):
    """A folder of this machine, reached without links, because a planted link could redirect writes."""

    def digest(self, name: str) -> str:
        with explained(f"{self.address}/{name}"):
            return disk.digest(Path(self._path(name)))

    def copy(self, item: Item, source: str, seen: Seen | None) -> bool:
        temporary, path = self._path(f"{HIDDEN}.part"), self._path(item.name)
        with explained(f"{self.address}/{item.name}"):
            Path(temporary).unlink(missing_ok=True)
            try:
                os.link(self._path(source), temporary)
            except OSError:
                return False
            self._files.makedirs(self._files._parent(path), exist_ok=True)
            os.replace(temporary, path)
        return True

    def _path(self, name: str) -> str:
        """Return a path; refuse a link on it and a target that is not a regular file. Raises PushError."""
        path = super()._path(name)
        for step in [*reversed(Path(path).parents), Path(path)]:
            mode = disk.mode(step)
            if stat.S_ISLNK(mode):
                way_out = "remove it, or push to its target"
                raise PushError(
                    f"{self.address}: {shown(str(step), 200)} is a symbolic link, which is never followed; {way_out}"
                )
        if mode and not stat.S_ISREG(mode):
            raise PushError(f"{self.address}: {shown(path, 200)} is not a regular file; remove it")
        return path


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check_small(size: int, place: str) -> None:
    """Refuse to read a file into memory that is larger than an index or a lease. Raises PushError."""
    if size > SMALL:
        raise PushError(f"{place}: has more than {SMALL:,} bytes; find out who wrote it")


def sha256_of(file: Any) -> str:
    """Return the sha256 of an open file, in bounded memory."""
    total = hashlib.sha256()
    while piece := file.read(CHUNK):
        total.update(piece)
    return total.hexdigest()
