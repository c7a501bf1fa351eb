"""``cbrn-data init``: a project in an empty folder that publishes at once, and nothing in a folder of somebody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbrn_data.errors import CbrnDataError
from cbrn_data.scaffold.project import make_project
from cbrn_data.schema.model import read_package
from cbrn_data.settings import read_settings
from cbrn_data.tables.check_definitions import TABLES
from tests.cli.conftest import run
from tests.conftest import PROJECT


def test_a_new_project_publishes_and_verifies(tmp_path: Path, without_pages: None) -> None:
    root = tmp_path / "new"
    assert "raw/examples.csv" in run("init", root).out
    assert run("publish", "--root", root, "--json").json["published"] is True
    assert run("verify", "--root", root).code == 0
    traced = run("trace", "examples", "first-example", "people_count", "--root", root)
    assert "https://page.example/first" in traced.out.replace("\n", "")


def test_its_definitions_are_those_that_leaflets_fill_and_the_example(tmp_path: Path) -> None:
    names = make_project(tmp_path, "2026-11-22")
    assert set(read_package(tmp_path / "schemas").tables) == TABLES | {"examples"}
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()} == set(names)
    assert read_settings(tmp_path).origins.keys() <= {"state"}


def test_a_leaflet_can_be_published_in_a_new_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = run("init", "our data", COLUMNS="300")
    assert "cd 'our data'\n" in made.out
    assert run("add", PROJECT / "raw/central-asia-2025.txt", "--root", "our data").code == 0
    planned = run("plan", "--root", "our data", "--json")
    assert (planned.code, planned.json["blocked"]) == (0, False)


def test_a_folder_that_is_not_empty_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CbrnDataError, match=r"is not empty \(it has notes.txt\); name an empty or a new folder"):
        make_project(tmp_path, "2026-11-22")
    assert {path.name for path in tmp_path.iterdir()} == {".git", "notes.txt"}
    (tmp_path / "notes.txt").unlink()
    assert make_project(tmp_path, "2026-11-22")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("init", tmp_path / "file", COLUMNS="300")
    assert done.code == 2 and done.err.startswith(f"error: {tmp_path / 'file'}")
