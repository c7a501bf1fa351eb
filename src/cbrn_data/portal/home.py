"""The home page: what this is, the numbers that matter, the newest release, downloads, how to cite, and ways in.

People who took part are never added up: counts of different achievements may overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.checks.across import claimant, newest_totals
from cbrn_data.portal.cite import bibtex, citation, csl_json
from cbrn_data.portal.files import ReleaseFiles
from cbrn_data.portal.names import names
from cbrn_data.portal.paper import render
from cbrn_data.portal.pictures import Picture
from cbrn_data.portal.reading import Reading
from cbrn_data.schema.vocabulary import FREQUENCIES, LANGUAGES, THEMES

LISTED = 300
"""How many countries and projects the page lists."""

CLAIMS_SHOWN = 2
"""How many regions have a number of their own; of more, the least and the most are shown."""


def home_page(reading: Reading, site: Catalogue, files: ReleaseFiles, pictures: Sequence[Picture]) -> bytes:
    """Return ``index.html``."""
    countries = sorted(reading.rows["countries"], key=lambda row: row["name"] or "")
    projects = sorted(reading.rows["projects"], key=lambda row: int(row["number"] or 0))
    release = reading.release
    return render(
        "home",
        "index.html",
        site=site,
        sentences=re.split(r"(?<=\.) ", site.description)[:2],
        numbers=list(_numbers(reading)),
        pictures=pictures,
        downloads=files.whole(),
        themes=[THEMES[code] for code in site.themes],
        language=LANGUAGES[site.language][0],
        frequency=FREQUENCIES[site.frequency],
        citation=citation(site, release),
        bibtex=bibtex(site, release),
        csl=csl_json(site, release).decode(),
        tables=[_table(reading, files, table.name) for table in reading.tables],
        countries=[_country(row) for row in countries[:LISTED]],
        more_countries=max(0, len(countries) - LISTED),
        projects=[_project(reading, row["project_id"] or "") for row in projects[:LISTED]],
        more_projects=max(0, len(projects) - LISTED),
        sources=[{**marks.source, "page": marks.parts[0].path} for marks in reading.marks.values()],
    )


def _numbers(reading: Reading) -> Iterator[dict[str, Any]]:
    """Yield the numbers: regions, partner countries now, projects named and claimed, achievements."""
    newest: dict[str | None, str] = {}
    for row in reading.rows["memberships"]:
        newest[row["region_id"]] = max(newest.get(row["region_id"], ""), row["last_edition"] or "")
    partners = {
        row["country_id"]
        for row in reading.rows["memberships"]
        if row.get("status", "partner") == "partner" and (row["last_edition"] or "") == newest[row["region_id"]]
    }
    regions, leaflets = len(reading.rows["regions"]), sum(map(bool, newest.values()))
    if regions > 1:
        some = "" if leaflets == regions else f", {leaflets} of them with a leaflet here"
        yield _number(regions, f"regional secretariats{some}", "tables/regions.html")
    yield _number(len(partners), "partner countries named here", "tables/memberships.html")
    yield _number(len(reading.rows["projects"]), "projects named here", "tables/projects.html")
    yield from _claimed(reading, list(newest_totals(reading.rows).values()))
    yield _number(len(reading.rows["achievements"]), "achievements", "tables/achievements.html")


def _claimed(reading: Reading, rows: Sequence[Mapping[str, str | None]]) -> Iterator[dict[str, Any]]:
    """Yield what leaflets and pages claim: each by itself, or the least and the most; a project has regions, so no sum."""
    if len(rows) > CLAIMS_SHOWN:
        values = sorted(int(row["value"] or 0) for row in rows)
        words = f"projects claimed of each of {len(rows)} regions"
        yield {"value": f"{values[0]}–{values[-1]}", "words": words, "address": "#picture-claims"}
        return
    for row in rows:
        region = reading.label("regions", row["region_id"] or "")
        found = reading.passages("figures", row["figure_id"] or "", "value")
        words = f"projects that the {claimant(row)} of {region} claims ({row['as_of_year'] or 'undated'})"
        yield _number(int(row["value"] or 0), words, found[0].anchor if found else "tables/figures.html")


def _number(value: int, words: str, address: str) -> dict[str, Any]:
    return {"value": f"{value:,}", "words": words, "address": address}


def _table(reading: Reading, files: ReleaseFiles, name: str) -> dict[str, Any]:
    table = reading.package.tables[name]
    return {
        "name": name,
        "title": table.title,
        "description": re.split(r"(?<=\.) ", table.description.strip())[0],
        "rows": reading.counts[name],
        "csv": files.path(f"{name}.csv"),
        "json": files.path(f"{name}.json"),
    }


def _country(row: dict[str, str | None]) -> dict[str, Any]:
    russian = next((name.text for name in names(row["iso2"]) if name.tag == "ru"), None)
    return {"page": page_path("countries", row["country_id"] or ""), "name": row["name"], "russian": russian}


def _project(reading: Reading, project_id: str) -> dict[str, Any]:
    return {"page": page_path("projects", project_id), "id": project_id, "name": reading.label("projects", project_id)}
