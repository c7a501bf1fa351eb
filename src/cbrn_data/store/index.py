"""``releases.json``: the index, from which readers start. It is written after all files that it names.

An object: ``package``; ``releases``, newest first, each with ``version, date, sequence, digest, previous,
content_digest, path, counts, summary, withdrawn``; ``derived``, the sha256 of every other derived file by its path
in ``published/``; and ``derived_by``, a digest of the code and settings that derived them: if it is the same, the derived
files are up to date. ``path`` is the folder (``releases/1.0.0/``), ``withdrawn`` null or an object of ``reason`` and
``date``. A release whose withdrawal was undone also has ``past_withdrawals``, oldest first: objects of ``reason``, ``date``,
``undone_reason`` and ``undone_on``. Older readers ignore this key and read ``withdrawn``, which is null again. A release
from which sources were erased has ``erased``: objects of ``reason`` and ``date`` by the names of the files in its folder.
``addresses`` lists the base addresses of the store, oldest first, as objects of ``sha256`` and ``since``, a day; a store of
an older form has none.

Only this file holds withdrawals, erasures and addresses, because a release does not change; the rest of it is derived. If it
is unreadable but may have held some, that is an error, not an empty list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ValidationError

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, check_date, last_event, source_file
from cbrn_data.store.history import CODE, INDEX, METADATA, RELEASES
from cbrn_data.store.names import check_names
from cbrn_data.strict_json import dumped, parse_object

REASON_LIMIT = 500
_WAY_OUT = (
    "only it holds the withdrawals. Restore it from version control, a mirror or a backup; if no release was "
    "ever withdrawn, write {} into it and publish again"
)


@lru_cache(1 << 14)
def check_derived_name(name: str) -> str:
    """Return the path of a derived file. Raises ReleaseError for the index, a release, its code, and metadata."""
    check_names({name, INDEX})
    if name == INDEX or name.split("/")[0].lower() in (RELEASES, CODE, METADATA):
        raise ReleaseError(f"{name!r} is not a valid name of a derived file, because the store uses it")
    return name


def withdrawal(reason: str, day: str) -> dict[str, str]:
    """Return a withdrawal as an entry of the index. Raises ReleaseError if the reason is not one printable line."""
    if not reason.strip() or not reason.isprintable() or len(reason) > REASON_LIMIT:
        raise ReleaseError(f"a reason must be one line of printable text, at most {REASON_LIMIT} characters")
    return {"reason": reason, "date": check_date(day)}


def undone(withdrawn: Mapping[str, str], reason: str, day: str) -> dict[str, str]:
    """Return a past withdrawal as an entry of the index. Raises ReleaseError as ``withdrawal``, or if it is before it."""
    undoing = withdrawal(reason, day)
    if day < withdrawn["date"]:
        raise ReleaseError(f"the withdrawal is dated {withdrawn['date']}, but it was undone on {day}; correct the clock")
    return {**withdrawn, "undone_reason": undoing["reason"], "undone_on": undoing["date"]}


DerivedName = Annotated[str, AfterValidator(check_derived_name)]


_SourceName = Annotated[str, AfterValidator(lambda name: str(source_file(Path(), name)))]


class _Withdrawal(BaseModel):
    reason: str
    date: str


class _PastWithdrawal(_Withdrawal):
    undone_reason: str
    undone_on: str


class _Listed(BaseModel):
    version: str
    digest: str
    withdrawn: _Withdrawal | None
    past_withdrawals: list[_PastWithdrawal] = []
    erased: dict[_SourceName, _Withdrawal] = {}


class _Address(BaseModel):
    sha256: str
    since: Annotated[str, AfterValidator(check_date)]


class _Content(BaseModel):
    releases: list[_Listed] = []
    addresses: list[_Address] = []
    derived: dict[DerivedName, str] = {}
    derived_by: str = ""


@dataclass(frozen=True)
class Index:
    """The content of the index: by version its digest, withdrawals and erased files; the derived files; the addresses."""

    digests: dict[str, str] = field(default_factory=dict)
    withdrawn: dict[str, dict[str, str]] = field(default_factory=dict)
    past: dict[str, tuple[dict[str, str], ...]] = field(default_factory=dict)
    erased: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    derived_by: str = ""
    addresses: tuple[dict[str, str], ...] = ()


def read_index(published: Path, releases: Sequence[Release]) -> Index:
    """Return the index on disk; an empty one before the first is written.

    Only the first publication can be interrupted without an index, so a missing index is an error if there are two releases.
    Raises ReleaseError.
    """
    path = published / INDEX
    if not disk.mode(path):
        if len(releases) > 1:
            raise ReleaseError(f"{path}: is not there, and {_WAY_OUT}")
        return Index()
    try:
        content = _Content.model_validate(parse_object(path, disk.read(path)), strict=True)
        said = {entry.version: entry.withdrawn for entry in content.releases if entry.withdrawn}
        withdrawn = {version: withdrawal(one.reason, one.date) for version, one in said.items()}
        past = {
            entry.version: tuple(_past(one) for one in entry.past_withdrawals)
            for entry in content.releases
            if entry.past_withdrawals
        }
        erased = {
            entry.version: {name: withdrawal(one.reason, one.date) for name, one in entry.erased.items()}
            for entry in content.releases
            if entry.erased
        }
    except ValidationError as error:
        raise ReleaseError(f"{path}: is not an index of releases, and {_WAY_OUT}") from error
    except ReleaseError as error:
        raise ReleaseError(f"{error}. Take care: {_WAY_OUT}") from error
    digests = {entry.version: entry.digest for entry in content.releases}
    addresses = tuple(one.model_dump() for one in content.addresses)
    return Index(digests, withdrawn, past, erased, content.derived, content.derived_by, addresses)


def _past(one: _PastWithdrawal) -> dict[str, str]:
    return undone(withdrawal(one.reason, one.date), one.undone_reason, one.undone_on)


def with_withdrawals(releases: Sequence[Release], index: Index) -> list[Release]:
    """Return the releases with the facts that only the index holds: withdrawals, erased files, and addresses."""
    return [
        replace(
            release,
            withdrawn=index.withdrawn.get(release.version),
            past_withdrawals=index.past.get(release.version, ()),
            erased=index.erased.get(release.version, {}),
            addresses=index.addresses if release.sequence == 1 else (),
        )
        for release in releases
    ]


def with_address(releases: Sequence[Release], sha256: str, day: str) -> list[Release]:
    """Return the releases with the present base address of the store; a new one counts from ``day``.

    ``sha256`` is its digest, "" for a store without an address. The day of a new address is never before the last event.
    """
    if not releases or not sha256 or [one["sha256"] for one in releases[0].addresses[-1:]] == [sha256]:
        return list(releases)
    since = max(day, last_event(releases)[:10]) if releases[0].addresses else releases[0].date
    moved = replace(releases[0], addresses=(*releases[0].addresses, {"sha256": sha256, "since": since}))
    return [moved, *releases[1:]]


def check_listed(published: Path, index: Index, releases: Sequence[Release]) -> None:
    """Refuse to continue if the index lists a release that is gone or was exchanged. Raises ReleaseError.

    A new index would drop it without notice.
    """
    there = {release.version: release for release in releases}
    for version, digest in index.digests.items():
        if version not in there:
            raise ReleaseError(f"{published / RELEASES / version}: is listed in {INDEX} but missing; restore the folder")
        if there[version].digest != digest:
            raise ReleaseError(
                f"{there[version].folder}: is not the release that {INDEX} lists (SHA256SUMS differs); restore the folder"
            )


def index_bytes(releases: Sequence[Release], derived: Mapping[str, str], derived_by: str = "") -> bytes:
    """Return ``releases.json`` for the releases, oldest first, and derived path -> sha256."""
    entries = [_entry(release) for release in reversed(releases)]
    package = releases[-1].info.get("package")
    made = {"derived_by": derived_by} if derived_by else {}
    addresses = [one for release in releases for one in release.addresses]
    where = {"addresses": addresses} if addresses else {}
    return dumped({"package": package, "releases": entries, **where, **made, "derived": dict(sorted(derived.items()))})


def _entry(release: Release) -> dict[str, Any]:
    same = ("version", "date", "sequence", "digest", "previous", "content_digest")
    return {name: getattr(release, name) for name in same} | {
        "path": f"{RELEASES}/{release.version}/",
        "counts": release.info.get("counts"),
        "summary": release.info.get("summary"),
        "withdrawn": release.withdrawn,
        **({"past_withdrawals": list(release.past_withdrawals)} if release.past_withdrawals else {}),
        **({"erased": dict(sorted(release.erased.items()))} if release.erased else {}),
    }
