"""Progress on the command line: bars on a terminal, lines at intervals in a log, nothing with ``--json``.

Bars are on standard error and disappear when their step ends, so that standard output has results only.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from threading import RLock, Timer
from time import monotonic
from typing import TYPE_CHECKING

from cbrn_data.progress import Observer, Step, observed, wording

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

INTERVAL = 10.0
"""Seconds between two lines of a log; a shorter command prints none."""
PATIENCE = 0.5
"""Seconds before the first bar is shown."""


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
    """Shows a bar for each present step; one whose total is not known moves without end.

    Steps that are over at once show nothing, because bars that come and go flicker.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bars: dict[Step, TaskID] = {}
        self._progress: Progress | None = None
        self._opening: Timer | None = None
        self._lock = RLock()  # the timer is another thread

    def show(self, step: Step) -> None:
        """Move the bar of a step; the first step opens the display after a while."""
        with self._lock:
            if self._progress:
                self._move(self._progress, step)
            elif self._opening is None:
                self._opening = Timer(PATIENCE, self._open)
                self._opening.daemon = True
                self._opening.start()

    def end(self, step: Step) -> None:
        """Remove the bar of a step; the last step closes the display."""
        with self._lock:
            super().end(step)
            if self._progress and step in self._bars:
                self._progress.remove_task(self._bars.pop(step))
            if not self.steps:
                self._close()

    def _open(self) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if not self.steps or self._progress:
                return
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._progress = Progress(*columns, console=_console(), transient=True)
            self._progress.start()
            for step in self.steps:
                self._move(self._progress, step)

    def _move(self, progress: Progress, step: Step) -> None:
        if step not in self._bars:
            self._bars[step] = progress.add_task("", total=None)
        progress.update(self._bars[step], description=wording(step), total=step.total or None, completed=step.done)

    def _close(self) -> None:
        if self._opening:
            self._opening.cancel()
        if self._progress:
            self._progress.stop()
        self._progress = self._opening = None


def _console() -> Console:
    from cbrn_data.cli.show import console  # help does not wait for it

    return console(sys.stderr)


def shown_progress() -> AbstractContextManager[None]:
    """Show the progress of a command while the context is open."""
    return observed(Bars() if sys.stderr.isatty() else Lines())
