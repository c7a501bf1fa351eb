"""The official profile of Data Package 2.0, from the copy that is shipped, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.checks.profile import PROFILE, by_profile
from cbrn_data.release import code

OFFICIAL = "a9ef0fc168b3402ae7aa7d22bbcb798e0db6b639e7ee15ff4aa177463cea7112"


def test_the_profile_is_the_official_one_and_refers_to_nothing_else() -> None:
    data = Path(str(distribution("dplib-py").locate_file(PROFILE))).read_bytes()
    assert sha256(data).hexdigest() == OFFICIAL
    assert b'"$ref"' not in data and json.loads(data)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_the_package_that_ships_it_is_among_those_that_a_release_records() -> None:
    assert "dplib-py" in code.LIBRARIES


@pytest.fixture
def descriptor(published: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The descriptor of a release; whatever it says, nothing is fetched."""

    def refuse(*arguments: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    return json.loads((published / "releases/1.0.0/datapackage.json").read_bytes())


CASES: dict[str, tuple[Callable[[Any], object], str]] = {
    "no resource": (lambda d: d.update(resources=[]), "$.resources"),
    "a licence without name and path": (lambda d: d.update(licenses=[{"title": "CC BY"}]), "$.licenses[0]"),
    "a day that is no moment": (lambda d: d.update(created=2026), "$.created"),
    "a profile elsewhere": (lambda d: d.update({"$schema": 1}), "$['$schema']"),
    "a table of no type": (lambda d: d["resources"][0].update(type="sheet"), "$.resources[0].type"),
    "bytes as text": (lambda d: d["resources"][0].update(bytes="12"), "$.resources[0].bytes"),
    "a path upwards": (lambda d: d["resources"][0].update(path="../x.csv"), "$.resources[0].path"),
}


def test_a_release_holds_to_it(descriptor: Any) -> None:
    assert list(by_profile(descriptor)) == []


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_hold_to_it_is_named(case: str, descriptor: Any) -> None:
    change, place = CASES[case]
    change(descriptor)
    found = list(by_profile(descriptor))
    assert found and {(finding.code, finding.source) for finding in found} == {("data-package-profile", "datapackage.json")}
    assert any(finding.message.startswith(f"{place}: ") for finding in found), found
    assert all(len(finding.message) < 400 for finding in found)
