"""Messages for errors of the machine or a server: the only translation of ``OSError`` and of HTTP statuses.

Modules that know more about an error write their own messages. All other errors of the operating system (a full disk, no
permission, a missing folder) are translated here at the boundary of a run: ``cli.running`` and the flows. ``at`` adds the
file to an error without one, such as that of a write to an open file.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from cbrn_data.errors import CbrnDataError, MachineError
from cbrn_data.foreign import RefusedError

MEANINGS = {
    errno.ENOSPC: "the disk is full; free some space, then run this again",
    errno.EDQUOT: "the disk quota is used up; free some space, then run this again",
    errno.EFBIG: "the file is larger than this user or file system allows (`ulimit -f`); allow more, then run this again",
    errno.EROFS: "the file system is read-only; make it writable or choose another folder",
    errno.EACCES: "permission denied; allow this user, or choose another file or folder",
    errno.EPERM: "permission denied; allow this user, or choose another file or folder",
    errno.EMFILE: "too many files are open; raise the limit (`ulimit -n`), then run this again",
    errno.ENFILE: "too many files are open on this machine; close some programs, then run this again",
    errno.ENOMEM: "the memory is used up; close some programs, then run this again",
    errno.EIO: "the disk reported an input/output error; check the disk before running this again",
    errno.EEXIST: "already exists; move it away or choose another name",
    errno.ENOTEMPTY: "is not empty; move it away or choose another name",
    errno.ELOOP: "is a symbolic link that is circular or is not followed; replace it with the real file or folder",
    errno.ENOTDIR: "is not a folder; name a folder, or replace it with one",
    errno.EISDIR: "is a folder, not a file; name a file",
    errno.ENOENT: "does not exist; restore it, or name another",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ECONNREFUSED: "no program answers there; start it, or name another address",
    errno.ECONNRESET: "the other side closed the connection; run this again",
    errno.ETIMEDOUT: "there was no answer in time; run this again, or check that it can be reached",
    errno.EADDRINUSE: "is in use; choose another port",
}
"""The meaning of an error number, and what to do."""

_OF_MACHINE = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO
})  # fmt: skip
"""Errors that say nothing about the file that was used."""

_STATUSES = {
    401: "it requires authentication; set the name and password or the key",
    403: "it does not allow this; get the permission, or use another account",
    404: "it does not have this address; check the address",
    407: "the proxy requires authentication; set its name and password",
    413: "the request is too large; ask its administrator to allow more",
    429: "it got too many requests; wait a while, then run this again",
}


def http_meaning(status: int) -> str:
    """Return the meaning of an HTTP status, and what to do.

    >>> http_meaning(401)
    'answers 401 (Unauthorized): it requires authentication; set the name and password or the key'
    """
    try:
        name = f" ({HTTPStatus(status).phrase})"
    except ValueError:
        name = ""
    other = "it has an error; wait a while, then run this again" if status >= 500 else "check what it expects"
    return f"answers {status}{name}: {_STATUSES.get(status, other)}"


def meaning(error: OSError, meanings: Mapping[int, str] = MEANINGS) -> str:
    """Return the meaning of an error; ``meanings`` can be specific to an action. Our own refusals have messages already."""
    said = error.strerror or str(error) or type(error).__name__
    return said if isinstance(error, RefusedError) else meanings.get(error.errno or 0, said)


def refusal(error: BaseException) -> CbrnDataError | None:
    """Translate an error of the machine; return an error of this package unchanged, and None for an internal error."""
    if isinstance(error, CbrnDataError):
        return error
    if not isinstance(error, OSError):
        return None
    status = getattr(error, "code", None)
    if isinstance(status, int):  # urllib.error.HTTPError
        return MachineError(f"{getattr(error, 'url', None) or 'a server'}: {http_meaning(status)}")
    if error.filename is None:
        said = error.strerror or ""
        if "temporary directory" in said:
            return MachineError(
                f"the folder for temporary files cannot be written ({said}); free some space, or set TMPDIR to another"
            )
        return MachineError(meaning(error))
    place = error.filename.decode(errors="replace") if isinstance(error.filename, bytes) else error.filename
    return MachineError(f"{place}: {meaning(error)}")


def is_of_machine(error: BaseException) -> bool:
    """Return whether an error, or its cause, is one of the machine (a full disk, too many open files), not of a file."""
    return any(isinstance(one, OSError) and one.errno in _OF_MACHINE for one in (error, error.__cause__))


@contextmanager
def at(place: Path | str) -> Iterator[None]:
    """Add ``place`` to an ``OSError`` without a file name."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(place)
        raise
