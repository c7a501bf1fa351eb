"""Whole reports as frictionless gives them: every error of a file, by row, field and kind, whatever its shape is.

Single files are in ``tests/conformance``; these are made by hypothesis.

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

from frictionless import Package, Report
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular.report import report
from cbrn_data.tabular.resource import read_package
from cbrn_data.tabular.validate import validate

PROFILES = "https://datapackage.org/profiles/2.0/"
DIALECT = {"header": True, "headerRows": [1], "delimiter": ",", "quoteChar": '"', "skipInitialSpace": False}
"""Said in full, as frictionless guesses what is not."""

Errors = Counter[tuple[int | None, str | None, str]]


def errors(task: dict[str, Any]) -> Errors:
    return Counter((error.get("rowNumber"), error.get("fieldName"), error["type"]) for error in task["errors"])


def reports(folder: Path, schema: dict[str, Any], text: str) -> tuple[Errors, Errors]:
    """Return our errors and those of frictionless; the report of ours is read by frictionless."""
    (folder / "t.csv").write_text(text, encoding="utf-8", newline="")
    resource = {"name": "t", "path": "t.csv", "type": "table", "format": "csv", "schema": schema, "dialect": DIALECT}
    package = folder / "datapackage.json"
    descriptor = {"$schema": PROFILES + "datapackage.json", "name": "p", "resources": [resource]}
    package.write_text(json.dumps(descriptor), encoding="utf-8")
    ours = json.loads(json.dumps(report(validate(read_package(package).resources))))
    (mine,) = Report.from_descriptor(ours).to_descriptor()["tasks"]
    (other,) = Package(str(package)).validate().to_descriptor()["tasks"]
    return errors(mine), errors(other)


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
@settings(max_examples=75, deadline=None)
def test_any_file_has_the_same_errors(made: tuple[dict[str, Any], str]) -> None:
    with TemporaryDirectory() as folder:
        mine, theirs = reports(Path(folder), *made)
        assert mine == theirs
