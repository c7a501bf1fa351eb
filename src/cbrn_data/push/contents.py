"""What a push copies, and in which order: the files of a whole and sound local store, each with its digest.

Releases come before what is derived from them. In each release SHA256SUMS comes after the files that it lists, and the
attestation after that; ``latest/datapackage.json`` comes after the rest of ``latest/``; the index is not among the files,
since it is written when all of them are there.

A store is refused here if a release is not what its SHA256SUMS says or a derived file is not what the index says, so
that nothing broken is spread. Signatures and schemas are not looked at: ``cbrn-data verify`` does that, before or after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, check_unchanged, parse_checksums
from cbrn_data.store.history import RELEASES
from cbrn_data.store.index import INDEX, check_derived_name, index_bytes
from cbrn_data.store.media import media_type
from cbrn_data.store.store import Store
from cbrn_data.strict_json import parse_object

FOR_EVER = "public, max-age=31536000, immutable"
FOR_MINUTES = "public, max-age=300"
ASK_AGAIN = "no-cache"
"""What ``Cache-Control`` says of a release, of what is derived, and of the index."""

_ATTESTATION = "attestation.json"
_LAST = "latest/datapackage.json"


@dataclass(frozen=True)
class Item:
    """A file to be at ``name`` in the copy; ``cache`` is its Cache-Control."""

    name: str
    path: Path
    sha256: str
    size: int
    cache: str

    @property
    def media_type(self) -> str:
        """Its Content-Type."""
        return media_type(self.name)

    @property
    def is_of_release(self) -> bool:
        """Whether it never changes."""
        return self.cache == FOR_EVER


@dataclass(frozen=True)
class Contents:
    """A sound store: ``stages`` are files in order, those of one stage in any; ``index`` is written after all."""

    releases: list[Release]
    stages: list[list[Item]]
    index: bytes
    derived: frozenset[str]


def read_contents(published: Path) -> Contents:
    """Read what a push copies. Raises ReleaseError where the store is empty, broken or not up to date."""
    releases = Store(published).releases()
    if not releases:
        raise ReleaseError(f"{published}: there is no release to push; `cbrn-data publish` makes the first")
    index = disk.read(published / INDEX)
    content = parse_object(published / INDEX, index)
    derived: dict[str, str] = content.get("derived", {})
    if index_bytes(releases, derived, content.get("derived_by", "")) != index:
        raise ReleaseError(f"{published / INDEX}: is not the list of the releases that are there; publish again")
    listed: list[Item] = []
    sums: list[Item] = []
    signed: list[Item] = []
    for release in releases:
        check_unchanged(release.folder)
        listed += _listed(release)
        sums.append(_item(published, _name(release, SUMS), release.digest, FOR_EVER))
        attestation = disk.digest(release.folder / _ATTESTATION)
        signed.append(_item(published, _name(release, _ATTESTATION), attestation, FOR_EVER))
    follows = list(_derived(published, derived))
    first, last = ([item for item in follows if (item.name == _LAST) is is_last] for is_last in (False, True))
    return Contents(releases, [listed, sums, signed, first, last], index, frozenset(derived))


def _listed(release: Release) -> Iterator[Item]:
    published = release.folder.parent.parent
    for name, sha256 in parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS)).items():
        yield _item(published, _name(release, name), sha256, FOR_EVER)


def _derived(published: Path, derived: Mapping[str, str]) -> Iterator[Item]:
    for name, sha256 in derived.items():
        check_derived_name(name)
        if disk.digest(published / name) != sha256:
            raise ReleaseError(f"{published / name}: is not the file that {INDEX} lists; publish again to derive it again")
        yield _item(published, name, sha256, FOR_MINUTES)


def _name(release: Release, name: str) -> str:
    return f"{RELEASES}/{release.version}/{name}"


def _item(published: Path, name: str, sha256: str, cache: str) -> Item:
    path = published / name
    return Item(name, path, sha256, disk.size(path), cache)
