"""Every line of docs/departures.md is true: each example goes through frictionless and through this package."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from frictionless import FrictionlessException, Package, Resource, Schema

from cbrn_data.tabular import validate as ours
from cbrn_data.tabular.compile import compile_schema
from cbrn_data.tabular.report import report
from cbrn_data.tabular.resource import Resource as Table
from cbrn_data.tabular.resource import read_resources
from cbrn_data.tabular.schema import UnsupportedSchema, read_schema

PAGE = (Path(__file__).parents[2] / "docs" / "departures.md").read_text(encoding="utf-8")
PROFILES = "https://datapackage.org/profiles/2.0/"


def lines(heading: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the table below a heading, without the marks of Markdown."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith(("| id ", "| ---")):
            yield [cell.replace(r"\|", "|").strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


CELLS, TABLES, FILES = (list(lines(heading)) for heading in ("Cells", "Whole schemas and tables", "Files"))


def test_every_line_is_complete_and_has_a_name_of_its_own() -> None:
    assert len(CELLS) > 40 and len(TABLES) >= 3 and len(FILES) > 10
    assert {len(line) for line in CELLS + TABLES + FILES} == {6}
    names = [line[0] for line in CELLS + TABLES + FILES]
    assert len(set(names)) == len(names)
    assert all(theirs != here for _, _, _, theirs, here, _ in CELLS + TABLES + FILES)


@pytest.mark.parametrize("line", CELLS, ids=lambda line: line[0])
def test_a_cell_is_judged_as_the_page_says(line: list[str]) -> None:
    _, field, cell, theirs, here, _ = line
    descriptor: dict[str, Any] = {"fields": [{"name": "x", **json.loads(field)}]}
    text = json.loads(cell)
    if line[0] != "version-exclusive":
        descriptor["$schema"] = PROFILES + "tableschema.json"
    assert (_cell_there(descriptor, text), _cell_here(descriptor, text)) == (theirs, here)


def _cell_there(descriptor: dict[str, Any], text: str) -> str:
    try:
        read = Schema.from_descriptor(descriptor).fields[0].create_cell_reader()
    except (FrictionlessException, re.error):
        return "refused"
    try:
        return "fails" if read(text)[1] else "holds"
    except TypeError:
        return "stops"


def _cell_here(descriptor: dict[str, Any], text: str) -> str:
    try:
        compiled = compile_schema(read_schema(descriptor))
    except UnsupportedSchema:
        return "refused"
    return "fails" if compiled.failures(compiled.nulled(pa.table({"x": [text]}))) else "holds"


@pytest.mark.parametrize("line", TABLES, ids=lambda line: line[0])
def test_a_table_is_judged_as_the_page_says(line: list[str]) -> None:
    _, schema, rows, theirs, here, _ = line
    descriptor = {"$schema": PROFILES + "tableschema.json", **json.loads(schema)}
    names = [field["name"] for field in descriptor["fields"]]
    resource: dict[str, Any] = {"name": "x", "type": "table", "data": [names, *json.loads(rows)], "schema": descriptor}
    report = Resource.from_descriptor({"$schema": PROFILES + "dataresource.json", **resource}).validate()
    table = Table("x", "x", None, "inline", read_schema(descriptor), rows=resource["data"])
    assert ["fails", "holds"][report.valid] == theirs
    assert ["fails", "holds"][ours.validate([table])[0].valid] == here


@pytest.mark.parametrize("line", FILES, ids=lambda line: line[0])
def test_a_file_is_judged_as_the_page_says(line: list[str], tmp_path: Path) -> None:
    _, properties, text, theirs, here, _ = line
    more = json.loads(properties)
    schema = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]} | more.pop("schema", {})
    dialect = {"header": True, "headerRows": [1], "delimiter": ",", "quoteChar": '"', "skipInitialSpace": False}
    resource = {"name": "t", "path": "t", "type": "table", "format": "csv", "dialect": dialect} | more | {"schema": schema}
    if resource["format"] == "json":
        del resource["dialect"]
    (tmp_path / "t").write_text(json.loads(text), encoding="latin-1", newline="")
    package = tmp_path / "datapackage.json"
    descriptor = {"$schema": PROFILES + "datapackage.json", "name": "p", "resources": [resource]}
    package.write_text(json.dumps(descriptor), encoding="utf-8")
    assert _kinds(Package(str(package)).validate().to_descriptor()) == theirs
    assert _kinds(report(ours.validate(read_resources(package)))) == here


def _kinds(found: dict[str, Any]) -> str:
    return ", ".join(sorted({error["type"] for task in found["tasks"] for error in task["errors"]})) or "none"
