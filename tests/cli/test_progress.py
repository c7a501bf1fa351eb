"""Progress: bars on a terminal, lines at intervals in a log, nothing for a program."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from cbrn_data.cli import progress
from cbrn_data.cli.progress import Bars
from cbrn_data.progress import BYTES, Observer, Step, advance_bytes, observed, step, tracked, wording
from tests.cli.conftest import Command


def test_a_log_has_a_line_at_each_interval_and_json_none(
    cbrn_data: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = cbrn_data("plan", "--root", project, COLUMNS="")
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    done = cbrn_data("plan", "--root", project, COLUMNS="")
    assert done.out == quick.out and "Read sources: " not in quick.err
    for said in ("Read sources: 0 of ", "Read leaflets: 0 %", "Check tables: "):
        assert said in done.err
    assert cbrn_data("plan", "--root", project, "--json").err == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_bars_which_are_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    bars = Bars()
    with observed(bars), step("Build trainings", 1) as one:
        assert bars._opening
        bars._opening.join()
        one.move(0.5)
        assert bars._progress
        bars._progress.refresh()
    shown, _, after = terminal.getvalue().partition("Build trainings: 50 %")
    assert after and "\x1b[2K" in after and "Build" not in shown + after


def test_steps_that_are_over_at_once_do_not_flicker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with observed(bars := Bars()):
        for name in ("Read sources", "Compare regions"):
            with step(name, 1) as one:
                one.move(1)
    assert terminal.getvalue() == "" and bars._opening is None


def test_steps_are_nested_and_bytes_count_where_bytes_are_counted() -> None:
    seen: list[str] = []

    class Seeing(Observer):
        def show(self, step: Step) -> None:
            seen.append("; ".join(wording(one) for one in self.steps))

    with observed(Seeing()):
        with step("Write", 4e6, BYTES), step("Sort"):
            advance_bytes(1_000_000)
        with pytest.raises(ZeroDivisionError):
            for number in tracked("Divide", [1, 0], 2):
                _ = 1 / number
        advance_bytes(1)
    assert seen == [
        "Write: 0 % of 4.0 MB",
        "Write: 0 % of 4.0 MB; Sort",
        "Write: 25 % of 4.0 MB; Sort",
        "Divide: 0 of 2",
        "Divide: 1 of 2",
    ]
