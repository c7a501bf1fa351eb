"""The progress of a task on the run page: a bar for each long step, and a line in the log at intervals."""

from __future__ import annotations

import re
from time import monotonic
from typing import cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from cbrn_data.progress import Observer, Step, wording

PATIENCE = 2.0
"""Seconds before a step is shown, and between two updates of its bar."""
INTERVAL = 30.0
"""Seconds between two lines in the log."""


class PageProgress(Observer):
    """Shows the steps of a task; the bar of a killed run stays where it was."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: dict[str, UUID] = {}
        self._moved: dict[Step, float] = {}
        self._logged = monotonic()

    def show(self, step: Step) -> None:
        """Move the bar of a step, and write the present steps to the log at intervals."""
        now = monotonic()
        if now - self._logged >= INTERVAL:
            self._logged = now
            get_run_logger().info("; ".join(wording(one) for one in self.steps))
        if step.share is not None and now - self._moved.get(step, step.began) >= PATIENCE:
            self._moved[step] = now
            self._move(step, round(100 * step.share, 1))

    def end(self, step: Step) -> None:
        """Fill the bar of a step that is done."""
        super().end(step)
        if self._moved.pop(step, None) is not None and step.share == 1:
            self._move(step, 100.0)

    def _move(self, step: Step, percent: float) -> None:
        if step.name in self._bars:
            update_progress_artifact(self._bars[step.name], percent)
            return
        key = f"progress-{re.sub('[^a-z0-9]+', '-', step.name.lower()).strip('-')}"
        self._bars[step.name] = cast(UUID, create_progress_artifact(percent, key=key, description=step.name))
