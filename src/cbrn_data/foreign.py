"""Files that others wrote, or may have put there: the one place that opens them.

Only a regular file is opened: no link, no pipe, no device, no socket. A name that comes from data is followed folder by
folder from ``below``, and none of the folders may be a link either. What is read whole has a size that is known and
allowed before the first byte is read. A large file of holes is refused as well: it claims any size and takes no space.
Whatever is refused is an ``OSError`` that says why in words.
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
"""The most bytes that are read into memory at once, unless less is said."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class RefusedError(OSError):
    """A file that is not opened, or not read, although the system would."""


def led_to(path: Path) -> Path:
    """Return where a link leads that an operator may have made of a file of their own: mounted secrets are links."""
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
        raise RefusedError(errno.EFBIG, f"has {size:,} bytes, more than {limit:,}")
    data = file.read(size + 1)
    if len(data) > size:
        raise RefusedError(errno.EFBIG, "has more bytes than the file system says; put a whole copy in its place")
    return data


def open_regular(path: Path, below: Path | None = None) -> int:
    """Return a descriptor of a regular file. Raises OSError.

    O_NONBLOCK because a pipe put in the place of a file would otherwise wait for ever.
    """
    try:
        handle = os.open(path, _FILE) if below is None else _open_below(below, path)
    except ValueError as error:  # a NUL in the name
        raise RefusedError(errno.EINVAL, "has a name that no file has") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RefusedError(errno.ELOOP, "is a symbolic link, which is never followed") from error
        raise
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise RefusedError(errno.EINVAL, "is not a regular file; put the real file in its place")
    if found.st_size > LIMIT and found.st_blocks * 512 < found.st_size // 1000:
        os.close(handle)
        message = f"claims {found.st_size:,} bytes and holds next to nothing; put a whole copy in its place"
        raise RefusedError(errno.EFBIG, message)
    return handle


def _open_below(folder: Path, path: Path) -> int:
    """Open ``path`` from ``folder`` on, step by step: a link on the way leads nowhere."""
    parts = path.relative_to(folder).parts
    if not parts or ".." in parts:
        raise RefusedError(errno.EINVAL, f"leads out of {folder}")
    handle = os.open(folder, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = inner
        return os.open(parts[-1], _FILE, dir_fd=handle)
    finally:
        os.close(handle)
