"""Read a store's metadata as TUF clients do: with python-tuf's client, over a function that returns a file by name.

``kept`` is the folder of the client's trusted metadata. Where it has a root, only roots that continue it are accepted, and
no older state. An empty one begins with the first root that pinned keys vouch for, or, without pinned keys, with the
first root of the store: then nobody vouches for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tuf.api.exceptions import BadVersionNumberError, DownloadHTTPError, ExpiredMetadataError, RepositoryError
from tuf.api.exceptions import DownloadError as TufDownloadError
from tuf.api.metadata import Metadata, Root, Snapshot, T, TargetFile, Targets, Timestamp
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError, UntrustedError, VerificationError
from cbrn_data.findings import shown
from cbrn_data.nesting import nests_too_deeply
from cbrn_data.store.names import inside
from cbrn_data.trust.roles import ONLINE, file_of, is_signed, raw, read_metadata, signed_by_enough, versions

Read = Callable[[str], bytes]
"""Returns a file of ``metadata/``. Raises FileNotFoundError if it does not exist."""

ROOT = "root.json"
"""The newest root in a folder of trusted metadata."""
ROOT_LIMIT = 512_000
LIMIT = 1 << 26
_CONFIG = UpdaterConfig(
    root_max_length=ROOT_LIMIT, targets_max_length=LIMIT, prefix_targets_with_hash=False, app_user_agent="cbrn-data"
)
_HISTORY = "root_history"
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Trusted:
    """What the metadata of a store say: ``targets`` by path, and until when they hold.

    ``names`` are the files in ``metadata/``. ``ended`` names what is no longer in force by the clock.
    """

    root: Root
    version: int
    targets: Mapping[str, TargetFile]
    names: frozenset[str]
    until: datetime
    ended: str | None

    def holds(self, path: str, sha256: str) -> bool:
        """Return whether a file with this digest is vouched for."""
        return path in self.targets and self.targets[path].hashes.get("sha256") == sha256


class _Fetcher(FetcherInterface):
    def __init__(self, read: Read) -> None:
        self._read = read

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.rpartition("/")[2]
        try:
            data = self._read(name)
        except FileNotFoundError:
            raise DownloadHTTPError(f"{name} is missing", 404) from None
        except OSError as error:
            raise TufDownloadError(f"{name}: {error.strerror or error}") from None
        if nests_too_deeply(data):
            raise TufDownloadError(f"{name} nests too deeply")
        return iter([data])


def in_folder(metadata: Path) -> Read:
    """Return the function that reads ``metadata/`` on disk: regular files only, no links."""
    return lambda name: foreign.read(metadata / name, LIMIT, metadata)


def trusted(read: Read, kept: Path, pins: frozenset[str] = frozenset()) -> Trusted:
    """Update ``kept`` from the store and return what it says; expired metadata are read too.

    ``pins`` are raw keys. Raises VerificationError with the reason, or what ``read`` raises.
    """
    try:
        bootstrap = None if (kept / ROOT).exists() else _first_root(read, pins)
        try:
            _refresh(read, kept, bootstrap)
            ended = None
        except ExpiredMetadataError as error:
            ended = str(error)
            _refresh(read, kept, bootstrap, _ANY_TIME)
    except (RepositoryError, TufDownloadError) as error:
        if isinstance(error.__cause__, CbrnDataError):  # the file cannot be had
            raise error.__cause__ from error
        older = "of an older state than the one seen before" if _is_older(error) else "not valid"
        raise UntrustedError(shown(f"the metadata are {older}: {error.__cause__ or error}", 300)) from error
    return _said(kept, ended)


def under_root_before(
    read: Read, newest: int, kept: Path, pins: frozenset[str] = frozenset()
) -> tuple[Trusted, Mapping[str, TargetFile]]:
    """Return what the root before the ``newest`` says, and the signed targets to come, if there are any.

    An interrupted installation of a root without a key of the root before leaves this state: the root exists, its timestamp
    does not. The root before must sign the newest one, and nothing but the timestamp in force may be missing to it.
    Arguments and errors are those of ``trusted``.
    """
    name = file_of(Root.type, newest)

    def read_others(other: str) -> bytes:
        if other == name:
            raise FileNotFoundError(other)
        return read(other)

    said = trusted(read_others, kept, pins)
    root = _root(read, newest)
    if root.signed.version != said.root.version + 1 or not all(is_signed(by, root) for by in (said.root, root.signed)):
        raise UntrustedError(f"{name} is not signed by its own keys and those of the root before")
    return replace(said, names=said.names | {name}), _targets(read, root.signed, said.version + 1)


def packed(kept: Path) -> dict[str, str]:
    """Return the text of the files of a client's trusted metadata by name."""
    files = [*sorted((kept / _HISTORY).glob("*.json")), *(kept / f"{role}.json" for role in ONLINE)]
    return {str(path.relative_to(kept)): path.read_text(encoding="utf-8") for path in files if path.exists()}


