"""What a release covers: the days of its dates, as whole days, whatever the size of a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.checks.rows import released_rows
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.coverage import Coverage, coverage, coverage_properties, first_day, last_day
from cbrn_data.schema.model import Package, read_package
from cbrn_data.store.history import read_history


@pytest.fixture(scope="module")
def folder(published: Path) -> Path:
    return read_history(published)[0].folder


@pytest.fixture(scope="module")
def package(folder: Path) -> Package:
    return read_package(folder / "schemas")


@pytest.fixture(scope="module")
def rows(published: Path, package: Package) -> dict[str, list[Row]]:
    return released_rows(read_history(published)[0], package)


def test_the_real_release(package: Package, rows: dict[str, list[Row]]) -> None:
    found = coverage(package, rows, {})
    assert (found.first_day, found.last_day) == ("2012-12-21", "2027-11-30")
    assert [code for code, _ in found.countries] == [row["country_id"] for row in rows["countries"]]
    said = coverage_properties(package, found)
    assert said["temporal"] == {"start": "2012-12-21", "end": "2027-11-30"}
    assert said["spatial"][0] == {"identifier": "AFG", "name": "Afghanistan"}


def test_a_file_is_read_by_block_as_rows_are(folder: Path, package: Package, rows: dict[str, list[Row]]) -> None:
    files = {name: folder / f"{name}.csv" for name in package.about["coverage"]["temporal"]}
    assert coverage(package, {"countries": rows["countries"]}, files) == coverage(package, rows, {})


def test_only_the_tables_that_are_named_count(package: Package, rows: dict[str, list[Row]]) -> None:
    about = package.about | {"coverage": {"spatial": "countries", "temporal": ["regions"]}}
    found = coverage(replace(package, about=about), rows, {})
    assert (found.first_day, found.last_day) == ("2013-03-01", "2021-11-30")


def test_a_package_that_declares_none_is_described_by_all_tables_and_says_nothing(
    package: Package, rows: dict[str, list[Row]]
) -> None:
    older = replace(package, about={key: value for key, value in package.about.items() if key != "coverage"})
    found = coverage(older, rows, {})
    assert (found.first_day, len(found.countries)) == ("2012-12-21", 65)
    assert coverage_properties(older, found) == {}


def test_tables_without_a_date_cover_no_time(package: Package) -> None:
    empty = coverage(package, {}, {})
    assert empty == Coverage((), None, None)
    assert coverage_properties(package, empty) == {"spatial": []}


@given(st.dates())
def test_a_day_lies_within_its_month_and_its_year(day: object) -> None:
    text = str(day)
    for partial in (text, text[:7], text[:4]):
        assert first_day(partial) <= text <= last_day(partial)
        assert first_day(partial)[: len(partial)] == last_day(partial)[: len(partial)] == partial
