"""Plans of a small project after its first release."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from cbrn_data import pipeline
from cbrn_data.release.assemble import Draft
from cbrn_data.release.guard import read_guard
from cbrn_data.settings import read_settings
from tests.cli.conftest import edit

DAY = "2026-11-24"


def second(small: Path, target: Path, **changes: Callable[[str], str]) -> Path:
    """Copy the project of the first release ``small``, and change curated tables by name; return its root."""
    root = Path(shutil.copytree(small.parent, target))
    for name, change in changes.items():
        edit(root, f"{name}.csv", change)
    return root


def planned(root: Path, allow: tuple[str, ...] = (), reason: str | None = None) -> tuple[pipeline.Built, Draft]:
    """Build a project and plan its next release."""
    settings = read_settings(root)
    gathered = pipeline.gather(settings)
    guard = read_guard(settings, gathered.package.tables, allow, reason)
    built = pipeline.build(gathered)
    return built, pipeline.plan(built, pipeline.open_store(settings), date=DAY, guard=guard)


def rows(count: int) -> Callable[[str], str]:
    """Return a change that keeps the first rows of a table."""
    return lambda text: "".join(f"{line}\n" for line in text.splitlines()[: count + 1])


ENVIRONMENT = {"SOURCE_DATE_EPOCH": "1795478400", "COLUMNS": "1000"}
"""The environment of a command on the day of the plan, with lines that are not wrapped."""
