"""The description of the published data, from which DCAT, schema.org, the sitemap and the pages are made.

It describes one release: the newest that is not withdrawn. Each data table is a dataset, which keeps its address from
version to version. Each dataset has two distributions with the same content, CSV and JSON, at addresses that contain the
version and never change. Except ``Catalogue.base``, addresses here are relative to the base address.

Title, licence, publisher, keywords, themes, language, frequency and coverage are given once, for all datasets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cbrn_data.catalogue.identity import identity
from cbrn_data.catalogue.pages import page_path
from cbrn_data.schema.coverage import Coverage, coverage
from cbrn_data.schema.model import Package, TableDefinition, read_package
from cbrn_data.schema.parts import PARTS
from cbrn_data.schema.table import released_tables
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, Release, last_event, latest_of
from cbrn_data.store.history import RELEASES
from cbrn_data.strict_json import parse_object

_FORMS = {
    "CSV": "Comma-separated values in UTF-8 with a header line, a line for each row; an empty cell is null.",
    "JSON": "An array in UTF-8 with an object for each row, numbers as numbers; the same rows as the CSV file.",
}


@dataclass(frozen=True)
class Distribution:
    """One file of a dataset: ``form`` is ``CSV`` or ``JSON``, ``path`` contains the version."""

    form: str
    title: str
    description: str
    path: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """One data ``table``: its ``page``, the path of its ``definition`` in the release, and ``issued`` as YYYY-MM-DD.

    A table in ``parts`` has one distribution, the Data Package that lists them: no part is the whole table.
    """

    name: str
    title: str
    description: str
    page: str
    definition: str
    issued: str
    table: TableDefinition
    distributions: tuple[Distribution, ...]
    parts: tuple[Distribution, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """The whole catalogue; ``issued`` is the day of the first release; ``version``, ``digest`` and ``released`` are
    those of this one.

    ``modified`` is the moment (UTC) of the last release, withdrawal or change of the address, which never goes back.
    ``identity`` gives the identifier of a dataset or a distribution from its path, without the address. ``notes`` give the
    changes of this release, ``rights`` what the licence covers, ``sources`` title and page of each; ``withdrawn`` is true if
    every release is withdrawn, so that the described one is withdrawn too.
    """

    base: str
    identity: Callable[[str], str]
    name: str
    title: str
    short_title: str
    description: str
    publisher: Mapping[str, str]
    contact: Mapping[str, str]
    licence: Mapping[str, str]
    rights: str
    keywords: tuple[str, ...]
    themes: tuple[str, ...]
    language: str
    frequency: str
    coverage: Coverage
    version: str
    digest: str
    issued: str
    released: str
    modified: str
    notes: str
    withdrawn: bool
    sources: tuple[tuple[str, str], ...]
    datasets: tuple[Dataset, ...]


def catalogue(releases: Sequence[Release], base: str) -> Catalogue:
    """Describe the newest of ``releases`` (oldest first, at least one); ``base`` is a checked base address.

    Raises ReleaseError or SchemaError if its folder cannot be read.
    """
    release = latest_of(releases)
    package = read_package(release.folder / "schemas")
    tables = released_tables(release.folder, package)
    about = package.metadata
    return Catalogue(
        base=base,
        identity=partial(identity, releases),
        name=about["name"],
        title=about["title"],
        short_title=about.get("short_title", about["title"]),
        description=about["description"].strip(),
        publisher=about["publisher"],
        contact=about.get("contact") or about["publisher"],
        licence=about["licence"],
        rights=about.get("licence_note", about["licence"]["title"]).strip(),
        keywords=tuple(about["keywords"]),
        themes=tuple(about.get("themes", ())),
        language=about.get("language", "ENG"),
        frequency=about.get("frequency", "IRREG"),
        coverage=coverage(package, tables),
        version=release.version,
        digest=release.digest,
        issued=releases[0].date,
        released=release.date,
        modified=last_event(releases),
        notes=str(release.info.get("summary")),
        withdrawn=release.withdrawn is not None,
        sources=tuple((row["title"] or "", page_path("sources", row["source_id"] or "")) for row in tables["sources"].rows),
        datasets=_datasets(release, package, releases),
    )


def _datasets(release: Release, package: Package, releases: Sequence[Release]) -> tuple[Dataset, ...]:
    described = parse_object(release.folder / DESCRIPTOR, disk.read(release.folder / DESCRIPTOR))
    resources = {resource["name"]: resource for resource in described["resources"]}
    return tuple(
        Dataset(
            name=table.name,
            title=f"{package.metadata.get('short_title', package.metadata['title'])}: {table.title}",
            description=f"{table.description.strip()} {package.metadata['description'].strip()}",
            page=page_path("tables", table.name),
            definition=f"{RELEASES}/{release.version}/schemas/{table.name}.yaml",
            issued=next(old.date for old in releases if table.name in old.info.get("counts", {}) or old is release),
            table=table,
            distributions=tuple(_distributions(table, release, resources)),
            parts=tuple(_parts(table, release, resources[table.name])),
        )
        for table in package.with_role("data")
    )


def _distributions(table: TableDefinition, release: Release, resources: Mapping[str, Any]) -> Iterator[Distribution]:
    """Yield a table as CSV and as JSON, or the descriptor of a table in parts."""
    csv = resources[table.name]
    if PARTS in csv:
        file = release.folder / DESCRIPTOR
        yield Distribution(
            form="JSON",
            title=f"{table.title} (CSV in {len(csv[PARTS])} parts)",
            description="A Data Package in JSON with the paths and digests of the CSV files of the table, in order.",
            path=f"{RELEASES}/{release.version}/{DESCRIPTOR}",
            media_type="application/json",
            bytes=disk.size(file),
            sha256=disk.digest(file),
        )
        return
    yield _distribution(table, "CSV", release.version, csv)
    yield _distribution(table, "JSON", release.version, resources[f"{table.name}-json"])


def _parts(table: TableDefinition, release: Release, resource: Mapping[str, Any]) -> Iterator[Distribution]:
    """Yield the parts of a table as CSV."""
    for path, part in zip(resource["path"] if PARTS in resource else (), resource.get(PARTS, ()), strict=True):
        yield _distribution(table, "CSV", release.version, {**resource, **part, "path": path})


def _distribution(table: TableDefinition, form: str, version: str, resource: Mapping[str, Any]) -> Distribution:
    return Distribution(
        form=form,
        title=f"{table.title} ({form})",
        description=_FORMS[form],
        path=f"{RELEASES}/{version}/{resource['path']}",
        media_type=str(resource["mediatype"]),
        bytes=int(resource["bytes"]),
        sha256=str(resource["hash"]).removeprefix("sha256:"),
    )
