"""A cache of file digests from run to run, so that a publisher does not read unchanged files of a store again.

A digest is remembered by device, inode, size and times of change of its file; hard links of a large file are read once.
A file that changed in the last seconds is always read, because a second change could have the same time. An auditor
remembers nothing: ``verify`` reads every byte.

A source is read in each run, and its digest is not remembered for the next one. Within a run, ``settled`` shows whether a
file has changed since it was read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from cbrn_data.atomic import whole
from cbrn_data.errors import CbrnDataError
from cbrn_data.strict_json import dumped, parse_object

FILE = "digests.json"
"""The name of the file in the cache of a project."""
LARGE = 1 << 20
"""The size from which the system copies a file, and a push checks whether the target has the bytes already."""
_RECENT = 2.0
"""Seconds in which a file system may give two changes the same time."""


@dataclass
class _Digests:
    known: dict[str, str]
    used: dict[str, str] = field(default_factory=dict)


_digests: ContextVar[_Digests | None] = ContextVar("digests", default=None)


@contextmanager
def remembering(file: Path) -> Iterator[None]:
    """Remember digests in ``file``, which can be deleted; a file that cannot be read or written is left out."""
    known: dict[str, str] = {}
    with suppress(OSError, CbrnDataError):
        known = {name: str(digest) for name, digest in parse_object(file, file.read_bytes()).items()}
    digests = _Digests(dict(known))
    before = _digests.set(digests)
    try:
        yield
    finally:
        _digests.reset(before)
        if digests.used != known:
            with suppress(OSError):
                file.parent.mkdir(parents=True, exist_ok=True)
                with whole(file) as new:
                    new.write(dumped(digests.used))


def known_digest(of: os.stat_result) -> str | None:
    """Return the digest of a file that did not change, None if it must be read."""
    digests = _digests.get()
    found = digests.known.get(_key(of)) if digests else None
    if digests and found:
        digests.used[_key(of)] = found
    return found


def remember(of: os.stat_result, digest: str, is_own: bool = False) -> None:
    """Remember the digest of a file that was read, or of the bytes that this process wrote into its own file."""
    digests = _digests.get()
    if digests and (is_own or time.time() - of.st_mtime > _RECENT):
        digests.known[_key(of)] = digests.used[_key(of)] = digest


def settled(of: os.stat_result) -> str:
    """Return the properties that any change of a file alters; empty if the next change could have the same time."""
    is_recent = time.time() - max(of.st_mtime, of.st_ctime) <= _RECENT
    return "" if is_recent else _state(of)


def _state(of: os.stat_result) -> str:
    return f"{of.st_dev}:{of.st_ino}:{of.st_size}:{of.st_mtime_ns}:{of.st_ctime_ns}"


def _key(of: os.stat_result) -> str:
    """Return properties that identify an unchanged file. ``ctime`` cannot be set back, but each new link changes it."""
    return _state(of).rpartition(":")[0] if of.st_size >= LARGE else _state(of)
