"""Flows are wiring: they know no column, and the library does not know them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cbrn_data.findings import Finding
from cbrn_data.schema.model import read_package
from cbrn_data.verify.results import CUT_SHORT, FAILED, PASSED, Result
from flows.deploy import read_automations
from flows.page import audit_rows, findings_text, headline
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


def test_alerts_link_to_the_run_and_to_what_to_do() -> None:
    """The server may not know its own address, so no text asks it."""
    bodies = [
        action["body"]
        for entry in read_automations("https://runs.example", "https://code.example/docs/")
        for action in entry["actions"]
        if action["type"] == "send-notification"
    ]
    failed, no_worker = [body for body in bodies if "What to do: https://code.example/docs/night.md" in body]
    assert "https://runs.example/runs/flow-run/{{ flow_run.id }}\n" in failed and "scheduled runs wait" in no_worker
    assert not any("ui_url" in body or "NIGHT" in body for body in bodies)
    assert "What to do: docs/night.md" in str(read_automations("https://runs.example", None))


def test_a_run_page_has_the_reason_first_and_wraps() -> None:
    finding = Finding("page-gone", "url *https://a.example* is gone", "raw/rows.csv", 3)
    text = findings_text([finding], "https://code.example/docs", "pages do not exist\nand more")
    reason, more, what, fix, about, *_ = text.split("\n\n")
    assert (reason, more) == ("# pages do not exist", "and more")
    assert what == r"**raw/rows.csv:3**: url \*https://a.example\* is gone" and fix.startswith("What to do: ")
    assert about == "More about this error: [page-gone](https://code.example/docs/findings.md#page-gone)"
    assert text.endswith("How to try again: [docs/night.md](https://code.example/docs/night.md)")
    assert headline([finding], "a\nb") == "a: raw/rows.csv:3: url *https://a.example* is gone"


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


def test_the_table_of_an_audit_shows_every_release() -> None:
    checks = [Result(f"1.{n}.0", check, PASSED, "") for n in range(300) for check in ("files", "tables")]
    failed = [Result("1.7.0", "files", FAILED, f"'{n}.csv' was changed") for n in range(12)]
    rows = audit_rows([*checks, Result("store", "index", CUT_SHORT, "one behind"), *failed])
    assert [row["of"] for row in rows] == ["1.7.0", "store", *(f"1.{n}.0" for n in range(300))]
    assert rows[0]["detail"].startswith("'0.csv' was changed; ") and rows[0]["detail"].endswith("; and 7 more")
    assert rows[1]["check"] == "index" and rows[1]["detail"] == "one behind"
    assert (rows[2]["check"], rows[2]["result"], rows[2]["detail"]) == ("files, tables", "passed", "")
