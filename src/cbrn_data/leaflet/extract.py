"""A leaflet as JSON for people who want only its words: the shape that ``cbrn-data extract`` prints."""

from __future__ import annotations

from typing import Any

from cbrn_data.leaflet.statements import Achievement, Leaflet, Said
from cbrn_data.words.counts import figure_qualifier


def extracted(leaflet: Leaflet) -> dict[str, Any]:
    """Return what the leaflet says, without where; what it does not say is None."""
    claimed = leaflet.projects_claimed
    return {
        "region": _value(leaflet.region),
        "secretariat_city": _value(leaflet.secretariat_city),
        "secretariat_country": _value(leaflet.secretariat_country),
        "established": _value(leaflet.established),
        "goal": _value(leaflet.goal),
        "funder": _value(leaflet.funder),
        "implementing_partner": _value(leaflet.implementing_partner),
        "countries": [{"name_in_source": item.name.value, "iso3": item.country_id} for item in leaflet.countries],
        "projects_total": _exact(claimed.text, claimed.total) if claimed else None,
        "projects_total_since": _value(claimed.since if claimed else None),
        "projects_ongoing": _value(claimed.ongoing if claimed else None),
        "ongoing_year": _value(claimed.year if claimed else None),
        "projects": [{"number": item.number.value, "title": _value(item.title)} for item in leaflet.projects],
        "priorities": [said.value for said in leaflet.priorities],
        "methodology": [
            {"text": claim.text.value, "count": _exact(claim.text, claim.count)} for claim in leaflet.methodology
        ],
        "achievements": [_achievement(item) for item in leaflet.achievements],
    }


def _value(said: Said[Any] | None) -> Any:
    return said.value if said else None


def _exact(text: Said[str], count: Said[int] | None) -> int | None:
    """Return a number that the text qualifies in no way: this shape has no place beside it to say how."""
    return count.value if count and figure_qualifier(text.value, count.value) == "exact" else None


def _achievement(item: Achievement) -> dict[str, Any]:
    dates, people = (item.dates.value if item.dates else None), item.people
    return {
        "text": item.text.value,
        "date_start": dates.start if dates else None,
        "date_end": dates.end if dates else None,
        "date_precision": dates.precision if dates else None,
        "projects": list(dict.fromkeys(said.value for said in item.projects)),
        "countries": list(dict.fromkeys(said.value for said in item.countries)),
        "people_count": people.count.value if people else None,
        "people_count_qualifier": people.qualifier.value if people else None,
        "people_group": people.group.value if people else None,
    }
