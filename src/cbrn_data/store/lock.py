"""The lock of a store: one publisher at a time, on the folder itself.

Context: lock files outlive a killed process, and those of one user stop another. Choice: ``flock`` on a descriptor
of the folder; the kernel lets go of it with the process. Cost: a file system without it (some network mounts)
cannot hold a store that is written, and that is said.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk

_PAUSE = 0.05


@contextmanager
def locked(folder: Path, wait: float) -> Iterator[None]:
    """Hold the only lock of ``folder``, waiting up to ``wait`` seconds for it. Raises ReleaseError."""
    handle = disk.open_folder(folder, follow=True)
    try:
        _wait_for(folder, handle, wait)
        with disk.explained(folder):
            # While we waited the folder may have been exchanged, and a lock on the old one protects nothing.
            if not os.path.samestat(os.fstat(handle), os.stat(folder)):
                raise ReleaseError(f"{folder}: was replaced by another folder; run this again")
        yield
    finally:
        os.close(handle)


def _wait_for(folder: Path, handle: int, wait: float) -> None:
    give_up = time.monotonic() + wait
    while not _take(folder, handle):
        if time.monotonic() >= give_up:
            raise ReleaseError(f"{folder}: another publisher is at work; wait until it has finished, then run again")
        time.sleep(_PAUSE)


def _take(folder: Path, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise ReleaseError(f"{folder}: this file system cannot lock a folder ({error.strerror})") from error
    return True
