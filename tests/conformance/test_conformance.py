"""Every case of this folder: the report that the standard asks for, from this package; and what frictionless says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.judges import CASES, NOT_RUN, expected, ours, theirs, told

STANDARD = ("https://datapackage.org/standard/", "https://specs.frictionlessdata.io/")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case(case: Path) -> None:
    found = expected(case)
    assert ours(case) == found["report"]
    if found["frictionless"] != NOT_RUN:
        assert told(found["report"], theirs(case)) == found["frictionless"]


def test_every_case_is_complete() -> None:
    assert len(CASES) >= 150
    for case in CASES:
        found = expected(case)
        assert found.keys() == {"about", "section", "standard", "report", "frictionless"}, case.name
        assert found["about"] and found["standard"].startswith(STANDARD), case.name
        assert sum(path.stat().st_size for path in case.iterdir()) < 20_000, case.name
