"""The code on the pages runs as it stands: each snippet is taken from its page and run against the served release."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.portal.snippets import snippets
from cbrn_data.schema.model import read_package
from cbrn_data.store.store import Store
from tests.portal.conftest import Page, Portal
from tests.records import read_csv

TABLES = ["countries", "projects", "achievements", "figures", "evidence", "changes"]
CLIENT = "Python (cbrn_data: types of the schema, digests checked)"

Rows = list[dict[str, str | None]]


def snippet(page: Page, name: str) -> str:
    """Return the code that a page shows for a tool."""
    blocks = [number for number, one in enumerate(page.elements) if one.attributes.get("aria-label") == f"Code for {name}"]
    return "".join(page.elements[blocks[0] + 1].text)


def expected(portal: Portal, table: str) -> Rows:
    release = Store(portal.published).releases()[-1]
    return read_csv((release.folder / f"{table}.csv").read_bytes())[1]


def as_text(value: Any) -> str | None:
    return None if value is None or value != value or str(value) == "<NA>" else str(value)


def written(path: Path) -> Rows:
    """Read what another tool wrote as CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", ["Python (pandas)", CLIENT])
@pytest.mark.parametrize("table", TABLES)
def test_python(portal: Portal, pages: dict[str, Page], table: str, name: str) -> None:
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(snippet(pages[f"tables/{table}.html"], name), names)
    rows = [{name: as_text(value) for name, value in row.items()} for row in names[table].to_dict("records")]
    assert rows == expected(portal, table)


def test_the_client_is_shown_only_for_an_address_that_it_takes_from(portal: Portal) -> None:
    release = Store(portal.published).releases()[-1]
    table = read_package(release.folder / "schemas").tables["projects"]
    shown = {
        base: [name for name, _ in snippets(table, base, release.version)]
        for base in ("https://a.example/", "http://a.example/")
    }
    assert CLIENT in shown["https://a.example/"] and CLIENT not in shown["http://a.example/"]


@pytest.mark.parametrize("table", TABLES)
def test_duckdb(portal: Portal, pages: dict[str, Page], table: str) -> None:
    """Over http DuckDB fetches an extension first, so the address is made a path here."""
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(snippet(pages[f"tables/{table}.html"], "DuckDB").replace(portal.address, f"{portal.published}/"))
    rows = [dict(zip(found.columns, map(as_text, row), strict=True)) for row in found.fetchall()]
    assert rows == expected(portal, table)


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js: the code for it was not run")
def test_javascript(portal: Portal, pages: dict[str, Page]) -> None:
    """One process for all tables; each is a block, because all name their answer alike."""
    codes = (snippet(pages[f"tables/{table}.html"], "JavaScript") for table in TABLES)
    shown = [
        code.replace(f"console.log({table})", f"console.log(JSON.stringify({table}))")
        for table, code in zip(TABLES, codes, strict=True)
    ]
    script = "".join(f"{{\n{code}}}\n" for code in shown)
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    read = [
        [{name: as_text(value) for name, value in row.items()} for row in json.loads(line)]
        for line in done.stdout.splitlines()
    ]
    assert read == [expected(portal, table) for table in TABLES]


def test_of_the_newest_version_each_tool_takes_the_files_that_are_always_there(portal: Portal) -> None:
    release = Store(portal.published).releases()[-1]
    for table in read_package(release.folder / "schemas").tables.values():
        these, latest = (snippets(table, portal.address, version) for version in (release.version, "latest"))
        for (tool, text), (_, newest) in zip(these, latest, strict=True):
            version = f"releases/{release.version}/" if "releases/" in text else release.version
            assert newest == text.replace(version, "latest/" if "releases/" in text else "latest"), tool
            for path in re.findall(rf"{portal.address}([^\s\"']+)", newest):
                assert table.role == "log" or (portal.published / path).is_file(), path


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="no R: the code for it was not run")
def test_r(portal: Portal, pages: dict[str, Page], tmp_path: Path) -> None:
    """R writes what it read, numbers without exponents, and says how many values are missing to it; one process for all."""
    script = "options(scipen = 99)\n"
    for table in TABLES:
        nulls = sum(value is None for row in expected(portal, table) for value in row.values())
        script += snippet(pages[f"tables/{table}.html"], "R") + f"stopifnot(sum(is.na({table})) == {nulls})\n"
        script += f'write.csv({table}, "{table}.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")\nrm({table})\n'
    (tmp_path / "load.R").write_text(script, encoding="utf-8")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    subprocess.run(["Rscript", "load.R"], check=True, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    for table in TABLES:
        assert written(tmp_path / f"{table}.csv") == expected(portal, table), table


def has_calc() -> bool:
    """Whether the soffice here can open tables: LibreOffice may be installed without Calc."""
    program = shutil.which("soffice")
    return program is not None and (Path(program).resolve().parent / "libsclo.so").exists()


@pytest.mark.skipif(not has_calc(), reason="no LibreOffice: the command for it was not run")
def test_libreoffice(portal: Portal, pages: dict[str, Page], tmp_path: Path) -> None:
    """What it makes is opened again by itself, all at once, and written as it is shown."""
    environment = {**os.environ, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    commands = [snippet(pages[f"tables/{table}.html"], "LibreOffice (in a terminal)") for table in TABLES]
    back = "soffice --headless --convert-to 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true' *.xlsx"
    for line in (*commands, back):
        subprocess.run(["bash", "-ec", line], check=True, env=environment, cwd=tmp_path, capture_output=True, timeout=600)
    for table in TABLES:
        assert written(tmp_path / f"{table}.csv") == expected(portal, table), table


@pytest.mark.parametrize("table", TABLES)
def test_other_spreadsheets_are_given_the_address_of_the_release(portal: Portal, pages: dict[str, Page], table: str) -> None:
    address = f"{portal.address}releases/{Store(portal.published).releases()[-1].version}/{table}.csv"
    page = pages[f"tables/{table}.html"]
    assert snippet(page, "Google Sheets (which reads codes such as 004 as numbers)") == f'=IMPORTDATA("{address}")\n'
    assert f'Web.Contents("{address}")' in snippet(page, "Excel (Data › Get Data › Blank Query › Advanced Editor)")
