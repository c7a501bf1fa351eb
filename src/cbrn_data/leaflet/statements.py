"""The values of a leaflet, each with the span of its words, and the findings of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cbrn_data.findings import Finding
from cbrn_data.leaflet.reading import Entry, Reading
from cbrn_data.normalise.text import Extracted, Span
from cbrn_data.sources.document import Document


@dataclass(frozen=True)
class Item:
    """One item or count of a leaflet: its values by name.

    ``projects`` and ``countries`` hold every mention, in order; ``entries`` are the entries of the reading file about it.
    """

    values: Mapping[str, Extracted[Any]] = field(default_factory=dict)
    projects: tuple[Extracted[int], ...] = ()
    countries: tuple[Extracted[str], ...] = ()
    entries: tuple[Entry, ...] = ()

    def __getitem__(self, name: str) -> Extracted[Any]:
        return self.values[name]

    def value(self, name: str) -> Any:
        """Return a value, or None if it is missing."""
        return self.values[name].value if name in self.values else None


@dataclass
class Leaflet:
    """All values of a leaflet; a missing value is None, an empty list, or absent from its item.

    Items have the fields of their tables: ``countries`` ``name_in_source`` and ``country_id``, ``projects`` ``number`` and
    ``title``, ``methodology`` and ``country_count`` ``text`` and ``value``. ``project_counts`` is the sentence above the
    list of projects: ``text``, ``total``, ``since``, ``ongoing`` and ``year``. ``projects_span`` runs from that sentence
    to the end of the list. ``is_page`` is true for a region's page, which has no edition. ``ignored`` are the
    first and last of lines that no value uses, and the rule that ignores them; ``headings`` those of headings.
    """

    document: Document
    reading: Reading = field(default_factory=Reading)
    is_page: bool = False
    region: Extracted[str] | None = None
    secretariat_city: Extracted[str] | None = None
    secretariat_country: Extracted[str] | None = None
    established: Extracted[str] | None = None
    goal: Extracted[str] | None = None
    funder: Extracted[str] | None = None
    implementing_partner: Extracted[str] | None = None
    country_count: Item = field(default_factory=Item)
    countries: list[Item] = field(default_factory=list)
    project_counts: Item = field(default_factory=Item)
    projects: list[Item] = field(default_factory=list)
    projects_span: Span | None = None
    priorities: list[Extracted[str]] = field(default_factory=list)
    methodology: list[Item] = field(default_factory=list)
    achievements: list[Item] = field(default_factory=list)
    ignored: list[tuple[int, int, str]] = field(default_factory=list)
    headings: list[tuple[int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The kind of the source: ``page`` or ``leaflet``."""
        return "page" if self.is_page else "leaflet"

    @property
    def year(self) -> str | None:
        """The year that the sentence above the list of projects states."""
        return str(self.project_counts["year"].value) if "year" in self.project_counts.values else None

    def line(self, extracted: Extracted[Any]) -> int:
        """Return the line on which the words of a value begin."""
        return self.document.line(extracted.span.start)

    def finding(self, code: str, message: str, at: int | Extracted[Any] = 1, **cell: str) -> Finding:
        """Return a finding about a line, or the first line of a value; ``cell`` has its table, row or field."""
        return Finding(code, message, self.document.place, at if isinstance(at, int) else self.line(at), **cell)

    def report(self, code: str, message: str, at: int | Extracted[Any] = 1, **cell: str) -> None:
        """Add a finding to the leaflet."""
        self.findings.append(self.finding(code, message, at, **cell))

    def ignore(self, lines: tuple[int, int], rule: str) -> None:
        """Record that a rule ignores the first to the last of ``lines``."""
        self.ignored.append((*lines, rule))
