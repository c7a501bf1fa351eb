"""Check a store with its signed metadata, before anything that they vouch for is parsed.

Expired metadata do not make a folder invalid: it is intact, but it may be old. A server that gives such metadata is refused,
because it may hold back newer ones. An interrupted publication leaves the signed metadata of the next state; then each file
must belong to one of the two states.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Root, Snapshot, TargetFile

from cbrn_data.errors import CbrnDataError, UntrustedError, VerificationError
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, UNLISTED
from cbrn_data.store.history import INDEX, LATEST, METADATA, RELEASES
from cbrn_data.store.index import Index, read_index
from cbrn_data.store.names import inside
from cbrn_data.trust.client import (
    ROOT,
    ROOT_LIMIT,
    Trusted,
    coming,
    first_coming,
    in_folder,
    is_beside,
    leaving,
    packed,
    trusted,
    under_root_before,
    unpack,
)
from cbrn_data.trust.roles import TIMESTAMP, raw, versions
from cbrn_data.verify.results import CUT_SHORT, FAILED, FRESHNESS, NOT_CHECKED, PASSED, STORE, UNVOUCHED, Result, checked

OLDER = "the store is of the older form, without metadata: nobody vouches for its index, withdrawals, feed and pages"

_REPEAT = "repeat the command that put the new root in force, with the new key"
_NEW_ROOT = f"; if a change of the root was interrupted here, {_REPEAT}"


@dataclass
class Vouched:
    """The results, and what the metadata say; None if there are none, or if they are not valid.

    ``before`` and ``after`` are the states around that in force, if a publication was cut short. ``lacks_timestamp``
    is the version of a root that was put in force without its timestamp. ``index`` is read once.
    """

    results: list[Result] = field(default_factory=list)
    said: Trusted | None = None
    before: Mapping[str, TargetFile] = field(default_factory=dict)
    after: Mapping[str, TargetFile] = field(default_factory=dict)
    index: Index | None = None
    lacks_timestamp: int | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the metadata are not valid, or a file is not what they vouch for."""
        return any(result.result == FAILED for result in self.results)

    def may_be(self, name: str) -> list[TargetFile]:
        """Return the accepted versions of a file: those of the current and the next state, else that of the state before."""
        now = self.said.targets if self.said else {}
        states = (now, self.after) if name in now or name in self.after else (self.before,)
        return [state[name] for state in states if name in state]

    def right(self, name: str) -> set[str | None]:
        """Return the digests that a file may have."""
        return {target.hashes.get("sha256") for target in self.may_be(name)}

    def is_right(self, path: Path, published: Path, name: str) -> bool:
        """Return whether a regular file is an accepted version; a file of another length is not read."""
        return disk.size(path) in {target.length for target in self.may_be(name)} and (
            disk.digest(path, published) in self.right(name)
        )

    def may_be_missing(self, name: str) -> bool:
        """Return whether a file is not in the state in force, or not in the one to come."""
        states = [self.said.targets if self.said else {}, *([self.after] if self.after else [])]
        return bool(self.said or self.after) and any(name not in state for state in states)

    def keys(self) -> list[Ed25519PublicKey]:
        """Return the keys that the newest root names. Those of earlier roots may be stolen."""
        named = raw(self.said.root.keys.values()) if self.said else ()
        return [Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for key in sorted(named)]

    def vouches_for(self, release: Path) -> bool:
        """Return whether the metadata name the digests of a release in its store, whichever key signed the release.

        By TUF's logic: the keys of the newest root vouch for everything that is there, so a release stays valid when the key
        that signed it is dropped.
        """
        folder = release.name if release.name == LATEST else f"{RELEASES}/{release.name}"
        published = _store_of(release)
        names = [f"{folder}/{name}" for name in sorted(UNLISTED)]
        return all(
            stat.S_ISREG(disk.mode(published / name)) and self.is_right(published / name, published, name) for name in names
        )

    def erased(self, release: Path) -> Mapping[str, Mapping[str, str]]:
        """Return the erased files of a release by name, from the index of its store if the metadata vouch for this."""
        published = _store_of(release)
        if not disk.mode(published / INDEX) or not self.is_right(published / INDEX, published, INDEX):
            return {}
        if self.index is None:
            self.index = read_index(published, [])
        digest = disk.digest(release / SUMS)
        return next((self.index.erased.get(version, {}) for version, sha in self.index.digests.items() if sha == digest), {})


def _store_of(release: Path) -> Path:
    return release.parent if release.name == LATEST else release.parent.parent


def around(release: Path, pinned: Sequence[Ed25519PublicKey]) -> Vouched:
    """Return what the metadata of the store around a release say; nothing if there are none, or if they are not valid."""
    vouched = Vouched()
    metadata = _store_of(release) / METADATA
    if (release.name == LATEST or release.parent.name == RELEASES) and stat.S_ISDIR(disk.mode(metadata)):
        with suppress(CbrnDataError, OSError), kept_in(None) as place:
            vouched.said = trusted(in_folder(metadata), place, raw_pins(pinned))
    return vouched


def raw_pins(keys: Sequence[Ed25519PublicKey]) -> frozenset[str]:
    """Return pinned keys as metadata name them."""
    return frozenset(key.public_bytes_raw().hex() for key in keys)


