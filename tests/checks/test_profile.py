"""The official profile of Data Package 2.0, from the copy that is shipped, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.checks.second import by_profile
from cbrn_data.release import code
from cbrn_data.tabular.profile import PROFILES
from tests.conftest import PROJECT

DIGESTS = {
    "1.0": "25865878304ca15c9fbf198b84877588ff34c57f1e148f2b13b3bde8777e2228",
    "2.0": "a9ef0fc168b3402ae7aa7d22bbcb798e0db6b639e7ee15ff4aa177463cea7112",
}
OFFICIAL = PROJECT.parent / "shared" / "standards" / "data" / "datapackage-2.0" / "datapackage.json"


@pytest.mark.parametrize("version", DIGESTS)
def test_a_profile_is_as_its_note_says_and_refers_to_nothing_else(version: str) -> None:
    folder = PROJECT / "src" / "cbrn_data" / "tabular" / "profiles"
    data = (folder / f"datapackage-{version}.json").read_bytes()
    assert sha256(data).hexdigest() == DIGESTS[version]
    assert DIGESTS[version] in (folder / "README.md").read_text(encoding="utf-8")
    assert b'"$ref"' not in data and json.loads(data)["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.skipif(not OFFICIAL.exists(), reason="a copy of the official repository's files is not here")
def test_the_profile_that_judges_is_the_official_one() -> None:
    assert (PROFILES / "datapackage-2.0.json").read_bytes() == OFFICIAL.read_bytes()


def test_the_digest_of_the_code_that_a_release_records_has_the_profile_in_it() -> None:
    assert "tabular/profiles/datapackage-2.0.json" in code._files(code.FOLDER)[1]


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
