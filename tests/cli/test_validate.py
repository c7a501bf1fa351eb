"""``cbrn-data validate``: what is printed of tables and packages, and the exit code, whatever is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

SCHEMA = {"fields": [{"name": "id", "type": "integer"}, {"name": "b", "type": "string"}], "primaryKey": ["id"]}


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "t.schema.json"
    path.write_text(json.dumps(SCHEMA))
    return path


def table(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "t.csv"
    path.write_text(text)
    return path


def package(folder: Path, text: str) -> Path:
    table(folder, text)
    path = folder / "datapackage.json"
    path.write_text(json.dumps({"resources": [{"name": "t", "type": "table", "path": "t.csv", "schema": SCHEMA}]}))
    return path


@pytest.mark.parametrize("order", [1, -1])
def test_tables_of_one_name_are_each_judged(tmp_path: Path, schema: Path, order: int, cbrn_data: Command) -> None:
    tables = [table(tmp_path / "a", "id,b\nx,\n"), table(tmp_path / "b", "id,b\n1,\n")]
    done = cbrn_data("validate", *tables[::order], "--schema", schema, "--json")
    assert done.code == 1
    assert [(task["place"], task["valid"]) for task in done.json["tasks"]] == [
        (str(path), path is tables[1]) for path in tables[::order]
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_packages_whose_tables_have_one_name_are_each_judged(tmp_path: Path, order: int, cbrn_data: Command) -> None:
    packages = [package(tmp_path / "a", "id,b\nx,\n"), package(tmp_path / "b", "id,b\n1,\n")]
    done = cbrn_data("validate", *packages[::order], "--json")
    assert done.code == 1
    assert [task["valid"] for task in done.json["tasks"]] == [path is packages[1] for path in packages[::order]]


def test_what_is_not_shown_is_counted(tmp_path: Path, schema: Path, cbrn_data: Command) -> None:
    done = cbrn_data("validate", table(tmp_path, "id,b\n" + "x,\n" * 3000), "--schema", schema)
    assert done.code == 1
    assert len(done.out.splitlines()) < 170
    assert "… and 2,950 more" in done.out
    assert "cell-type 3,000" in done.out
