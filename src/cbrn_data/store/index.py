"""``releases.json``: the index that every reader starts from, written after everything it names.

An object: ``package``; ``releases``, newest first, each with ``version, date, sequence, digest, previous,
content_digest, path, counts, summary, withdrawn``; ``derived``, the sha256 of every other derived file by its path
in ``published/``; and ``derived_by``, which names what derived them: where it would be the same again, nothing need be
derived to know that nothing is behind. ``path`` is the folder (``releases/1.0.0/``), ``withdrawn`` null or an object of
``reason`` and ``date``.

Withdrawals stand nowhere else, because the bytes of a release do not change. So this file is derived except for
them, and where it may have held some and cannot be read, that is an error and never an empty list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, check_date
from cbrn_data.store.history import RELEASES
from cbrn_data.strict_json import dumped, parse_object

INDEX = "releases.json"
REASON_LIMIT = 500
_WAY_OUT = (
    "it alone knows which releases were withdrawn. Put it back from version control, a mirror or a backup; if none "
    "was ever withdrawn, write {} into it and publish again"
)


@dataclass(frozen=True)
class Index:
    """What cannot be derived, or must be compared: version -> digest, version -> withdrawal, derived name -> digest."""

    digests: dict[str, str] = field(default_factory=dict)
    withdrawn: dict[str, dict[str, str]] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    derived_by: str = ""


def read_index(published: Path, releases: Sequence[Release]) -> Index:
    """Return the index on the disk; an empty one before the first has been written.

    Only the very first publication can be cut short without leaving an index, so a missing one is an error as soon
    as there are two releases. Raises ReleaseError.
    """
    path = published / INDEX
    if not disk.mode(path):
        if len(releases) > 1:
            raise ReleaseError(f"{path}: is not there, and {_WAY_OUT}")
        return Index()
    try:
        return _index(parse_object(path, disk.read(path)))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ReleaseError(f"{path}: is not an index of releases, and {_WAY_OUT}") from error
    except ReleaseError as error:
        raise ReleaseError(f"{error}. Take care: {_WAY_OUT}") from error


def _index(content: dict[str, Any]) -> Index:
    listed = content.get("releases", [])
    withdrawn = {_text(entry["version"]): entry["withdrawn"] for entry in listed if entry["withdrawn"] is not None}
    derived = content.get("derived", {})
    for name in derived:
        check_derived_name(name)
    return Index(
        {_text(entry["version"]): _text(entry["digest"]) for entry in listed},
        {version: withdrawal(_text(said["reason"]), _text(said["date"])) for version, said in withdrawn.items()},
        {name: _text(digest) for name, digest in derived.items()},
        _text(content.get("derived_by", "")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


@lru_cache(1 << 14)
def check_derived_name(name: str) -> None:
    """Refuse what is not the path of a derived file: anything in ``releases/``, or the index. Raises ReleaseError."""
    disk.check_names({name, INDEX})
    if name == INDEX or name.split("/")[0].lower() == RELEASES:
        raise ReleaseError(f"{name!r} cannot be the name of a derived file: it belongs to the store")


def withdrawal(reason: str, day: str) -> dict[str, str]:
    """Return a withdrawal as the index holds it. Raises ReleaseError if the reason is not one printable line."""
    if not reason.strip() or not reason.isprintable() or len(reason) > REASON_LIMIT:
        raise ReleaseError(f"a reason is one line of printable text, at most {REASON_LIMIT} characters")
    return {"reason": reason, "date": check_date(day)}


def with_withdrawals(releases: Sequence[Release], index: Index) -> list[Release]:
    """Return the releases, each with what the index says of its withdrawal."""
    return [replace(release, withdrawn=index.withdrawn.get(release.version)) for release in releases]


def check_listed(published: Path, index: Index, releases: Sequence[Release]) -> None:
    """Refuse to go on where the index lists a release that is gone or was exchanged. Raises ReleaseError.

    Deriving the index again would drop it without a trace.
    """
    there = {release.version: release for release in releases}
    for version, digest in index.digests.items():
        if version not in there:
            raise ReleaseError(f"{published / RELEASES / version}: is listed in {INDEX} but gone; put the folder back")
        if there[version].digest != digest:
            raise ReleaseError(
                f"{there[version].folder}: is not the release that {INDEX} lists (SHA256SUMS differs); "
                "put the folder back as it was"
            )


def index_bytes(releases: Sequence[Release], derived: Mapping[str, str], derived_by: str = "") -> bytes:
    """Return ``releases.json`` for the releases, oldest first, and derived path -> sha256."""
    entries = [_entry(release) for release in reversed(releases)]
    package = releases[-1].info.get("package")
    made = {"derived_by": derived_by} if derived_by else {}
    return dumped({"package": package, "releases": entries, **made, "derived": dict(sorted(derived.items()))})


def _entry(release: Release) -> dict[str, Any]:
    return {
        "version": release.version,
        "date": release.date,
        "sequence": release.sequence,
        "digest": release.digest,
        "previous": release.previous,
        "content_digest": release.content_digest,
        "path": f"{RELEASES}/{release.version}/",
        "counts": release.info.get("counts"),
        "summary": release.info.get("summary"),
        "withdrawn": release.withdrawn,
    }
