"""Files under ``published/``: the only module of the project that changes one.

Here belong the smallest steps (create, rename, remove, fsync) and the one function that makes a path of a name
that comes from data. What is written, and in which order, is decided by the callers. The promise kept: every
file is new, flushed to the disk before its name can be seen, readable by all whatever the umask is, and never
reached through a symbolic link.

Every call that changes a file goes through this module's name ``os``: a test that replaces it can stop the
publisher, or make the disk fail, before each single step.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from cbrn_data import foreign
from cbrn_data.errors import ReleaseError
from cbrn_data.refusals import MEANINGS, meaning

NAME_LIMIT = 100
LARGEST = 16_000_000_000
"""The most bytes that a published file may have: a file of nothing but holes can claim any size."""
STAGING = ".staging-"

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK = 1 << 20

_MEANINGS = {
    **MEANINGS,
    errno.EROFS: "the file system is read-only; make it writable or choose another folder with --published",
    errno.EACCES: "there is no permission; give it to this user or choose another folder with --published",
    errno.EPERM: "there is no permission; give it to this user or choose another folder with --published",
    errno.ENOTEMPTY: "is there already and is never written again; move it away if it is not a release",
    errno.EEXIST: "is there already and is never written again; move it away if it is not a release",
    errno.ELOOP: "is a symbolic link, which is never followed; put the real file or folder in its place",
    errno.ENOTDIR: "is not a folder, or is a link to one; move it away",
    errno.EISDIR: "is a folder where a file belongs; move it away",
    errno.ENOENT: "is not there; put it back",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` inside into a ReleaseError that names ``path``, the plain meaning and the way out."""
    try:
        yield
    except OSError as error:
        raise ReleaseError(f"{path}: {meaning(error, _MEANINGS)}") from error


def inside(root: Path, name: str) -> Path:
    """Return the path of ``name`` below ``root``; the one way from a name that comes from data to a path.

    Segments are ``[A-Za-z0-9][A-Za-z0-9._-]*`` joined by ``/``, 100 characters at most in all; none ends in a
    dot or is a name that Windows reserves, so that a copy is possible anywhere. Raises ReleaseError.
    """
    _check_name(name)
    return root / name


@lru_cache(1 << 14)
def _check_name(name: str) -> None:
    """Refuse what cannot be the name of a published file. The same names are checked many times in a run."""
    if len(name) > NAME_LIMIT or not all(map(_is_segment, name.split("/"))):
        raise ReleaseError(
            f"{name[:NAME_LIMIT]!r} cannot be the name of a published file: use letters, digits, '.', '_' and '-', "
            f"starting with a letter or digit, no reserved name, at most {NAME_LIMIT} characters"
        )


def _is_segment(segment: str) -> bool:
    whole = _SEGMENT.fullmatch(segment) is not None and not segment.endswith(".")
    return whole and _RESERVED.fullmatch(segment.lower()) is None


def check_names(names: Iterable[str]) -> None:
    """Refuse names that cannot stand together: equal but for case, or one both a file and a folder.

    Raises ReleaseError that names both; a disk that ignores case would keep only one of them.
    """
    seen: dict[str, tuple[str, bool]] = {}
    for name in sorted(names):
        _check_name(name)
        segments = name.split("/")
        for end in range(1, len(segments) + 1):
            entry = ("/".join(segments[:end]), end == len(segments))
            other = seen.setdefault(entry[0].lower(), entry)
            if other != entry:
                raise ReleaseError(f"{other[0]!r} and {name!r} cannot be published together: rename one of them")


def read(path: Path, limit: int = foreign.LIMIT, below: Path | None = None) -> bytes:
    """Return the bytes of a regular file, at most ``limit``; ``below`` is the folder from which no link may lead to it.

    Raises ReleaseError, also for a link, a folder or a pipe.
    """
    with explained(path):
        return foreign.read(path, limit, below)


@contextmanager
def opened(path: Path, below: Path | None = None) -> Iterator[BinaryIO]:
    """Open a regular file for reading, piece by piece. Raises ReleaseError as ``read`` does."""
    with explained(path), foreign.opened(path, below) as file:
        yield file


def digest(path: Path, below: Path | None = None) -> str:
    """Return the sha256 of a regular file as hex, read in pieces. Raises ReleaseError as ``read`` does."""
    total = hashlib.sha256()
    with explained(path), foreign.opened(path, below) as file:
        if os.fstat(file.fileno()).st_size > LARGEST:
            raise ReleaseError(f"{path}: has more than {LARGEST:,} bytes, the most of a published file")
        while piece := file.read(_CHUNK):
            total.update(piece)
    return total.hexdigest()


