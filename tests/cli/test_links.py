"""``cbrn-data links``: what is printed and written of pages, and the exit code; and the copy that a row names, shown."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbrn_data.catalogue.model import catalogue
from cbrn_data.portal.files import release_files
from cbrn_data.portal.reading import read_release
from cbrn_data.portal.sources import source_pages
from cbrn_data.store.store import Store
from tests.cli.conftest import Command, edit
from tests.links.site import Site, name_pages

COPY = "https://archive.example/2020/https://news.example/kazakhstan"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


def test_a_page_that_is_gone_is_told_with_its_row_and_the_way_out(cbrn_data: Command, project: Path, site: Site) -> None:
    there = f"http://localhost:{site.port}"
    name_pages(project, f"{there}/there", f"{site.address}/404", f"{there}/there")
    done = cbrn_data("links", "--root", project, COLUMNS="200")
    assert (done.code, done.out) == (1, "2 pages asked: 1 there, 1 gone.\n")
    assert "raw/rows.csv:3  page-gone\n" in done.err
    assert f"url {site.address}/404 is gone: it answers 404 Not Found" in done.err
    assert "→ Name a copy that an archive keeps, in the column archived_url" in done.err
    assert done.err.endswith("error: rows name pages that are not there\n")
    assert [path for path in project.iterdir() if path.name == "published"] == []


def test_every_page_with_its_answer_for_machines(cbrn_data: Command, project: Path, site: Site, tmp_path: Path) -> None:
    name_pages(project, f"{site.address}/moved")
    done = cbrn_data("links", "--root", project, "--json", "--output", tmp_path / "pages.csv")
    assert done.code == 0
    assert [finding["code"] for finding in done.json["findings"]] == ["page-moved"]
    (row,) = done.json["pages"]
    assert (row["result"], row["leads_to"]) == ("moved", f"{site.address}/there")
    assert (row["file"], row["line"], row["field"]) == ("raw/rows.csv", "2", "url")
    with (tmp_path / "pages.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{name: value or "" for name, value in row.items()}]


def test_where_it_cannot_write_and_what_is_no_project_is_wrong_use(
    cbrn_data: Command, project: Path, tmp_path: Path
) -> None:
    name_pages(project)
    done = cbrn_data("links", "--root", project, "--output", tmp_path / "nowhere/pages.csv")
    assert done.code == 2 and "nowhere" in done.err
    assert cbrn_data("links", "--root", tmp_path / "nothing").code == 2
    assert cbrn_data("links", "--root", project).out == "No row names a page.\n"


@pytest.mark.usefixtures("without_pages")
def test_an_archived_copy_is_shown_with_the_page_that_states_a_value(cbrn_data: Command, project: Path) -> None:
    edit(
        project, "memberships.csv", lambda text: text.replace(",url,", ",url,archived_url,").replace("_el,", f"_el,{COPY},")
    )
    edit(project, "memberships.csv", lambda text: text.replace(".html,high", ".html,,high"))
    assert cbrn_data("publish", "--root", project).code == 0
    trace = ("trace", "memberships", "central-asia/KAZ", "joined", "--root", project)
    (passage,) = cbrn_data(*trace, "--json").json[0]["passages"]
    assert passage["archived_url"] == passage["row"]["archived_url"] == COPY
    said = cbrn_data(*trace, COLUMNS="200").out
    assert f"archived copy of that page: {COPY}\n" in said and said.count(COPY) == 1
    release = Store(project / "published").newest()
    assert release is not None
    pages = source_pages(read_release(release), catalogue([release], "https://data.example/"), release_files(release))
    page = dict(pages)["sources/memberships.html"].decode()
    assert f'<a href="{COPY}" rel="noopener noreferrer nofollow">archived copy</a>' in page
    evidence = (project / "published/latest/evidence.csv").read_text(encoding="utf-8").splitlines()
    assert [line.startswith("memberships,central-asia/KAZ,") for line in evidence if COPY in line].count(False) == 0
