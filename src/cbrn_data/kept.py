"""Texts that take long to make, kept in a folder from run to run, each by the digest of all that it is made of.

An entry names its own digest too: one that is damaged is made again, so people can delete the folder at any time. If there
is no space for an entry, it is not kept. Outside of ``keeping``, as in a rebuild, every text is made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from cbrn_data.strict_json import dumped

AT_MOST = 60
"""Number of entries of a folder; the oldest are dropped."""

_keeper: ContextVar[tuple[Path, Any] | None] = ContextVar("keeper", default=None)


@contextmanager
def keeping(folder: Path, code: Any) -> Iterator[None]:
    """Keep texts in ``folder``; ``code`` describes the code that makes them."""
    before = _keeper.set((folder, code))
    try:
        yield
    finally:
        _keeper.reset(before)


def kept(made_of: str, make: Callable[[], str]) -> str:
    """Return the text that was made of this, else that of ``make``, which is kept."""
    keeper = _keeper.get()
    if keeper is None:
        return make()
    folder, code = keeper
    key = sha256(dumped([code, made_of])).hexdigest()
    for place in folder.glob(f"{key}-*"):
        with suppress(OSError):
            data = place.read_bytes()
            if place.name == _name(key, data):
                return data.decode()
    text = make()
    with suppress(OSError):
        _keep(folder, key, text.encode())
    return text


def _name(key: str, data: bytes) -> str:
    return f"{key}-{sha256(data).hexdigest()}"


def _keep(folder: Path, key: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{token_hex(8)}"
    new.write_bytes(data)
    new.rename(folder / _name(key, data))
    for old in sorted(folder.iterdir(), key=os.path.getmtime, reverse=True)[AT_MOST:]:
        old.unlink(missing_ok=True)
