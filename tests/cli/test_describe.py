"""``cbrn-data describe``: a schema on standard output, the reasons on standard error; then ``validate``, as a page."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.strict_yaml import load_yaml
from tests.cli.conftest import Command
from tests.documents.test_tables import workbook

HOSTILE = '<script>alert(1)</script>"\u202e'


@pytest.fixture
def trainings(tmp_path: Path) -> Path:
    path = tmp_path / "trainings.csv"
    path.write_text("id;held;people\n1;31/01/2024;20\n2;01/02/2024;NA\n", encoding="utf-8")
    return path


def test_the_command_that_is_said_is_valid(trainings: Path, cbrn_data: Command) -> None:
    done = cbrn_data("describe", trainings, COLUMNS="300")
    assert done.code == 0 and load_yaml(done.out)["primaryKey"] == ["id"]
    assert "date (%d/%m/%Y), required" in done.err and "'NA' is missing" in done.err
    assert "Read as CSV, in utf-8, with ';' between cells: 2 rows." in done.err
    (trainings.parent / "schema.yaml").write_text(done.out, encoding="utf-8")
    said = re.search("cbrn-data (validate .*)", done.err)
    assert said and said[1].endswith("--schema SCHEMA --delimiter ';'")
    again = cbrn_data("validate", trainings, "--schema", trainings.parent / "schema.yaml", "--delimiter", ";")
    assert again.code == 0, again.out


def test_the_schema_is_printed_as_json(trainings: Path, cbrn_data: Command) -> None:
    done = cbrn_data("describe", trainings, "--json")
    assert [field["type"] for field in done.json["fields"]] == ["integer", "date", "integer"]


@pytest.mark.parametrize(
    "data", [b"id,n\n1,2\n", b'[{"id": 1, "n": 2}]', workbook(["id", "n"], [1, 2])], ids=["CSV", "JSON", "XLSX"]
)
def test_the_content_of_standard_input_says_its_format(
    data: bytes, cbrn_data: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for words in (("describe", "-", "--json"), ("validate", "-", "--schema", tmp_path / "schema.json")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        done = cbrn_data(*words)
        assert done.code == 0, done.err
        if words[0] == "describe":
            (tmp_path / "schema.json").write_text(done.out)


def test_a_sheet_is_chosen_by_name_or_number(tmp_path: Path, cbrn_data: Command) -> None:
    def add_sheet(sheet: Any) -> None:
        other = sheet.parent.create_sheet("other")
        other.append(["b"])
        other.append(["x"])

    (tmp_path / "t.xlsx").write_bytes(workbook(["a"], [1], change=add_sheet))
    for sheet in ("other", "2"):
        done = cbrn_data("describe", tmp_path / "t.xlsx", "--sheet", sheet, "--json")
        assert [field["name"] for field in done.json["fields"]] == ["b"]
        (tmp_path / "schema.json").write_text(done.out)
        assert cbrn_data("validate", tmp_path / "t.xlsx", "--schema", tmp_path / "schema.json", "--sheet", sheet).code == 0
    done = cbrn_data("describe", tmp_path / "t.xlsx", "--sheet", "third")
    assert done.code == 1 and "has no sheet 'third'" in done.err


def test_what_no_schema_can_help_is_a_fault(tmp_path: Path, cbrn_data: Command) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n3\n")
    done = cbrn_data("describe", tmp_path / "t.csv", COLUMNS="300")
    assert done.code == 1 and load_yaml(done.out) and "t.csv:3  csv-row-width" in done.err
    (tmp_path / "t.csv").write_bytes(b"<!DOCTYPE html><p>Not found")
    done = cbrn_data("describe", tmp_path / "t.csv", COLUMNS="200")
    assert (done.code, done.out) == (1, "") and "is an HTML page, not CSV" in done.err
    assert cbrn_data("describe", tmp_path / "none.csv").code == 1


def page_of(tmp_path: Path, cbrn_data: Command) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    fields: list[dict[str, Any]] = [{"name": "id", "type": "integer"}, {"name": HOSTILE, "type": "date"}]
    named = {"name": "t", "path": "t.csv", "schema": {"fields": fields, "primaryKey": ["id"]}}
    descriptor = {"resources": [named, {"name": "u", "path": "u.csv"}], "licenses": HOSTILE}
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    quoted = HOSTILE.replace('"', '""')
    rows = "".join(f'{number % 30},"{quoted}"\n' for number in range(60))
    (folder / "t.csv").write_text(f'id,"{quoted}"\n{rows}', encoding="utf-8")
    (folder / "u.csv").write_text("a\n1\n")
    page = tmp_path / "page.html"
    assert cbrn_data("validate", folder, "--html", page).code == 1
    return page


def test_the_page_has_every_listed_fault_and_nothing_of_the_data_is_markup(tmp_path: Path, cbrn_data: Command) -> None:
    text = page_of(tmp_path, cbrn_data).read_text(encoding="utf-8")
    assert "<script" not in text and "\u202e" not in text and not re.search(r"(?:src|href)=.?(?!#)[^>]*//", text)
    assert text.count("<tr><td") == 60 + 30  # dates, and repeated keys
    assert "&#39;5&#39; repeats the key of line 7" in text and "such as 2024-01-31" in text
    assert "2 tables: 91 faults" in text and "Descriptor" in text


def test_the_page_does_not_replace_what_it_is_about(trainings: Path, tmp_path: Path, cbrn_data: Command) -> None:
    (tmp_path / "schema.json").write_text('{"fields": [{"name": "id"}, {"name": "held"}, {"name": "people"}]}')
    words = ["validate", trainings, "--schema", tmp_path / "schema.json", "--delimiter", ";", "--html"]
    assert cbrn_data(*words, tmp_path / "page.html").code == 0
    assert ">1 table: valid<" in (tmp_path / "page.html").read_text(encoding="utf-8")
    done = cbrn_data(*words, trainings)
    assert done.code == 2 and "choose another place" in done.err and trainings.read_text().startswith("id;held")


@pytest.mark.slow
def test_a_browser_opens_the_page_and_anyone_can_read_it(tmp_path: Path, cbrn_data: Command) -> None:
    browsers = pytest.importorskip("tests.portal.test_browser", reason="no Chromium can be driven without playwright")
    page_file = page_of(tmp_path, cbrn_data)
    with browsers.playwright.sync_playwright() as driver, browsers.chromium(driver) as chromium:
        for scheme, rules in browsers.RULES.items():
            page = chromium.new_page(viewport={"width": 390, "height": 900}, color_scheme=scheme)
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(page_file.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert asked == [page_file.as_uri()]
            found = browsers.axe.Axe().run(page, options=rules)["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found] == []
            page.close()
