"""What a release covers: the days of its dates, as whole days, whatever the size of a table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.catalogue import coverage as module
from cbrn_data.catalogue.coverage import coverage, first_day, last_day
from cbrn_data.schema.model import read_package
from cbrn_data.store.folder import Release


def test_a_large_table_is_read_as_a_small_one(releases: list[Release], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = releases[0].folder
    package = read_package(folder / "schemas")
    small = coverage(folder, package)
    monkeypatch.setattr(module, "IN_MEMORY", 0)
    assert coverage(folder, package) == small
    assert (small.first_day, small.last_day) == ("2012-12-21", "2027-11-30")
    assert [code for code, _ in small.countries] == ["AFG", "KAZ", "KGZ", "MNG", "PAK", "TJK", "UZB"]


def test_tables_without_a_date_cover_no_time(releases: list[Release], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(releases[0].folder, tmp_path / "release"))
    for path in folder.glob("*.csv"):
        path.write_text(path.read_text().splitlines()[0] + "\n")
    empty = coverage(folder, read_package(folder / "schemas"))
    assert (empty.countries, empty.first_day, empty.last_day) == ((), None, None)


@given(st.dates())
def test_a_day_lies_within_its_month_and_its_year(day: object) -> None:
    text = str(day)
    for partial in (text, text[:7], text[:4]):
        assert first_day(partial) <= text <= last_day(partial)
        assert first_day(partial)[: len(partial)] == last_day(partial)[: len(partial)] == partial
