"""Sign the metadata of a store: make the files of ``metadata/`` for the files that the store will have.

The function is given to the store, which writes what it returns: all up to the timestamp before the files that they name,
the timestamp and what follows it after the index. So a reader of the timestamp finds all other files, and an interrupted
publication leaves the signed metadata of the next state.

A new root with another online key is the last file, if the key of the root before is at hand: it signs the new state too, so
the state is valid by either root, and no reader sees a root without its timestamp. Without that key (stolen, lost,
elsewhere) the root comes first, and until the timestamp follows, readers refuse the store. ``verify`` of a folder then goes
by the root before. Nothing tells an interrupted root of its own (below) from a forged one, so there it fails.

Metadata depend only on the state before, the key and the day, so the same publication gives the same bytes. Current metadata
stay as they are while they name the same files and need no renewal. A store whose root does not name our key is a copy, such
as a clone, and gets a new root.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, MetaFile, Role, Root, Signed, Snapshot, T, TargetFile, Targets, Timestamp

from cbrn_data.errors import ReleaseError, VerificationError
from cbrn_data.signing.keys import SigningKey
from cbrn_data.store import disk
from cbrn_data.store.history import CODE, METADATA
from cbrn_data.trust.roles import (
    ONLINE,
    TIMESTAMP,
    due_after,
    expiry,
    file_of,
    is_due,
    is_signed,
    keys_of,
    raw,
    read_metadata,
    versions,
    written,
)

LIMIT = 1 << 26
"""The most bytes of a file of metadata."""


@dataclass(frozen=True)
class Sign:
    """Signs with the key that ``key`` returns, which is asked only when something is to be signed, on ``day``.

    ``roots`` are new roots, complete, that continue those of the store; ``earlier`` returns keys that may be those of the
    root before. ``code`` returns the sha256 of the SHA256SUMS of code that may be added to the store, by name. No other code
    is signed, because auditors run the code that metadata vouch for.
    """

    key: Callable[[], SigningKey]
    day: str
    roots: tuple[bytes, ...] = ()
    code: Callable[[], Mapping[str, str]] = dict
    earlier: Callable[[], Sequence[Ed25519PrivateKey]] = list

    def __call__(self, published: Path, targets: Mapping[str, tuple[str, int]]) -> dict[str, bytes]:
        """Return the files of ``metadata/`` by name below ``published``, in the order of writing, for ``targets``.

        ``targets`` are sha256 and size by path. Raises ReleaseError if the roots of the store do not continue one another.
        """
        files = _Files(published / METADATA)
        kept = [*files.roots, *self.roots]
        roots = check_roots(kept, published / METADATA)
        wanted = {name: TargetFile(size, {"sha256": sha256}, name) for name, (sha256, size) in sorted(targets.items())}
        files.root = roots[-1] if roots else None
        self._check_code(
            published, {name: each for name, each in wanted.items() if name.startswith(f"{CODE}/")}, files, roots
        )
        held = files.in_force(wanted)
        as_it_is = _named(kept, [files.bytes_of(signed) for signed in held], held) if held else {}
        if held and not any(is_due(signed, self.day) for signed in (*held, *roots[-1:])):
            return as_it_is
        signer = _Signer(self.key().private, self.day)
        before = roots[len(files.roots) - 1] if self.roots and files.roots else None
        if before and files.root and not signer.is_online(before) and signer.is_online(files.root):
            signer = _Signer(
                self.key().private, self.day, [key for key in self.earlier() if _Signer(key, self.day).is_online(before)]
            )
        if files.root is None or not signer.is_online(files.root):
            if held:  # only due for renewal, which the owner of the key does
                return as_it_is
            kept, files.root = [written(signer.first_root())], None
        elif is_due(files.root, self.day) and signer.may_sign(files.root):
            kept.append(written(signer.signed(signer.renewed(files.root))))
        named = _named(kept, *signer.online(files, wanted))
        if signer.is_of_two_roots:
            late = {name: named.pop(name) for name in list(named)[len(files.roots) : len(kept)]}
            return {**named, **late}
        return named

    def _check_code(self, published: Path, wanted: Mapping[str, TargetFile], files: _Files, roots: list[Root]) -> None:
        """Refuse code that is neither in the state in force, nor in one that was cut short, nor may be added."""
        code = {name: target for name, target in wanted.items() if name.startswith(f"{CODE}/")}
        if not code or TIMESTAMP not in files.names:
            return  # without a state in force, this is the first one, and its readers pin its root
        states = (files.state(root) for root in reversed(roots))
        known = next((state[0].targets for state in states if state), {})
        coming = files.coming()
        for name, target in code.items():
            if target not in (known.get(name), coming.get(name)) and self.code().get(name) != target.hashes["sha256"]:
                raise ReleaseError(
                    f"{published / name}: is not the code that was signed; restore its folder from a mirror, or remove it"
                )


def check_roots(roots: list[bytes], place: Path) -> list[Root]:
    """Return the roots, each signed by itself and by the one before. Raises ReleaseError."""
    found: list[Root] = []
    for number, data in enumerate(roots, start=1):
        name = f"{place / file_of(Root.type, number)}"
        try:
            root = read_metadata(data, Root, name)
        except VerificationError as error:
            raise ReleaseError(f"{error}; {_WAY_OUT}") from error
        if root.signed.version != number or not all(is_signed(by, root) for by in [*found[-1:], root.signed]):
            raise ReleaseError(f"{name}: is not signed by its own keys and those of the root before; {_WAY_OUT}")
        found.append(root.signed)
    return found


_WAY_OUT = "restore metadata/ from version control or a mirror"


@dataclass(frozen=True)
class Validity:
    """Until when the metadata of the role ``name`` hold; ``is_late`` if they should have been renewed long ago."""

    name: str
    until: datetime
    is_late: bool
    may_renew: bool


def validity(published: Path, key: SigningKey | None, day: str) -> list[Validity]:
    """Return how long root and the other roles hold, by the metadata in force; empty if ``key`` does not sign them.

    A publication renews what has less than half of its time left, so less than a quarter is late. ``day`` is YYYY-MM-DD.
    """
    files = _Files(published / METADATA)
    roots = check_roots(files.roots, published / METADATA)
    files.root = roots[-1] if roots else None
    signer = _Signer(key.private, day) if key else None
    if files.root is None or signer is None or not signer.is_online(files.root):
        return []
    signed: list[Signed] = [files.root, *(files.in_force(None) or ())]
    return [
        Validity(each.type, each.expires, is_due(each, day, 4), each is not files.root or signer.may_sign(files.root))
        for each in signed
    ]


def due_on(published: Path) -> str:
    """Return the first day (YYYY-MM-DD) on which metadata in force are due; "" if there are none."""
    files = _Files(published / METADATA)
    roots = check_roots(files.roots, published / METADATA)
    files.root = roots[-1] if roots else None
    held = files.in_force(None)
    if files.root is None or held is None:
        return ""
    return min(due_after(signed) for signed in (files.root, *held))


class _Files:
    """The metadata on the disk, each read once; ``root`` decides which are valid."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: Callable[[str], bytes] = cache(lambda name: disk.read(folder / name, LIMIT, folder))
        self._valid: dict[tuple[str, int], Any] = {}
        self.names = list(disk.entries(folder)) if disk.mode(folder) else []
        self.root: Root | None = None

    @cached_property
    def roots(self) -> list[bytes]:
        """The roots from the first on, without a gap."""
        there = versions(self.names, Root.type)
        if sorted(there) != list(range(1, len(there) + 1)):
            raise ReleaseError(f"{self._folder}: lacks a root between the first and the newest; {_WAY_OUT}")
        return [self._read(there[number]) for number in sorted(there)]

    def bytes_of(self, signed: Signed) -> bytes:
        """Return the bytes of a file in force."""
        return self._read(file_of(signed.type, signed.version))

    def newest(self) -> tuple[int, int]:
        """Return the versions of state and timestamp in force, signed by whomever, because clients may have seen them.

        Raises ReleaseError if the timestamp is gone; only the first publication can be cut short before it.
        """
        if timestamp := self._of(Timestamp, TIMESTAMP):
            return timestamp.snapshot_meta.version, timestamp.version
        if TIMESTAMP in self.names or max(versions(self.names, Snapshot.type), default=1) > 1:
            raise ReleaseError(f"{self._folder / TIMESTAMP}: is missing or damaged; {_WAY_OUT}")
        return 0, 0

    def _of(self, kind: type[T], name: str, by: Root | None = None) -> T | None:
        key = name, by.version if by else 0
        if key not in self._valid:
            self._valid[key] = self._found(kind, name, by)
        found: T | None = self._valid[key]
        return found

    def _found(self, kind: type[T], name: str, by: Root | None) -> T | None:
        if name not in self.names:
            return None
        try:
            found = read_metadata(self._read(name), kind, name)
        except VerificationError:
            return None
        return found.signed if by is None or is_signed(by, found) else None

    def in_force(self, targets: Mapping[str, TargetFile] | None) -> tuple[Targets, Snapshot, Timestamp] | None:
        """Return the metadata in force if they are valid and name exactly ``targets``; None stands for any."""
        state = self.state(self.root) if self.root else None
        return state if state and targets in (None, state[0].targets) else None

    def coming(self) -> Mapping[str, TargetFile]:
        """Return the signed targets of a state to come, which was cut short before its timestamp."""
        found = self._of(Targets, file_of(Targets.type, self.newest()[0] + 1), self.root) if self.root else None
        return found.targets if found else {}

    def state(self, root: Root) -> tuple[Targets, Snapshot, Timestamp] | None:
        """Return the metadata in force if they are valid by the keys of ``root``."""
        timestamp = self._of(Timestamp, TIMESTAMP, root)
        if timestamp is None:
            return None
        snapshot = self._of(Snapshot, file_of(Snapshot.type, timestamp.snapshot_meta.version), root)
        if snapshot is None or timestamp.snapshot_meta != _described(self.bytes_of(snapshot), snapshot.version):
            return None
        named = snapshot.meta["targets.json"]
        found = self._of(Targets, file_of(Targets.type, named.version), root)
        if found is None or named != _described(self.bytes_of(found), found.version):
            return None
        return found, snapshot, timestamp


