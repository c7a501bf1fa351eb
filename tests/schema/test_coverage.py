"""What a release covers: the days of its dates, as whole days, whatever the size of a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.schema.coverage import Coverage, coverage, coverage_properties
from cbrn_data.schema.days import first_day, last_day
from cbrn_data.schema.model import Package, read_package
from cbrn_data.schema.table import Table, released_tables
from cbrn_data.store.history import read_history
from tests.records import rows_of, tables_of


@pytest.fixture(scope="module")
def folder(published: Path) -> Path:
    return read_history(published)[0].folder


@pytest.fixture(scope="module")
def package(folder: Path) -> Package:
    return read_package(folder / "schemas")


@pytest.fixture(scope="module")
def tables(folder: Path, package: Package) -> dict[str, Table]:
    return released_tables(folder, package)


def test_the_real_release(package: Package, tables: dict[str, Table]) -> None:
    found = coverage(package, tables)
    assert (found.first_day, found.last_day) == ("2012-12-21", "2027-11-30")
    assert [code for code, _ in found.countries] == [row["country_id"] for row in tables["countries"].rows]
    said = coverage_properties(package, found)
    assert said["temporal"] == {"start": "2012-12-21", "end": "2027-11-30"}
    assert said["spatial"][0] == {"identifier": "AFG", "name": "Afghanistan"}


def test_a_file_is_read_by_block_as_rows_are(package: Package, tables: dict[str, Table]) -> None:
    assert coverage(package, tables_of(rows_of(tables), package)) == coverage(package, tables)


def test_only_the_tables_that_are_named_count(package: Package, tables: dict[str, Table]) -> None:
    about = package.metadata | {"coverage": {"spatial": "countries", "temporal": ["regions"]}}
    found = coverage(replace(package, metadata=about), tables)
    assert (found.first_day, found.last_day) == ("2013-03-01", "2021-11-30")


def test_a_package_that_declares_none_is_described_by_all_tables_and_says_nothing(
    package: Package, tables: dict[str, Table]
) -> None:
    older = replace(package, metadata={key: value for key, value in package.metadata.items() if key != "coverage"})
    found = coverage(older, tables)
    assert (found.first_day, len(found.countries)) == ("2012-12-21", 65)
    assert coverage_properties(older, found) == {}


def test_tables_without_a_date_cover_no_time(package: Package) -> None:
    empty = coverage(package, {})
    assert empty == Coverage((), None, None)
    assert coverage_properties(package, empty) == {"spatial": []}


@given(st.dates())
def test_a_day_lies_within_its_month_and_its_year(day: object) -> None:
    text = str(day)
    for partial in (text, text[:7], text[:4]):
        assert first_day(partial) <= text <= last_day(partial)
        assert first_day(partial)[: len(partial)] == last_day(partial)[: len(partial)] == partial
