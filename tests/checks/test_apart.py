"""Parts of a release that are checked apart from each other: the same verdict as in one go, whatever is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cbrn_data import pipeline, spread
from cbrn_data.checks import evidence
from cbrn_data.checks.released import check_release
from cbrn_data.schema import parts as schema_parts
from cbrn_data.schema.model import read_package
from cbrn_data.settings import Settings
from cbrn_data.store.folder import DESCRIPTOR, SUMS, differences
from cbrn_data.strict_json import dumped
from tests import records
from tests.conftest import copy_sources, pages_left_out


class Elsewhere:
    """Runs all calls here, last first, and counts them."""

    def __init__(self) -> None:
        self.calls = 0

    def each(self, name: str, function: Callable[..., Any], shared: Any, given: Sequence[Any]) -> Iterator[Any]:
        self.calls += len(given)
        with spread.over(None):
            results = [function(shared, one) for one in reversed(given)]
        yield from reversed(results)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with a table in parts."""
    root = copy_sources(tmp_path_factory.mktemp("apart") / "project")
    records.define(root)
    records.put(root, [records.row(number, title="two\nlines" if number % 9 == 0 else "one") for number in range(1, 500)])
    settings = Settings(root, root / "published", parts_above=0)
    with pytest.MonkeyPatch.context() as patch, pages_left_out():
        patch.setattr(schema_parts, "LEAST", 500)
        built = pipeline.build(pipeline.gather(settings))
        return pipeline.publish(built, pipeline.open_store(settings), "2026-11-24").release.folder


def described(folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    content = json.loads((folder / DESCRIPTOR).read_bytes())
    change(next(one for one in content["resources"] if one["name"] == "trainings")["parts"])
    (folder / DESCRIPTOR).write_bytes(dumped(content))


def moved(parts: list[dict[str, Any]], by: int) -> None:
    """Say that the third part was made of fewer bytes, and the fourth of more."""
    parts[2]["source"]["bytes"] -= by
    parts[3]["source"]["bytes"] += by


def damaged(folder: Path) -> None:
    path = sorted((folder / "trainings").iterdir())[4]
    path.write_bytes(path.read_bytes().replace(b",one,", b",two,", 1))


WRONG: dict[str, Callable[[Path], object]] = {
    "a part": damaged,
    "a line": lambda folder: described(folder, lambda parts: parts[3].update(line=7)),
    "rows": lambda folder: described(folder, lambda parts: parts[3].update(rows=7)),
    "a range within a row": lambda folder: described(folder, lambda parts: moved(parts, 5)),
    "a range of nothing": lambda folder: described(folder, lambda parts: moved(parts, parts[2]["source"]["bytes"])),
    "a range before the file": lambda folder: described(folder, lambda parts: moved(parts, 1 << 40)),
    "a source": lambda folder: (folder / "sources/trainings.csv").write_bytes(
        (folder / "sources/trainings.csv").read_bytes().replace(b",P101,", b",P102,", 1)
    ),
    "the order": lambda folder: described(folder, lambda parts: parts.reverse()),
}


@pytest.mark.parametrize("wrong", ["", *WRONG])
def test_the_verdict_is_that_of_one_go(wrong: str, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(released, tmp_path / "copy"))
    if wrong:
        WRONG[wrong](folder)
    package = read_package(folder / "schemas")
    at_once, findings = check_release(folder, package)
    others, elsewhere = differences(folder), Elsewhere()
    monkeypatch.setattr(spread, "PIECE", 3000)
    if not wrong:
        monkeypatch.setattr(evidence, "read_records", None)  # no row is read here
    with spread.over(elsewhere):
        apart, found = check_release(folder, package)
        assert differences(folder) == others
    assert found == findings and (apart.counts, apart.cells) == (at_once.counts, at_once.cells)
    assert elsewhere.calls > 5
    assert bool(others) == bool(wrong) and (folder / SUMS).exists()
