"""Every input that must be refused or reported, with code, place and message of each finding.

A case is a folder ``tests/bad/<finding-code>__<story>/`` with one of

- ``leaflet.txt``: ``cbrn-data extract leaflet.txt`` runs in a copy of the case,
- ``root/``: files laid over a copy of the real ``raw/`` and ``schemas/``, where ``cbrn-data publish --root root`` runs; a
  file under ``raw/`` that brings no sidecar of its own gets its digest and size into the sidecar that is there, and
  ``removed.txt``, with or without ``root/``, names files to take away, one a line,
- ``command.txt`` beside either: the command that runs instead of the one above,

and ``expected.txt``: standard error without the ways out and the totals, standard output, and the exit code on the last
line. The codes that a case raises stand in its expected text; the folder's name says which one it is about. The way out of
a code has one place, ``findings.yaml``, and the totals one, ``cli/show.py``, so neither is repeated here.
``python -m tests.test_bad --write [CASE ...]`` writes expectations, to be read before they are kept; no test run ever does.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from cbrn_data.findings import catalogue
from tests.conftest import PROJECT

CASES = sorted(path.parent for path in (PROJECT / "tests" / "bad").glob("*__*/expected.txt"))
RELEASE_DATE = "1795305600"  # 2026-11-22
OF_REAL_PAGES = re.compile(r"warning raw/(figures|projects)\.csv:[0-9]+ +(pages-disagree|projects-named-differ)\n")
"""What the real tables say whatever the case is about: public pages disagree."""
PLAN = re.compile(r"(?m)^Plan: [0-9a-f]{64}\n")
"""The digest of a plan covers every definition, and changes with each."""
TOTALS = re.compile(r"[0-9]+ errors?, [0-9]+ warnings?\n")


def run_case(case: Path, place: Path) -> str:
    """Run a case in ``place``, an empty folder, and return what it says."""
    shutil.copytree(case, place, dirs_exist_ok=True)
    default = "extract leaflet.txt"
    if (place / "root").exists() or (place / "removed.txt").exists():
        _lay_over(place)
        default = "publish --root root"
    command = place / "command.txt"
    said = _run(place, shlex.split(command.read_text() if command.exists() else default))
    if said.endswith("exit 1\n"):
        written = [path for path in (place / "root" / "published").rglob("*") if path.is_file()]
        assert not written, "a refused input published something"
    return said


def _lay_over(place: Path) -> None:
    overlay = place / "overlay"
    if (place / "root").exists():
        (place / "root").rename(overlay)
    for room in ("raw", "schemas"):
        shutil.copytree(PROJECT / room, place / "root" / room)
        if (overlay / room).exists():
            shutil.copytree(overlay / room, place / "root" / room, dirs_exist_ok=True)
    for path in sorted((overlay / "raw").glob("*")):
        if path.suffix != ".yaml" and not (overlay / "raw" / f"{path.name}.yaml").exists():
            _know(place / "root" / "raw" / path.name)
    removed = place / "removed.txt"
    for name in removed.read_text().split() if removed.exists() else ():
        (place / "root" / name).unlink()


def _know(path: Path) -> None:
    """Put the digest and the size of a file into its sidecar, where it has one."""
    sidecar, data = path.with_name(f"{path.name}.yaml"), path.read_bytes()
    if sidecar.exists():
        text = re.sub("(?m)^sha256: .*$", f"sha256: {hashlib.sha256(data).hexdigest()}", sidecar.read_text(encoding="utf-8"))
        sidecar.write_text(re.sub("(?m)^bytes: .*$", f"bytes: {len(data)}", text), encoding="utf-8")


def _run(place: Path, arguments: list[str]) -> str:
    from cbrn_data.cli import main

    out, err = io.StringIO(), io.StringIO()
    settings = {"COLUMNS": "", "SOURCE_DATE_EPOCH": RELEASE_DATE, "CBRN_DATA_STATE": str(place / "state")}
    code: object = 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, settings))
        stack.enter_context(mock.patch.object(sys, "argv", ["cbrn-data", *arguments]))
        stack.enter_context(contextlib.chdir(place))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    return f"{_without_common(err.getvalue())}{PLAN.sub('', out.getvalue())}exit {code}\n"


def _without_common(said: str) -> str:
    """Leave out what every finding of a code says alike, after a look that it is said."""
    kept, codes = [], []
    of_real_pages = False
    for line in said.splitlines(keepends=True):
        if not line.startswith(" "):
            of_real_pages = bool(OF_REAL_PAGES.fullmatch(line))
        if of_real_pages:
            continue
        words = line.split()
        if words and words[0] in ("error", "warning") and words[-1] in catalogue():
            codes.append(words[-1])
        if line.strip().startswith("→"):
            assert line.strip() == f"→ {catalogue()[codes[-1]].fix}"
        elif not TOTALS.fullmatch(line):
            kept.append(line)
    return "".join(kept)


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder outside of the project."""
    with tempfile.TemporaryDirectory(prefix="bad") as folder:
        yield Path(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_told_in_these_words(case: Path, place: Path) -> None:
    said = run_case(case, place)
    assert said == (case / "expected.txt").read_text(encoding="utf-8")
    assert case.name.split("__")[0] in said
    assert "Traceback" not in said


def test_every_case_has_its_expectation() -> None:
    assert sorted(path for path in (PROJECT / "tests" / "bad").glob("*__*") if path.is_dir()) == CASES


if __name__ == "__main__":
    if sys.argv[1:2] != ["--write"]:
        sys.exit("usage: python -m tests.test_bad --write [CASE ...]")
    for name in sys.argv[2:] or [case.name for case in CASES]:
        folder = PROJECT / "tests" / "bad" / Path(name).name
        with tempfile.TemporaryDirectory(prefix="bad") as empty:
            expected = run_case(folder, Path(empty))
        (folder / "expected.txt").write_text(expected, encoding="utf-8")
        print(expected)
