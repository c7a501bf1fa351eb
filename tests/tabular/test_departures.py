"""Every line of docs/departures.md is a case of ``tests/conformance``, which both programs judge as the line says."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.judges import HERE, expected

PAGE = (Path(__file__).parents[2] / "docs" / "departures.md").read_text(encoding="utf-8")
WORDS = {"valid": "holds", "invalid": "fails", "refused": "refused", "stops": "stops"}


def lines(heading: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the table below a heading, without the marks of Markdown."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith(("| id ", "| ---")):
            yield [cell.replace(r"\|", "|").strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


CELLS, TABLES, FILES = (list(lines(heading)) for heading in ("Cells", "Whole schemas and tables", "Files"))


def case(line: list[str]) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Return the folder of a line, its resource, and its results by the names of the columns of the page."""
    folder = HERE / f"departure-{line[0]}"
    (resource,) = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    resource["schema"].pop("$schema", None)
    found = expected(folder)
    return folder, resource, {"here": found["report"], "frictionless": found["frictionless"]}


def test_every_line_is_complete_and_has_a_name_of_its_own() -> None:
    assert len(CELLS) > 40 and len(TABLES) >= 3 and len(FILES) > 10
    assert {len(line) for line in CELLS + TABLES + FILES} == {6}
    names = [line[0] for line in CELLS + TABLES + FILES]
    assert len(set(names)) == len(names)
    assert {f"departure-{name}" for name in names} == {path.name for path in HERE.glob("departure-*")}
    assert all(theirs != here for _, _, _, theirs, here, _ in CELLS + TABLES + FILES)


@pytest.mark.parametrize("line", CELLS, ids=lambda line: line[0])
def test_a_cell_is_judged_as_the_page_says(line: list[str]) -> None:
    _, field, cell, theirs, here, _ = line
    folder, resource, results = case(line)
    with (folder / "t.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["n", "x"], ["1", json.loads(cell)]]
    assert resource["schema"]["fields"][1] == {"name": "x", **json.loads(field)}
    assert [WORDS[results[who]["verdict"]] for who in ("frictionless", "here")] == [theirs, here]


@pytest.mark.parametrize("line", TABLES, ids=lambda line: line[0])
def test_a_table_is_judged_as_the_page_says(line: list[str]) -> None:
    _, schema, rows, theirs, here, _ = line
    _, resource, results = case(line)
    assert (resource["schema"], resource["data"][1:]) == (json.loads(schema), json.loads(rows))
    assert [WORDS[results[who]["verdict"]] for who in ("frictionless", "here")] == [theirs, here]


@pytest.mark.parametrize("line", FILES, ids=lambda line: line[0])
def test_a_file_is_judged_as_the_page_says(line: list[str]) -> None:
    _, properties, text, theirs, here, _ = line
    folder, resource, results = case(line)
    assert (folder / resource["path"]).read_bytes() == json.loads(text).encode("latin-1")
    more = json.loads(properties)
    assert resource["schema"].items() >= more.pop("schema", {}).items() and resource.items() >= more.items()
    types = [sorted({error["type"] for error in results[who]["errors"]}) for who in ("frictionless", "here")]
    assert [", ".join(found) or "none" for found in types] == [theirs, here]
