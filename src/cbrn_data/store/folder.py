"""A release folder: its metadata, and whether it is still unchanged.

``release.json`` is an object with at least ``version`` (MAJOR.MINOR.PATCH, the folder's name), ``sequence`` (1 for
the first release, then one more each), ``date`` (YYYY-MM-DD), ``previous`` (digest of the release before, null for
the first) and ``content_digest``; the index shows its ``package``, ``counts`` and ``summary`` too.
``SHA256SUMS`` is in the format of ``sha256sum -c``: ``<hex>  <name>`` per line, sorted by name, for every file of the folder
except itself and ``attestation.json``, which signs it. The digest of a release is the sha256 of its SHA256SUMS.

This module only reads. It does not check signatures and schemas, which an auditor verifies.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cbrn_data import spread
from cbrn_data.errors import ReleaseError
from cbrn_data.progress import tracked
from cbrn_data.store import disk
from cbrn_data.store.names import check_names, inside
from cbrn_data.strict_json import parse_object

DESCRIPTOR = "datapackage.json"
INFO = "release.json"
NESTED = "cbrn-data.json"
REPORT = "report.json"
SUMS = "SHA256SUMS"
SUMS_LIMIT = 16 << 20
"""The most bytes of ``SHA256SUMS``, which names each file of a release once."""
INPUTS = ("sources/", "schemas/")
"""Where the inputs of a release are; other folders have the parts of tables."""
UNLISTED = frozenset({SUMS, "attestation.json"})
NAMED_AT_MOST = 5

_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")
_HEX = re.compile(r"[0-9a-f]{64}")
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


WITHDRAWN, UNDONE = "withdrawn", "withdrawal undone"
"""The kinds of marks of a release; the feed has them in its titles."""


@dataclass(frozen=True)
class Release:
    """One release, read from its ``release.json`` and ``SHA256SUMS``.

    ``withdrawn`` (``reason``, ``date``) comes from the index: the folder of a withdrawn release does not change.
    ``past_withdrawals`` are those that were undone, oldest first, each also with ``undone_reason`` and ``undone_on``.
    ``erased`` (``reason``, ``date``, by name in the folder) comes from the index too: sources whose bytes were taken out.
    The first release also has the ``addresses`` of the store, oldest first: ``sha256`` of the base address, and ``since``.
    """

    version: str
    sequence: int
    date: str
    digest: str
    previous: str | None
    content_digest: str
    folder: Path
    info: dict[str, Any]
    withdrawn: dict[str, str] | None = None
    past_withdrawals: tuple[dict[str, str], ...] = ()
    erased: Mapping[str, dict[str, str]] = field(default_factory=dict)
    addresses: tuple[dict[str, str], ...] = ()

    @property
    def marks(self) -> list[dict[str, str]]:
        """Every withdrawal and every undoing of one, in order, each with ``kind``, ``reason`` and ``date``."""
        return marks_of(self.withdrawn, self.past_withdrawals)


def marks_of(withdrawn: Mapping[str, str] | None, past_withdrawals: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the ``marks`` of a release from its present and its past withdrawals."""
    found: list[dict[str, str]] = []
    for past in past_withdrawals:
        found.append({"kind": WITHDRAWN, "reason": past["reason"], "date": past["date"]})
        found.append({"kind": UNDONE, "reason": past["undone_reason"], "date": past["undone_on"]})
    return [*found, {"kind": WITHDRAWN, **withdrawn}] if withdrawn else found


def latest_of(releases: Sequence[Release]) -> Release:
    """Return what ``latest`` means: the newest release that is not withdrawn, or the newest if all are.

    ``releases`` are oldest first, at least one.
    """
    return next((release for release in reversed(releases) if not release.withdrawn), releases[-1])


def source_file(folder: Path, name: str | None) -> Path:
    """Return the path of a source of a release by its name in the tables. Raises ReleaseError.

    Tables are untrusted data: a name in them can be ``sources/../../etc/passwd``.
    """
    if not name or not name.startswith("sources/"):
        raise ReleaseError(f"{str(name)[:100]!r} is not the path of a source, which must begin with 'sources/'")
    return inside(folder, name)


def event_moments(releases: Sequence[Release]) -> dict[tuple[str, str], str]:
    """Return the moments of each release, by (version, ``published`` or ``marked``, which is its last mark).

    ``moved`` of the first release is the last change of the base address. Releases, marks and addresses have only days.
    Each event gets the number of earlier events as seconds after midnight (UTC), so that a feed reader also shows the second
    event of a day. The newest moment grows with every event. A mark is never before its release.
    """
    events = [(release.date, "published", release.sequence, release.version) for release in releases]
    for release in releases:
        for place, mark in enumerate(release.marks, start=1):
            events.append((max(release.date, mark["date"]), "marked", place, release.version))
        events += [(move["since"], "moved", place, release.version) for place, move in enumerate(release.addresses[1:])]
    events.sort(key=lambda event: (event[0], event[1] != "published", event[2]))
    return {
        (version, kind): f"{datetime.fromisoformat(day) + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"
        for number, (day, kind, _, version) in enumerate(events)
    }


def last_event(releases: Sequence[Release]) -> str:
    """Return the moment of the last change of what is served: a release, a mark, or a new address. It never goes back."""
    return max(event_moments(releases).values())


