"""``cbrn-data links``: what is printed and written of pages, and the exit code."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbrn_data.findings import catalogue
from tests.cli.conftest import Command
from tests.links.site import Site, name_pages


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


def test_a_page_that_is_gone_is_told_with_its_row_and_the_way_out(cbrn_data: Command, project: Path, site: Site) -> None:
    there = f"http://localhost:{site.port}"
    name_pages(project, f"{there}/there", f"{site.address}/404", f"{there}/there")
    done = cbrn_data("links", "--root", project, COLUMNS="200")
    assert (done.code, done.out) == (1, "2 pages checked: 1 there, 1 gone.\n")
    assert "raw/rows.csv:3  page-gone\n" in done.err
    assert f"url {site.address}/404 is gone: it answers 404 Not Found" in done.err
    assert f"→ {catalogue()['page-gone'].fix}\n" in done.err
    assert done.err.endswith("error: pages named in rows do not exist\n")
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
