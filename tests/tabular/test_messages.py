"""What a fault says to a stranger: what was expected, which code points differ, where the other row is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from frictionless import Report

from cbrn_data.tabular.report import place_of, report, sentence
from cbrn_data.tabular.resource import read_package
from cbrn_data.tabular.validate import validate
from cbrn_data.tabular.verdict import Verdict


def judged(folder: Path, data: str, *fields: dict[str, Any], name: str = "t.csv", **schema: Any) -> Verdict:
    (folder / name).write_bytes(data.encode())
    (folder / "known.csv").write_text("a,b\nx,y\nA\u0308,y\n", encoding="utf-8")
    known = {"name": "known", "path": "known.csv", "schema": {"fields": [{"name": "a"}, {"name": "b"}]}}
    table = {"name": "t", "type": "table", "path": name, "schema": {"fields": list(fields)} | schema}
    (folder / "datapackage.json").write_text(json.dumps({"resources": [table, known]}))
    return validate(read_package(folder / "datapackage.json").resources, with_cells=True)[0]


def said(verdict: Verdict) -> list[str]:
    return [sentence(fault, verdict.resource) for fault in verdict.tally.listed]


@pytest.mark.parametrize(
    ("field", "cell", "message"),
    [
        ({"type": "date"}, "31.01.2024", "is not of type date (yyyy-mm-dd, such as 2024-01-31)"),
        ({"type": "time"}, "3pm", "is not of type time (hh:mm:ss, such as 15:00:00)"),
        ({"type": "geopoint"}, "41 69", "is not of type geopoint (longitude, latitude in degrees, such as 69.24, 41.31)"),
        ({"type": "number", "decimalChar": ",", "groupChar": "."}, "x", "is not of type number (such as 1.234,5)"),
        ({"type": "integer"}, "12\u00a0500", "(digits, such as 42); it has U+00A0 (NO-BREAK SPACE)"),
        (
            {"constraints": {"enum": ["Cyprus"]}},
            "Сyprus",
            "it looks like 'Cyprus' and has U+0421 (CYRILLIC CAPITAL LETTER ES)",
        ),
        ({"type": "boolean", "trueValues": ["да"], "falseValues": ["no"]}, "дa", "for U+0430 (CYRILLIC SMALL LETTER A)"),
        ({"type": "integer"}, "\u22125", "it has U+2212 (MINUS SIGN)"),
        ({"type": "integer"}, "５", "it has U+FF15 (FULLWIDTH DIGIT FIVE)"),
        ({"constraints": {"enum": ["3"]}}, "٣", "looks like '3' and has U+0663"),
        ({"type": "list", "itemType": "integer"}, "a", "is not of type list (items of type integer separated by ',')"),
        ({"constraints": {"minimum": 3}, "type": "integer"}, "2", "breaks the rule minimum 3"),
    ],
)
def test_a_cell_says_what_was_expected(field: dict[str, Any], cell: str, message: str, tmp_path: Path) -> None:
    (fault,) = said(judged(tmp_path, f'c,n\n"{cell}",\n', {"name": "c"} | field, {"name": "n"}))
    assert message in fault


@pytest.mark.parametrize("match", ["exact", "equal"])
def test_a_label_that_looks_like_a_field_names_its_code_points(match: str, tmp_path: Path) -> None:
    faults = said(judged(tmp_path, "Сity,n\nx,1\n", {"name": "City"}, {"name": "n"}, fieldsMatch=match))
    assert "looks like 'City' and has U+0421 (CYRILLIC CAPITAL LETTER ES)" in faults[0]


def test_many_labels_and_cells_do_not_make_a_report_without_end(tmp_path: Path) -> None:
    wide = judged(tmp_path, ",".join("a" * 3000) + "\n", {"name": "a"}, fieldsMatch="subset")
    (error, *_) = report([wide])["tasks"][0]["errors"]
    assert (len(error["labels"]), len(report([wide])["tasks"][0]["labels"])) == (1000, 3000)
    long = judged(tmp_path, "a\n" + ",".join("1" * 3000) + "\n", {"name": "a"})
    assert {len(error["cells"]) for error in report([long])["tasks"][0]["errors"]} == {101}


def test_a_key_and_a_reference_name_all_fields_and_values(tmp_path: Path) -> None:
    key = {"fields": ["a", "c"], "reference": {"resource": "known", "fields": ["a", "b"]}}
    fields = [{"name": name} for name in "acd"]
    rows = 'a,c,d\nx,y,"1\n2"\nx,y,3\nÄ,y,4\n'
    verdict = judged(tmp_path, rows, *fields, primaryKey=["a", "c"], foreignKeys=[key])
    repeated, lost = said(verdict)
    assert repeated == "a + c 'x', 'y' repeats the key of line 2"
    assert lost.startswith("a + c 'Ä', 'y' is not in known (a, b); it looks like ") and "has U+00C4" in lost
    assert [place_of(fault, verdict.resource) for fault in verdict.tally.listed] == [f"{tmp_path}/t.csv:{n}" for n in (4, 5)]
    errors = report([verdict])["tasks"][0]["errors"]
    assert [error["cells"] for error in errors] == [["x", "y", "3"], ["Ä", "y", "4"]]
    assert (errors[1]["referenceName"], errors[1]["referenceFieldNames"]) == ("known", ["a", "b"])


def test_a_file_without_lines_has_rows(tmp_path: Path) -> None:
    verdict = judged(tmp_path, '[{"id": 1},\n\n\n{"id": "x"}]', {"name": "id", "type": "integer"}, name="t.json")
    assert [place_of(fault, verdict.resource) for fault in verdict.tally.listed] == [f"{tmp_path}/t.json row 3"]


def test_a_report_has_all_cells_of_a_row_and_frictionless_keeps_every_word(tmp_path: Path) -> None:
    verdict = judged(tmp_path, 'id,n\nx,\u00e9\n2,"a"b\n3\n', {"name": "id", "type": "integer"}, {"name": "n"})
    errors = report([verdict])["tasks"][0]["errors"]
    assert [error["cells"] for error in errors] == [["x", "é"], ['2,"a"b'], ["3"]]
    notes = [error.note for error in Report.from_descriptor(report([verdict])).tasks[0].errors]
    assert notes == [error["note"] for error in errors] and "closing quotation mark" in notes[1]