def is_part(name: str) -> bool:
    """Return whether a file of a release is a part of a table."""
    return "/" in name and not name.startswith(INPUTS)


def check_version(version: str) -> str:
    """Return ``version`` if it is MAJOR.MINOR.PATCH in plain digits. Raises ReleaseError."""
    if _VERSION.fullmatch(version) is None:
        raise ReleaseError(f"{version[:100]!r} is not a version; write MAJOR.MINOR.PATCH, such as 1.0.0")
    return version


def check_date(text: str) -> str:
    """Return ``text`` if it is a day as YYYY-MM-DD. Raises ReleaseError."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ReleaseError(f"{text[:100]!r} is not a date; write YYYY-MM-DD, such as 2026-11-22")


def checksums(digests: Mapping[str, str]) -> bytes:
    """Return ``SHA256SUMS`` for file name -> sha256 hex, without itself and ``attestation.json``."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests) if name not in UNLISTED).encode()


def parse_checksums(path: Path, data: bytes) -> dict[str, str]:
    """Return file name -> sha256 hex; only the exact format of ``checksums`` is accepted. Raises ReleaseError."""
    found: dict[str, str] = {}
    if len(data) > SUMS_LIMIT:
        raise ReleaseError(f"{path}: has more than {SUMS_LIMIT:,} bytes; restore the file")
    for number, line in enumerate(data.decode("ascii", "replace").splitlines(), start=1):
        if (match := _LINE.fullmatch(line)) is None:
            raise ReleaseError(f"{path}:{number}: is not '<sha256>  <name>'; restore the file")
        found[match[2]] = match[1]
    check_names(found)
    if checksums(found) != data:
        raise ReleaseError(f"{path}: is not sorted, or lists a file twice; restore the file")
    return found


def read_release(folder: Path) -> Release:
    """Read one release folder. Raises ReleaseError naming a missing, malformed or edited file."""
    sums = disk.read(folder / SUMS)
    data = disk.read(folder / INFO)
    if parse_checksums(folder / SUMS, sums).get(INFO) != hashlib.sha256(data).hexdigest():
        raise ReleaseError(f"{folder / INFO}: does not match {SUMS}; restore the file")
    info = parse_object(folder / INFO, data)
    try:
        return _release(folder, info, hashlib.sha256(sums).hexdigest())
    except (KeyError, TypeError) as error:
        raise ReleaseError(f"{folder / INFO}: {error.args[0]!r} is missing or not of the right type") from error
    except ReleaseError as error:
        raise ReleaseError(f"{folder / INFO}: {error}") from error


def _release(folder: Path, info: dict[str, Any], digest: str) -> Release:
    sequence, previous = info["sequence"], info["previous"]
    if type(sequence) is not int or sequence < 1:
        raise TypeError("sequence")
    if previous is not None and not (isinstance(previous, str) and _HEX.fullmatch(previous)):
        raise TypeError("previous")
    for key in ("version", "date", "content_digest"):
        if not isinstance(info[key], str) or not info[key]:
            raise TypeError(key)
    version, day = check_version(info["version"]), check_date(info["date"])
    return Release(version, sequence, day, digest, previous, info["content_digest"], folder, info)


def differences(folder: Path, erased: Collection[str] = ()) -> str:
    """Return the differences of ``folder`` from its SHA256SUMS, naming at most five files; empty if there are none."""
    listed = parse_checksums(folder / SUMS, disk.read(folder / SUMS))
    return some(list(problems(folder, listed, erased)))


def some(names: Sequence[str]) -> str:
    """Return the first names, and the number of the others."""
    more = f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else ""
    return ", ".join(names[:NAMED_AT_MOST]) + more


def check_unchanged(release: Release) -> None:
    """Refuse a release whose folder differs from its SHA256SUMS. Raises ReleaseError naming the files."""
    if found := differences(release.folder, release.erased):
        raise ReleaseError(
            f"{release.folder}: {found}. A release is never edited: restore the folder (from version control, "
            "a mirror or a backup); a correction is a new release"
        )


def problems(folder: Path, listed: Mapping[str, str], erased: Collection[str] = ()) -> Iterable[str]:
    """Yield every file of ``folder`` that was added, changed or removed, or is not a regular file.

    Files that were ``erased`` may be missing.
    """
    found = dict(disk.walk(folder))
    folders = {str(parent) for name in listed for parent in Path(name).parents}
    regular = [name for name, mode in found.items() if name in listed and name not in folders and stat.S_ISREG(mode)]
    digests = disk.digests(folder, regular) if spread.is_open() else {}
    for name, mode in tracked(f"Check the files of {folder.name}", found.items(), len(found)):
        expected = stat.S_ISDIR if name in folders else stat.S_ISREG
        if stat.S_ISLNK(mode):
            yield f"{name!r} is a symbolic link"
        elif name not in listed and name not in folders and name not in UNLISTED:
            yield f"{name!r} was added"
        elif not expected(mode):
            yield f"{name!r} is not a regular file"
        elif name in listed and (digests.get(name) or disk.digest(folder / name)) != listed[name]:
            yield f"{name!r} was changed"
    yield from (f"{name!r} is missing" for name in sorted(listed.keys() - found.keys() - set(erased)))
