"""Ctrl-C ends each command with one line and the exit code 130, whenever it comes."""

from __future__ import annotations

import subprocess
import sys
from importlib.abc import MetaPathFinder
from typing import Any, NoReturn

import pytest

from tests.cli.conftest import run


class Interrupted(MetaPathFinder):
    """Interrupts the import of the modules of commands."""

    def find_spec(self, name: str, *arguments: Any) -> None:
        if name == "cbrn_data.cli.running":
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process goes on after an interrupted command."""
    monkeypatch.setattr("signal.signal", lambda *arguments: None)


def interrupt(*arguments: object) -> NoReturn:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("settings", "cbrn_data.cli.settings.show_settings"),  # read by Typer
        ("verify", "cbrn_data.cli.verify.verify_now"),  # and not
    ],
)
def test_a_command_that_is_interrupted_says_so(command: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, interrupt)
    done = run(command)
    assert (done.code, done.out, done.err) == (130, "", "interrupted\n")


def test_a_command_that_is_interrupted_while_it_is_imported_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cbrn_data.cli.running")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    done = run("settings")
    assert (done.code, done.out, done.err) == (130, "", "interrupted\n")


def test_nothing_else_is_imported_before_an_interruption_is_expected() -> None:
    code = "import sys; before = {*sys.modules}; import cbrn_data.cli; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cbrn_data", "cbrn_data.cli"]
