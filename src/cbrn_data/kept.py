"""Texts that take long to make, kept in a folder from run to run, each by the digest of all that it is made of.

An entry begins with its own digest: one that is damaged is made again, so people can delete the folder at any time. If there
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

_keeper: ContextVar[tuple[Path, Any] | None] = ContextVar("keeper", default=None)


@contextmanager
def keeping(folder: Path, code: Any) -> Iterator[None]:
    """Keep texts in folders of ``folder``; ``code`` describes the code that makes them."""
    before = _keeper.set((folder, code))
    try:
        yield
    finally:
        _keeper.reset(before)


def kept(kind: str, made_of: str, make: Callable[[], str], at_most: int) -> str:
    """Return the text that was made of this, else that of ``make``, which is kept in the folder ``kind``.

    The folder has ``at_most`` entries; the oldest are dropped.
    """
    keeper = _keeper.get()
    if keeper is None:
        return make()
    folder, code = keeper[0] / kind, keeper[1]
    place = folder / sha256(dumped([code, made_of])).hexdigest()
    with suppress(OSError):
        digest, _, data = place.read_bytes().partition(b"\n")
        if digest.decode("ascii", "replace") == sha256(data).hexdigest():
            return data.decode()
    text = make()
    with suppress(OSError):
        _keep(place, text.encode(), at_most)
    return text


def _keep(place: Path, data: bytes, at_most: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.parent / f".{token_hex(8)}"
    new.write_bytes(sha256(data).hexdigest().encode() + b"\n" + data)
    new.replace(place)
    for old in sorted(place.parent.iterdir(), key=os.path.getmtime, reverse=True)[at_most:]:
        old.unlink(missing_ok=True)
