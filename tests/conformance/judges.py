"""The cases of this folder, and what this package and frictionless say of them.

``python -m tests.conformance.judges CASE…`` writes the results of both into ``expected.json`` of new cases.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from frictionless import FrictionlessException, Package

from cbrn_data.tabular.places import UnsupportedResource
from cbrn_data.tabular.report import report
from cbrn_data.tabular.resource import read_package
from cbrn_data.tabular.validate import validate

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/expected.json"))
REFUSALS = ("package-error", "resource-error", "schema-error", "field-error")
"""The types of errors of a descriptor, in both reports."""
SAME, NOT_RUN = "same", "not run"
"""Results of frictionless: the report that is right; and none, because it needs a further library for the format."""

Result = dict[str, Any]


def expected(case: Path) -> dict[str, Any]:
    """Return what a case expects."""
    found: dict[str, Any] = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    return found


def descriptor(case: Path) -> Path:
    """Return the descriptor of a case."""
    return next(path for name in ("datapackage.json", "datapackage.yaml") if (path := case / name).is_file())


def ours(case: Path) -> Result:
    """Return what this package says of a case."""
    try:
        package = read_package(descriptor(case))
    except UnsupportedResource:
        return {"verdict": "refused", "errors": [], "rows": {}}
    made = report(validate(package.resources), [(package.place, message) for message in package.wrong])
    return _result(made) | {"rows": {_name(task): task["stats"].get("rows", 0) for task in made["tasks"]}}


def theirs(case: Path) -> Result:
    """Return what frictionless says of a case."""
    try:
        return _result(Package(str(descriptor(case))).validate().to_descriptor())
    except (FrictionlessException, re.error):
        return {"verdict": "refused", "errors": []}
    except Exception:  # whatever an exception is here, the user has no report
        return {"verdict": "stops", "errors": []}


def told(report: Result, result: Result) -> Result | str:
    """Return a result of frictionless as a case records it: ``SAME`` if it is the right report."""
    return SAME if all(report[key] == value for key, value in result.items()) else result


def _result(made: dict[str, Any]) -> Result:
    found = [("", error) for error in made["errors"]]
    found += [(_name(task), error) for task in made["tasks"] for error in task["errors"]]
    verdict = "refused" if any(error["type"] in REFUSALS for _, error in found) else "invalid" if found else "valid"
    rows = [
        {"resource": name, "row": error.get("rowNumber"), "field": _field(error), "type": error["type"]}
        for name, error in found
        if error["type"] not in REFUSALS
    ]
    errors = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return {"verdict": verdict, "errors": sorted(errors, key=lambda error: json.dumps(error, sort_keys=True))}


def _name(task: dict[str, Any]) -> str:
    """Return the name of a resource; the name of a task has small letters only, and then its title is that name."""
    return str(task.get("title") or task["name"])


def _field(error: dict[str, Any]) -> str | None:
    return "+".join(error["fieldNames"]) if error.get("fieldNames") else error.get("fieldName") or None


def write(case: Path) -> None:
    """Write what both say of a case; a person must then hold the report against the standard."""
    found = expected(case) | {"report": ours(case)}
    if found.get("frictionless") != NOT_RUN:
        found["frictionless"] = told(found["report"], theirs(case))
    (case / "expected.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(HERE / name)
