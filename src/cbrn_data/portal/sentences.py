"""The first sentence of the page of a country, a project or a region, made of the rows of the release.

A sentence says only what a cell says; what no source states is left out or said to be unknown.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterator, Sequence

from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.table import Row

_STATUS = {
    "partner": "partner country of",
    "former": "former partner country of",
    "participant": "takes part in activities of",
}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def opening(view: ReleaseView, table: str, row: Row) -> str:
    """Return the sentence about a row of ``countries``, ``projects`` or ``regions``."""
    parts = {"countries": _of_country, "projects": _of_project, "regions": _of_region}[table](view, row)
    said = "; ".join(part for part in parts if part)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def date_words(text: str) -> str:
    """Return a year, month or day in words.

    >>> date_words("2020"), date_words("2020-11"), date_words("2015-07-17")
    ('2020', 'November 2020', '17 July 2015')
    """
    year, *rest = text.split("-")
    return " ".join([*(str(int(day)) for day in rest[1:]), *(month_name[int(month)] for month in rest[:1]), year])


def counted(number: int, one: str, many: str) -> str:
    """Return a count with its noun; counts up to twelve are words.

    >>> counted(1, "project", "projects"), counted(61, "project", "projects")
    ('one project', '61 projects')
    """
    return f"{_COUNTS[number] if number < len(_COUNTS) else f'{number:,}'} {one if number == 1 else many}"


def listed(names: Sequence[str]) -> str:
    """Return names as an enumeration.

    >>> listed(["A", "B", "C"]), listed(["A"])
    ('A, B and C', 'A')
    """
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), *names[-1:]])


def _of_country(view: ReleaseView, row: Row) -> Iterator[str]:
    memberships = _rows(view, "memberships", country_id=row["country_id"])
    for one in memberships:
        region = view.label("regions", one["region_id"] or "")
        since = f" since {date_words(joined)}" if (joined := one.get("joined")) else ""
        status = f"{_STATUS[one.get('status') or 'partner']} {region}{since}"
        newest = view.newest_editions[one["region_id"] or ""]
        gone = one["last_edition"] and one["last_edition"] != newest and one.get("status", "partner") == "partner"
        yield f"{status} by the leaflet of {one['last_edition']}, but not by that of {newest}" if gone else status
    if not memberships:
        yield f"no source here lists {row['name']} as a partner country"
    yield _known_projects(len(_rows(view, "project_countries", country_id=row["country_id"])))


def _of_project(view: ReleaseView, row: Row) -> Iterator[str]:
    project = row["project_id"]
    regions = [view.label("regions", one["region_id"] or "") for one in _rows(view, "project_regions", project_id=project)]
    yield f"project {row['number']} of {listed(regions)}" if regions and row["number"] else ""
    start, end = row["date_start"], row["date_end"]
    if start and end:
        yield f"from {date_words(start)} to {date_words(end)}"
    elif start or end:
        yield (
            f"began {'on' if start.count('-') == 2 else 'in'} {date_words(start)}"
            if start
            else f"until {date_words(end or '')}"
        )
    yield f"implemented by {row['implementer']}" if row["implementer"] else ""
    countries = len(_rows(view, "project_countries", project_id=project))
    yield f"{counted(countries, 'country is', 'countries are')} named here" if countries else ""


def _of_region(view: ReleaseView, row: Row) -> Iterator[str]:
    region, country = row["region_id"], row.get("secretariat_country_id")
    places = [place for place in (row.get("secretariat_city"), country and view.label("countries", country)) if place]
    yield f"regional secretariat in {', '.join(places)}" if places else "no source here names the seat of the secretariat"
    partners = sum(one["region_id"] == region for one in view.partners())
    yield f"{counted(partners, 'partner country is', 'partner countries are')} listed here" if partners else ""
    yield _known_projects(len(_rows(view, "project_regions", region_id=region)))


def _known_projects(number: int) -> str:
    return f"{counted(number, 'project is', 'projects are')} known here, and no complete list exists"


def _rows(view: ReleaseView, table: str, **cells: str | None) -> list[Row]:
    rows = view.by_id.get(table, {}).values()
    return [row for row in rows if all(row.get(name) == value for name, value in cells.items())]
