"""Where published files come from for those who analyse them: a folder, or an address with a cache beside it.

Every file but the index is asked for by its digest and handed over only if it has it. What came from an address is kept
under its digest, so that it is fetched once, and a change of the server cannot be taken for it. A file gets its name in
the cache in one step when it is whole: programs that run at once, or are killed, do not disturb each other.

The index itself is never kept: it says what is newest and what was withdrawn. So an address is https, or this machine.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cbrn_data.catalogue.address import is_trusted
from cbrn_data.errors import CbrnDataError, ReleaseError, VerificationError
from cbrn_data.fetch import LIST_LIMIT, TOTAL_LIMIT, Web, checked_address, is_address
from cbrn_data.settings import Settings
from cbrn_data.store import disk
from cbrn_data.store.index import INDEX

FILE_LIMIT = 1 << 30
"""A file is handed over whole, in memory."""


class Origin(Protocol):
    """Gives the files of one ``published/``; ``name`` is how people know it."""

    name: str

    def index(self) -> bytes:
        """Return ``releases.json``. Raises CbrnDataError."""

    def file(self, path: str, sha256: str) -> bytes:
        """Return the file at ``path`` below ``published/``. Raises VerificationError if it has another digest."""


def origin(source: str | Path | None, where: Settings) -> Origin:
    """Return where the files of ``source`` come from: an address, a folder, or what is configured if it is None.

    Raises CbrnDataError where there is neither.
    """
    said = str(source) if source is not None else where.base_url or str(where.published)
    if is_address(said):
        return WebOrigin(said, where.cache)
    if not (Path(said) / INDEX).is_file():
        way_out = "give source= the address or the folder of a published/" if source is None else "is it a published/?"
        raise CbrnDataError(f"{said}: there is no {INDEX} here; {way_out}")
    return FolderOrigin(Path(said))


class FolderOrigin:
    """A ``published/`` on the disk."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    def index(self) -> bytes:
        """Return the index."""
        return disk.read(self._folder / INDEX)

    def file(self, path: str, sha256: str) -> bytes:
        """Return a file that has the digest."""
        place = disk.inside(self._folder, path)
        return _checked(disk.read(place, FILE_LIMIT, self._folder), sha256, f"{place}")


class WebOrigin:
    """A ``published/`` behind an address; ``cache`` is the folder of what was fetched. Raises CbrnDataError."""

    def __init__(self, address: str, cache: Path) -> None:
        self.name = checked_address(address)
        if not is_trusted(self.name):
            raise CbrnDataError(f"{self.name}: only https can be trusted to bring the index as it was published")
        self._web = Web(self.name, TOTAL_LIMIT, "read a copy of published/ by another program")
        self._cache = cache

    def index(self) -> bytes:
        """Fetch the index."""
        try:
            return self._fetched(INDEX, LIST_LIMIT)
        except VerificationError as error:
            raise CbrnDataError(
                f"{error}. Without the index nobody can tell what is newest or withdrawn; offline, give source= the folder "
                "of a copy of published/"
            ) from error

    def file(self, path: str, sha256: str) -> bytes:
        """Return a file that has the digest: from the cache, or fetched and kept."""
        kept = self._cache / sha256
        with suppress(ReleaseError, VerificationError):
            return _checked(disk.read(kept), sha256, str(kept))
        return self._fetched(path, FILE_LIMIT, sha256)

    def _fetched(self, path: str, limit: int, sha256: str | None = None) -> bytes:
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._cache, prefix="coming-") as coming:
                below, _, name = path.rpartition("/")
                self._web.fetch(name, Path(coming), limit, f"{below}/" if below else "")
                data = disk.read(Path(coming) / name)
                if sha256 is not None:
                    _checked(data, sha256, f"{self.name}{path}")
                    (Path(coming) / name).replace(self._cache / sha256)
                return data
        except OSError as error:
            way_out = "set CBRN_DATA_STATE to a folder that can be written"
            raise CbrnDataError(f"{self._cache}: what is fetched cannot be kept ({error.strerror}); {way_out}") from error


def _checked(data: bytes, sha256: str, place: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise VerificationError(f"{place}: is not the file that was published: its sha256 is {found}, not {sha256}")
    return data
