"""The lock of a store: one publisher at a time, on the folder itself.

Context: lock files outlive a killed process, and a lock file of one user stops another. Choice: ``flock`` on a descriptor of
the folder; the kernel releases it with the process. Cost: a store cannot be written on a file system without ``flock`` (some
network mounts); the message says so.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.progress import step
from cbrn_data.store import disk

WAIT = 30.0
"""Seconds that a publisher waits for another one, by default."""
_PAUSE = 0.05


@contextmanager
def locked(folder: Path, wait: float) -> Iterator[None]:
    """Hold the lock of ``folder``, after waiting up to ``wait`` seconds for it. Raises ReleaseError."""
    with disk.open_folder(folder, follow=True) as handle:
        _wait_for(folder, handle, wait)
        with disk.explained(folder):
            # During the wait, the folder may have been exchanged; a lock on the old one has no effect.
            if not os.path.samestat(os.fstat(handle), os.stat(folder)):
                raise ReleaseError(f"{folder}: was replaced by another folder; run this again")
        yield


def _wait_for(folder: Path, handle: int, wait: float) -> None:
    if _take(folder, handle):
        return
    give_up = time.monotonic() + wait
    with step("Wait for another publisher", unit="seconds") as waiting:
        while not _take(folder, handle):
            if time.monotonic() >= give_up:
                raise ReleaseError(f"{folder}: another publisher is at work; wait until it has finished, then run again")
            time.sleep(_PAUSE)
            waiting.advance(_PAUSE)


def _take(folder: Path, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise ReleaseError(f"{folder}: this file system cannot lock a folder ({error.strerror})") from error
    return True
