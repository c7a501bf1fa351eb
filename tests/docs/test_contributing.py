"""What ``CONTRIBUTING.md`` names is there, and ``CHANGELOG.md`` begins with the version of the code."""

from __future__ import annotations

import re

import pytest

import cbrn_data
from tests.conftest import PROJECT

TEXT = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STEPS = [step for step in re.split(r"(?m)^(?=\d+\. |#|$)", TEXT) if "/" in step]
"""Numbered steps and paragraphs, those that name a file."""


@pytest.mark.parametrize("step", STEPS, ids=lambda step: re.sub(r"\W+", "-", step.strip())[:40])
def test_every_file_is_there_and_has_the_names_that_a_step_says(step: str) -> None:
    paths = [PROJECT / name for name in re.findall(r"`((?:src|tests|schemas|docs)/[^`<> ]*)`", step)]
    assert [path for path in paths if not path.exists()] == []
    code = "".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())
    names = re.findall(r"`(_?[A-Z][A-Z_]+|\w+_\w+|__version__)`", step)
    assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []


def test_the_steps_above_are_those_of_the_page() -> None:
    assert len(STEPS) > 20


def test_the_changelog_begins_with_the_version_of_the_code() -> None:
    versions = re.findall(r"(?m)^## \[(.+)\] - (.+)$", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert versions[0][0] == cbrn_data.__version__
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for _, date in versions[1:])
