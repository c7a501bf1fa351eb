"""The value of a field from its quote, by the method of the evidence.

``verbatim``: the value is the quote. ``normalised``: ``read(field, quote)``. ``derived``: ``derive``, from the quote, its
source's region and edition, and other cells of the row. ``counted``: the position of the quote among its table's items in
that source, from 1. ``curated``: the quote is a cell of a curated table.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cbrn_data.normalise.countries import read_country
from cbrn_data.normalise.counts import read_number
from cbrn_data.normalise.dates import DateRange, ImpossibleDate, read_dates
from cbrn_data.normalise.inexact import figure_qualifier, read_qualifier
from cbrn_data.normalise.project_counts import ONGOING
from cbrn_data.normalise.projects import label, labelled, read_project_number, references
from cbrn_data.normalise.text import clean, folded, region_name, slug

METHODS = ("verbatim", "normalised", "counted", "derived", "curated")
AS_PRINTED = ("verbatim", "curated")
"""Methods that use the quote unchanged; the others remove hyphens and line ends that break a word."""
FOLLOWING = ("counted", "derived")
"""Methods whose quote may be a whole section, so it does not show that a line gave a value."""

_MEASURES: dict[str, tuple[str, str]] = {
    "focal_points_appointed": (r"\bfocal points?\b", r"\b(?:appoint|nominat|designat)"),
    "national_teams_established": (r"\bnational (?:cbrn )?teams?\b", r"\b(?:establish|set up|creat|form)"),
    "action_plans_in_preparation": (r"\baction plans?\b", r"\b(?:prepar|develop|draft|elaborat)"),
    "projects_ongoing": (ONGOING, r""),
    "projects_total": (r"\bprojects?\b", r"^[^.]{0,120}$"),
    "partner_countries": (r"\bcountries\b", r""),
}
"""The figures: the words of each, and further words that are required."""


def read_measure(quote: str) -> str | None:
    """Return the name of what a statement counts, or None if it has no name yet."""
    text = folded(clean(quote)).lower()
    found = (name for name, (words, with_them) in _MEASURES.items() if re.search(words, text) and re.search(with_them, text))
    return next(found, None)


_UNITS = {
    "projects": r"projects?",
    "countries": r"countr(?:y|ies)",
    "teams": r"teams?",
    "focal points": r"focal points?",
    "plans": r"plans?",
}


def read_unit(quote: str) -> str | None:
    """Return the unit of a statement's number, from the first known noun after it.

    >>> read_unit("6 partner countries have appointed their National CBRN Focal Point"), read_unit("90 % of all staff")
    ('countries', None)
    """
    text = folded(clean(quote)).lower()
    found = [(match.start(), unit) for unit, noun in _UNITS.items() if (match := re.search(rf"\b{noun}\b", text))]
    return min(found)[1] if found else None


def _date(part: Callable[[DateRange], str | None]) -> Callable[[str], str | None]:
    def read(quote: str) -> str | None:
        dates = read_dates(quote)
        return part(dates) if dates else None

    return read


def _year(quote: str) -> str | None:
    match = re.search(r"(?:19|20)[0-9]{2}", clean(quote))
    return match[0] if match else None


_READ: dict[str, Callable[[str], str | int | None]] = {
    "region_id": lambda quote: slug(region_name(quote)),
    "regions.name": region_name,
    "secretariat_city": region_name,
    "secretariat_country_id": read_country,
    "country_id": read_country,
    "established_on": _date(lambda dates: dates.start),
    "project_id": lambda quote: f"P{read_project_number(quote)}",
    "number": read_project_number,
    "measure": read_measure,
    "value": read_number,
    "since_year": _year,
    "as_of_year": _year,
    "date_start": _date(lambda dates: dates.start),
    "date_end": _date(lambda dates: dates.end),
    "date_precision": _date(lambda dates: dates.precision),
    "people_count": read_number,
    "people_count_qualifier": read_qualifier,
    "country_count": read_number,
}


def read(table: str, field: str, quote: str) -> str | None:
    """Return the value of ``quote`` as ``field`` of ``table``, as text.

    >>> read("achievements", "date_start", "On 21–22 May 2024")
    '2024-05-21'
    """
    reading = _READ.get(f"{table}.{field}") or _READ.get(field) or clean
    value = reading(quote)
    return None if value is None else str(value)


@lru_cache(maxsize=64)
def achievement_id(region_id: str, quote: str) -> str:
    """Return the id of an achievement from its words: region, first date, and a hash of the text's letters and digits.

    It does not change if other rows do, or if only letter case, spaces or punctuation change.
    """
    text = unicodedata.normalize("NFKC", clean(quote)).casefold()
    words = " ".join(re.findall(r"[^\W_]+", text))
    try:
        dates = read_dates(quote)
    except ImpossibleDate:  # which blocks, and still is shown for review
        dates = None
    start = dates.start if dates else "undated"
    return f"{region_id}-{start}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"


def _status(quote: str, row: Mapping[str, str | None]) -> str:
    """``ongoing`` if the quoted list has the project's label at the start of a line, else not listed."""
    lines = [re.sub(r"^\W+", "", line) for line in folded(quote).splitlines()]
    listed = {f"P{each.number}" for line in lines if (match := label(line)) for each in labelled(match)}
    return "ongoing" if row["project_id"] in listed else "not_listed_as_ongoing"


