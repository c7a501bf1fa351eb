"""Whole reports as frictionless gives them: every error of a file, by row, field and kind, whatever its shape is.

Rows too short or too long, rows of nothing, headers of every fault, keys and references, each way of matching fields.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from frictionless import Package, Report
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular.report import report
from cbrn_data.tabular.resource import read_resources
from cbrn_data.tabular.validate import validate

PROFILES = "https://datapackage.org/profiles/2.0/"
DIALECT = {"header": True, "headerRows": [1], "delimiter": ",", "quoteChar": '"', "skipInitialSpace": False}
"""Said in full, as frictionless guesses what is not."""

Errors = Counter[tuple[int | None, str | None, str]]


def errors(task: dict[str, Any]) -> Errors:
    return Counter((error.get("rowNumber"), error.get("fieldName"), error["type"]) for error in task["errors"])


def reports(folder: Path, schema: dict[str, Any], data: str | list[Any], form: str = "csv") -> tuple[Errors, Errors]:
    """Return our errors and those of frictionless; the report of ours is read by frictionless."""
    path = folder / f"t.{form}"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8", newline="")
    resource = {"name": "t", "path": path.name, "type": "table", "format": form, "schema": schema}
    resource |= {"dialect": DIALECT} if form == "csv" else {}
    package = folder / "datapackage.json"
    descriptor = {"$schema": PROFILES + "datapackage.json", "name": "p", "resources": [resource]}
    package.write_text(json.dumps(descriptor), encoding="utf-8")
    ours = json.loads(json.dumps(report(validate(read_resources(package)))))
    (mine,) = Report.from_descriptor(ours).to_descriptor()["tasks"]
    (other,) = Package(str(package)).validate().to_descriptor()["tasks"]
    return errors(mine), errors(other)


A = {"name": "a", "type": "integer", "constraints": {"required": True}}
B = {"name": "b", "type": "string"}
AB = {"fields": [A, B]}
KEYED = {"fields": [{**A, "constraints": {"unique": True}}, B], "primaryKey": ["a"]}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "good": (AB, "a,b\n1,x\n"),
    "a row too short, with a bad cell": (AB, "a,b\nx\n"),
    "a row too long, with bad cells": (AB, "a,b\n,x,y,z\n"),
    "a row of nothing": (AB, "a,b\n1,x\n\n2,y\n"),
    "a row of empty cells": (AB, "a,b\n,\n"),
    "a row of nothing but cells beyond the header": (AB, "a,b\n,,x\n"),
    "a row of missing values": ({**AB, "missingValues": ["", "-"]}, "a,b\n-,-\n-\n"),
    "a short row repeats a key": (KEYED, "a,b\n1,x\n1\n"),
    "a long row repeats a key": (KEYED, "a,b\n1,x\n1,y,z\n"),
    "a label too many": (AB, "a,b,c\n1,x,y\nx,\n1\n"),
    "a label missing": (AB, "a\n1\nx\n1,2\n"),
    "labels in another order": (AB, "b,a\n1,x\nx,1\n"),
    "a label twice": (AB, "a,a\n1,x\nx,1\n"),
    "a label that is empty": (AB, ",b\n1,x\nx,1\n"),
    "white space around a label": (AB, " a,b \n1,x\n"),
    "only a header": (AB, "a,b\n"),
    "nothing at all": (AB, ""),
    "equal in another order": ({**AB, "fieldsMatch": "equal"}, "b,a\nx,1\n1,x\n"),
    "equal with another": ({**AB, "fieldsMatch": "equal"}, "b,c,a\nx,,1\n,1,x\n,y,\n1\n"),
    "subset": ({**AB, "fieldsMatch": "subset"}, "c,a\n,\nx,\n1,x\n"),
    "superset without a field that is required": ({**AB, "fieldsMatch": "superset"}, "b\nx\n"),
    "superset without a key": ({**KEYED, "fieldsMatch": "superset"}, "b\nx\nx\n"),
    "partial without any field": ({**AB, "fieldsMatch": "partial"}, "c\nx\n\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_has_the_same_errors(case: str, tmp_path: Path) -> None:
    schema, text = CASES[case]
    mine, theirs = reports(tmp_path, schema, text)
    assert mine == theirs


JSON: dict[str, list[Any]] = {
    "arrays too short and too long": [["a", "b"], [1], [1, "x", 2], [None, None], ["x", "y"]],
    "labels twice": [["a", "a"], [1, "x"]],
    "a field without a label": [["a"], [1]],
    "objects": [{"a": 1, "b": "x"}, {"a": None}, {"b": "y"}],
}


@pytest.mark.parametrize("case", JSON)
def test_a_json_table_has_the_same_errors(case: str, tmp_path: Path) -> None:
    mine, theirs = reports(tmp_path, AB, JSON[case], "json")
    assert mine == theirs


@st.composite
def files(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """A schema and a file of any shape. Left out is what docs/departures.md names."""
    names = list("abcd")[: draw(st.integers(1, 4))]
    kind = st.sampled_from(["string", "integer", "any", "boolean"])
    rules = st.sets(st.sampled_from(["required", "unique"]), max_size=2).map(lambda some: dict.fromkeys(some, True))
    fields = [{"name": name, "type": draw(kind), "constraints": draw(rules)} for name in names]
    match = draw(st.sampled_from(["exact", "exact", "equal", "subset", "superset", "partial"]))
    schema: dict[str, Any] = {
        "fields": fields,
        "fieldsMatch": match,
        "missingValues": draw(st.sampled_from([[""], ["", "-"]])),
    }
    if draw(st.booleans()):
        fields[-1]["type"] = fields[0]["type"]
        schema["foreignKeys"] = [{"fields": [names[-1]], "reference": {"resource": "", "fields": [names[0]]}}]
    labels = draw(st.one_of(st.just(names), st.permutations([*names, "z"]).map(lambda some: some[: len(names)])))
    if match == "exact" and draw(st.booleans()):
        labels = [*labels[1:], draw(st.sampled_from(["", "a", " b", "q"]))]
    width = st.integers(max(1, len(names) - 1), len(names) + 2)
    cells = st.sampled_from(["", "1", "2", "x", "true", "-", "l\nm", "q,q", "7"])
    rows = draw(st.lists(width.flatmap(lambda number: st.lists(cells, min_size=number, max_size=number)), max_size=6))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([labels, *rows])
    return schema, text.getvalue()


@given(files())
@settings(max_examples=150, deadline=None)
def test_any_file_has_the_same_errors(made: tuple[dict[str, Any], str]) -> None:
    with TemporaryDirectory() as folder:
        mine, theirs = reports(Path(folder), *made)
        assert mine == theirs
