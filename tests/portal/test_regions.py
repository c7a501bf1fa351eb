"""The portal of eight regions and several editions, with a withdrawn release, reads as well as that of one."""

from __future__ import annotations

import re

import pytest

from cbrn_data.portal.languages import ENGLISH
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import Row, released_tables
from cbrn_data.store.store import Store
from tests.portal.conftest import Page, Portal
from tests.records import rows_of


@pytest.fixture(scope="module")
def rows(many_regions: Portal) -> dict[str, list[Row]]:
    release = Store(many_regions.published).releases()[-1]
    return rows_of(released_tables(release.folder, read_package(release.folder / "schemas")))


@pytest.fixture(scope="module")
def home(many_regions: Portal) -> Page:
    return Page(many_regions.files["index.html"])


def text(page: Page) -> str:
    return " ".join(" ".join(part for one in page.elements for part in one.text).split())


def test_the_numbers_are_few_and_no_claims_are_added_up(home: Page, rows: dict[str, list[Row]]) -> None:
    numbers = ["".join(one.text) for one in home.named("strong")]
    newest: dict[str | None, tuple[str, int]] = {}
    for row in rows["figures"]:
        if row["measure"] == "projects_total":
            said = (row["as_of_year"] or "", int(row["value"] or 0))
            newest[row["region_id"]] = max(newest.get(row["region_id"], said), said)
    claims = [value for _, value in newest.values()]
    assert len(claims) == 8 and numbers[0] == "8"
    assert f"{min(claims)}–{max(claims)}" in numbers and len(numbers) == 5
    assert not re.search(rf"\b{sum(claims)}\b", text(home))


def test_projects_stand_in_the_order_of_their_numbers(home: Page) -> None:
    links = [one.attributes["href"] for one in home.named("a")]
    numbers = [int(match[1]) for link in links if (match := re.fullmatch(r"projects/P([0-9]+)\.html", link))]
    assert numbers == sorted(numbers) and len(numbers) > 20


def test_rows_of_projects_stand_in_the_order_of_their_numbers(many_regions: Portal) -> None:
    for path in ("tables/projects.html", "tables/project_regions.html", "countries/KAZ.html"):
        ids = [int(number) for number in re.findall(r'href="[^"]*projects/P(\d+)\.html"', many_regions.files[path].decode())]
        assert len(set(ids)) > 2 and ids == sorted(ids), path
    index = many_regions.files["assets/search-index.js"].decode()
    found = [int(number) for number in re.findall(r'"projects/P(\d+)\.html"', index)]
    assert found == sorted(found) and found[0] < 100 < found[-1]


def _opening(portal: Portal, path: str) -> str:
    (said,) = re.findall(r'<p class="lead"><bdi class="english">(.*?)</bdi>', portal.files[path].decode())
    return str(said)


def test_a_page_begins_with_a_sentence_that_counts_its_rows(many_regions: Portal, rows: dict[str, list[Row]]) -> None:
    for region in rows["regions"]:
        said = _opening(many_regions, f"regions/{region['region_id']}.html")
        projects = sum(row["region_id"] == region["region_id"] for row in rows["project_regions"])
        assert ENGLISH.count(projects, "{} project is", "{} projects are") in said
        assert f"secretariat in {region['secretariat_city']}" in said or not region["secretariat_city"]
    for country in rows["countries"]:
        said = _opening(many_regions, f"countries/{country['country_id']}.html")
        listed = [row for row in rows["memberships"] if row["country_id"] == country["country_id"]]
        assert said.lower().count("partner country of") == len(listed) or said.startswith("No source here lists")


def test_no_page_is_heavy(many_regions: Portal) -> None:
    heavy = {name: len(data) for name, data in many_regions.files.items() if name.endswith(".html") and len(data) >= 200_000}
    assert heavy == {}


def test_many_changes_are_folded_and_few_are_seen(many_regions: Portal) -> None:
    page = Page(many_regions.files["history/1.1.0.html"])
    folds = [one for one in page.named("details") if one.attributes.get("class") == "change"]
    assert {"open" in one.attributes for one in folds} == {True, False}
    assert "Withdrawn on 2026-11-26:" in text(page) and "were drafts" in text(page)


def test_a_key_of_another_meaning_says_so(many_regions: Portal) -> None:
    page = text(Page(many_regions.files["countries/JOR.html"]))
    assert "1, as the country of the secretariat" in page


def test_a_project_without_a_title_is_named_once(many_regions: Portal) -> None:
    twice = re.compile(rb'<bdi>(P\d+)</bdi></a> <div class="soft code-of">(?:<[^>]*>)*\1<')
    assert [path for path in many_regions.pages() if twice.search(many_regions.files[path])] == []
    once = re.compile(rb'<bdi>P\d+</bdi></a> <div class="soft code-of">(?:<[^>]*>)*source<')
    assert any(once.search(many_regions.files[path]) for path in many_regions.pages())


def test_the_words_of_a_wide_space_are_a_space(many_regions: Portal) -> None:
    """The leaflet of the Middle East has narrow no-break spaces in its blank lines, its headings and its numbers."""
    page = many_regions.files["sources/middle-east-2025.html"].decode()
    assert "\\u202f" not in page and "\u202f" in page


def test_the_pages_of_a_document_lead_to_the_words_and_back(many_regions: Portal) -> None:
    name = "sources/african-atlantic-facade-2026"
    pages, words = Page(many_regions.files[f"{name}-pages.html"]), Page(many_regions.files[f"{name}.html"])
    (picture,) = pages.named("image")
    assert (many_regions.published / "sources" / picture.attributes["href"]).resolve().read_bytes().startswith(b"\x89PNG")
    links = [one.attributes for one in pages.named("a")]
    lines = {one["id"]: one for one in links if re.fullmatch(r"p\d+", one.get("id", ""))}
    places = {one.attributes.get("id") for one in words.elements}
    assert len(lines) > 40 and {one["class"] for one in lines.values()} == {"used", "unused"}
    targets = [one["href"].partition("#") for one in lines.values()]
    assert {page for page, _, _ in targets} == {f"../{name}.html"} and {place for _, _, place in targets} <= places
    back = {one.attributes["href"].partition("#")[2] for one in words.named("a") if "-pages.html#" in one.attributes["href"]}
    assert len(back) > 30 and back <= lines.keys()
    (line,) = [one for one in lines.values() if one["aria-label"].endswith(": “Rabat, Morocco”")]
    assert line["class"] == "used"