def derive(field: str, quote: str, row: Mapping[str, str | None], region_id: str, edition: str) -> str:
    """Return the value of a derived ``field`` of ``row``, from words of this edition of this region.

    Raises KeyError for a field without a rule.
    """
    rules: dict[str, Callable[[], str]] = {
        "region_id": lambda: region_id,
        "achievement_id": lambda: achievement_id(region_id, quote),
        "priority_id": lambda: f"{region_id}/{slug(clean(quote))}",
        "figure_id": lambda: f"{region_id}/{row.get('measure') or short_slug(quote)}/{row['as_of_year']}",
        "status": lambda: _status(quote, row) if "project_id" in row else "partner",
        "value_qualifier": lambda: figure_qualifier(clean(quote), int(row["value"] or 0)),
        "unit": lambda: read_unit(quote) or "",
        "wording": lambda: "source",
        "established_event": lambda: "established",
    }
    return edition if field in _OF_EDITION else rules[field]()


_OF_EDITION = ("as_of_year", "first_edition", "last_edition", "first_stated", "last_stated")
"""Fields whose value is the edition of a leaflet."""


@dataclass(frozen=True)
class Words:
    """A quote that is the evidence of a cell: its method, and the region and edition of its source (empty if none)."""

    table: str
    field: str
    method: str
    quote: str
    region_id: str = ""
    edition: str = ""


def reproduces(words: Words, value: str, row: Mapping[str, str | None]) -> bool:
    """Return whether a quote gives ``value`` as a cell of ``row``; counts need their siblings and are not checked here."""
    if words.method == "verbatim":
        return words.quote == value
    if words.method == "normalised":
        return read(words.table, words.field, words.quote) == value or _in_range(words, value)
    if words.method == "derived":
        return derive(words.field, words.quote, row, words.region_id, words.edition) == value
    if words.method == "curated":
        return words.quote.replace('""', '"') == value
    return words.method == "counted"


def _in_range(words: Words, value: str) -> bool:
    """Return whether a range of projects contains one between its ends: ``Projects 81-87`` and 84."""
    if words.field not in {"project_id", "number"}:
        return False
    quote = clean(words.quote)
    named = {reference.number for text in (quote, f"Projects {quote}") for reference in references(text)}
    return value.removeprefix("P") in set(map(str, named))


def short_slug(quote: str) -> str:
    """Return a slug of at most 60 characters, cut between words."""
    whole = slug(clean(quote))
    return whole if len(whole) <= 60 else whole[:61].rpartition("-")[0]
