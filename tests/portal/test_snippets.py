"""The code on the pages runs as it stands: each snippet is taken from its page and run against the served release."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.schema.canonical import read_csv
from cbrn_data.store.store import Store
from tests.portal.conftest import Page, Portal

TABLES = ["countries", "projects", "achievements", "figures", "evidence", "changes"]


def snippet(page: Page, name: str) -> str:
    """Return the code that a page shows for a tool."""
    blocks = [number for number, one in enumerate(page.elements) if one.attributes.get("aria-label") == f"Code for {name}"]
    return "".join(page.elements[blocks[0] + 1].text)


def expected(portal: Portal, table: str) -> list[dict[str, str | None]]:
    release = Store(portal.published).releases()[-1]
    return read_csv((release.folder / f"{table}.csv").read_bytes())[1]


def as_text(value: Any) -> str | None:
    return None if value is None or value != value or str(value) == "<NA>" else str(value)


@pytest.mark.parametrize("table", TABLES)
def test_python(portal: Portal, pages: dict[str, Page], table: str) -> None:
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(snippet(pages[f"tables/{table}.html"], "Python"), names)
    rows = [{name: as_text(value) for name, value in row.items()} for row in names[table].to_dict("records")]
    assert rows == expected(portal, table)


@pytest.mark.parametrize("table", TABLES)
def test_duckdb(portal: Portal, pages: dict[str, Page], table: str) -> None:
    """Over http DuckDB fetches an extension first, so the address is made a path here."""
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(snippet(pages[f"tables/{table}.html"], "DuckDB").replace(portal.address, f"{portal.published}/"))
    rows = [dict(zip(found.columns, map(as_text, row), strict=True)) for row in found.fetchall()]
    assert rows == expected(portal, table)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r(portal: Portal, pages: dict[str, Page], tmp_path: Path) -> None:
    script = tmp_path / "load.R"
    script.write_text(
        snippet(pages["tables/countries.html"], "R") + 'stopifnot(countries$m49[1] == "004")\n', encoding="utf-8"
    )
    subprocess.run(["Rscript", script], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})


@pytest.mark.parametrize("table", TABLES)
def test_spreadsheets_are_given_the_address_of_the_release(portal: Portal, pages: dict[str, Page], table: str) -> None:
    address = f"{portal.address}releases/{Store(portal.published).releases()[-1].version}/{table}.csv"
    page = pages[f"tables/{table}.html"]
    assert snippet(page, "Google Sheets") == f'=IMPORTDATA("{address}")\n'
    assert f'Web.Contents("{address}")' in snippet(page, "Excel (Data › Get Data › Blank Query › Advanced Editor)")
