"""``cbrn-data new-table``: what it guesses of a table, that ``plan`` then works, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from cbrn_data import pipeline
from cbrn_data.errors import CbrnDataError
from cbrn_data.scaffold.columns import read_columns
from cbrn_data.scaffold.definition import propose
from cbrn_data.scaffold.project import make_project
from cbrn_data.scaffold.table import add_table
from cbrn_data.schema.check import refusals
from cbrn_data.schema.model import read_package
from cbrn_data.settings import Settings
from tests.cli.conftest import run

DAY = "2026-11-22"
HEADER = "t_id,held_on,year_begun,code,people,price,kind,site,since,note\n"
ROW = "t-{0},2025-05-2{0},2024,00{0},1{0},{0}.50,{1},https://page.example/{0},{2},\n"
CONTENT = HEADER + "".join(ROW.format(n, ("course", "exercise")[n % 2], ("2024", "2024-05")[n % 2]) for n in range(1, 9))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    make_project(tmp_path / "new", DAY)
    return Settings(tmp_path / "new", tmp_path / "new/published")


def write(folder: Path, text: str, name: str = "trainings.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_workbook_becomes_the_csv_and_stays_beside_it(settings: Settings, tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("2025", 0).append(["t_id", "people"])
    for number in range(1, 4):
        book["2025"].append([f"t-{number}", number])
    book.save(tmp_path / "trainings.xlsx")
    proposal, names = add_table(tmp_path / "trainings.xlsx", settings, DAY, sheet="2025")
    raw = ["raw/trainings.csv", "raw/trainings.csv.yaml", "raw/trainings.xlsx", "raw/trainings.xlsx.yaml"]
    assert names == ["schemas/trainings.yaml", *raw] and proposal.key == ("t_id",)
    assert (settings.raw / "trainings.csv").read_text() == "t_id,people\nt-1,1\nt-2,2\nt-3,3\n"
    pipeline.build(pipeline.gather(settings))


def test_types_key_required_and_enumerations_follow_from_the_content(settings: Settings, tmp_path: Path) -> None:
    proposal, names = add_table(write(tmp_path, CONTENT), settings, DAY)
    assert names == ["schemas/trainings.yaml", "raw/trainings.csv", "raw/trainings.csv.yaml"]
    table = read_package(settings.schemas).tables["trainings"]
    assert (table.primary_key, table.by_line, refusals(table)) == (("t_id",), True, [])
    types = {field.name: (field.type, field.format) for field in table.fields}
    assert types == {
        "t_id": ("string", "default"),
        "held_on": ("date", "default"),
        "year_begun": ("year", "default"),
        "code": ("string", "default"),
        "people": ("integer", "default"),
        "price": ("string", "default"),
        "kind": ("string", "default"),
        "site": ("string", "uri"),
        "since": ("string", "default"),
        "note": ("string", "default"),
        "source_line": ("integer", "default"),
    }
    assert {field.name for field in table.fields if not field.required} == {"note"}
    assert table.field("kind").constraints["enum"] == ["course", "exercise"]
    assert [(check.name, check.fields) for check in table.checks] == [("partial-date", ("since",))]
    reasons = {column: why for column, _, why in proposal.guesses}
    assert reasons["note"] == "all cells are empty, so this is not known"
    assert reasons["kind"] == "values are text; 2 different values in 8 cells"


def test_the_plan_works_with_both_kinds(settings: Settings, tmp_path: Path, without_pages: None) -> None:
    add_table(write(tmp_path, CONTENT), settings, DAY)
    curated = "meeting_id,title,url,certainty\nb,Second,https://page.example/b,high\nA,First,https://page.example/a,medium\n"
    proposal, _ = add_table(write(tmp_path, curated, "meetings.csv"), settings, DAY)
    assert (proposal.kind, proposal.key) == ("curated", ("meeting_id",))
    built = pipeline.build(pipeline.gather(settings))
    assert {name: built.content.tables[name].count for name in ("trainings", "meetings", "examples")} == {
        "trainings": 8,
        "meetings": 2,
        "examples": 2,
    }
    assert list(built.content.tables)[12:16] == ["examples", "trainings", "meetings", "sources"]


def test_a_file_that_is_in_raw_already_gets_its_sidecar(settings: Settings) -> None:
    _, names = add_table(write(settings.raw, CONTENT), settings, DAY, "courses")
    assert names == ["schemas/courses.yaml", "raw/trainings.csv.yaml"]


@pytest.mark.parametrize("there", ["schemas/trainings.yaml", "raw/trainings.csv", "raw/trainings.csv.yaml"])
def test_nothing_that_exists_is_overwritten(there: str, settings: Settings, tmp_path: Path) -> None:
    (settings.root / there).write_text("mine")
    before = {path: path.read_bytes() for path in settings.root.rglob("*") if path.is_file()}
    with pytest.raises(CbrnDataError, match="already exists, and nothing is overwritten"):
        add_table(write(tmp_path, CONTENT), settings, DAY)
    assert {path: path.read_bytes() for path in settings.root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id;name\na;b\n", ":1: its cells are separated by ';', not by commas; save it with commas"),
        (
            "Id,Name of it\na,b\n",
            ":1: names of columns are small letters, digits and _; rename 'Id' to 'id', 'Name of it' to",
        ),
        ("id,id\na,b\n", ":1: the column 'id' is repeated"),
        ("id,name\na\n", ":2: the row has 1 cells, the header has 2"),
        ("id,name\n", ": has no rows"),
        ("id,name\na,-1.5\nb,x\u200by\n", r":3: name has an invisible character: 'x\\\\u200by'"),
        ("id,name\na,-1.5\nb,=1+1\n", ":3: name has what a spreadsheet would run as a formula: '=1.1'"),
        ("name,id\nx,b\nx,a\n", r":3: the rows must be sorted .*but id is not such a key here.*-k2,2"),
        ("id,source_line\na,1\n", ":1: the column 'source_line' has a meaning of its own"),
    ],
)
def test_what_cannot_be_proposed_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CbrnDataError, match=said):
        propose("t", path, read_columns(path))


def test_the_command_says_what_it_guessed(settings: Settings, tmp_path: Path) -> None:
    done = run("new-table", write(tmp_path, CONTENT), "--key", "t_id", "--root", settings.root, COLUMNS="200")
    assert done.code == 0, done.err
    assert "string, required, enumeration" in done.out and "Its key is t_id (named with --key)." in done.out
    again = run("new-table", tmp_path / "trainings.csv", "--root", settings.root, COLUMNS="300")
    assert again.code == 2 and "schemas/trainings.yaml: this table exists" in again.err
    assert run("new-table", tmp_path / "none.csv", "--root", settings.root).code == 2
