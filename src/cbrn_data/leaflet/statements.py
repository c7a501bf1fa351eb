"""What a leaflet says: plain records of values, each with the span of the words it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cbrn_data.leaflet.reading import Entry, Reading
from cbrn_data.sources.document import Document
from cbrn_data.words.dates import DateRange
from cbrn_data.words.text import Span

Value = TypeVar("Value", covariant=True)


@dataclass(frozen=True)
class Said(Generic[Value]):
    """A value and the place of its words."""

    value: Value
    span: Span


@dataclass(frozen=True)
class CountryListed:
    """A partner country by the name the leaflet prints, and its alpha-3 code; ``settled`` by an entry that says so."""

    name: Said[str]
    country_id: str
    settled: Entry | None = None


@dataclass(frozen=True)
class ProjectListed:
    """A project in the list of on-going ones."""

    number: Said[int]
    title: Said[str] | None


@dataclass(frozen=True)
class Claim:
    """A statement that counts something: of the method section, or of how many countries are listed."""

    text: Said[str]
    count: Said[int] | None


@dataclass(frozen=True)
class ProjectsClaimed:
    """The sentence above the list of projects, and what it counts."""

    text: Said[str]
    total: Said[int] | None
    since: Said[int] | None
    ongoing: Said[int] | None
    year: Said[int] | None


@dataclass(frozen=True)
class People:
    """A count of people with its qualifier and group."""

    count: Said[int]
    qualifier: Said[str]
    group: Said[str]


@dataclass(frozen=True)
class Achievement:
    """One recent achievement; ``projects`` and ``countries`` hold every mention, in order.

    ``settled`` are the entries that say of which project it is.
    """

    text: Said[str]
    dates: Said[DateRange] | None
    people: People | None
    country_count: Said[int] | None
    projects: list[Said[int]]
    countries: list[Said[str]]
    settled: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Ignored:
    """Lines that no value uses, and the rule that says why."""

    first: int
    last: int
    rule: str


@dataclass
class Leaflet:
    """Everything a leaflet says; what it does not say is None or an empty list.

    ``projects_span`` runs from the sentence above the list of on-going projects to the end of the list.
    ``is_page``: it is a region's page, which has no edition.
    """

    document: Document
    reading: Reading = field(default_factory=Reading)
    is_page: bool = False
    region: Said[str] | None = None
    secretariat_city: Said[str] | None = None
    secretariat_country: Said[str] | None = None
    secretariat_country_id: str | None = None
    established: Said[str] | None = None
    goal: Said[str] | None = None
    funder: Said[str] | None = None
    implementing_partner: Said[str] | None = None
    countries_claimed: Claim | None = None
    countries: list[CountryListed] = field(default_factory=list)
    projects_claimed: ProjectsClaimed | None = None
    projects: list[ProjectListed] = field(default_factory=list)
    projects_span: Span | None = None
    priorities: list[Said[str]] = field(default_factory=list)
    methodology: list[Claim] = field(default_factory=list)
    achievements: list[Achievement] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The kind of source that it is: ``page`` or ``leaflet``."""
        return "page" if self.is_page else "leaflet"