@contextmanager
def kept_in(kept: Path | None) -> Iterator[Path]:
    """Yield the folder of the client's trusted metadata, or an empty one for this time only."""
    if kept is not None:
        yield kept
        return
    with TemporaryDirectory(prefix="cbrn-data-") as folder:
        yield Path(folder)


def check_vouched(
    published: Path, pinned: Sequence[Ed25519PublicKey], kept: Path | None = None, served: bool = False
) -> Vouched:
    """Check the metadata, and every file that they vouch for. ``served``: the store was fetched from a server."""
    folder, pins = published / METADATA, raw_pins(pinned)
    is_known = kept is not None and (kept / ROOT).exists()
    if not disk.mode(folder) and not is_known:
        return Vouched([Result(STORE, UNVOUCHED, NOT_CHECKED, OLDER)])
    vouched, read = Vouched(), in_folder(folder)

    def run() -> Iterator[str]:
        if disk.mode(folder) and not stat.S_ISDIR(disk.mode(folder)):
            raise VerificationError(f"{METADATA} is not a folder, or is a link to one")
        if not disk.mode(folder / TIMESTAMP) and not is_known:
            if max(versions(disk.entries(folder), Snapshot.type), default=1) > 1:
                yield f"{METADATA}/{TIMESTAMP} is missing"  # only the timestamp of the first state can be missing
            vouched.after = first_coming(read, pins)
            return
        vouched.said = _read_states(vouched, folder, pins, kept, served)
        with suppress(VerificationError):  # otherwise no file of that state can be left
            vouched.before = leaving(read, vouched.said)
        yield from _faults(published, vouched.said, vouched)
        yield from _other_roots(folder, packed(kept) if kept else {})

    vouched.results = [result for result in checked(STORE, METADATA, run, "") if result.result == FAILED]
    said = vouched.said
    if vouched.is_refused:
        return vouched
    if said is None:
        detail = "the timestamp is missing: nobody vouches for the store yet; the next publication completes it"
        vouched.results = [Result(STORE, METADATA, CUT_SHORT, detail)]
        return vouched
    by = "a pinned key" if pinned else "keys that nobody pinned"
    detail = f"root {said.root.version}, of {by}, vouches for the {len(said.targets)} files of state {said.version}"
    vouched.results.append(Result(STORE, METADATA, PASSED, detail))
    if vouched.lacks_timestamp:
        detail = f"root {vouched.lacks_timestamp} is there, but not its timestamp, so readers refuse the store: {_REPEAT}"
        vouched.results.append(Result(STORE, METADATA, CUT_SHORT, detail))
    if left := sorted(disk.entries(folder).keys() - said.names):
        detail = f"{', '.join(left[:3])}: of a state before or to come; the next publication completes it"
        vouched.results.append(Result(STORE, METADATA, CUT_SHORT, detail))
    vouched.results.append(_freshness(said, served))
    return vouched


def _read_states(vouched: Vouched, folder: Path, pins: frozenset[str], kept: Path | None, served: bool) -> Trusted:
    """Return the current state, and set the next one. A server must not show a new root without its timestamp."""
    read, known = in_folder(folder), packed(kept) if kept else {}
    try:
        with kept_in(kept) as place:
            said = trusted(read, place, pins)
    except UntrustedError as error:
        newest = 1 if served or not disk.mode(folder) else max(versions(disk.entries(folder), Root.type), default=1)
        if newest > 1:
            with suppress(VerificationError), kept_in(None) as place:
                unpack(place, known)
                said, vouched.after = under_root_before(read, newest, place, pins)
                vouched.lacks_timestamp = newest
                return said
        is_unsigned = isinstance(error.__cause__, UnsignedMetadataError)
        raise UntrustedError(f"{error}{_NEW_ROOT if is_unsigned and not served else ''}") from error
    vouched.after = coming(read, said)
    return said


def _other_roots(folder: Path, known: Mapping[str, str]) -> Iterator[str]:
    """Yield roots that differ from those trusted before, which new clients would trust although old ones ignore them."""
    for name, text in known.items():
        _, is_root, file = name.rpartition("root_history/")
        if is_root and disk.mode(folder / file) and disk.read(folder / file, ROOT_LIMIT, folder) != text.encode():
            yield f"{METADATA}/{file} is not the root that was trusted before"


def _freshness(said: Trusted, served: bool) -> Result:
    until = f"{said.until:%Y-%m-%d}"
    if said.ended is None:
        return Result(STORE, FRESHNESS, PASSED, f"this is the newest state, as the publisher vouches until {until}")
    if served:
        return Result(STORE, FRESHNESS, FAILED, f"the metadata ended on {until}: the server may hold back a newer state")
    return Result(STORE, FRESHNESS, NOT_CHECKED, f"the metadata ended on {until}: intact, but there may be a newer state")


def _faults(published: Path, said: Trusted, vouched: Vouched) -> Iterator[str]:
    """Yield the files that are missing, or of neither state; another check finds files that are not named."""
    for name in sorted({*said.targets, *vouched.after}):
        path = inside(published, name)
        if not stat.S_ISREG(disk.mode(path)):
            if not vouched.may_be_missing(name):
                yield f"{name} is missing"
        elif not vouched.is_right(path, published, name):
            yield f"{name} is not what the metadata vouch for"
    for name, mode in disk.entries(published / METADATA).items():
        if not stat.S_ISREG(mode) or (name not in said.names and not is_beside(in_folder(published / METADATA), said, name)):
            yield f"{METADATA}/{name} was added"
