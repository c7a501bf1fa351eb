"""``cbrn-data diff`` of tables and packages: what is printed and written, the exit code, and what is left if it is ended."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbrn_data.tabular.changes import NAMES
from tests.cli.conftest import Command

OLD = "id,name,note\n1,Ada,x\n2,Bob,y\n3,Eve,\n"
NEW = "note,name,id,more\n,Eve,3,\ny,Bobby,2,\nz,Kim,10,m\n"


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "old.csv").write_text(OLD)
    (tmp_path / "new.csv").write_text(NEW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


PRINTED = """\
new: rows 1 added, 1 changed, 1 removed, by id
  new column: more
  changed cells: name 1
change   row  field  old                   new
added    10   *                            note z; name Kim; id 10; more m
changed  2    name   Bob                   Bobby
removed  1   *      id 1; name Ada; note x
"""


def test_the_changes_are_printed(tables: Path, cbrn_data: Command) -> None:
    done = cbrn_data("diff", "old.csv", "new.csv", "--key", "id")
    assert (done.code, done.err) == (0, "")
    assert [line.split() for line in done.out.splitlines()] == [line.split() for line in PRINTED.splitlines()]
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["old.csv", "new.csv", "--key", "id", "--exit-code"], 1),
        (["old.csv", "new.csv", "--exit-code"], 1),
        (["old.csv", "old.csv", "--exit-code"], 0),
        (["old.csv", "ragged.csv", "--key", "id"], 1),
        (["old.csv", "new.csv", "--key", "more"], 2),
        (["old.csv", "none.csv"], 2),
        (["old.csv", "."], 2),
        (["old.csv", "new.csv", "--encoding", "utf-8", "--encoding", "utf-8", "--encoding", "utf-8"], 2),
        (["old.csv", "new.csv", "--output", "old.csv"], 2),
    ],
)
def test_the_exit_code_says_whether_there_are_differences(
    arguments: list[str], code: int, tables: Path, cbrn_data: Command
) -> None:
    (tables / "ragged.csv").write_text(OLD + "4\n")
    assert cbrn_data("diff", *arguments).code == code
    assert (tables / "old.csv").read_text() == OLD


def test_no_difference_is_said(tables: Path, cbrn_data: Command) -> None:
    lines = OLD.splitlines(keepends=True)
    (tables / "moved.csv").write_text("".join([lines[0], *lines[:0:-1]]))
    assert cbrn_data("diff", "old.csv", "moved.csv", "--key", "id").out == "No differences.\n"
    assert cbrn_data("diff", "old.csv", "moved.csv").out == "No differences.\n"


def test_json_and_csv_have_the_same_changes(tables: Path, cbrn_data: Command) -> None:
    said = cbrn_data("diff", "old.csv", "new.csv", "--key", "id", "--json", "--output", "changes.csv").json
    with (tables / "changes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{name: cell or "" for name, cell in row.items()} for row in said["changes"]] == rows
    assert list(rows[0]) == NAMES
    assert [(row["row_id"], row["field"], row["change"]) for row in rows] == [
        ("*", "more", "added"), ("1", "*", "removed"), ("2", "name", "changed"), ("10", "*", "added")
    ]  # fmt: skip
    table = said["tables"][0]
    assert (table["key"], table["rows"], table["cells"], table["columns_added"]) == (["id"], [3, 3], {"name": 1}, ["more"])
    assert cbrn_data("diff", "old.csv", "old.csv", "--json").json["changes"] == []


def test_what_is_not_printed_is_counted(tables: Path, cbrn_data: Command) -> None:
    (tables / "many.csv").write_text("id,name,note\n" + "".join(f"{number},n,\n" for number in range(3, 3000)))
    done = cbrn_data("diff", "old.csv", "many.csv", "--key", "id")
    assert len(done.out.splitlines()) < 40
    assert "… and 2,976 more; `cbrn-data diff old.csv many.csv --html FILE`" in " ".join(done.out.split())


HOSTILE = "<script>alert(1)</script>"


def test_nothing_of_a_cell_is_run_by_a_browser_or_a_spreadsheet(tables: Path, cbrn_data: Command) -> None:
    (tables / "old.csv").write_text(f'id,"a{HOSTILE}"\n{HOSTILE},=1+1\n"<img src=x onerror=alert(1)>",x\n')
    (tables / "new.csv").write_text(f'id,"a{HOSTILE}"\n{HOSTILE},"""@x"\n')
    done = cbrn_data("diff", "old.csv", "new.csv", "--key", "id", "--html", "page.html", "--output", "changes.csv")
    assert done.code == 0
    page = (tables / "page.html").read_text(encoding="utf-8")
    assert "<script" not in page and "<img" not in page and page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert "Content-Security-Policy" in page and 'id="findings"' not in page
    with (tables / "changes.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert '"=1+1"' in cells and '"\\"@x"' in cells and not [cell for cell in cells if cell[:1] in "=@+" and cell]


def test_packages_are_compared(tables: Path, cbrn_data: Command) -> None:
    for name, text in (("a", OLD), ("b", OLD.replace("Bob", "Bobby"))):
        folder = tables / name
        folder.mkdir()
        (folder / "people.csv").write_text(text)
        fields = [{"name": each, "type": "string"} for each in ("id", "name", "note")]
        resource = {"name": "people", "path": "people.csv", "schema": {"fields": fields, "primaryKey": "id"}}
        (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    done = cbrn_data("diff", "a", "b/datapackage.json", "--exit-code")
    assert done.code == 1 and done.out.startswith("people: rows 1 changed, by id\n")


def test_options_of_tables_are_refused_for_releases(cbrn_data: Command) -> None:
    done = cbrn_data("diff", "1.0.0", "latest", "--key", "id")
    assert done.code == 2 and "are for tables; releases have their own schemas" in " ".join(done.err.split())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that takes some time to compare."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    rows = (f"{number * 7 % 1_500_001},{'word ' * 20}\n" for number in range(1_500_001))
    path.write_text("id,text\n" + "".join(rows))
    return path


def opened_in(folder: Path, process: int) -> bool:
    """Whether a process has a file without a name open in a folder. It may close any of its files while we look.

    A file with a name is there for a moment when Python tries which folder takes temporary files.
    """
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            file = os.readlink(descriptor)
            if Path(file).is_relative_to(folder) and file.endswith(" (deleted)"):
                return True
    return False


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Let a process be interrupted, also if a shell runs the tests in the background, where all would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_run_that_is_ended(end: signal.Signals, tables: Path, large: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tables / name).hardlink_to(large)
    (tables / "tmp").mkdir()
    command = [sys.executable, "-c", "from cbrn_data.cli import main; main()", "diff", "one.csv", "two.csv", "--key", "id"]
    with subprocess.Popen(
        [*command, "--output", "changes.csv"], env=os.environ | {"TMPDIR": str(tables / "tmp")}
    ) as process:
        while not opened_in(tables / "tmp", process.pid):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(end)
    assert process.returncode != 0
    assert sorted(os.listdir(tables)) == ["new.csv", "old.csv", "one.csv", "tmp", "two.csv"] and not os.listdir(
        tables / "tmp"
    )
