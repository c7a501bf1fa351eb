"""The published tables for people who analyse them: ``import cbrn_data as cbrn``.

>>> import cbrn_data as cbrn
>>> countries = cbrn.load("countries", version="1.0.0", source="published")
>>> countries[["country_id", "name"]].head(2)
  country_id         name
0        AFG  Afghanistan
1        KAZ   Kazakhstan

``source`` is the address or the folder of a ``published/``; without it, what ``CBRN_DATA_BASE_URL`` says, else
``published/`` here. Every file is checked: SHA256SUMS of the release by the index, every other file by SHA256SUMS.
Signatures are not checked here: that is what ``cbrn-data verify`` does.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbrn_data.errors import CbrnDataError, ReleaseError, VerificationError
from cbrn_data.origin import Origin, origin
from cbrn_data.settings import settings
from cbrn_data.store.folder import DESCRIPTOR, NAMED_AT_MOST, SUMS, check_version, parse_checksums
from cbrn_data.store.history import RELEASES
from cbrn_data.store.index import INDEX
from cbrn_data.strict_json import parse_object

if TYPE_CHECKING:
    import pandas as pd

_TYPES = {"integer": "Int64", "year": "Int64", "number": "Float64", "boolean": "boolean"}
"""What a column is read as, by its type in the schema; all others are text, from which dates are made."""


class WithdrawnWarning(UserWarning):
    """The release that was asked for has been withdrawn: its reason says why it must not be relied on."""


@dataclass(frozen=True)
class Published:
    """A release as the index lists it: ``rows`` by table, ``withdrawn`` the reason or None."""

    version: str
    date: str
    digest: str
    summary: str
    rows: dict[str, int]
    withdrawn: str | None


def releases(source: str | Path | None = None) -> list[Published]:
    """Return the releases, the newest first. Raises CbrnDataError where there are none to be had.

    >>> [release.date for release in releases("published") if release.version == "1.0.0"]
    ['2026-11-24']
    """
    return _releases(origin(source, settings()))


def package(version: str | None = None, source: str | Path | None = None) -> dict[str, Any]:
    """Return the data package of a release (https://datapackage.org): titles, licence, sources, the schema of each table.

    >>> package("1.0.0", "published")["licenses"][0]["name"]
    'CC-BY-4.0'

    Raises CbrnDataError for a version that is not there, VerificationError for a file that is not what was published.
    """
    return _Release(origin(source, settings()), version).package


def load(table: str, version: str | None = None, source: str | Path | None = None) -> pd.DataFrame:
    """Return a table of a release, by default of the newest that was not withdrawn.

    Columns have the types of the schema: ``Int64`` for whole numbers and years, ``datetime64`` for dates, ``string``
    for text and for partial dates (2024, 2024-05). What no source says is null. ``attrs`` say where the rows are from.

    >>> load("projects", "1.0.0", "published").dtypes[["project_id", "number", "budget_eur"]].astype(str).tolist()
    ['string', 'Int64', 'Int64']
    >>> load("regions", "1.0.0", "published").established_on[0].year
    2015

    Warns with WithdrawnWarning where the release was withdrawn. Raises CbrnDataError for a table or version that is not
    there, VerificationError for a file that is not what was published.
    """
    release = _Release(origin(source, settings()), version)
    resource = release.resource(table)
    frame = _frame(release.file(resource["path"]), resource["schema"]["fields"])
    frame.attrs = {"table": table, "version": release.entry.version, "digest": release.entry.digest}
    return frame


def _releases(place: Origin) -> list[Published]:
    data = place.index()
    try:
        return [_published(entry) for entry in parse_object(Path(INDEX), data)["releases"]]
    except ReleaseError as error:
        raise VerificationError(f"{place.name}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise VerificationError(f"{place.name}: its {INDEX} is not an index of releases") from error


def _published(entry: dict[str, Any]) -> Published:
    withdrawn = entry["withdrawn"]["reason"] if entry["withdrawn"] else None
    version = check_version(entry["version"])
    return Published(version, entry["date"], entry["digest"], entry["summary"], dict(entry["counts"]), withdrawn)


class _Release:
    """One release of an origin, chosen and checked."""

    def __init__(self, place: Origin, version: str | None) -> None:
        self._place = place
        self.entry = _chosen(_releases(place), version, place.name)
        sums = place.file(f"{RELEASES}/{self.entry.version}/{SUMS}", self.entry.digest)
        self._listed = parse_checksums(Path(SUMS), sums)
        self.package = parse_object(Path(DESCRIPTOR), self.file(DESCRIPTOR))

    def file(self, name: str) -> bytes:
        """Return a file of the release by its name. Raises VerificationError where SHA256SUMS does not list it."""
        if name not in self._listed:
            raise VerificationError(f"{self._place.name}: release {self.entry.version} lists no file {name!r}")
        return self._place.file(f"{RELEASES}/{self.entry.version}/{name}", self._listed[name])

    def resource(self, table: str) -> dict[str, Any]:
        """Return what the package says of a table. Raises CbrnDataError if there is none."""
        tables = {resource["name"]: resource for resource in self.package["resources"] if resource.get("type") == "table"}
        if table in tables:
            return dict(tables[table])
        near = get_close_matches(table, tables, 1)
        meant = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(tables)}"
        raise CbrnDataError(f"release {self.entry.version} has no table {table!r}; {meant}")


def _chosen(known: list[Published], version: str | None, name: str) -> Published:
    if not known:
        raise CbrnDataError(f"{name}: nothing was released yet")
    wanted = [release for release in known if (release.version == version if version is not None else not release.withdrawn)]
    if version is not None and not wanted:
        there = ", ".join(release.version for release in known[:NAMED_AT_MOST])
        raise CbrnDataError(f"{name}: there is no release {version!r}; the newest are {there}")
    found = (wanted or known)[0]
    if found.withdrawn:
        warnings.warn(f"release {found.version} was withdrawn: {found.withdrawn}", WithdrawnWarning, stacklevel=4)
    return found


def _frame(data: bytes, fields: list[dict[str, Any]]) -> pd.DataFrame:
    """Read canonical CSV: text as it stands (``NA`` is text), an empty cell as null."""
    import pandas as pd

    types = {field["name"]: _TYPES.get(field["type"], "string") for field in fields}
    frame = pd.read_csv(BytesIO(data), dtype=types, keep_default_na=False, na_values=[""], encoding="utf-8")
    for field in fields:
        if field["type"] == "date":
            frame[field["name"]] = pd.to_datetime(frame[field["name"]], format="%Y-%m-%d")
    return frame
