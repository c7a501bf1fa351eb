"""The packages among frictionless's own test data: the same errors in every table that both programs read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from frictionless import FrictionlessException, Package

from cbrn_data.tabular.places import UnsupportedResource
from cbrn_data.tabular.report import report
from cbrn_data.tabular.resource import read_package
from cbrn_data.tabular.validate import validate

CORPUS = Path(__file__).parents[3] / "shared" / "badinputs"
GUESSED_HEADER = {"multiple-folders.package.json"}
"""In these frictionless takes a later row for the header (docs/departures.md, dialect-header)."""

Error = tuple[int | None, str | None, str]


def packages() -> Iterator[Path]:
    for path in sorted(CORPUS.rglob("*.json")):
        try:
            descriptor = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            continue
        if isinstance(descriptor, dict) and isinstance(descriptor.get("resources"), list):
            yield path


def errors(task: dict[str, Any]) -> Counter[Error]:
    """Count errors by row, field and type, without the one that docs/departures.md names as dialect-delimiter."""
    found = [error for error in task["errors"] if error["type"] != "dialect-error"]
    return Counter((error.get("rowNumber"), error.get("fieldName"), error["type"]) for error in found)


def without_null_keys(found: Counter[Error], task: dict[str, Any]) -> Counter[Error]:
    """Leave out what docs/departures.md names as key-null-blank."""
    blank = {row for row, _, type_ in found if type_ == "blank-row"}
    nulls = {
        error["rowNumber"] for error in task["errors"] if error["type"] == "primary-key" and "None" in error["note"]
    } & blank
    return Counter({error: times for error, times in found.items() if error[2] != "primary-key" or error[0] not in nulls})


def read(path: Path) -> list[dict[str, Any]]:
    """Return our report of each resource that both judge: whose entry is right, in a format that we read."""
    try:
        tasks: list[dict[str, Any]] = report(validate(read_package(path).resources, cap=10_000))["tasks"]
    except UnsupportedResource:
        return []
    return [task for task in tasks if not any(error["type"] == "resource-error" for error in task["errors"])]


def read_there(path: Path) -> dict[str, dict[str, Any]]:
    """Return frictionless's report by resource, none where it refuses the package for what is not in its tables."""
    try:
        return {task["name"]: task for task in Package(str(path)).validate().to_descriptor()["tasks"]}
    except FrictionlessException:
        return {}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder of our own: frictionless makes a database that a package names where we are."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpora are not here")
@pytest.mark.parametrize("path", list(packages()), ids=lambda path: str(path.relative_to(CORPUS)))
def test_a_package_has_the_same_errors(path: Path) -> None:
    theirs = read_there(path)
    for task in read(path):
        other = theirs.get(task["name"])
        if other and path.name not in GUESSED_HEADER:
            assert errors(task) == without_null_keys(errors(other), other)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpora are not here")
def test_most_of_the_packages_are_read_by_both() -> None:
    both = [path for path in packages() if read(path) and read_there(path)]
    assert len(both) > 20
