"""One description of what is published, of which DCAT, schema.org, the sitemap and the pages are made.

It is of one release: the newest that was not withdrawn. Each of its data tables is a dataset, which keeps its address
from version to version; each dataset has two distributions of equal content, CSV and JSON, at addresses that hold the
version and never change. Addresses here are relative to the base address but ``Catalogue.base`` itself.

Title, licence, publisher, keywords, themes, language, frequency and coverage are said once, for the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbrn_data.catalogue.pages import page_path
from cbrn_data.checks.rows import released_rows
from cbrn_data.schema.coverage import Coverage, coverage
from cbrn_data.schema.model import Field, Package, Table, read_package
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, Release, event_moments
from cbrn_data.store.history import RELEASES
from cbrn_data.strict_json import parse_object

_FORMS = {
    "CSV": "Comma-separated values in UTF-8 with a header line, a line for each row; an empty cell is null.",
    "JSON": "An array in UTF-8 with an object for each row, numbers as numbers; the same rows as the CSV file.",
}


@dataclass(frozen=True)
class Agent:
    """Somebody by name, with an address for letters where there is one."""

    name: str
    email: str | None = None


@dataclass(frozen=True)
class Licence:
    """``name`` is its SPDX identifier, ``url`` its text."""

    name: str
    title: str
    url: str


@dataclass(frozen=True)
class SourcePage:
    """A source that the release was made of, and the page that shows it."""

    title: str
    page: str


@dataclass(frozen=True)
class Distribution:
    """One file of a dataset: ``form`` is ``CSV`` or ``JSON``, ``path`` holds the version."""

    form: str
    title: str
    description: str
    path: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """One data table: ``page`` shows it, ``definition`` is its definition in the release, ``issued`` YYYY-MM-DD."""

    name: str
    title: str
    description: str
    page: str
    definition: str
    issued: str
    fields: tuple[Field, ...]
    distributions: tuple[Distribution, ...]


@dataclass(frozen=True)
class Catalogue:
    """What is said of the whole; ``issued`` is the day of the first release, ``released`` that of this one.

    ``modified`` is the day of the last release or withdrawal: what is described changes then, and never goes back.
    ``notes`` say what this release brings, ``rights`` what the licence covers; ``withdrawn`` is true where every release
    was withdrawn, so that none but a withdrawn one can be described.
    """

    base: str
    name: str
    title: str
    description: str
    publisher: Agent
    contact: Agent
    licence: Licence
    rights: str
    keywords: tuple[str, ...]
    themes: tuple[str, ...]
    language: str
    frequency: str
    coverage: Coverage
    version: str
    issued: str
    released: str
    modified: str
    notes: str
    withdrawn: bool
    sources: tuple[SourcePage, ...]
    datasets: tuple[Dataset, ...]

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of a data table."""
        return next(dataset for dataset in self.datasets if dataset.name == name)


def newest(releases: Sequence[Release]) -> Release:
    """Return the release that is described: the newest that was not withdrawn, or the newest if all were."""
    return next((release for release in reversed(releases) if not release.withdrawn), releases[-1])


def catalogue(releases: Sequence[Release], base: str) -> Catalogue:
    """Describe the newest of ``releases`` (oldest first, at least one); ``base`` is a checked base address.

    Raises ReleaseError or SchemaError where its folder cannot be read.
    """
    release = newest(releases)
    package = read_package(release.folder / "schemas")
    rows = released_rows(release, package)
    records = {table.name: release.folder / f"{table.name}.csv" for table in package.tables.values() if table.by_line}
    about, licence = package.about, package.about["licence"]
    publisher = Agent(about["publisher"]["name"], about["publisher"].get("email"))
    contact = about.get("contact")
    return Catalogue(
        base=base,
        name=about["name"],
        title=about["title"],
        description=about["description"].strip(),
        publisher=publisher,
        contact=Agent(contact["name"], contact["email"]) if contact else publisher,
        licence=Licence(licence["name"], licence["title"], licence["path"]),
        rights=about.get("licence_note", licence["title"]).strip(),
        keywords=tuple(about["keywords"]),
        themes=tuple(about.get("themes", ())),
        language=about.get("language", "ENG"),
        frequency=about.get("frequency", "IRREG"),
        coverage=coverage(package, rows, records),
        version=release.version,
        issued=releases[0].date,
        released=release.date,
        modified=max(event_moments(releases).values())[:10],
        notes=str(release.info.get("summary")),
        withdrawn=release.withdrawn is not None,
        sources=tuple(
            SourcePage(row["title"] or "", page_path("sources", row["source_id"] or "")) for row in rows["sources"]
        ),
        datasets=_datasets(release, package, releases),
    )


def _datasets(release: Release, package: Package, releases: Sequence[Release]) -> tuple[Dataset, ...]:
    described = parse_object(release.folder / DESCRIPTOR, disk.read(release.folder / DESCRIPTOR))
    resources = {resource["path"]: resource for resource in described["resources"]}
    return tuple(
        Dataset(
            name=table.name,
            title=f"{package.about.get('short_title', package.about['title'])}: {table.title}",
            description=f"{table.description.strip()} {package.about['description'].strip()}",
            page=page_path("tables", table.name),
            definition=f"{RELEASES}/{release.version}/schemas/{table.name}.yaml",
            issued=next(old.date for old in releases if table.name in old.info.get("counts", {}) or old is release),
            fields=table.fields,
            distributions=tuple(
                _distribution(table, form, release.version, resources[f"{table.name}.{form.lower()}"])
                for form in ("CSV", "JSON")
            ),
        )
        for table in package.with_role("data")
    )


def _distribution(table: Table, form: str, version: str, resource: dict[str, str | int]) -> Distribution:
    return Distribution(
        form=form,
        title=f"{table.title} ({form})",
        description=_FORMS[form],
        path=f"{RELEASES}/{version}/{resource['path']}",
        media_type=str(resource["mediatype"]),
        bytes=int(resource["bytes"]),
        sha256=str(resource["hash"]).removeprefix("sha256:"),
    )
