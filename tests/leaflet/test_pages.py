"""Regions' pages in other words, orders and layouts: each is read as meant, or refused by the code that says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cbrn_data.leaflet.extract import extracted
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.sources.document import read_document
from tests.leaflet.test_any_text import assert_sound

LEAFLETS = Path(__file__).parent.parent / "leaflets"
PAGES = yaml.safe_load((Path(__file__).parent / "pages.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_as_meant_or_refused(name: str) -> None:
    page = PAGES[name]
    document, findings = read_document("page.txt", page["text"].encode(), "page")
    assert document is not None, findings
    leaflet, findings = read_leaflet(document)
    assert_sound(leaflet)
    errors = {finding.code for finding in findings if finding.is_error}
    if "refused" in page:
        assert page["refused"] in errors, findings
        return
    assert leaflet.is_page
    assert not errors, findings
    assert sorted({finding.code for finding in findings}) == page.get("told", [])
    said = _short(extracted(leaflet))
    assert {key: said[key] for key in page["says"]} == page["says"]
    assert (said["goal"], said["established"], said["ongoing_year"], said["methodology"]) == (None, None, None, [])


def _short(said: dict[str, Any]) -> dict[str, Any]:
    return said | {
        "countries": [country["iso3"] for country in said["countries"]],
        "projects": [project["number"] for project in said["projects"]],
        "priorities": len(said["priorities"]),
        "achievements": len(said["achievements"]),
    }


@pytest.mark.parametrize("path", sorted(LEAFLETS.glob("*.txt")), ids=lambda path: path.stem)
def test_no_leaflet_is_a_page(path: Path) -> None:
    document, _ = read_document(path.name, path.read_bytes(), "leaflet")
    assert document is not None
    assert not read_leaflet(document)[0].is_page