class _Signer:
    """Makes metadata and signs them with one key, and also with one of the ``earlier`` keys, if there are any."""

    def __init__(self, key: Ed25519PrivateKey, day: str, earlier: Sequence[Ed25519PrivateKey] = ()) -> None:
        self._public, self._day = SSlibKey.from_crypto(key.public_key()), day
        self._signers = [CryptoSigner(each, SSlibKey.from_crypto(each.public_key())) for each in (key, *earlier[:1])]
        self.is_of_two_roots = len(self._signers) > 1

    def is_online(self, root: Root) -> bool:
        """Return whether this key alone may sign all that changes with a publication."""
        return all(self._suffices(root, role) for role in ONLINE)

    def may_sign(self, root: Root) -> bool:
        """Return whether this key alone may sign the next root."""
        return self._suffices(root, Root.type)

    def _suffices(self, root: Root, role: str) -> bool:
        return raw([self._public]) <= raw(keys_of(root, role).values()) and root.roles[role].threshold == 1

    def first_root(self) -> Metadata[Root]:
        """Return a root that names this key for every role."""
        roles = {role: Role([self._public.keyid], 1) for role in (Root.type, *ONLINE)}
        root = Root(1, None, expiry(Root.type, self._day), {self._public.keyid: self._public}, roles, True)
        return self.signed(root)

    def renewed(self, root: Root) -> Root:
        """Return the next root with the same keys."""
        return Root(root.version + 1, None, expiry(Root.type, self._day), root.keys, root.roles, True)

    def signed(self, signed: T) -> Metadata[T]:
        """Return metadata with the signature of each key."""
        metadata = Metadata(signed)
        for signer in self._signers:
            metadata.sign(signer, append=True)
        return metadata

    def online(self, files: _Files, wanted: Mapping[str, TargetFile]) -> tuple[list[bytes], list[Signed]]:
        """Return targets, snapshot and timestamp that follow those on the disk, and their bytes."""
        held = files.in_force(wanted)
        if held and not any(is_due(signed, self._day) for signed in held[:2]):
            targets, snapshot = held[0], held[1]
            data = [files.bytes_of(targets), files.bytes_of(snapshot)]
        else:
            number = files.newest()[0] + 1
            targets = Targets(number, None, expiry(Targets.type, self._day), dict(wanted))
            data = [written(self.signed(targets))]
            meta = {"targets.json": _described(data[0], number)}
            snapshot = Snapshot(number, None, expiry(Snapshot.type, self._day), meta)
            data.append(written(self.signed(snapshot)))
        named = _described(data[1], snapshot.version)
        timestamp = Timestamp(files.newest()[1] + 1, None, expiry(Timestamp.type, self._day), named)
        return [*data, written(self.signed(timestamp))], [targets, snapshot, timestamp]


def _described(data: bytes, version: int) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": disk.sha256_of(data)})


def _named(roots: list[bytes], data: list[bytes], of: Any) -> dict[str, bytes]:
    """Return the bytes by name: the roots, then the others in the order in which they are written."""
    files = {file_of(Root.type, number): root for number, root in enumerate(roots, start=1)}
    files |= {file_of(signed.type, signed.version): each for signed, each in zip(of, data, strict=True)}
    return {f"{METADATA}/{name}": each for name, each in files.items()}
