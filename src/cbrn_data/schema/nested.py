"""``cbrn-data.json``: all tables as one object by region, for web developers; the tables are normative."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from cbrn_data.schema.model import Package
from cbrn_data.schema.table import Tables
from cbrn_data.schema.written import json_row

LISTINGS = "project_listings"


def nested(tables: Tables, package: Package) -> dict[str, Any]:
    """Return all rows by region, and rows without a region under ``programme``.

    Releases before 2.0.0 have no ``programme``, and their listings are in ``project_regions``.
    """
    has_pairs = LISTINGS in tables

    @cache
    def typed(name: str) -> list[dict[str, Any]]:
        return [json_row(package.tables[name], row) for row in tables[name].rows]

    countries = {row["country_id"]: row for row in typed("countries")}
    projects = {row["project_id"]: row for row in typed("projects")}

    def of(table: str, key: str, value: object, *hidden: str) -> list[dict[str, Any]]:
        return [_without(row, key, *hidden) for row in typed(table) if row[key] == value]

    def project(project_id: str, listings: list[dict[str, Any]]) -> dict[str, Any]:
        statuses = [_without(entry, "project_id", "region_id") for entry in listings if entry["project_id"] == project_id]
        return projects[project_id] | {"statuses": statuses} | named("project", project_id)

    def named(what: str, row_id: str) -> dict[str, Any]:
        others = [name for name in ("projects", "countries") if f"{what}_{name}" in tables]
        keys = {"projects": "project_id", "countries": "country_id"}
        return {name: [entry[keys[name]] for entry in of(f"{what}_{name}", f"{what}_id", row_id)] for name in others}

    def place(entry: dict[str, Any]) -> tuple[int, str]:
        # First by position in the leaflet, then by date.
        return (entry["position"], "") if entry["position"] else (sys.maxsize, entry["date_start"] or "")

    def region(row: dict[str, Any]) -> dict[str, Any]:
        region_id = row["region_id"]
        involved = dict.fromkeys(row["project_id"] for row in typed("project_regions") if row["region_id"] == region_id)
        listings = [
            entry for entry in typed(LISTINGS if has_pairs else "project_regions") if entry["region_id"] == region_id
        ]
        return row | {
            "countries": [countries[entry["country_id"]] | entry for entry in of("memberships", "region_id", region_id)],
            "projects": [project(name, listings) for name in involved],
            "priorities": sorted(of("priorities", "region_id", region_id), key=lambda entry: entry["position"]),
            "figures": of("figures", "region_id", region_id),
            "achievements": [
                entry | named("achievement", entry["achievement_id"])
                for entry in sorted(of("achievements", "region_id", region_id), key=place)
            ],
        }

    whole = {
        "figures": of("figures", "region_id", None),
        "achievements": [
            entry | named("achievement", entry["achievement_id"]) for entry in of("achievements", "region_id", None)
        ],
    }
    about = {key: package.metadata[key] for key in ("name", "title", "description")}
    about |= {"licence": package.metadata["licence"]["name"], "regions": [region(row) for row in typed("regions")]}
    return about | ({"programme": whole} if has_pairs else {})


def _without(row: dict[str, Any], *hidden: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in hidden}
