"""The client for data analysis: ``import cbrn_data as cbrn``.

>>> import cbrn_data as cbrn
>>> countries = cbrn.load("countries", version="1.0.0", source="published")
>>> countries[["country_id", "name"]].head(2)
  country_id         name
0        AFG  Afghanistan
1        KAZ   Kazakhstan

``source`` is the address or the folder of a store; the default is ``CBRN_DATA_BASE_URL``, else ``published/`` in the current
folder, else ``base_url`` of ``cbrn-data.toml`` there. Every file is checked: SHA256SUMS of the release by the index, all
other files by SHA256SUMS. The signed metadata of an address must vouch for its index. The client warns about an address
without metadata. It refuses the address if its metadata were seen before, or if the newest release is of a version that
signs them. ``cbrn-data verify`` makes all other checks.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as with_default
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbrn_data.errors import CbrnDataError, ReleaseError, UntrustedError, VerificationError
from cbrn_data.findings import shown
from cbrn_data.origin import Origin, WebOrigin, origin
from cbrn_data.settings import read_settings
from cbrn_data.store.code import is_of_signed_store
from cbrn_data.store.folder import DESCRIPTOR, INFO, NAMED_AT_MOST, SUMS, check_version, parse_checksums
from cbrn_data.store.history import INDEX, LATEST, METADATA, RELEASES
from cbrn_data.strict_json import parse_object

if TYPE_CHECKING:
    import pandas as pd

_TYPES = {"integer": "Int64", "year": "Int64", "number": "Float64", "boolean": "boolean"}
"""The pandas type of a column by its type in the schema; all others are text, from which dates are made."""


_DIGEST = re.compile("[0-9a-f]{64}")


class UnvouchedWarning(UserWarning):
    """The store at an address has no signed metadata, so nobody vouches for its index; the message gives the address."""


class WithdrawnWarning(UserWarning):
    """The requested release is withdrawn; the message gives the reason."""


@dataclass(frozen=True)
class Published:
    """A release in the index: ``rows`` by table, ``withdrawn`` is the reason or None.

    ``erased`` are the sources whose bytes were taken out, with ``reason`` and ``date``, by their name in the release.
    """

    version: str
    date: str
    digest: str
    summary: str
    rows: dict[str, int]
    withdrawn: str | None
    erased: dict[str, dict[str, str]] = with_default(default_factory=dict)


def releases(source: str | Path | None = None) -> list[Published]:
    """Return the releases, newest first. Raises CbrnDataError if the index cannot be read.

    >>> [release.date for release in releases("published") if release.version == "1.0.0"]
    ['2026-11-24']
    """
    place = origin(source, read_settings())
    found = listed(place)
    _warn_unvouched(place, 3)
    return found


def package(version: str | None = None, source: str | Path | None = None) -> dict[str, Any]:
    """Return the data package of a release (https://datapackage.org): titles, licence, sources, and table schemas.

    >>> package("1.0.0", "published")["licenses"][0]["name"]
    'CC-BY-4.0'

    Raises CbrnDataError for an unknown version, VerificationError for a file that differs from its digest.
    """
    return _release(source, version).package


def load(
    table: str,
    version: str | None = None,
    source: str | Path | None = None,
    first: str | None = None,
    last: str | None = None,
) -> pd.DataFrame:
    """Return a table of a release, by default (or with ``latest``) of the newest that is not withdrawn.

    ``first`` and ``last`` limit the rows by their key, both included; of a table in parts, only the parts with such keys are
    fetched.

    Columns have the types of the schema: ``Int64`` for integers and years, ``datetime64`` for dates, ``string`` for text and
    partial dates (2024, 2024-05). A value that no source says is null. ``attrs`` give the origin of the rows.

    >>> load("projects", "1.0.0", "published").dtypes[["project_id", "number", "budget_eur"]].astype(str).tolist()
    ['string', 'Int64', 'Int64']
    >>> load("regions", "1.0.0", "published").established_on[0].year
    2015
    >>> load("countries", "1.0.0", "published", first="KAZ", last="MNG").country_id.tolist()
    ['KAZ', 'KGZ', 'MNG']

    Warns with WithdrawnWarning if the release is withdrawn, with UnvouchedWarning if an address has no signed metadata.
    Raises CbrnDataError for an unknown table or version, or for limits of a key that is not one column of text,
    VerificationError for a file that differs from its digest, UntrustedError if the metadata of a store were taken away.
    """
    release = _release(source, version)
    with release.described(table):
        resource = release.resource(table)
        key = _limited_key(table, resource["schema"]) if first is not None or last is not None else ""
        if isinstance(resource["path"], list):
            frame = _from_parts(release, resource, first, last)
        else:
            frame = _frame(release.file(resource["path"]), resource["schema"]["fields"])
    if first is not None:
        frame = frame[frame[key] >= first].reset_index(drop=True)
    if last is not None:
        frame = frame[frame[key] <= last].reset_index(drop=True)
    frame.attrs = {"table": table, "version": release.entry.version, "digest": release.entry.digest}
    return frame


def _limited_key(table: str, schema: dict[str, Any]) -> str:
    """Return the key of a table, which must be one column of text."""
    types = {field["name"]: field["type"] for field in schema["fields"]}
    if [types[name] for name in schema["primaryKey"]] != ["string"]:
        raise CbrnDataError(f"the key of {table} is not one column of text, so first and last cannot limit its rows")
    return str(schema["primaryKey"][0])


def _from_parts(release: ReleaseFiles, resource: dict[str, Any], first: str | None, last: str | None) -> pd.DataFrame:
    """Return the rows of the parts that can have keys from ``first`` to ``last``; lines are those in the source."""
    import pandas as pd

    from cbrn_data.schema.model import LINE
    from cbrn_data.schema.parts import PARTS

    parts = list(zip(resource["path"], resource[PARTS], strict=True))
    wanted = [each for each in parts if not ((first and each[1]["last"] < first) or (last and each[1]["first"] > last))]
    frames = []
    for path, part in wanted or parts[:1]:
        frame = _frame(release.file(path), resource["schema"]["fields"])
        frame[LINE] += part["line"] - 1
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def listed(place: Origin) -> list[Published]:
    """Return the releases in the index of an origin, newest first. Raises CbrnDataError."""
    data = place.index()
    try:
        found = [_published(entry) for entry in parse_object(Path(INDEX), data)["releases"]]
    except ReleaseError as error:
        raise VerificationError(f"{place.name}: {error}") from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise VerificationError(f"{place.name}: its {INDEX} is not an index of releases") from error
    if not place.has_metadata and found:
        _check_never_signed(place, ReleaseFiles(place, found[0]))
    return found


def _check_never_signed(place: Origin, newest: ReleaseFiles) -> None:
    """Refuse a store without metadata if the code of its newest release signs metadata: somebody removed them."""
    if INFO in newest.listed and is_of_signed_store(parse_object(Path(INFO), newest.file(INFO))):
        raise UntrustedError(
            f"{place.name}: has no {METADATA}/, but {newest.entry.version} was made when stores had it: somebody removed "
            "it, so nobody vouches for this store; load from another copy"
        )


def _published(entry: dict[str, Any]) -> Published:
    withdrawn = entry["withdrawn"]["reason"] if entry["withdrawn"] else None
    version = check_version(entry["version"])
    erased = dict(entry.get("erased", {}))
    if not _DIGEST.fullmatch(entry["digest"]):
        raise ValueError("not a sha256")
    return Published(version, entry["date"], entry["digest"], entry["summary"], dict(entry["counts"]), withdrawn, erased)


class ReleaseFiles:
    """The files of one release of an origin, each checked by its digest. Raises VerificationError."""

    def __init__(self, place: Origin, entry: Published) -> None:
        self._place = place
        self.entry = entry
        self.sums = place.file(f"{RELEASES}/{self.entry.version}/{SUMS}", self.entry.digest)
        self.listed = parse_checksums(Path(SUMS), self.sums)
        self.package = parse_object(Path(DESCRIPTOR), self.file(DESCRIPTOR))

    def file(self, name: str) -> bytes:
        """Return a file of the release by name. Raises VerificationError if SHA256SUMS does not list it."""
        if name not in self.listed:
            raise VerificationError(f"{self._place.name}: release {self.entry.version} does not list the file {name!r}")
        return self._place.file(f"{RELEASES}/{self.entry.version}/{name}", self.listed[name])

    @contextmanager
    def described(self, table: str) -> Iterator[None]:
        """Turn any error that an untrusted package or table causes in its reader into a VerificationError."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            what = f"the table {table!r} is not as a package describes it ({type(error).__name__}: {shown(str(error), 120)})"
            raise VerificationError(f"{self._place.name}: release {self.entry.version}: {what}") from error

    def resource(self, table: str) -> dict[str, Any]:
        """Return the resource of a table in the package. Raises CbrnDataError if it does not exist."""
        tables = {resource["name"]: resource for resource in self.package["resources"] if resource.get("type") == "table"}
        if table in tables:
            return dict(tables[table])
        near = get_close_matches(table, tables, 1)
        meant = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(tables)}"
        raise CbrnDataError(f"release {self.entry.version} has no table {table!r}; {meant}")


