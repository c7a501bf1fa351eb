"""Progress on the command line: bars on a terminal, lines at intervals in a log, nothing with ``--json``.

Bars are on standard error and disappear when their step ends, so that standard output has results only.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from time import monotonic
from typing import TYPE_CHECKING

from cbrn_data.progress import Observer, Step, observed, wording

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

INTERVAL = 10.0
"""Seconds between two lines of a log; a shorter command prints none."""


class Lines(Observer):
    """Prints the present steps as one line, at intervals."""

    def __init__(self) -> None:
        super().__init__()
        self._printed = monotonic()

    def show(self, step: Step) -> None:
        """Print the steps if the last line is older than the interval."""
        if monotonic() - self._printed >= INTERVAL:
            self._printed = monotonic()
            _console().print("; ".join(wording(one) for one in self.steps))


class Bars(Observer):
    """Shows a bar for each present step; one whose total is not known moves without end."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: dict[Step, TaskID] = {}
        self._progress: Progress | None = None

    def show(self, step: Step) -> None:
        """Move the bar of a step; the first step opens the display."""
        if self._progress is None:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._progress = Progress(*columns, console=_console(), transient=True)
            self._progress.start()
        if step not in self._bars:
            self._bars[step] = self._progress.add_task("", total=None)
        self._progress.update(self._bars[step], description=wording(step), total=step.total or None, completed=step.done)

    def end(self, step: Step) -> None:
        """Remove the bar of a step; the last step closes the display."""
        super().end(step)
        if self._progress and step in self._bars:
            self._progress.remove_task(self._bars.pop(step))
            if not self.steps:
                self._progress.stop()
                self._progress = None


def _console() -> Console:
    from cbrn_data.cli.show import console  # help does not wait for it

    return console(sys.stderr)


def shown_progress() -> AbstractContextManager[None]:
    """Show the progress of a command while the context is open."""
    return observed(Bars() if sys.stderr.isatty() else Lines())
