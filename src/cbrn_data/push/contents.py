"""The files that a push copies, in order: those of a complete and intact local store, each with its digest.

Releases and their code come before derived files. In each release, SHA256SUMS comes after the files that it lists, then the
attestation; the metadata come before the derived files, ``latest/datapackage.json`` after the rest of ``latest/``. Index and
timestamp are not among the files, because they are written after all of them, in this order.

A store is refused if a release does not match its SHA256SUMS or a derived file does not match the index, so that no damaged
file is copied. Signatures and schemas are not checked; ``cbrn-data verify`` does that, before or after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cbrn_data.errors import ReleaseError, VerificationError
from cbrn_data.progress import tracked
from cbrn_data.store import disk
from cbrn_data.store.code import code_folders, sums_name
from cbrn_data.store.folder import SUMS, Release, check_unchanged, parse_checksums
from cbrn_data.store.history import CODE, INDEX, METADATA, RELEASES
from cbrn_data.store.index import check_derived_name, index_bytes
from cbrn_data.store.media import media_type
from cbrn_data.store.store import Store
from cbrn_data.strict_json import parse_object
from cbrn_data.trust.client import in_folder, trusted
from cbrn_data.trust.roles import TIMESTAMP

FOR_EVER = "public, max-age=31536000, immutable"
FOR_MINUTES = "public, max-age=300"
ASK_AGAIN = "no-cache"
"""The ``Cache-Control`` of releases and metadata, of derived files, and of index and timestamp."""

TIMESTAMP_NAME = f"{METADATA}/{TIMESTAMP}"
_ATTESTATION = "attestation.json"
_LAST = "latest/datapackage.json"


@dataclass(frozen=True)
class Item:
    """A file that will be at ``name`` in the copy; ``cache`` is its Cache-Control."""

    name: str
    path: Path
    sha256: str
    size: int
    cache: str

    @property
    def media_type(self) -> str:
        """Its Content-Type."""
        return media_type(self.name)


@dataclass(frozen=True)
class Contents:
    """An intact store: ``stages`` are in order, the files of one stage in any order.

    ``last`` are index and timestamp, which are written last; a store of the older form has no timestamp. ``passing`` are the
    names of files that leave in time: derived files and metadata. ``erased`` are those of sources that were taken out.
    """

    releases: list[Release]
    stages: list[list[Item]]
    last: dict[str, bytes]
    passing: frozenset[str]
    erased: frozenset[str]


def read_contents(published: Path) -> Contents:
    """Read the files of a push. Raises ReleaseError if the store is empty, damaged or not up to date."""
    releases = Store(published).releases()
    if not releases:
        raise ReleaseError(f"{published}: contains no release; `cbrn-data publish` makes the first")
    index = disk.read(published / INDEX)
    content = parse_object(published / INDEX, index)
    derived: dict[str, str] = content.get("derived", {})
    if index_bytes(releases, derived, content.get("derived_by", "")) != index:
        raise ReleaseError(f"{published / INDEX}: does not match the releases; publish again")
    listed: list[Item] = []
    sums: list[Item] = []
    signed: list[Item] = []
    erased: set[str] = set()
    for release in tracked("Verify the local store", releases, len(releases)):
        check_unchanged(release)
        digests = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
        kept = {name: sha256 for name, sha256 in digests.items() if name not in release.erased}
        erased |= {_name(release, name) for name in release.erased}
        listed += [_item(published, _name(release, name), sha256, FOR_EVER) for name, sha256 in kept.items()]
        sums.append(_item(published, _name(release, SUMS), release.digest, FOR_EVER))
        attestation = disk.digest(release.folder / _ATTESTATION)
        signed.append(_item(published, _name(release, _ATTESTATION), attestation, FOR_EVER))
    for digest, folder in code_folders(published, releases).items():
        digests = parse_checksums(folder / SUMS, disk.read(folder / SUMS))
        listed += [_item(published, f"{CODE}/{digest}/{name}", sha256, FOR_EVER) for name, sha256 in digests.items()]
        sums.append(_item(published, sums_name(digest), disk.digest(folder / SUMS), FOR_EVER))
    follows = list(_derived(published, derived))
    metadata = _metadata(published, index)
    last = {INDEX: index, **({TIMESTAMP_NAME: disk.read(published / TIMESTAMP_NAME)} if metadata else {})}
    items = [_item(published, name, disk.digest(published / name), FOR_EVER) for name in metadata if name != TIMESTAMP_NAME]
    earlier, later = ([item for item in follows if (item.name == _LAST) is is_last] for is_last in (False, True))
    passing = frozenset(derived) | {item.name for item in items if "root" not in item.name}
    return Contents(releases, [listed, sums, signed, items, earlier, later], last, passing, frozenset(erased))


def _metadata(published: Path, index: bytes) -> list[str]:
    """Return the metadata in force, none in a store of the older form. Raises ReleaseError if they are not of this index."""
    if not disk.mode(published / METADATA):
        return []
    with TemporaryDirectory(prefix="cbrn-data-") as kept:
        try:
            said = trusted(in_folder(published / METADATA), Path(kept))
        except VerificationError as error:
            raise ReleaseError(f"{published / METADATA}: {error}; publish again") from error
    if not said.holds(INDEX, disk.sha256_of(index)):
        raise ReleaseError(f"{published / METADATA}: does not vouch for {INDEX}; publish again")
    return [f"{METADATA}/{name}" for name in sorted(said.names)]


def _derived(published: Path, derived: Mapping[str, str]) -> Iterator[Item]:
    for name, sha256 in tracked("Verify the derived files", derived.items(), len(derived)):
        check_derived_name(name)
        if disk.digest(published / name) != sha256:
            raise ReleaseError(f"{published / name}: does not match {INDEX}; publish again to derive it again")
        yield _item(published, name, sha256, FOR_MINUTES)


def _name(release: Release, name: str) -> str:
    return f"{RELEASES}/{release.version}/{name}"


def _item(published: Path, name: str, sha256: str, cache: str) -> Item:
    path = published / name
    return Item(name, path, sha256, disk.size(path), cache)
