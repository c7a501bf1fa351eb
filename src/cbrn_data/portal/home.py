"""The home page: description, main numbers, the newest release, downloads, citation, and lists of pages.

Numbers of participants are never added up, because different achievements may count the same people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.catalogue.schema_org import data_catalogue, script_text
from cbrn_data.checks.across import claimant, newest_totals
from cbrn_data.portal.cite import citation_texts
from cbrn_data.portal.files import ReleaseFiles
from cbrn_data.portal.names import names
from cbrn_data.portal.pictures import Picture
from cbrn_data.portal.render import render
from cbrn_data.portal.sentences import openings
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.vocabulary import FREQUENCIES, LANGUAGES, THEMES

LISTED = 300
"""Number of countries and projects on the page."""

CLAIMS_SHOWN = 2
"""The most regions that are shown one by one; for more, the page shows the least and the greatest number."""


def home_page(view: ReleaseView, site: Catalogue, files: ReleaseFiles, pictures: Sequence[Picture]) -> bytes:
    """Return ``index.html``."""
    countries = sorted(view.rows["countries"], key=lambda row: row["name"] or "")
    projects = sorted(view.rows["projects"], key=lambda row: int(row["number"] or 0))
    return render(
        "home",
        "index.html",
        site=site,
        described=Markup(script_text(data_catalogue(site))),  # noqa: S704 - escaped by script_text
        sentences=re.split(r"(?<=\.) ", site.description)[:2],
        numbers=list(_numbers(view)),
        pictures=pictures,
        downloads=files.whole(),
        in_parts=files.in_parts,
        themes=[THEMES[code] for code in site.themes],
        language=LANGUAGES[site.language][0],
        frequency=FREQUENCIES[site.frequency],
        citations=citation_texts(site),
        tables=[_table(view, files, table.name) for table in view.tables],
        regions=[
            {"page": page_path("regions", region_id), "name": row["name"], "opening": openings(view, "regions", row)}
            for region_id, row in view.by_id["regions"].items()
        ],
        countries=[
            {"page": page_path("countries", row["country_id"] or ""), "name": row["name"], "russian": _russian(row["iso2"])}
            for row in countries[:LISTED]
        ],
        more_countries=max(0, len(countries) - LISTED),
        projects=[
            {"page": page_path("projects", project_id), "id": project_id, "name": view.label("projects", project_id)}
            for project_id in (row["project_id"] or "" for row in projects[:LISTED])
        ],
        more_projects=max(0, len(projects) - LISTED),
        sources=[{**marks.source, "page": marks.parts[0].path} for marks in view.marks.values()],
    )


def _numbers(view: ReleaseView) -> Iterator[dict[str, Any]]:
    """Yield the main numbers: regions, present partner countries, named and claimed projects, achievements."""
    partners = {row["country_id"] for row in view.partners()}
    regions, leaflets = len(view.rows["regions"]), sum(map(bool, view.newest_editions.values()))
    if regions > 1:
        some = "" if leaflets == regions else f", {leaflets} of them with a leaflet here"
        yield _number(regions, f"regional secretariats{some}", "tables/regions.html")
    yield _number(len(partners), "partner countries named here", "tables/memberships.html")
    yield _number(len(view.rows["projects"]), "projects named here", "tables/projects.html")
    yield from _claimed(view, list(newest_totals(view.whole).values()))
    yield _number(len(view.rows["achievements"]), "achievements", "tables/achievements.html")


def _claimed(view: ReleaseView, rows: Sequence[Mapping[str, str | None]]) -> Iterator[dict[str, Any]]:
    """Yield the claimed numbers, one by one or the range; no sum, because a project can have several regions."""
    if len(rows) > CLAIMS_SHOWN:
        values = sorted(int(row["value"] or 0) for row in rows)
        words = f"projects claimed for each of {len(rows)} regions"
        yield {"value": f"{values[0]}–{values[-1]}", "words": words, "address": "#picture-claims"}
        return
    for row in rows:
        region = view.label("regions", row["region_id"] or "")
        found = view.passages("figures", row["figure_id"] or "", "value")
        words = f"projects that the {claimant(row)} of {region} claims ({row['as_of_year'] or 'undated'})"
        yield _number(int(row["value"] or 0), words, found[0].anchor if found else "tables/figures.html")


def _number(value: int, words: str, address: str) -> dict[str, Any]:
    return {"value": f"{value:,}", "words": words, "address": address}


def _table(view: ReleaseView, files: ReleaseFiles, name: str) -> dict[str, Any]:
    table = view.package.tables[name]
    return {
        "name": name,
        "title": table.title,
        "description": re.split(r"(?<=\.) ", table.description.strip())[0],
        "rows": view.counts[name],
        "csv": files.path(f"{name}.csv"),
        "json": files.path(f"{name}.json"),
        "parts": len(files.parts(name)),
    }


def _russian(iso2: str | None) -> str | None:
    return next((name.text for name in names(iso2) if name.tag == "ru"), None)
