"""Values of unique fields that occur more than once in a bulk source, found in ranges: as a dictionary finds them."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cbrn_data import foreign, spread
from cbrn_data.schema import repeats
from cbrn_data.schema.bulk import records_of
from cbrn_data.schema.model import TableDefinition, read_package
from cbrn_data.schema.repeats import Repeats, repeats_of
from tests import records
from tests.conftest import PROJECT

FIELDS = ("title", "project_id")
CELLS = st.sampled_from(["", "a", "b", "A", 'say "a"', "two\nlines", "a,b", "é", "t-2,b\nt-3", *map(str, range(40))])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> TableDefinition:
    """A table with two unique fields besides its key."""
    root = tmp_path_factory.mktemp("repeats")
    (root / "raw").mkdir()
    shutil.copytree(PROJECT / "schemas", root / "schemas")
    project = "    example: P101\n"
    records.define(root, records.UNIQUE.replace(project, f"{project}    constraints: {{unique: true}}\n"))
    return read_package(root / "schemas").tables["trainings"]


def written(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("title", "training_id", "project_id"), *((a, key, b) for key, a, b in rows)])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def found(path: Path, table: TableDefinition) -> dict[str, dict[str, str]]:
    with foreign.opened(path) as file:
        _, whole = records_of(file)
    return said(repeats_of(path, table, whole.start, whole.start + whole.size))


def said(of: Repeats) -> dict[str, dict[str, str]]:
    return {name: dict(zip(*(part.to_pylist() for part in parts), strict=True)) for name, parts in of.found.items()}


def expected(rows: list[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    wanted: dict[str, dict[str, str]] = {}
    for number, name in enumerate(FIELDS, start=1):
        cells = [row[number] for row in rows]
        first = {cell: row[0] for cell, row in reversed(list(zip(cells, rows, strict=True)))}
        twice = {cell: first[cell] for cell in cells if cell and cells.count(cell) > 1}
        wanted |= {name: twice} if twice else {}
    return wanted


@examples(max_examples=80, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=50), st.integers(20, 400), st.booleans())
def test_they_are_those_of_a_dictionary_however_the_source_is_shared(
    table: TableDefinition, tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], piece: int, alike: bool
) -> None:
    rows = [(f"t-{number}", *pair) for number, pair in enumerate(cells)]
    path = written(tmp_path_factory.mktemp("source") / "trainings.csv", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "PIECE", piece)
        if alike:  # all hashes are equal, so only the text tells
            patch.setattr(repeats, "_hashes", lambda job, name, column: HASHED(job, name, column) & 0)
        assert found(path, table) == expected(rows)


HASHED = repeats._hashes


def test_a_place_that_is_not_where_a_record_begins_changes_nothing(
    table: TableDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"t-{number}", f"{number}\nt-{number},x,y\n" * 9, str(number % 7)) for number in range(60)]
    path = written(tmp_path / "trainings.csv", rows)
    monkeypatch.setattr(spread, "PIECE", 300)
    monkeypatch.setattr(repeats, "record_start", lambda file, place: place)
    assert found(path, table) == expected(rows)


def test_a_table_whose_key_alone_is_unique_is_not_read(tmp_path: Path) -> None:
    plain = read_package(PROJECT / "schemas").tables["figures"]
    assert repeats_of(tmp_path / "nothing.csv", plain, 0, 1 << 40) == Repeats()