def keys_in(kept: Path) -> frozenset[str]:
    """Return the keys (raw) that the roots in a client's trusted metadata name; empty if there are none."""
    roots = [read_metadata(path.read_bytes(), Root, path.name).signed for path in (kept / _HISTORY).glob("*.json")]
    return raw(key for root in roots for key in root.keys.values())


def unpack(kept: Path, files: Mapping[str, str]) -> None:
    """Write packed files into an empty folder. Raises ReleaseError for a name that leads elsewhere, OSError."""
    (kept / _HISTORY).mkdir()
    for name, text in files.items():
        inside(kept, name).write_text(text, encoding="utf-8")
    if roots := versions((path.name for path in (kept / _HISTORY).iterdir()), Root.type):
        (kept / ROOT).write_bytes((kept / _HISTORY / roots[max(roots)]).read_bytes())


def _refresh(read: Read, kept: Path, bootstrap: bytes | None, time: datetime | None = None) -> None:
    updater = Updater(str(kept), "metadata/", fetcher=_Fetcher(read), config=_CONFIG, bootstrap=bootstrap)
    if time:  # python-tuf has no other way to read an expired copy
        updater._trusted_set.reference_time = time
    updater.refresh()


def _first_root(read: Read, pins: frozenset[str]) -> bytes:
    """Return the first root, or the first that pinned keys vouch for. Raises VerificationError."""
    number = 1
    while number <= _CONFIG.max_root_rotations:
        name = file_of(Root.type, number)
        try:
            data = read(name)
        except FileNotFoundError:
            break
        if len(data) > ROOT_LIMIT:
            raise VerificationError(f"{name} has more than {ROOT_LIMIT:,} bytes")
        root = read_metadata(data, Root, name)
        if root.signed.version != number:  # else the names of its files could not be counted
            raise VerificationError(f"{name} says that it is version {shown(str(root.signed.version), 20)}")
        if not pins or signed_by_enough(root, pins):
            return data
        number += 1
    raise UntrustedError("no root is signed by the pinned keys" if number > 1 else "the metadata have no root")


def _is_older(error: Exception) -> bool:
    """Whether the client refuses a version below the one that it knows; its other numbers are of a root or of a mixture."""
    return isinstance(error, BadVersionNumberError) and "must be >=" in str(error)


def _said(kept: Path, ended: str | None) -> Trusted:
    def signed(kind: type[T], name: str = "") -> T:
        return read_metadata((kept / (name or f"{kind.type}.json")).read_bytes(), kind, name).signed

    root, targets = signed(Root), signed(Targets)
    newest = [root, targets, signed(Snapshot), signed(Timestamp)]
    names = {file_of(each.type, each.version) for each in newest} | {file_of(Root.type, n + 1) for n in range(root.version)}
    until = min(each.expires for each in newest)
    return Trusted(root, targets.version, targets.targets, frozenset(names), until, ended)


def coming(read: Read, now: Trusted) -> Mapping[str, TargetFile]:
    """Return the signed targets of the next state; empty unless a publication was cut short. Raises as ``trusted``."""
    return _targets(read, now.root, now.version + 1)


def leaving(read: Read, now: Trusted) -> Mapping[str, TargetFile]:
    """Return the signed targets of the state before; empty unless a publication was cut short. Raises as ``trusted``.

    Keys of the root before may have signed it, if that root continues to the present one.
    """
    try:
        return _targets(read, now.root, now.version - 1)
    except UntrustedError:
        if now.root.version == 1:
            raise
        before, root = (_root(read, number) for number in (now.root.version - 1, now.root.version))
        if not all(is_signed(before.signed, each) for each in (before, root)):
            raise
        return _targets(read, before.signed, now.version - 1)


def first_coming(read: Read, pins: frozenset[str] = frozenset()) -> Mapping[str, TargetFile]:
    """Return the signed targets of a first state that was cut short before its timestamp. Raises as ``trusted``."""
    name = file_of(Root.type, 1)
    try:
        read(name)
    except FileNotFoundError:
        return {}
    return _targets(read, read_metadata(_first_root(read, pins), Root, name).signed, 1)


def is_beside(read: Read, now: Trusted, name: str) -> bool:
    """Return whether a file is of the state before or to come, which a publication that was cut short leaves."""
    kinds: tuple[Any, ...] = (Targets, Snapshot)
    for kind in kinds:
        for version in (now.version - 1, now.version + 1):
            if name == file_of(kind.type, version):
                with suppress(VerificationError):
                    return bool(read_metadata(read(name), kind, name).signed.version == version)
    return False


def _root(read: Read, version: int) -> Metadata[Root]:
    name = file_of(Root.type, version)
    return read_metadata(read(name), Root, name)


def _targets(read: Read, root: Root, version: int) -> Mapping[str, TargetFile]:
    name = file_of(Targets.type, version)
    try:
        found = read_metadata(read(name), Targets, name)
    except FileNotFoundError:
        return {}
    if not is_signed(root, found):
        raise UntrustedError(f"{name} is not signed by the keys of the root")
    return found.signed.targets
