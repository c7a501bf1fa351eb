"""The origin of published files for the client: a folder, or an address with a cache.

Every file except the index is requested with its digest, and returned only if it matches. Fetched files are cached by
digest, so each is fetched once, and a change on the server cannot replace it. A complete file gets its name in the cache by
one rename, so concurrent or killed programs do not disturb each other.

The index is never cached, because it shows the newest release and the withdrawals. An address must be https, or on this
machine, and the signed metadata there must vouch for the index: the client remembers them, so it detects an older state and
unknown keys. A folder is as trusted as its disk; ``verify`` checks it.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cbrn_data import foreign
from cbrn_data.catalogue.address import is_trusted
from cbrn_data.errors import CbrnDataError, ReleaseError, UntrustedError, VerificationError, extra_missing
from cbrn_data.fetch import LIST_LIMIT, TOTAL_LIMIT, AbsentError, Web, checked_address, is_address
from cbrn_data.settings import Settings
from cbrn_data.store import disk
from cbrn_data.store.history import INDEX, METADATA
from cbrn_data.store.names import inside
from cbrn_data.strict_json import dumped, parse_object

if TYPE_CHECKING:
    from cbrn_data.trust.client import Trusted

FILE_LIMIT = 1 << 30
"""A file is returned in memory, as a whole."""


class Origin(Protocol):
    """The files of one store; ``name`` is the folder or address that was given."""

    name: str

    @property
    def has_metadata(self) -> bool:
        """Whether the store has signed metadata; of an address, known once the index was read."""

    def index(self) -> bytes:
        """Return ``releases.json``. Raises CbrnDataError."""

    def file(self, path: str, sha256: str) -> bytes:
        """Return the file at ``path`` below ``published/``. Raises VerificationError if it has another digest."""


def origin(source: str | Path | None, settings: Settings) -> Origin:
    """Return the origin of the files of ``source``: an address, a folder, or the configured one if it is None.

    Raises CbrnDataError if it does not exist.
    """
    said = str(source) if source is not None else _configured(settings)
    if is_address(said):
        return WebOrigin(said, settings)
    if not (Path(said) / INDEX).is_file():
        way_out = "set source= to the address or folder of a store" if source is None else "is this a store?"
        raise CbrnDataError(f"{said}: {INDEX} is missing; {way_out}")
    return FolderOrigin(Path(said))


def _configured(settings: Settings) -> str:
    """Return the address in the environment variable, else ``published/``, else the address in the settings file.

    A project has both: the folder here is newer than its copy at the address.
    """
    is_given = settings.origin("base_url").startswith("variable")
    local = str(settings.published)
    return (settings.base_url or local) if is_given or not (settings.published / INDEX).is_file() else local


class FolderOrigin:
    """A store in a folder."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    @property
    def has_metadata(self) -> bool:
        """Whether the store has signed metadata; only ``verify`` checks them."""
        return bool(disk.mode(self._folder / METADATA))

    def index(self) -> bytes:
        """Return the index."""
        return disk.read(self._folder / INDEX)

    def file(self, path: str, sha256: str) -> bytes:
        """Return a file after checking its digest."""
        place = inside(self._folder, path)
        return _checked(disk.read(place, FILE_LIMIT, self._folder), sha256, f"{place}")


class _NoMetadataError(Exception):
    """The store has no metadata."""


class WebOrigin:
    """A store at an address, whose files are cached. Raises CbrnDataError."""

    def __init__(self, address: str, settings: Settings) -> None:
        self.name = checked_address(address)
        if not is_trusted(self.name):
            raise CbrnDataError(f"{self.name}: the index can be trusted only over https")
        self._web = Web(self.name, TOTAL_LIMIT, "read a copy of the store with another program")
        self._cache = settings.cache
        self._trusted_keys = settings.trusted_keys
        name = hashlib.sha256(self.name.encode()).hexdigest()
        self._memory = self._cache / f"trusted-{name}.json"
        self.has_metadata = True

    def index(self) -> bytes:
        """Fetch the index, for which the metadata vouch; a store of the older form has none."""
        try:
            said, index = self._trusted(), self._fetched(INDEX, LIST_LIMIT)
            self.has_metadata = said is not None
            if said and not said.holds(INDEX, hashlib.sha256(index).hexdigest()):  # published in between, perhaps
                said, index = self._trusted(), self._fetched(INDEX, LIST_LIMIT)
                if said and not said.holds(INDEX, hashlib.sha256(index).hexdigest()):
                    raise UntrustedError(f"{self.name}{INDEX}: is not what the metadata vouch for")
            return index
        except UntrustedError:
            raise
        except VerificationError as error:
            raise CbrnDataError(
                f"{error}. Without the index, the newest release and withdrawals are unknown; offline, set source= to "
                "the folder of a copy of the store"
            ) from error

    def _trusted(self) -> Trusted | None:
        """Return what the metadata say, and remember them; None for a store of the older form.

        Raises UntrustedError, or VerificationError if a file cannot be fetched.
        """
        from cbrn_data.trust.client import packed, trusted, unpack

        with tempfile.TemporaryDirectory(prefix="cbrn-data-") as folder:
            kept = Path(folder)
            with suppress(FileNotFoundError, NotADirectoryError):
                try:
                    unpack(kept, parse_object(self._memory, foreign.read(self._memory, LIST_LIMIT)))
                except (ReleaseError, TypeError) as error:
                    message = f"{self._memory}: is damaged, so an older state of {self.name} would not be noticed"
                    raise UntrustedError(f"{message}; remove it if you know of no attack") from error
            try:
                said = trusted(self._metadata, kept, self._pins())
            except UntrustedError as error:
                raise UntrustedError(f"{self.name}: {error}") from error
            except _NoMetadataError as error:
                if self._trusted_keys is None:
                    return None
                raise UntrustedError(f"{self.name}: has no metadata, so no pinned key vouches for its index") from error
            if said.ended:
                raise UntrustedError(
                    f"{self.name}: the metadata ended on {said.until:%Y-%m-%d}, so a newer state may be held back; to read "
                    "this one all the same, set source= to the folder of a copy of the store"
                )
            files = dumped(packed(kept))
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._cache, prefix="coming-", delete=False) as file:
            file.write(files)
        Path(file.name).replace(self._memory)
        return said

    def _metadata(self, name: str) -> bytes:
        try:
            return self._fetched(f"{METADATA}/{name}", LIST_LIMIT)
        except AbsentError as error:
            if name == "1.root.json":
                raise _NoMetadataError from error
            raise FileNotFoundError(name) from error

    def _pins(self) -> frozenset[str]:
        if self._trusted_keys is None:
            return frozenset()
        try:
            from cbrn_data.signing.keys import trusted_keys
        except ModuleNotFoundError as error:
            raise CbrnDataError(extra_missing("keys.trusted", "verify", "cryptography")) from error
        return frozenset(key.public_bytes_raw().hex() for key in trusted_keys(self._trusted_keys))

    def file(self, path: str, sha256: str) -> bytes:
        """Return a file with the digest, from the cache or fetched."""
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
            way_out = "set CBRN_DATA_STATE, or state in cbrn-data.toml, to a writable folder"
            raise CbrnDataError(f"{self._cache}: the cache cannot be written ({error.strerror}); {way_out}") from error


def _checked(data: bytes, sha256: str, place: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise VerificationError(f"{place}: is not the published file; its sha256 is {found}, not {sha256}")
    return data
