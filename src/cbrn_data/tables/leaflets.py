"""Turn the statements of a leaflet into claims: regions, memberships, projects, figures, priorities, achievements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from cbrn_data.leaflet.reading import Entry
from cbrn_data.leaflet.statements import Item, Leaflet
from cbrn_data.normalise.countries import country_id
from cbrn_data.normalise.inexact import figure_qualifier
from cbrn_data.normalise.readings import achievement_id, read_measure, read_unit, short_slug
from cbrn_data.normalise.text import Extracted, Span, slug
from cbrn_data.sources.source import Source
from cbrn_data.tables.claims import Claim, Key

OF_COUNTRIES = {"partner_countries"}
OF_PROJECTS = {"projects_total", "projects_ongoing"}
OF_METHOD = {"focal_points_appointed", "national_teams_established", "action_plans_in_preparation"}


class LeafletClaims:
    """The claims of one leaflet; ``renames`` maps an achievement's id to its id before it was reworded.

    ``reading`` is the source of its reading file, which is the evidence of values that an entry settles.
    """

    def __init__(
        self, source: Source, leaflet: Leaflet, renames: Mapping[str, Claim], reading: Source | None = None
    ) -> None:
        assert leaflet.region is not None
        self.reading = reading
        self.source = source
        self.leaflet = leaflet
        self.renames = renames
        self.region_id = str(source.metadata["region"])
        self.region = leaflet.region

    def __iter__(self) -> Iterator[Claim]:
        yield from self._regions()
        yield from self._memberships()
        yield from self._projects()
        yield from self._figures()
        yield from self._priorities()
        for position, item in enumerate(self.leaflet.achievements, start=1):
            yield from self._achievement(position, item)

    def _claim(self, table: str, key: Key, field: str, extracted: Extracted[Any]) -> Claim:
        method = "verbatim" if self.source.document.quote(extracted.span) == str(extracted.value) else "normalised"
        return Claim(table, key, field, str(extracted.value), self.source, extracted.span, method)

    def _derived(self, table: str, key: Key, field: str, value: str, span: Span) -> Claim:
        return Claim(table, key, field, value, self.source, span, "derived")

    def _decided(self, table: str, key: Key, field: str, value: str, entry: Entry) -> Claim:
        assert self.reading
        span = Span(entry.span.end - len(value), entry.span.end)  # the number of a project is the end of its id
        return Claim(table, key, field, value, self.reading, span, "curated")

    def _region_id(self, table: str, key: Key) -> Claim:
        if slug(self.region.value) == self.region_id:
            return self._claim(table, key, "region_id", Extracted(self.region_id, self.region.span))
        return self._derived(table, key, "region_id", self.region_id, self.region.span)

    def _row(
        self, table: str, key: Key, values: Mapping[str, Extracted[Any] | None], span: Span, **derived: str
    ) -> Iterator[Claim]:
        """Claim the region of a row, the cells with words, and those ``derived`` from the words at ``span``."""
        yield self._region_id(table, key)
        for field, extracted in values.items():
            if extracted:
                yield self._claim(table, key, field, extracted)
        for field, value in derived.items():
            yield self._derived(table, key, field, value, span)

    def _text(
        self, table: str, key: Key, values: Mapping[str, Extracted[Any]], span: Span, **derived: str
    ) -> Iterator[Claim]:
        """Claim a row with the wording of the leaflet."""
        edition = self.source.edition
        return self._row(table, key, values, span, **derived, wording="source", first_edition=edition, last_edition=edition)

    def _position(self, table: str, key: Key, position: int, span: Span) -> Claim:
        return Claim(table, key, "position", str(position), self.source, span, "counted")

    def _regions(self) -> Iterator[Claim]:
        leaflet, key = self.leaflet, (("region_id", self.region_id),)
        country, established = leaflet.secretariat_country, leaflet.established
        values = {
            "name": leaflet.region,
            "secretariat_city": leaflet.secretariat_city,
            "established_on": established,
            "goal": leaflet.goal,
            "funder": leaflet.funder,
            "implementing_partner": leaflet.implementing_partner,
            "secretariat_country_id": Extracted(country_id(country.value), country.span) if country else None,
        }
        yield from self._row("regions", key, values, self.region.span)
        if established:
            yield self._derived("regions", key, "established_event", "established", established.span)

    def _memberships(self) -> Iterator[Claim]:
        for item in self.leaflet.countries:
            name, code, edition = item["name_in_source"], item.value("country_id"), self.source.edition
            key = (("region_id", self.region_id), ("country_id", code))
            values = item.values if not item.entries else {"name_in_source": name}
            for entry in item.entries:
                yield self._decided("memberships", key, "country_id", code, entry)
            dates = dict.fromkeys(("first_stated", "last_stated", "first_edition", "last_edition"), edition)
            yield from self._row("memberships", key, values, name.span, status="partner", **dates)

    def _projects(self) -> Iterator[Claim]:
        for item in self.leaflet.projects:
            yield from self._project(item["number"])
            if "title" in item.values:
                yield self._claim("projects", (("project_id", f"P{item.value('number')}"),), "title", item["title"])
        for project_id, span in self.named_projects().items():
            claims = list(self.listing(project_id))
            yield from claims
            yield from self.naming(project_id, span, claims)

    def named_projects(self) -> dict[str, Span]:
        """Return every project that the leaflet lists or mentions, with the span of the first mention."""
        numbers = [item["number"] for item in self.leaflet.projects]
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
                yield self._decided(table, key, "project_id", project_id, entry)
            else:
                yield self._claim(table, key, "project_id", Extracted(project_id, span))

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        return {entry.value: entry for item in self.leaflet.achievements for entry in item.entries}

    def _project(self, number: Extracted[int]) -> Iterator[Claim]:
        project_id = Extracted(f"P{number.value}", number.span)
        key = (("project_id", project_id.value),)
        yield self._claim("projects", key, "project_id", project_id)
        yield self._claim("projects", key, "number", number)

    def listing(self, project_id: str) -> Iterator[Claim]:
        """Claim whether this edition lists a project as on-going: all cells but the project's id."""
        span = self.leaflet.projects_span
        if span is None:
            return
        as_of_year = self.leaflet.year or self.source.edition
        key = (("project_id", project_id), ("region_id", self.region_id), ("as_of_year", as_of_year))
        listed = {f"P{item.value('number')}" for item in self.leaflet.projects}
        status = "ongoing" if project_id in listed else "not_listed_as_ongoing"
        yield from self._row("project_listings", key, {}, span, status=status)
        yield self._year("project_listings", key, as_of_year, span)

    def _year(self, table: str, key: Key, as_of_year: str, span: Span) -> Claim:
        if self.leaflet.year == as_of_year:
            return self._claim(table, key, "as_of_year", self.leaflet.project_counts["year"])
        return self._derived(table, key, "as_of_year", as_of_year, span)

    def _figures(self) -> Iterator[Claim]:
        counts, edition, taken = self.leaflet.project_counts, self.source.edition, set[str]()
        for name in ("total", "ongoing"):
            if name in counts.values:
                values = {"value": counts[name], "text": counts["text"]}
                if name == "total" and "since" in counts.values:
                    values["since_year"] = counts["since"]
                yield from self._figure(values, counts[name].span, self.leaflet.year or edition, OF_PROJECTS)
        if self.leaflet.country_count.values:
            values = dict(self.leaflet.country_count.values)
            yield from self._figure(values, values["text"].span, edition, OF_COUNTRIES)
        for item in self.leaflet.methodology:
            span = item["text"].span
            yield from self._figure(item.values, span, edition, OF_METHOD - taken)
            taken.add(read_measure(self.source.document.words(span)) or "")

    def _figure(self, values: Mapping[str, Extracted[Any]], span: Span, year: str, measures: set[str]) -> Iterator[Claim]:
        """Claim a figure; if its measure is not in ``measures``, its id is made of its words."""
        words, text = self.source.document.words(span), values["text"].span
        measure = read_measure(words)
        measure = measure if measure in measures else None
        key = (("figure_id", f"{self.region_id}/{measure or short_slug(words)}/{year}"),)
        yield self._derived("figures", key, "figure_id", key[0][1], span)
        if measure:
            yield self._claim("figures", key, "measure", Extracted(measure, span))
        yield from self._text("figures", key, values, text)
        if "value" in values:
            qualifier = figure_qualifier(self.source.document.words(text), values["value"].value)
            yield self._derived("figures", key, "value_qualifier", qualifier, text)
        if unit := read_unit(words):
            yield self._derived("figures", key, "unit", unit, span)
        yield self._year("figures", key, year, span)

    def _priorities(self) -> Iterator[Claim]:
        for position, title in enumerate(self.leaflet.priorities, start=1):
            key = (("priority_id", f"{self.region_id}/{slug(title.value)}"),)
            yield self._derived("priorities", key, "priority_id", key[0][1], title.span)
            yield self._position("priorities", key, position, title.span)
            yield from self._text("priorities", key, {"title": title}, title.span)

    def _achievement(self, position: int, item: Item) -> Iterator[Claim]:
        key, identity = self._identity("achievements", item)
        yield identity
        yield self._position("achievements", key, position, item["text"].span)
        yield from self._text("achievements", key, item.values, item["text"].span)
        for number in item.projects:
            yield from self._project(number)
            yield from self._mention("achievement_projects", item, "project_id", Extracted(f"P{number.value}", number.span))
        for entry in item.entries:
            project = (("project_id", entry.value),)
            yield self._decided("projects", project, "project_id", entry.value, entry)
            yield self._decided("projects", project, "number", entry.value.removeprefix("P"), entry)
            key, identity = self._identity("achievement_projects", item, project[0])
            yield identity
            yield self._decided("achievement_projects", key, "project_id", entry.value, entry)
        for country in item.countries:
            yield from self._mention("achievement_countries", item, "country_id", country)

    def _identity(self, table: str, item: Item, *rest: tuple[str, str]) -> tuple[Key, Claim]:
        computed = achievement_id(self.region_id, self.source.document.words(item["text"].span))
        rename = self.renames.get(computed)
        key = (("achievement_id", rename.value if rename else computed), *rest)
        if rename:
            return key, replace(rename, table=table, key=key)
        return key, self._derived(table, key, "achievement_id", computed, item["text"].span)

    def _mention(self, table: str, item: Item, field: str, extracted: Extracted[str]) -> Iterator[Claim]:
        key, identity = self._identity(table, item, (field, extracted.value))
        yield identity
        yield self._claim(table, key, field, extracted)
