"""A leaflet's statements to claims: regions, memberships, projects, figures, priorities, achievements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from cbrn_data.leaflet.reading import Entry
from cbrn_data.leaflet.statements import Achievement, Leaflet, Said
from cbrn_data.leaflet.statements import Claim as Statement
from cbrn_data.sources.source import Source
from cbrn_data.tables.claims import Claim, Key
from cbrn_data.words.counts import figure_qualifier
from cbrn_data.words.readings import achievement_id, read_measure, read_unit, short_slug
from cbrn_data.words.text import Span, slug

OF_COUNTRIES = {"partner_countries"}
OF_PROJECTS = {"projects_total", "projects_ongoing"}
OF_METHOD = {"focal_points_appointed", "national_teams_established", "action_plans_in_preparation"}


class LeafletClaims:
    """The claims of one leaflet; ``renames`` maps an achievement's id to the one it had before its wording was mended.

    ``reading`` is the source of its reading file: what an entry settles has its evidence there.
    """

    def __init__(
        self, source: Source, leaflet: Leaflet, renames: Mapping[str, Claim], reading: Source | None = None
    ) -> None:
        assert leaflet.region is not None
        self.reading = reading
        self.source = source
        self.leaflet = leaflet
        self.renames = renames
        self.region_id = str(source.about["region"])
        self.region = leaflet.region

    def __iter__(self) -> Iterator[Claim]:
        yield from self._regions()
        yield from self._memberships()
        yield from self._projects()
        yield from self._figures()
        yield from self._priorities()
        for position, item in enumerate(self.leaflet.achievements, start=1):
            yield from self._achievement(position, item)

    def _said(self, table: str, key: Key, field: str, value: object, span: Span) -> Claim:
        method = "verbatim" if self.source.document.quote(span) == str(value) else "normalised"
        return Claim(table, key, field, str(value), self.source, span, method)

    def _derived(self, table: str, key: Key, field: str, value: str, span: Span) -> Claim:
        return Claim(table, key, field, value, self.source, span, "derived")

    def _settled(self, table: str, key: Key, field: str, value: str, entry: Entry) -> Claim:
        assert self.reading
        span = Span(entry.span.end - len(value), entry.span.end)  # the number of a project is the end of its id
        return Claim(table, key, field, value, self.reading, span, "curated")

    def _region_id(self, table: str, key: Key) -> Claim:
        if slug(self.region.value) == self.region_id:
            return self._said(table, key, "region_id", self.region_id, self.region.span)
        return self._derived(table, key, "region_id", self.region_id, self.region.span)

    def _editions(self, table: str, key: Key, span: Span) -> Iterator[Claim]:
        for field in ("first_edition", "last_edition"):
            yield self._derived(table, key, field, self.source.edition, span)

    def _regions(self) -> Iterator[Claim]:
        leaflet, key = self.leaflet, (("region_id", self.region_id),)
        yield self._region_id("regions", key)
        said: dict[str, Said[Any] | None] = {
            "name": leaflet.region,
            "secretariat_city": leaflet.secretariat_city,
            "established_on": leaflet.established,
            "goal": leaflet.goal,
            "funder": leaflet.funder,
            "implementing_partner": leaflet.implementing_partner,
        }
        for field, statement in said.items():
            if statement:
                yield self._said("regions", key, field, statement.value, statement.span)
        if leaflet.secretariat_country and leaflet.secretariat_country_id:
            span = leaflet.secretariat_country.span
            yield self._said("regions", key, "secretariat_country_id", leaflet.secretariat_country_id, span)

        if established := leaflet.established:
            yield self._derived("regions", key, "established_event", "established", established.span)

    def _memberships(self) -> Iterator[Claim]:
        for country in self.leaflet.countries:
            key = (("region_id", self.region_id), ("country_id", country.country_id))
            yield self._region_id("memberships", key)
            if country.settled:
                yield self._settled("memberships", key, "country_id", country.country_id, country.settled)
            else:
                yield self._said("memberships", key, "country_id", country.country_id, country.name.span)
            yield self._said("memberships", key, "name_in_source", country.name.value, country.name.span)
            yield self._derived("memberships", key, "status", "partner", country.name.span)
            for field in ("first_stated", "last_stated"):
                yield self._derived("memberships", key, field, self.source.edition, country.name.span)
            yield from self._editions("memberships", key, country.name.span)

    def _projects(self) -> Iterator[Claim]:
        for project in self.leaflet.projects:
            yield from self._project(project.number)
            if project.title:
                key = (("project_id", f"P{project.number.value}"),)
                yield self._said("projects", key, "title", project.title.value, project.title.span)
        for project_id, span in self.named_projects().items():
            claims = list(self.listing(project_id))
            yield from claims
            yield from self.naming(project_id, span, claims)

    def named_projects(self) -> dict[str, Span]:
        """Return every project that the leaflet lists or mentions, and where it does so first."""
        numbers = [project.number for project in self.leaflet.projects]
        numbers += [number for item in self.leaflet.achievements for number in item.projects]
        entries = {project_id: entry.span for project_id, entry in self._entries.items()}
        return entries | {f"P{number.value}": number.span for number in reversed(numbers)}

    def naming(self, project_id: str, span: Span, listing: list[Claim]) -> Iterator[Claim]:
        """Claim that the project involved the region, and its id in the rows of a listing, by the words of this leaflet."""
        entry, pair = self._entries.get(project_id), (("project_id", project_id), ("region_id", self.region_id))
        yield self._region_id("project_regions", pair)
        for table, key in (
            ("project_regions", pair),
            *(("project_listings", key) for key in {claim.key for claim in listing}),
        ):
            if entry and span == entry.span:
                yield self._settled(table, key, "project_id", project_id, entry)
            else:
                yield self._said(table, key, "project_id", project_id, span)

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        return {entry.value: entry for item in self.leaflet.achievements for entry in item.settled}

    def _project(self, number: Said[int]) -> Iterator[Claim]:
        key = (("project_id", f"P{number.value}"),)
        yield self._said("projects", key, "project_id", f"P{number.value}", number.span)
        yield self._said("projects", key, "number", number.value, number.span)

    def listing(self, project_id: str) -> Iterator[Claim]:
        """Claim whether this edition lists a project as on-going: all cells but the project's id."""
        claimed, span = self.leaflet.projects_claimed, self.leaflet.projects_span
        if span is None:
            return
        year = claimed.year if claimed else None
        as_of_year = str(year.value) if year else self.source.edition
        key = (("project_id", project_id), ("region_id", self.region_id), ("as_of_year", as_of_year))
        yield self._region_id("project_listings", key)
        yield self._year("project_listings", key, as_of_year, span)
        listed = {f"P{project.number.value}" for project in self.leaflet.projects}
        status = "ongoing" if project_id in listed else "not_listed_as_ongoing"
        yield self._derived("project_listings", key, "status", status, span)

    def _year(self, table: str, key: Key, as_of_year: str, span: Span) -> Claim:
        claimed = self.leaflet.projects_claimed
        if claimed and claimed.year and str(claimed.year.value) == as_of_year:
            return self._said(table, key, "as_of_year", as_of_year, claimed.year.span)
        return self._derived(table, key, "as_of_year", as_of_year, span)

    def _figures(self) -> Iterator[Claim]:
        claimed, taken = self.leaflet.projects_claimed, set[str]()
        if claimed:
            for count, since in ((claimed.total, claimed.since), (claimed.ongoing, None)):
                if count:
                    year = str(claimed.year.value) if claimed.year else self.source.edition
                    yield from self._figure(Statement(claimed.text, count), count.span, year, OF_PROJECTS - taken, since)
        if countries := self.leaflet.countries_claimed:
            yield from self._figure(countries, countries.text.span, self.source.edition, OF_COUNTRIES)
        for statement in self.leaflet.methodology:
            measure = read_measure(self.source.document.words(statement.text.span))
            yield from self._figure(statement, statement.text.span, self.source.edition, OF_METHOD - taken)
            taken.add(measure or "")

    def _figure(
        self, statement: Statement, words: Span, year: str, measures: set[str], since: Said[int] | None = None
    ) -> Iterator[Claim]:
        """Claim a figure; one that counts none of ``measures`` (or counts again) gets an id of its own words."""
        measure = read_measure(self.source.document.words(words))
        measure = measure if measure in measures else None
        slugged = measure or short_slug(self.source.document.words(words))
        key = (("figure_id", f"{self.region_id}/{slugged}/{year}"),)
        yield self._derived("figures", key, "figure_id", key[0][1], words)
        yield self._region_id("figures", key)
        if measure:
            yield self._said("figures", key, "measure", measure, words)
        if statement.count:
            yield self._said("figures", key, "value", statement.count.value, statement.count.span)
            text = statement.text.span
            qualifier = figure_qualifier(self.source.document.words(text), statement.count.value)
            yield self._derived("figures", key, "value_qualifier", qualifier, text)
        if unit := read_unit(self.source.document.words(words)):
            yield self._derived("figures", key, "unit", unit, words)
        if since:
            yield self._said("figures", key, "since_year", since.value, since.span)
        yield self._year("figures", key, year, words)
        yield self._said("figures", key, "text", statement.text.value, statement.text.span)
        yield self._derived("figures", key, "wording", "source", statement.text.span)
        yield from self._editions("figures", key, statement.text.span)

    def _priorities(self) -> Iterator[Claim]:
        for position, title in enumerate(self.leaflet.priorities, start=1):
            key = (("priority_id", f"{self.region_id}/{slug(title.value)}"),)
            yield self._derived("priorities", key, "priority_id", key[0][1], title.span)
            yield self._region_id("priorities", key)
            yield Claim("priorities", key, "position", str(position), self.source, title.span, "counted")
            yield self._said("priorities", key, "title", title.value, title.span)
            yield self._derived("priorities", key, "wording", "source", title.span)
            yield from self._editions("priorities", key, title.span)

    def _achievement(self, position: int, item: Achievement) -> Iterator[Claim]:
        key, identity = self._identity("achievements", item)
        yield identity
        yield self._region_id("achievements", key)
        yield Claim("achievements", key, "position", str(position), self.source, item.text.span, "counted")
        yield self._said("achievements", key, "text", item.text.value, item.text.span)
        yield self._derived("achievements", key, "wording", "source", item.text.span)
        if item.dates:
            dates, span = item.dates.value, item.dates.span
            yield self._said("achievements", key, "date_start", dates.start, span)
            if dates.end:
                yield self._said("achievements", key, "date_end", dates.end, span)
            yield self._said("achievements", key, "date_precision", dates.precision, span)
        if item.people:
            yield self._said("achievements", key, "people_count", item.people.count.value, item.people.count.span)
            qualifier = item.people.qualifier
            yield self._said("achievements", key, "people_count_qualifier", qualifier.value, qualifier.span)
            yield self._said("achievements", key, "people_group", item.people.group.value, item.people.group.span)
        if item.country_count:
            yield self._said("achievements", key, "country_count", item.country_count.value, item.country_count.span)
        yield from self._editions("achievements", key, item.text.span)
        for number in item.projects:
            yield from self._project(number)
            yield from self._mention("achievement_projects", item, "project_id", f"P{number.value}", number.span)
        for entry in item.settled:
            project = (("project_id", entry.value),)
            yield self._settled("projects", project, "project_id", entry.value, entry)
            yield self._settled("projects", project, "number", entry.value.removeprefix("P"), entry)
            key, identity = self._identity("achievement_projects", item, project[0])
            yield identity
            yield self._settled("achievement_projects", key, "project_id", entry.value, entry)
        for country in item.countries:
            yield from self._mention("achievement_countries", item, "country_id", country.value, country.span)

    def _identity(self, table: str, item: Achievement, *rest: tuple[str, str]) -> tuple[Key, Claim]:
        computed = achievement_id(self.region_id, self.source.document.words(item.text.span))
        rename = self.renames.get(computed)
        key = (("achievement_id", rename.value if rename else computed), *rest)
        if rename:
            return key, replace(rename, table=table, key=key)
        return key, self._derived(table, key, "achievement_id", computed, item.text.span)

    def _mention(self, table: str, item: Achievement, field: str, value: str, span: Span) -> Iterator[Claim]:
        key, identity = self._identity(table, item, (field, value))
        yield identity
        yield self._said(table, key, field, value, span)