def entries(folder: Path) -> dict[str, int]:
    """Return name and mode (of the entry itself, not of what a link points to) in ``folder``, by name."""
    with explained(folder):
        return {name: os.lstat(folder / name).st_mode for name in sorted(os.listdir(folder))}


def mode(path: Path) -> int:
    """Return the mode of an entry itself, not of what a link points to; 0 where there is none."""
    with explained(path), suppress(FileNotFoundError):
        return os.lstat(path).st_mode
    return 0


def size(path: Path) -> int:
    """Return the size of an entry itself in bytes."""
    with explained(path):
        return os.lstat(path).st_size


def walk(folder: Path, below: str = "") -> Iterator[tuple[str, int]]:
    """Yield (name relative to ``folder``, mode) of everything in it, folders too, without following links."""
    for name, kind in entries(folder / below).items():
        path = f"{below}/{name}" if below else name
        yield path, kind
        if stat.S_ISDIR(kind):
            yield from walk(folder, path)


def open_folder(path: Path, follow: bool = False) -> int:
    """Return a descriptor of a folder; ``follow`` only for the root, which an operator may have linked."""
    with explained(path):
        return os.open(path, _FOLDER if follow else _FOLDER | os.O_NOFOLLOW)


@dataclass(frozen=True)
class Large:
    """A file that is not held in memory: its bytes are at ``path``, and have this digest and size."""

    path: Path
    sha256: str
    size: int


Data = bytes | Large
"""What a file is to hold."""


def sha256_of(data: Data) -> str:
    """Return the sha256 in hex of what a file is to hold."""
    return data.sha256 if isinstance(data, Large) else hashlib.sha256(data).hexdigest()


def size_of(data: Data) -> int:
    """Return the size in bytes of what a file is to hold."""
    return data.size if isinstance(data, Large) else len(data)


def pieces(data: Data) -> Iterator[bytes]:
    """Yield what a file is to hold. Raises ReleaseError where a large file cannot be read."""
    if isinstance(data, bytes):
        yield data
        return
    with explained(data.path), foreign.opened(data.path, buffering=0) as file:
        while piece := file.read(_CHUNK):
            yield piece


def create(path: Path, data: Data) -> None:
    """Write a new file, mode 0644, and flush it to the disk; its folder is the caller's to flush."""
    with explained(path):
        handle = os.open(path, _NEW_FILE, 0o600)
        try:
            for piece in pieces(data):
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(handle, rest) :]
            os.fchmod(handle, 0o644)
            os.fsync(handle)
        finally:
            os.close(handle)


def make_staging(root: Path) -> Path:
    """Make a hidden folder in ``root``, mode 0700, with a name that nobody can guess, and return its path."""
    folder = root / f"{STAGING}{secrets.token_hex(16)}"
    with explained(folder):
        os.mkdir(folder, 0o700)
    return folder


def make_root(path: Path) -> None:
    """Make a folder and its parents where they are missing; what an operator made or linked stays as it is."""
    if not os.path.isdir(path):
        make_root(path.parent)
        make_folder(path.parent, path.name)


def make_folder(root: Path, name: str) -> Path:
    """Make the folder ``name`` below ``root`` and return its path, each new one 0755 whatever the umask.

    A link in the place of one is refused: what is written below it would land elsewhere. Raises ReleaseError.
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
    """Give everybody the right to read ``folder`` (0755 and whatever it had) and flush it."""
    handle = open_folder(folder)
    with explained(folder):
        try:
            before = stat.S_IMODE(os.fstat(handle).st_mode)
            if before | 0o755 != before:
                os.fchmod(handle, before | 0o755)
            os.fsync(handle)
        finally:
            os.close(handle)


def flush(folder: Path) -> None:
    """fsync a folder, so that the names in it are on the disk."""
    handle = open_folder(folder, follow=True)
    with explained(folder):
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def rename(source: Path, target: Path) -> None:
    """Rename; a file replaces a file, a folder replaces nothing that has content. Raises ReleaseError."""
    with explained(target):
        os.rename(source, target)


def remove(path: Path) -> None:
    """Remove a file or link; one that is gone already is no error."""
    with explained(path), suppress(FileNotFoundError):
        os.unlink(path)


def remove_tree(path: Path) -> None:
    """Remove an entry and all that is in it, links themselves and never what they point to."""
    if not stat.S_ISDIR(mode(path)):
        return remove(path)
    for name in entries(path):
        remove_tree(path / name)
    with explained(path):
        os.rmdir(path)


def remove_empty(folder: Path, root: Path) -> None:
    """Remove ``folder`` and the folders above it, up to but without ``root``, as long as they are empty or gone."""
    while folder != root:
        if os.path.isdir(folder):
            if entries(folder):
                return
            with explained(folder):
                os.rmdir(folder)
        folder = folder.parent
