"""Untrusted files: the only module that opens them.

Only regular files are opened, not links, pipes, devices or sockets. A name from data is followed folder by folder from
``below``, and no folder may be a link. The size of a file that is read into memory is checked before its first byte is read.
A sparse file is refused, because it can claim any size. Every refusal is an ``OSError`` with the reason as its message.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

LIMIT = 1 << 30
"""The default limit of bytes that are read into memory."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class RefusedError(OSError):
    """A file that this module refuses to open or to read."""


def led_to(path: Path) -> Path:
    """Return the target of a link that an operator may have made, because mounted secrets are links."""
    return Path(os.path.realpath(path))


@contextmanager
def opened(path: Path, below: Path | None = None, buffering: int = -1) -> Iterator[BufferedReader]:
    """Open a regular file for reading; ``below`` is the folder that it must be in. Raises OSError."""
    with os.fdopen(open_regular(path, below), "rb", buffering=buffering) as file:
        yield cast(BufferedReader, file)


def read(path: Path, limit: int = LIMIT, below: Path | None = None) -> bytes:
    """Return the bytes of a regular file that has at most ``limit``. Raises OSError."""
    with opened(path, below) as file:
        return read_open(file, limit)


def read_open(file: BinaryIO, limit: int = LIMIT) -> bytes:
    """Return all bytes of an open regular file that has at most ``limit``. Raises OSError."""
    size = os.fstat(file.fileno()).st_size
    if size > limit:
        raise RefusedError(errno.EFBIG, f"has {size:,} bytes, more than the limit of {limit:,}")
    data = file.read(size + 1)
    if len(data) > size:
        raise RefusedError(errno.EFBIG, "has more bytes than the file system reports; replace it with a complete copy")
    return data


def open_regular(path: Path, below: Path | None = None) -> int:
    """Return a descriptor of a regular file. Raises OSError.

    O_NONBLOCK, because a pipe in the place of a file would otherwise wait for ever.
    """
    try:
        handle = os.open(path, _FILE) if below is None else _open_below(below, path)
    except ValueError as error:  # a NUL in the name
        raise RefusedError(errno.EINVAL, "does not have a valid file name") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RefusedError(errno.ELOOP, "is a symbolic link, which is never followed") from error
        raise
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        if stat.S_ISDIR(found.st_mode):
            raise RefusedError(errno.EISDIR, "is a folder, not a file")
        raise RefusedError(errno.EINVAL, "is not a regular file; replace it with the real file")
    if found.st_size > LIMIT and found.st_blocks * 512 < found.st_size // 1000:
        os.close(handle)
        message = f"claims {found.st_size:,} bytes, but is almost empty; replace it with a complete copy"
        raise RefusedError(errno.EFBIG, message)
    return handle


def _open_below(folder: Path, path: Path) -> int:
    """Open ``path`` from ``folder`` on, step by step, without following links."""
    parts = path.relative_to(folder).parts
    if not parts or ".." in parts:
        raise RefusedError(errno.EINVAL, f"is outside of {folder}")
    handle = os.open(folder, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = inner
        return os.open(parts[-1], _FILE, dir_fd=handle)
    finally:
        os.close(handle)
