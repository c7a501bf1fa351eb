"""The content of a release: its files, what the nested form holds, and what its digest depends on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cbrn_data import pipeline
from cbrn_data.release.content import Content, build_content
from cbrn_data.release.descriptor import datapackage
from cbrn_data.release.overview import overview
from cbrn_data.schema.coverage import Coverage
from cbrn_data.schema.table import table_of_rows
from cbrn_data.store.store import Store
from tests.records import rows_of


def test_files_are_those_of_tables_sources_and_definitions(built: pipeline.Built) -> None:
    content = built.content
    tables = [name for name in content.package.tables if name not in {"quarantine", "changes"}]
    assert list(content.counts) == tables
    sources = [name for source in built.content.built.sources for name in (source.name, f"{source.name}.yaml")]
    assert set(content.files) == {
        *(f"{table}.{form}" for table in tables for form in ("csv", "json")),
        *(f"sources/{name}" for name in sources),
        *(f"schemas/{name}" for name in content.package.files),
        "cbrn-data.json",
    }


def again(built: pipeline.Built, **change: Any) -> Content:
    return build_content(replace(built.content.built, **change), built.content.package)


def test_the_digest_is_that_of_the_inputs(built: pipeline.Built) -> None:
    assert again(built).digest == built.content.digest
    tables = built.content.built.tables
    fewer = table_of_rows(tables["priorities"].definition, tables["priorities"].rows[:-1])
    assert again(built, tables=tables | {"priorities": fewer}).digest != built.content.digest
    first, *others = built.content.built.sources
    noted = replace(first, sidecar=first.sidecar + b"# read again\n")
    assert again(built, sources=[noted, *others]).digest != built.content.digest


def test_the_nested_form_holds_every_row_of_the_region(built: pipeline.Built) -> None:
    data, rows = built.content.files["cbrn-data.json"], rows_of(built.content.tables)
    assert isinstance(data, bytes)
    nested = json.loads(data)
    assert [region["region_id"] for region in nested["regions"]] == [row["region_id"] for row in rows["regions"]]
    for region in nested["regions"]:
        mine = {name: [row for row in rows[name] if row.get("region_id") == region["region_id"]] for name in rows}
        assert [entry["country_id"] for entry in region["countries"]] == [row["country_id"] for row in mine["memberships"]]
        assert [entry["project_id"] for entry in region["projects"]] == [
            row["project_id"] for row in mine["project_regions"]
        ]
        assert [entry["position"] for entry in region["priorities"]] == [*range(1, len(mine["priorities"]) + 1)]
        assert len(region["figures"]) == len(mine["figures"])
        dates = [entry["date_start"] or "" for entry in region["achievements"] if entry["position"] is None]
        assert dates == sorted(dates) and len(region["achievements"]) == len(mine["achievements"])
    places = [*nested["regions"], nested["programme"]]
    links = sum(len(entry["countries"]) for place in places for entry in place["achievements"])
    assert links == len(rows["achievement_countries"])
    of_projects = {entry["project_id"]: entry["countries"] for region in nested["regions"] for entry in region["projects"]}
    assert sum(map(len, of_projects.values())) == len(rows["project_countries"])
    assert len(nested["programme"]["figures"]) == 10


def test_a_descriptor_says_nothing_of_a_table_that_is_not_there(built: pipeline.Built) -> None:
    content = built.content
    described = datapackage(
        content.package,
        ["countries", "memberships"],
        content.files,
        content.tables,
        Coverage((), None, None),
        "1.0.0",
        "2026-11-22",
    )
    assert [entry["name"] for entry in described["resources"]] == [
        "countries",
        "countries-json",
        "memberships",
        "memberships-json",
    ]
    keys = described["resources"][2]["schema"]["foreignKeys"]
    assert [key["reference"]["resource"] for key in keys] == ["countries"]
    assert described["created"] == "2026-11-22T00:00:00Z"
    for csv, json_ in zip(described["resources"][::2], described["resources"][1::2], strict=True):
        assert csv["schema"] == json_["schema"] and "type" not in json_


@pytest.fixture
def lines(published: Path) -> dict[str, str]:
    release = Store(published).newest()
    assert release is not None
    return dict(overview(release))


def test_an_overview_says_how_it_was_checked_and_what_the_data_says(lines: dict[str, str]) -> None:
    assert list(lines) == [
        "Release",
        "Changes",
        "Checked by",
        "Signed by",
        "Evidence",
        "Regions",
        "Countries",
        "Projects",
        "Achievements",
        "Look at",
    ]
    assert lines["Regions"].startswith("African Atlantic Façade (Rabat); Central Asia (Tashkent); ")
    assert lines["Projects"] == (
        "61 named here; the leaflet of Central Asia claims 18; the page of South East and Eastern Europe claims 29"
    )
    assert lines["Achievements"] == "42, from 2013-03-19 to 2024-11-19"
    assert lines["Checked by"].startswith("cbrn_data, pandera ") and "frictionless" in lines["Checked by"]
