"""Whatever the machine refuses ends a command in words with the file, the way out and exit code 2; no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cbrn_data.refusals import at, refusal
from cbrn_data.schema.written import HashingWriter
from tests.cli.conftest import Command, History
from tests.conftest import PROJECT

FULL = Path("/dev/full")
EXECUTABLE = Path(sys.executable).parent / "cbrn-data"
LEAFLET = PROJECT / "tests/leaflets/central-asia-2026.txt"

needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


@contextmanager
def nobody() -> Iterator[None]:
    """Give up the right of root to read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# --- what the machine refuses


@needs_full
def test_a_full_disk_is_told_in_one_line_with_its_file(cbrn_data: Command, history: History) -> None:
    done = cbrn_data("diff", "1.0.0", "2.0.0", "--output", FULL, "--root", history.root, COLUMNS="")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: /dev/full: the disk is full; free some space, then run this again\n"


@needs_full
@pytest.mark.parametrize("command", [["releases"], ["diff", "1.0.0", "2.0.0", "--json"]])
def test_output_that_cannot_be_written_is_told(history: History, command: list[str]) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [EXECUTABLE, *command, "--root", history.root], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        2,
        "error: standard output: the disk is full; free some space, then run this again\n",
    )


@needs_full
def test_a_table_that_does_not_fit_into_the_temporary_folder_names_its_file() -> None:
    with pytest.raises(OSError, match="No space") as raised, HashingWriter(FULL) as file:
        file.write(b"x" * 100_000)
        file.write(b"y")
    assert str(refusal(raised.value)).startswith("/dev/full: the disk is full")


def test_a_folder_that_may_not_be_read_is_told(cbrn_data: Command, project: Path) -> None:
    (project / "raw").chmod(0)
    for folder in (project, *project.parents[:3]):
        folder.chmod(0o755)
    with nobody():
        done = cbrn_data("plan", "--root", project, COLUMNS="")
    (project / "raw").chmod(0o755)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert "permission denied; allow this user" in line and "Traceback" not in line


def test_an_error_without_a_file_gets_the_one_that_was_written() -> None:
    with pytest.raises(OSError, match="strange") as raised, at(Path("made.csv")):
        raise OSError(4095, "strange")
    assert str(refusal(raised.value)) == "made.csv: strange"
    assert refusal(ZeroDivisionError()) is None


# --- a wrong folder


@pytest.mark.parametrize(
    "command",
    [
        ("plan",),
        ("publish",),
        ("releases",),
        ("releases", "--json"),
        ("diff", "1.0.0", "1.0.1"),
        ("trace", "projects", "P94"),
        ("withdraw", "1.0.0", "--reason", "x"),
        ("push", "file:///nowhere"),
    ],
    ids=lambda command: command[0],
)
def test_a_wrong_folder_is_said_and_nothing_is_made_in_it(
    cbrn_data: Command, tmp_path: Path, command: tuple[object, ...]
) -> None:
    done = cbrn_data(*command, "--root", tmp_path, COLUMNS="")
    assert (done.code, done.out, list(tmp_path.iterdir())) == (2, "", [])
    (line,) = done.err.splitlines()
    assert str(tmp_path) in line
    assert "is not the folder of a project (without " in line or "is not a store" in line


def test_a_source_begins_a_new_project_in_an_empty_folder_only(cbrn_data: Command, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    done = cbrn_data("add", LEAFLET, "--root", tmp_path, COLUMNS="")
    assert done.code == 2 and "is not the folder of a project (without schemas/)" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]
    assert cbrn_data("add", LEAFLET, "--root", tmp_path / "letters").code == 0


def test_a_folder_that_is_not_of_releases_is_said(cbrn_data: Command, project: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/a.txt").touch()
    for wrong, words in ((tmp_path / "letters", "contains no releases"), (tmp_path / "gone", "does not exist")):
        done = cbrn_data("releases", "--root", project, "--published", wrong, COLUMNS="")
        assert (done.code, done.out) == (2, "") and f"{wrong}: {words}; name the folder with releases/" in done.err
    (project / "published").mkdir()
    assert cbrn_data("releases", "--root", project).out.startswith("Nothing is published yet")


# --- lines


def test_a_line_is_cut_for_a_terminal_only(cbrn_data: Command, project: Path) -> None:
    (project / "raw/projects.csv").write_text("x")
    narrow, whole = (cbrn_data("plan", "--root", project, COLUMNS=width) for width in ("60", ""))
    assert "".join(narrow.err.split()) == "".join(whole.err.split())
    assert len(narrow.err.splitlines()) > len(whole.err.splitlines())
    message, fix, *_ = (line for line in whole.err.splitlines() if line.startswith("        "))
    assert message.startswith("        was changed; if this is meant, run ") and message.endswith(" bytes)")
    assert fix.startswith("        → ") and fix.endswith(".")


def test_rows_of_a_log_are_whole_and_end_with_words(cbrn_data: Command, history: History) -> None:
    done = cbrn_data("releases", "--root", history.root, COLUMNS="")
    assert [line.split()[0] for line in done.out.splitlines()] == ["version", "2.0.0", "1.1.1", "1.1.0", "1.0.0"]
    assert [line for line in done.out.splitlines() if line != line.rstrip()] == []
