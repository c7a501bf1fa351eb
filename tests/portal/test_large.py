"""A site of 500 countries and projects is made in work that grows with its pages, and no page of it is large.

Work is counted in calls of functions, which no other program on the machine changes.
"""

from __future__ import annotations

import cProfile
from pathlib import Path

import pytest

from cbrn_data.store.store import Store
from tests.cli.conftest import edit
from tests.conftest import PROJECT, copy_sources, pages_left_out
from tests.portal.conftest import Page, exports_without_workbooks, publish, site_of
from tests.records import read_csv

BASE = "https://data.example/"


def make(folder: Path, number: int) -> Path:
    """Publish so many countries and as many projects, each project in two of the countries."""
    countries = [row["country_id"] for row in read_csv((PROJECT / "raw" / "countries.csv").read_bytes())[1]][:number]
    ids = [f"P{1000 + place}" for place in range(number)]
    page = "https://example.org/projects/{}".format
    projects = [
        f"{one},{one[1:]},Project of the number {one},2020-01,2024-12,ISTC,100000,about,{page(one)},{page(one)},high"
        for one in ids
    ]
    pairs = {(one, countries[(place + step) % number]) for place, one in enumerate(ids) for step in (0, 1)}
    root = copy_sources(folder)
    edit(root, "projects.csv", lambda text: text + "".join(f"{line}\n" for line in projects))
    edit(root, "project_countries.csv", lambda text: text + "".join(f"{a},{b},{page(a)},high\n" for a, b in sorted(pairs)))
    with pages_left_out():
        publish(root)
    return root / "published"


def counted(published: Path) -> tuple[dict[str, bytes], int]:
    """Return the site, and how many calls of functions making it took."""
    releases = Store(published).releases()
    made = exports_without_workbooks(releases)
    profile = cProfile.Profile(builtins=False)
    files = profile.runcall(site_of, releases, BASE, made)
    return files, sum(entry.callcount for entry in profile.getstats())


Counted = tuple[dict[str, bytes], int]


@pytest.fixture(scope="module")
def sites(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Counted, Counted]:
    """A site of some and one of many countries and projects."""
    folder = tmp_path_factory.mktemp("large")
    some, many = make(folder / "some", 60), make(folder / "many", 245)
    counted(small)  # templates, languages and outlines are read once
    return counted(some), counted(many)


def test_work_grows_with_the_pages_and_no_faster(sites: tuple[Counted, Counted]) -> None:
    (some, few_calls), (many, more_calls) = sites
    assert sum(name.startswith(("countries/", "projects/")) for name in many) >= 500
    assert more_calls / few_calls < 1.25 * sum(map(len, many.values())) / sum(map(len, some.values()))


def test_no_page_is_large_and_every_row_has_one(sites: tuple[Counted, Counted]) -> None:
    files = sites[1][0]
    pages = [name for name in files if name.endswith(".html")]
    assert {name: len(files[name]) for name in pages if len(files[name]) >= 200_000} == {}
    parsed = [Page(files[name]) for name in pages if name.startswith("tables/projects")]
    on_pages = [one.attributes["id"] for page in parsed for one in page.elements if "id" in one.attributes]
    rows = [one for one in on_pages if one.startswith("row/") and ":" not in one]
    assert len(rows) == len(set(rows)) == 255
    assert "tables/projects-2.html" in pages and "sources/projects-p2.html" in pages
