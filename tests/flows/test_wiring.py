"""Flows are wiring: they know no column, and the library does not know them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cbrn_data.schema.model import read_package
from tests.conftest import PROJECT

FLOWS = sorted((PROJECT / "flows").glob("*.py"))
LIBRARY = sorted((PROJECT / "src").rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.name)
def test_no_flow_knows_a_column_or_a_table(path: Path) -> None:
    package = read_package(PROJECT / "schemas")
    columns = {name for table in package.tables.values() for name in table.names}
    known = {name for name in columns | set(package.tables) if "_" in name}
    assert known
    assert known & set(re.findall(r"\w+", path.read_text(encoding="utf-8"))) == set()


def test_the_library_knows_neither_the_orchestrator_nor_the_flows() -> None:
    assert LIBRARY
    assert [path for path in LIBRARY if imported(path) & {"prefect", "flows"}] == []
