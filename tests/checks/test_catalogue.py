"""The one list of finding codes: each is described, raised somewhere, and shown by a case that a person can read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cbrn_data.findings import Code, Finding, catalogue
from cbrn_data.schema.rules import RULES

TESTS = Path(__file__).parent.parent
SOURCE = TESTS.parent / "src" / "cbrn_data"

NO_INPUT_RAISES = {
    "cell-category": "tabular/test_constraints.py",
    "cell-json": "tabular/test_constraints.py",
    "data-package-profile": "release/test_gate.py",
    "date-behind": "checks/test_across.py",
    "document-undrawn": "sources/test_add.py",
    "evidence-dangling": "checks/test_across.py",
    "evidence-missing": "checks/test_across.py",
    "evidence-span": "checks/test_across.py",
    "evidence-unreproduced": "checks/test_across.py",
    "findings-unlisted": "tables/test_records.py",
    "frictionless": "release/test_gate.py",
    "guard-keys-removed": "release/test_guard.py",
    "guard-nulls-gained": "release/test_guard.py",
    "guard-rows-lost": "release/test_guard.py",
    "guard-source-lost": "release/test_guard.py",
    "guard-values-lost": "release/test_guard.py",
    "key-form": "tables/test_records.py",
    "key-repeated": "schema/test_compile.py",
    "records-unordered": "tables/test_records.py",
    "page-gone": "links/test_links.py",
    "page-moved": "links/test_links.py",
    "page-refused": "links/test_links.py",
    "page-unreachable": "links/test_links.py",
    "plan-unapproved": "release/test_approval.py",
    "release-json-differs": "release/test_gate.py",
    "release-not-canonical": "release/test_gate.py",
    "sheet-choice": "documents/test_tables.py",
    "sheet-format": "documents/test_tables.py",
    "sheet-formula": "documents/test_tables.py",
    "sheet-layout": "documents/test_tables.py",
    "source-left-out": "tables/test_complete.py",
    "source-replaced": "checks/test_across.py",
}
"""Codes that nothing under ``raw/`` can raise by itself with the definitions as they are, and the test that raises each."""


def test_every_code_has_a_case_but_those_that_no_input_can_raise() -> None:
    cases = {path.name.partition("__")[0] for path in (TESTS / "bad").iterdir() if path.is_dir()}
    assert catalogue().keys() - cases == NO_INPUT_RAISES.keys()
    assert cases <= catalogue().keys()


@pytest.mark.parametrize("code", NO_INPUT_RAISES)
def test_a_code_that_no_input_can_raise_is_raised_by_hand(code: str) -> None:
    assert f'"{code}"' in (TESTS / NO_INPUT_RAISES[code]).read_text(encoding="utf-8")


@pytest.mark.parametrize("code", catalogue().values(), ids=lambda code: code.code)
def test_a_code_says_what_it_is_why_it_matters_and_what_to_do(code: Code) -> None:
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", code.code)
    assert code.severity in {"error", "warning"}
    assert code.title and not code.title.endswith(".")
    assert code.explanation.endswith(".") and code.fix.endswith(".")


def test_every_code_is_raised_somewhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    raised = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', text)) | {f"row-{name}" for name in RULES}
    assert catalogue().keys() - raised == set()


def test_a_finding_with_a_code_of_its_own_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError):
        Finding("something-else", "x")
