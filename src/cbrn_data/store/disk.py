"""Files under ``published/``: the only module of the project that changes one.

This module has the smallest steps (create, rename, remove, fsync); ``names`` makes a path from a name in data. The callers
decide what is written, and in which order. Every file is new, flushed to disk before its name is visible, readable by all
with any umask, and never reached through a symbolic link.

Every call that changes a file uses this module's name ``os``, so that a test can stop the publisher, or make the disk fail,
before each step.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cbrn_data import foreign, spread
from cbrn_data.errors import ReleaseError
from cbrn_data.progress import advance_bytes
from cbrn_data.refusals import MEANINGS, meaning
from cbrn_data.store.names import NAME_LIMIT
from cbrn_data.store.remembered import LARGE, known_digest, remember, settled

LARGEST = 16_000_000_000
"""The most bytes of a published file, because a sparse file can claim any size."""
STAGING = ".staging-"

_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK = 1 << 20
_LONG = 500
"""The bytes of a path from which on folders are brought up to be removed."""
_NO_LINK = frozenset({errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""Errors of a file system that cannot link these two files, so that one is copied."""
_NO_COPY = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
"""Errors of a system that cannot copy from one of these two files to the other, so that this process does."""

_MEANINGS = {
    **MEANINGS,
    errno.EROFS: "the file system is read-only; make it writable or choose another folder with --published",
    errno.EACCES: "permission denied; allow this user, or choose another folder with --published",
    errno.EPERM: "permission denied; allow this user, or choose another folder with --published",
    errno.ENOTEMPTY: "already exists and is never overwritten; move it away if it is not a release",
    errno.EEXIST: "already exists and is never overwritten; move it away if it is not a release",
    errno.ELOOP: "is a symbolic link, which is never followed; replace it with the real file or folder",
    errno.ENOTDIR: "is not a folder, or is a link to one; move it away",
    errno.EISDIR: "is a folder, not a file; move it away",
    errno.ENOENT: "is not there; restore it",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` into a ReleaseError with ``path``, the meaning of the error and what to do."""
    try:
        yield
    except OSError as error:
        raise ReleaseError(f"{path}: {meaning(error, _MEANINGS)}") from error


def read(path: Path, limit: int = foreign.LIMIT, below: Path | None = None) -> bytes:
    """Return the bytes of a regular file, at most ``limit``; no folder from ``below`` on may be a link.

    Raises ReleaseError, also for a link, a folder or a pipe.
    """
    with explained(path):
        return foreign.read(path, limit, below)


@contextmanager
def opened(path: Path, below: Path | None = None) -> Iterator[BinaryIO]:
    """Open a regular file for reading. Raises ReleaseError as ``read``."""
    with explained(path), foreign.opened(path, below) as file:
        yield file


def digest(path: Path, below: Path | None = None) -> str:
    """Return the sha256 of a regular file as hex, in bounded memory. Raises ReleaseError as ``read``.

    A worker of a cluster reads a large one.
    """
    total = hashlib.sha256()
    if below is None and (known := _known(path)):
        return known
    with explained(path), foreign.opened(path, below) as file:
        status = os.fstat(file.fileno())
        if status.st_size > LARGEST:
            raise ReleaseError(f"{path}: has more than {LARGEST:,} bytes, the most of a published file")
        if known := known_digest(status):
            return known
        if spread.is_open() and status.st_size >= spread.PIECE:
            (found,) = spread.each(f"Read {path.name}", digest, path, [below])
        else:
            while piece := file.read(_CHUNK):
                total.update(piece)
                advance_bytes(len(piece))
            found = total.hexdigest()
    remember(status, found)
    return found


def _known(path: Path) -> str | None:
    """Return the remembered digest of a regular file that did not change."""
    with suppress(OSError, ValueError):
        status = os.lstat(path)
        return known_digest(status) if stat.S_ISREG(status.st_mode) else None
    return None


def digests(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the digests of files by name, as ``digest``; the workers of a cluster share them."""
    found: dict[str, str] = {}
    groups: list[list[str]] = []
    left = 0
    for name in names:
        if known := known_digest(os.lstat(folder / name)):
            found[name] = known
            continue
        if left <= 0:
            groups.append([])
            left = spread.PIECE
        groups[-1].append(name)
        left -= size(folder / name)
    for each in spread.each(f"Check the files of {folder.name}", _digests, folder, groups):
        found |= each
    return found


def _digests(folder: Path, names: Sequence[str]) -> dict[str, str]:
    return {name: digest(folder / name) for name in names}


def entries(folder: Path) -> dict[str, int]:
    """Return name and mode (of the entry itself, not of the target of a link) in ``folder``, by name."""
    with explained(folder):
        return {name: os.lstat(f"{folder}/{name}").st_mode for name in sorted(os.listdir(folder))}


def mode(path: Path) -> int:
    """Return the mode of an entry itself, not of the target of a link; 0 if it does not exist."""
    with explained(path), suppress(FileNotFoundError):
        return os.lstat(path).st_mode
    return 0


def size(path: Path) -> int:
    """Return the size of an entry itself in bytes."""
    with explained(path):
        return os.lstat(path).st_size


def walk(folder: Path, below: str = "") -> Iterator[tuple[str, int]]:
    """Yield (name relative to ``folder``, mode) of everything in it, folders too, without following links.

    The content of a folder whose name is too long for a published file is left out, because untrusted folders can nest
    without end.
    """
    for name, kind in entries(folder / below).items():
        path = f"{below}/{name}" if below else name
        yield path, kind
        if stat.S_ISDIR(kind) and len(path) <= NAME_LIMIT:
            yield from walk(folder, path)


@contextmanager
def open_folder(path: Path, follow: bool = False) -> Iterator[int]:
    """Open a folder and yield its descriptor; ``follow`` is only for the root, which an operator may have linked."""
    with explained(path):
        handle = os.open(path, _FOLDER if follow else _FOLDER | os.O_NOFOLLOW)
    try:
        yield handle
    finally:
        os.close(handle)


@dataclass(frozen=True)
class FileRef:
    """A file on disk instead of bytes in memory: its ``path``, digest and size.

    ``is_final``: it is flushed and never written again, so another name of it in the store can be a hard link. ``settled``
    is what the file was, as the module ``remembered`` says it, just before this run read it for its digest.
    """

    path: Path
    sha256: str
    size: int
    is_final: bool = False
    settled: str = ""


Data = bytes | FileRef
"""The intended content of a file."""


def sha256_of(data: Data) -> str:
    """Return the sha256 of the intended content, in hex."""
    return data.sha256 if isinstance(data, FileRef) else hashlib.sha256(data).hexdigest()


def size_of(data: Data) -> int:
    """Return the size of the intended content, in bytes."""
    return data.size if isinstance(data, FileRef) else len(data)


def pieces(data: Data) -> Iterator[bytes]:
    """Yield the intended content. Raises ReleaseError if a large file cannot be read."""
    if isinstance(data, bytes):
        yield data
        return
    with explained(data.path), foreign.opened(data.path, buffering=0) as file:
        while piece := file.read(_CHUNK):
            yield piece


def create(path: Path, data: Data) -> None:
    """Write a new file, mode 0644, and flush it to disk, or link it to a final one; the caller flushes its folder.

    A worker of a cluster copies a large one.
    """
    if isinstance(data, FileRef) and data.is_final and _linked(data, path):
        return
    if isinstance(data, FileRef) and spread.is_open() and data.size >= spread.PIECE:
        (written,) = spread.each(f"Copy {path.name}", _written, path, [data])
        remember(os.lstat(path), written, is_own=True)
        return
    _written(path, data)


def _written(path: Path, data: Data) -> str:
    """Write a new file, and return the sha256 of a large one, which is copied."""
    with explained(path):
        handle = os.open(path, _NEW_FILE, 0o600)
        try:
            written = _copied(data, handle) if isinstance(data, FileRef) and data.size >= LARGE else ""
            for piece in () if written else pieces(data):
                _write(handle, piece)
                advance_bytes(len(piece))
            _settle(handle)
            if written:
                remember(os.fstat(handle), written, is_own=True)
        finally:
            os.close(handle)
    return written


def settle(file: BinaryIO) -> None:
    """Flush a new file, mode 0644, that is not written again."""
    file.flush()
    _settle(file.fileno())


def _settle(handle: int) -> None:
    os.fchmod(handle, 0o644)
    os.fsync(handle)


def _copied(file: FileRef, handle: int) -> str:
    """Copy a file into an open new one; return the digest of the copy.

    The system copies: this takes half the time, and nearly none where a file system shares blocks of files. The copy is only
    read again if the file may have changed since this run read it.
    """
    with explained(file.path):
        source = foreign.open_regular(file.path)
    total, place = hashlib.sha256(), 0
    is_known = file.settled and file.settled == settled(os.fstat(source))
    try:
        while count := _copy(source, handle):
            if not is_known:
                total.update(os.pread(handle, count, place))
            place += count
            advance_bytes(count)
        if is_known and (place, settled(os.fstat(source))) != (file.size, file.settled):
            raise ReleaseError(f"{file.path}: was changed while it was copied; publish again")
    finally:
        os.close(source)
    return file.sha256 if is_known else total.hexdigest()


def _copy(source: int, handle: int) -> int:
    """Copy the next bytes from one open file to another; return how many."""
    try:
        return os.copy_file_range(source, handle, _CHUNK)
    except OSError as error:
        if error.errno not in _NO_COPY:
            raise
    piece = os.read(source, _CHUNK)
    _write(handle, piece)
    return len(piece)


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _linked(file: FileRef, path: Path) -> bool:
    """Link ``path`` to a file; return whether this file system can. The file must exist, and ``path`` must not."""
    if not stat.S_ISREG(mode(file.path)) or size(file.path) != file.size:
        return False
    try:
        os.link(file.path, path)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise ReleaseError(f"{path}: {meaning(error, _MEANINGS)}") from error
        return False
    remember(os.lstat(path), file.sha256, is_own=True)
    advance_bytes(file.size)
    return True


def make_staging(root: Path) -> Path:
    """Make a hidden folder in ``root``, mode 0700, with an unguessable name, and return its path."""
    folder = root / f"{STAGING}{secrets.token_hex(16)}"
    with explained(folder):
        os.mkdir(folder, 0o700)
    return folder


def make_root(path: Path) -> None:
    """Make a folder and its missing parents; existing folders and links stay unchanged."""
    if not os.path.isdir(path):
        make_root(path.parent)
        make_folder(path.parent, path.name)


def make_folder(root: Path, name: str) -> Path:
    """Make the folder ``name`` below ``root`` and return its path; new folders have mode 0755 with any umask.

    A link on the path is refused, because files below it would be written elsewhere. Raises ReleaseError.
    """
    path = root
    for segment in name.split("/"):
        parent, path = path, path / segment
        with explained(path), suppress(FileExistsError):
            os.mkdir(path, 0o755)
        show(path)
        flush(parent)
    return path


def show(folder: Path) -> None:
    """Make ``folder`` readable for all (0755 in addition to its mode) and flush it."""
    with explained(folder), open_folder(folder) as handle:
        before = stat.S_IMODE(os.fstat(handle).st_mode)
        if before | 0o755 != before:
            os.fchmod(handle, before | 0o755)
        os.fsync(handle)


def flush(folder: Path) -> None:
    """fsync a folder, so that the names in it are on the disk."""
    with explained(folder), open_folder(folder, follow=True) as handle:
        os.fsync(handle)


def rename(source: Path, target: Path) -> None:
    """Rename; a file can replace a file, but a folder cannot replace content. Raises ReleaseError."""
    with explained(target):
        os.rename(source, target)


def remove(path: Path) -> None:
    """Remove a file or link; it may already be gone."""
    with explained(path), suppress(FileNotFoundError):
        os.unlink(path)


def remove_tree(path: Path) -> None:
    """Remove an entry and its content, however deep; links are removed, not their targets."""
    if not stat.S_ISDIR(mode(path)):
        return remove(path)
    trail = [path]
    while trail:
        folder = trail[-1]
        found = {folder / name: stat.S_ISDIR(kind) for name, kind in entries(folder).items()}
        for inner, is_folder in found.items():
            if not is_folder:
                remove(inner)
            elif len(bytes(inner)) > _LONG:  # no system call takes a path of any length
                trail.append(path / secrets.token_hex(8))
                rename(inner, trail[-1])
            else:
                trail.append(inner)
        if folder is trail[-1]:
            with explained(folder):
                os.rmdir(trail.pop())


def remove_empty(folder: Path, root: Path) -> None:
    """Remove ``folder`` and its parents below ``root``, as long as they are empty or gone."""
    while folder != root:
        if os.path.isdir(folder):
            if entries(folder):
                return
            with explained(folder):
                os.rmdir(folder)
        folder = folder.parent
