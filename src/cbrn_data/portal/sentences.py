"""The first sentence of the page of a country, a project or a region, made of the rows of the release.

A sentence says only what a cell says; what no source states is left out or said to be unknown. It is in English and in
Russian; names of regions and of organisations stay as the sources have them.
"""

from __future__ import annotations

from collections.abc import Iterator

from cbrn_data.portal.languages import ENGLISH, RUSSIAN, Language
from cbrn_data.portal.names import TAG, names
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.table import Row

_STATUS = {
    "partner": "partner country of {}",
    "former": "former partner country of {}",
    "participant": "takes part in activities of {}",
}


def openings(view: ReleaseView, table: str, row: Row) -> tuple[str, str]:
    """Return the sentence about a row of ``countries``, ``projects`` or ``regions``, in English and in Russian."""
    return _opening(view, table, row, ENGLISH), _opening(view, table, row, RUSSIAN)


def _opening(view: ReleaseView, table: str, row: Row, to: Language) -> str:
    parts = {"countries": _of_country, "projects": _of_project, "regions": _of_region}[table](view, row, to)
    said = "; ".join(part for part in parts if part)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _of_country(view: ReleaseView, row: Row, to: Language) -> Iterator[str]:
    memberships = _rows(view, "memberships", country_id=row["country_id"])
    for one in memberships:
        status = to.say(_STATUS[one.get("status") or "partner"], view.label("regions", one["region_id"] or ""))
        if joined := one.get("joined"):
            status = to.say("{} since {}", status, to.date(joined))
        newest = view.newest_editions[one["region_id"] or ""]
        gone = one["last_edition"] and one["last_edition"] != newest and one.get("status", "partner") == "partner"
        pattern = "{} by the leaflet of {}, but not by that of {}"
        yield to.say(pattern, status, one["last_edition"], newest) if gone else status
    if not memberships:
        yield to.say("no source here lists {} as a partner country", _country(view, row["country_id"] or "", to))
    yield _known_projects(len(_rows(view, "project_countries", country_id=row["country_id"])), to)


def _of_project(view: ReleaseView, row: Row, to: Language) -> Iterator[str]:
    project = row["project_id"]
    regions = [view.label("regions", one["region_id"] or "") for one in _rows(view, "project_regions", project_id=project)]
    yield to.say("project {} of {}", row["number"], to.listed(regions)) if regions and row["number"] else ""
    start, end = row["date_start"], row["date_end"]
    if start and end:
        yield to.say("from {} to {}", to.date(start), to.date(end))
    elif start:
        yield to.say("began on {}" if start.count("-") == 2 else "began in {}", to.date(start))
    elif end:
        yield to.say("until {}", to.date(end))
    yield to.say("implemented by {}", row["implementer"]) if row["implementer"] else ""
    countries = len(_rows(view, "project_countries", project_id=project))
    yield to.count(countries, "{} country is named here", "{} countries are named here") if countries else ""


def _of_region(view: ReleaseView, row: Row, to: Language) -> Iterator[str]:
    region, country = row["region_id"], row.get("secretariat_country_id")
    places = [place for place in (row.get("secretariat_city"), country and _country(view, country, to)) if place]
    unknown = to.say("no source here names the seat of the secretariat")
    yield to.say("regional secretariat in {}", ", ".join(places)) if places else unknown
    partners = sum(one["region_id"] == region for one in view.partners())
    listed = "{} partner country is listed here", "{} partner countries are listed here"
    yield to.count(partners, *listed) if partners else ""
    yield _known_projects(len(_rows(view, "project_regions", region_id=region)), to)


def _known_projects(number: int, to: Language) -> str:
    one, many = (f"{{}} {words} known here, and no complete list exists" for words in ("project is", "projects are"))
    return to.count(number, one, many)


def _country(view: ReleaseView, country: str, to: Language) -> str:
    iso2 = view.by_id["countries"].get(country, {}).get("iso2")
    translated = (name.text for name in names(iso2) if name.tag == TAG) if to is RUSSIAN else ()
    return next(iter(translated), view.label("countries", country))


def _rows(view: ReleaseView, table: str, **cells: str | None) -> list[Row]:
    rows = view.by_id.get(table, {}).values()
    return [row for row in rows if all(row.get(name) == value for name, value in cells.items())]
