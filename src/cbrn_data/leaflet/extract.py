"""A leaflet as JSON without places in the text, as ``cbrn-data extract`` prints it."""

from __future__ import annotations

from typing import Any

from cbrn_data.leaflet.statements import Item, Leaflet
from cbrn_data.normalise.inexact import figure_qualifier

_OF_REGION = ("region", "secretariat_city", "secretariat_country", "established", "goal", "funder", "implementing_partner")


def extracted(leaflet: Leaflet) -> dict[str, Any]:
    """Return the values of the leaflet without their places; missing ones are None."""
    counts = leaflet.project_counts
    of_region = {name: getattr(leaflet, name) for name in _OF_REGION}
    return {
        **{name: found.value if found else None for name, found in of_region.items()},
        "countries": [
            {"name_in_source": item.value("name_in_source"), "iso3": item.value("country_id")} for item in leaflet.countries
        ],
        "projects_total": _exact(counts, "total"),
        "projects_total_since": counts.value("since"),
        "projects_ongoing": counts.value("ongoing"),
        "ongoing_year": counts.value("year"),
        "projects": [{"number": item.value("number"), "title": item.value("title")} for item in leaflet.projects],
        "priorities": [item.value for item in leaflet.priorities],
        "methodology": [{"text": item.value("text"), "count": _exact(item, "value")} for item in leaflet.methodology],
        "achievements": [_achievement(item) for item in leaflet.achievements],
    }


def _exact(item: Item, name: str) -> int | None:
    """Return an exact number, or None: this form has no field for a qualifier."""
    count: int | None = item.value(name)
    return count if count is not None and figure_qualifier(item.value("text"), count) == "exact" else None


def _achievement(item: Item) -> dict[str, Any]:
    return {
        **{name: item.value(name) for name in ("text", "date_start", "date_end", "date_precision")},
        "projects": list(dict.fromkeys(mention.value for mention in item.projects)),
        "countries": list(dict.fromkeys(mention.value for mention in item.countries)),
        **{name: item.value(name) for name in ("people_count", "people_count_qualifier", "people_group")},
    }
