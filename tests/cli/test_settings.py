"""``cbrn-data settings``: where each value is from, and no secret; and the commands that use the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.errors import CbrnDataError
from cbrn_data.origin import FolderOrigin, Origin, WebOrigin, origin
from cbrn_data.settings import FILE, KNOWN, Settings, read_settings
from tests.cli.conftest import Command
from tests.conftest import PROJECT


def test_each_key_is_shown_with_its_value_and_its_origin(cbrn_data: Command, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[keys]\nsigning = "../mine.pem"\n[guard]\nrows_lost = 20\n')
    done = cbrn_data("settings", "--json", "--root", tmp_path, CBRN_DATA_BASE_URL="https://data.example/x/")
    rows = {row["key"]: row for row in done.json}
    assert list(rows) == [*(setting.key for setting in KNOWN), "guard.rows_lost"]
    assert rows["base_url"]["value"] == "https://data.example/x/"
    assert rows["base_url"]["origin"] == "variable CBRN_DATA_BASE_URL"
    assert rows["keys.signing"]["value"] == str(tmp_path / "../mine.pem")
    assert rows["keys.signing"]["origin"] == f"{tmp_path / FILE}:2"
    assert (rows["guard.rows_lost"]["value"], rows["guard.rows_lost"]["origin"]) == ("20", f"{tmp_path / FILE}:4")
    assert (rows["approval"]["value"], rows["approval"]["origin"]) == ("none", "default")
    assert all(row["purpose"] for row in rows.values())


def test_no_secret_is_shown(cbrn_data: Command, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        '[push]\ntarget = "sftp://team:hunter2@host/www?token=hunter2"\n[alerts]\nvariable = "CHAT"\n'
    )
    for options in ([], ["--json"]):
        done = cbrn_data("settings", *options, "--root", tmp_path, CHAT="https://chat.example/hunter2", COLUMNS="300")
        assert done.code == 0 and "hunter2" not in done.out + done.err
        assert "sftp://…@host/www…" in done.out and "CHAT (set)" in done.out


def test_an_address_in_place_of_the_name_of_a_variable_is_not_repeated(cbrn_data: Command, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[alerts]\nvariable = "https://chat.example/hunter2"\n')
    done = cbrn_data("settings", "--root", tmp_path, COLUMNS="400")
    assert done.code == 2 and "hunter2" not in done.err
    assert f"{FILE}:2: alerts.variable must be the name of a variable" in done.err


def test_without_a_file_the_address_is_that_of_the_package(cbrn_data: Command, project: Path) -> None:
    rows = {row["key"]: row for row in cbrn_data("settings", "--json", "--root", project).json}
    assert (rows["base_url"]["value"], rows["base_url"]["origin"]) == ("https://cbrn-data.example/", "schemas/package.yaml")


def test_another_address_in_the_file_is_refused_with_its_line(project: Path) -> None:
    (project / FILE).write_text('base_url = "https://other.example/"\n')
    settings = read_settings(project, PROJECT / "published")
    assert pipeline.moved_address(settings) == ("https://cbrn-data.example/", "https://other.example/")
    with pytest.raises(CbrnDataError) as refused:
        pipeline.check_address(settings)
    assert f"https://other.example/ ({project / FILE}:1)" in str(refused.value)
    pipeline.check_address(settings, move_address=True)


def test_a_cluster_of_the_file_is_not_asked_for_small_tables(project: Path) -> None:
    (project / FILE).write_text('[cluster]\nscheduler = "tcp://127.0.0.1:1"\n')
    settings = read_settings(project)
    with pipeline.bulk_writer(settings.scheduler) as write:
        assert pipeline.build(pipeline.gather(settings), write).findings is not None


def test_the_client_takes_the_releases_here_and_a_given_variable_first(tmp_path: Path) -> None:
    def of(published: Path, said: str) -> Origin:
        return origin(None, Settings(tmp_path, published, "https://data.example/", origins={"base_url": said}))

    assert isinstance(of(PROJECT / "published", f"{FILE}:1"), FolderOrigin)
    assert isinstance(of(tmp_path, f"{FILE}:1"), WebOrigin)
    assert isinstance(of(PROJECT / "published", "variable CBRN_DATA_BASE_URL"), WebOrigin)