def _release(source: str | Path | None, version: str | None) -> ReleaseFiles:
    place = origin(source, read_settings())
    entry = chosen(listed(place), version, place.name)
    _warn_unvouched(place, 4)
    if entry.withdrawn:
        reason = shown(str(entry.withdrawn))
        warnings.warn(f"release {entry.version} is withdrawn: {reason}", WithdrawnWarning, stacklevel=3)
    return ReleaseFiles(place, entry)


def _warn_unvouched(place: Origin, stacklevel: int) -> None:
    """Warn about an address without metadata; a folder is as trusted as its disk."""
    if isinstance(place, WebOrigin) and not place.has_metadata:
        message = f"{place.name}: has no signed metadata, so nobody vouches for its releases and withdrawals"
        warnings.warn(message, UnvouchedWarning, stacklevel)


def chosen(known: list[Published], version: str | None, name: str) -> Published:
    """Return the release of the origin ``name`` with a version; None and ``latest`` are the newest that is not withdrawn.

    Raises CbrnDataError if it does not exist.
    """
    if not known:
        raise CbrnDataError(f"{name}: contains no release yet")
    is_latest = version in (None, LATEST)
    wanted = [release for release in known if (not release.withdrawn if is_latest else release.version == version)]
    if not is_latest and not wanted:
        there = ", ".join(release.version for release in known[:NAMED_AT_MOST])
        raise CbrnDataError(f"{name}: release {version!r} does not exist; the newest are {there}")
    return (wanted or known)[0]


def _frame(data: bytes, fields: list[dict[str, Any]]) -> pd.DataFrame:
    """Read canonical CSV: text unchanged (``NA`` is text), an empty cell as null."""
    import pandas as pd

    types = {field["name"]: _TYPES.get(field["type"], "string") for field in fields}
    header = data[: data.find(b"\n")].decode()
    if next(csv.reader([header]), []) != list(types):  # pandas would take hours for a million columns
        raise ValueError("the file has other columns")
    frame = pd.read_csv(BytesIO(data), dtype=types, keep_default_na=False, na_values=[""], encoding="utf-8")
    if not isinstance(frame.index, pd.RangeIndex):  # of longer rows, pandas makes the first columns an index
        raise ValueError("a row has more cells than the header")
    for field in fields:
        if field["type"] == "date":
            frame[field["name"]] = pd.to_datetime(frame[field["name"]], format="%Y-%m-%d")
    return frame
