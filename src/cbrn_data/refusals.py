"""What a machine or a server refuses, in words: the one translation of an ``OSError`` and of an HTTP status.

Modules that know more of what they were doing say it themselves. Whatever else the operating system refuses (a full
disk, no permission, no such folder) comes here at the boundary of a run: ``cli.boundary`` and the flows. ``at`` names the
file where an error does not, as that of a write to an open file.
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
    errno.EACCES: "there is no permission; give it to this user or choose another file or folder",
    errno.EPERM: "there is no permission; give it to this user or choose another file or folder",
    errno.EMFILE: "too many files are open; raise the limit (`ulimit -n`), then run this again",
    errno.ENFILE: "too many files are open on this machine; close some programs, then run this again",
    errno.ENOMEM: "the memory is used up; close some programs, then run this again",
    errno.EIO: "the disk reported an input/output error; check the disk before running this again",
    errno.EEXIST: "is there already; move it away or choose another name",
    errno.ENOTEMPTY: "is not empty; move it away or choose another name",
    errno.ELOOP: "is a symbolic link that leads to itself or is not followed; put the real file or folder in its place",
    errno.ENOTDIR: "is not a folder; name a folder, or put one in its place",
    errno.EISDIR: "is a folder where a file belongs; name a file",
    errno.ENOENT: "is not there; put it back, or name another",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ECONNREFUSED: "nothing answers there; start what should, or name another address",
    errno.ECONNRESET: "the connection was ended from there; run this again",
    errno.ETIMEDOUT: "no answer came in time; run this again, or look whether it can be reached",
    errno.EADDRINUSE: "is in use; choose another port",
}
"""What an error number means, and the way out."""

_STATUSES = {
    401: "it asks who you are; set the name and password or the key that it expects",
    403: "it does not allow this; ask for the right, or use another account",
    404: "it knows nothing by this address; look whether the address is right",
    407: "the proxy asks who you are; set its name and password",
    413: "what was sent is too large for it; ask who runs it to allow more",
    429: "it was asked too often; wait a while, then run this again",
}


def http_meaning(status: int) -> str:
    """Return what an HTTP status means, and the way out.

    >>> http_meaning(401)
    'answers 401 (Unauthorized): it asks who you are; set the name and password or the key that it expects'
    """
    try:
        name = f" ({HTTPStatus(status).phrase})"
    except ValueError:
        name = ""
    other = "it is out of order; wait a while, then run this again" if status >= 500 else "see what it expects"
    return f"answers {status}{name}: {_STATUSES.get(status, other)}"


def meaning(error: OSError, meanings: Mapping[int, str] = MEANINGS) -> str:
    """Return what an error means; ``meanings`` may know more of what was being done. What we refuse says it itself."""
    said = error.strerror or str(error) or type(error).__name__
    return said if isinstance(error, RefusedError) else meanings.get(error.errno or 0, said)


def refusal(error: BaseException) -> CbrnDataError | None:
    """Return in words what the machine refuses, an error of this package as it is, and None for a fault of the code."""
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
                f"no folder for temporary files can be written ({said}); free some space, or name another in TMPDIR"
            )
        return MachineError(meaning(error))
    place = error.filename.decode(errors="replace") if isinstance(error.filename, bytes) else error.filename
    return MachineError(f"{place}: {meaning(error)}")


@contextmanager
def at(place: Path | str) -> Iterator[None]:
    """Let an ``OSError`` inside that names no file name ``place``."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(place)
        raise
