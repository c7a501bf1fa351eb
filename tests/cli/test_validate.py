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


def test_options_are_used_where_the_descriptor_of_a_package_is_silent(tmp_path: Path, cbrn_data: Command) -> None:
    path = package(tmp_path, "")
    (tmp_path / "t.csv").write_bytes("id;b\n1;é\n".encode("latin-1"))
    assert cbrn_data("validate", path, "--delimiter", ";", "--encoding", "latin-1").code == 0
    assert "is not UTF-8" in cbrn_data("validate", path, "--delimiter", ";").out


def test_the_schema_may_be_a_link(tmp_path: Path, schema: Path, cbrn_data: Command) -> None:
    (tmp_path / "link.json").symlink_to(schema)
    assert cbrn_data("validate", table(tmp_path, "id,b\n1,\n"), "--schema", tmp_path / "link.json").code == 0


def test_what_is_not_shown_is_counted(tmp_path: Path, schema: Path, cbrn_data: Command) -> None:
    done = cbrn_data("validate", table(tmp_path, "id,b\n" + "x,\n" * 3000), "--schema", schema)
    assert done.code == 1
    assert len(done.out.splitlines()) < 170
    assert "… and at least 995 more of this rule" in done.out and "3,000 faults" in done.out
    assert "cell-type 3,000" in done.out


def of_two_fields(folder: Path, rows: str, there: str) -> Path:
    """Return a package whose table refers by two fields to another."""
    folder.mkdir(exist_ok=True)
    (folder / "t.csv").write_text(f"land,work,no\n{rows}", encoding="utf-8")
    (folder / "members.csv").write_text(f"country,project\n{there}", encoding="utf-8")
    fields = [{"name": name, "type": "string"} for name in ("land", "work", "no")]
    reference = {"resource": "members", "fields": ["country", "project"]}
    keys = {"primaryKey": ["land", "work"], "foreignKeys": [{"fields": ["land", "work"], "reference": reference}]}
    members = {"fields": [{"name": "country", "type": "string"}, {"name": "project", "type": "string"}]}
    resources = [
        {"name": "t", "type": "table", "path": "t.csv", "schema": {"fields": fields, **keys}},
        {"name": "members", "type": "table", "path": "members.csv", "schema": members},
    ]
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}))
    return folder / "datapackage.json"


def test_a_reference_of_two_fields_is_told_with_both_values_and_where_it_should_lead(
    tmp_path: Path, cbrn_data: Command
) -> None:
    package = of_two_fields(tmp_path, "KAZ,P53,1\nKAZ,P65,2\n", "KAZ,P53\nUZB,P65\n")
    done = cbrn_data("validate", package, COLUMNS="400")
    assert done.code == 1
    assert done.out.splitlines()[0].endswith("t.csv:3  reference-missing")
    assert done.out.splitlines()[1] == "        land + work 'KAZ', 'P65' is not in members (country, project)"
    (error,) = cbrn_data("validate", package, "--json").json["tasks"][0]["errors"]
    assert (error["fieldNames"], error["fieldCells"]) == (["land", "work"], ["KAZ", "P65"])
    assert (error["referenceName"], error["referenceFieldNames"]) == ("members", ["country", "project"])
    assert error["note"] == done.out.splitlines()[1].strip()


@pytest.mark.parametrize("cell", ["1", '"one\nof two lines"'])
def test_a_key_that_repeats_is_told_with_the_line_of_the_first(tmp_path: Path, cell: str, cbrn_data: Command) -> None:
    rows = f"UZB,P1,{cell}\nKAZ,P53,{cell}\nKAZ,P65,3\nKAZ,P53,4\n"
    package = of_two_fields(tmp_path, rows, "KAZ,P53\nKAZ,P65\nUZB,P1\n")
    first, again = (3, 5) if cell == "1" else (4, 7)
    done = cbrn_data("validate", package, COLUMNS="400")
    said = f"land + work 'KAZ', 'P53' repeats the key of line {first}"
    assert done.out.splitlines()[0].endswith(f"t.csv:{again}  key-repeated")
    assert done.out.splitlines()[1] == f"        {said}"
    (error,) = cbrn_data("validate", package, "--json").json["tasks"][0]["errors"]
    assert (error["note"], error["message"]) == (said, f"row 5, line {again}: {said}")


def test_of_rows_in_json_the_number_is_told(tmp_path: Path, cbrn_data: Command) -> None:
    rows = [{"id": 1, "b": "x"}, {"id": 2, "b": "y"}, {"id": 2, "b": "z"}]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    resource = {"name": "t", "type": "table", "path": "t.json", "format": "json", "schema": SCHEMA}
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    (error,) = cbrn_data("validate", tmp_path / "datapackage.json", "--json").json["tasks"][0]["errors"]
    assert (error["rowNumber"], error["note"]) == (4, "id '2' repeats the key of row 3")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Central\u00a0Asia", "U+00A0 (NO-BREAK SPACE) for U+0020 (SPACE)"),
        ("Re\u0301union", "U+0065 (LATIN SMALL LETTER E), U+0301 (COMBINING ACUTE ACCENT) for U+00E9"),
        ("\u0421yprus", "U+0421 (CYRILLIC CAPITAL LETTER ES) for U+0043 (LATIN CAPITAL LETTER C)"),
        ("\u039cali", "U+039C (GREEK CAPITAL LETTER MU) for U+004D (LATIN CAPITAL LETTER M)"),
        ("Mali\u200b", "U+200B (ZERO WIDTH SPACE) for nothing"),
        ("\uff2dali", "U+FF2D (FULLWIDTH LATIN CAPITAL LETTER M) for U+004D (LATIN CAPITAL LETTER M)"),
    ],
)
def test_a_spelling_that_looks_like_an_allowed_one_is_told_by_its_code_points(
    tmp_path: Path, cell: str, said: str, cbrn_data: Command
) -> None:
    allowed = ["Central Asia", "R\u00e9union", "Cyprus", "Mali"]
    schema = tmp_path / "s.json"
    schema.write_text(json.dumps({"fields": [{"name": "name", "type": "string", "constraints": {"enum": allowed}}]}))
    path = tmp_path / "t.csv"
    path.write_text(f"name\n{cell}\nSpain\n", encoding="utf-8")
    done = cbrn_data("validate", path, "--schema", schema, COLUMNS="400")
    assert said in done.out.splitlines()[1]
    assert "U+" not in done.out.splitlines()[3]
    # the same of a key that leads to a row which is spelt otherwise
    package = of_two_fields(tmp_path, f"{cell},P1,1\n", "".join(f"{name},P1\n" for name in allowed))
    assert said in cbrn_data("validate", package, COLUMNS="400").out.splitlines()[1]


def test_a_space_of_another_kind_in_a_number_is_named(tmp_path: Path, schema: Path, cbrn_data: Command) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,b\n12\u00a0500,x\n", encoding="utf-8")
    done = cbrn_data("validate", path, "--schema", schema)
    assert "is not of type integer (digits, such as 42); it has U+00A0 (NO-BREAK SPACE)" in " ".join(done.out.split())
