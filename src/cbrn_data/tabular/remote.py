"""Tables and descriptors at addresses: fetched to a temporary folder, each once, and at most ``LARGEST`` bytes in all."""

from __future__ import annotations

import errno
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cbrn_data.deadline import Clock
from cbrn_data.foreign import RefusedError
from cbrn_data.tabular.fetching import Order, Outcome, fetch_isolated
from cbrn_data.web import origin

SCHEMES = ("https", "http", "s3")
LARGEST = 16_000_000_000
"""The most bytes of all addresses together."""
_SILENT_AT_MOST = 2
_NAME = re.compile(r"[^\w.-]")


def is_address(text: str) -> bool:
    """Return whether text is an address, not a path.

    >>> is_address("https://example.org/t.csv"), is_address("a:b.csv")
    (True, False)
    """
    return "://" in text


class Remote:
    """Files at addresses. ``given`` are those that the user named; only their origins may be private.

    ``fetch`` fetches each, by default in a process for it. ``clock`` limits the time of everything; without it, each file
    has the time that it earns (see ``deadline``).
    """

    def __init__(
        self,
        folder: Path,
        given: Iterable[str] = (),
        clock: Clock | None = None,
        most: int = LARGEST,
        fetch: Callable[[Order], Outcome] = fetch_isolated,
    ) -> None:
        self._folder, self._clock, self._left, self._fetch = folder, clock, most, fetch
        self._private = {origin(address) for address in given if is_address(address)}
        self._paths: dict[str, Path] = {}
        self._addresses: dict[Path, str] = {}
        self._failed: dict[Path, str] = {}
        self._silent: Counter[str] = Counter()

    def path_of(self, address: str) -> Path:
        """Return where the file of an address will be; its name ends as the address. Raises ValueError for a wrong one."""
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES or not parts.hostname or "@" in parts.netloc or parts.fragment:
            raise ValueError(f"use {', '.join(SCHEMES)}, without user name, password and fragment")
        if not (address.isascii() and address.isprintable()) or " " in address:
            raise ValueError("write characters beyond ASCII and spaces with %")
        origin(address)
        if address not in self._paths:
            name = _NAME.sub("_", unquote(parts.path).rpartition("/")[2])[-80:].lstrip(".")
            path = self._folder / f"{len(self._paths)}-{name}"
            self._paths[address], self._addresses[path] = path, address
        return self._paths[address]

    def address_of(self, path: Path) -> str:
        """Return the address of a path of this object, else the path itself."""
        return self._addresses.get(path, str(path))

    def ensure(self, path: Path, limit: int = LARGEST) -> None:
        """Fetch the file of a path of this object, if it is not there. Raises OSError with the reason."""
        if path in self._failed:
            raise RefusedError(errno.EIO, self._failed[path])
        if path not in self._addresses or path.exists():
            return
        address = self._addresses[path]
        host = urlsplit(address).netloc
        if self._silent[host] >= _SILENT_AT_MOST:
            found = Outcome(reason="was not requested, because the server does not answer")
        else:
            seconds, way_out = self._clock.rest if self._clock else (None, "")
            most, private = min(limit, self._left), tuple(self._private)
            found = self._fetch(Order(address, str(path), most, private, seconds, way_out))
        self._silent[host] += found.is_silent
        self._left -= found.size
        if found.reason:
            path.unlink(missing_ok=True)
        if found.errno:
            raise OSError(found.errno, found.reason, str(path))
        if found.reason:
            self._failed[path] = found.reason
            raise RefusedError(errno.EIO, found.reason)
