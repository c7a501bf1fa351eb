"""Validate: make the tables, follow every cell to its words, and run every check. A blocking finding fails the run.

A table of records is a task of its own: it shows how far it is, and is kept when it is finished, so that a run that was
killed goes on behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.utilities.annotations import quote

from cbrn_data import pipeline
from cbrn_data.settings import settings
from flows.ingest import read_sources
from flows.reporting import Progress, show_findings, step, tells_failure


@step("Write a table of records", task_run_name="Write {what}")
def write_table(what: str, make: Callable[..., tuple[Any, bool]]) -> Any:
    """Make a table of records, or take it as an earlier run has finished it."""
    progress = Progress(what)
    records, was_kept = make(progress.show)
    progress.show(what, 1.0)
    words = "taken from an earlier run, which made it of the same source, definitions and code" if was_kept else "made"
    get_run_logger().info("%s: %s rows, %s", what, f"{records.rows:,}", words)
    return records


@step("Build tables and check them")
def build_tables(gathered: pipeline.Gathered, root: str) -> pipeline.Built:
    """Build and check all tables."""
    kept = pipeline.kept_tables(settings(Path(root)))

    def write(source: Any, package: Any, rows: Mapping[str, Any], folder: Path) -> Any:
        return write_table(str(source.about["table"]), quote(partial(_written, kept, source, package, rows, folder)))

    return pipeline.build(gathered, write)


def _written(kept: Any, source: Any, package: Any, rows: Any, folder: Path, tell: Any) -> tuple[Any, bool]:
    from cbrn_data.tables.records import write_records

    return kept.write(source, package, rows, folder, partial(write_records, tell=tell))


@flow(name="validate")
@tells_failure
def validate(root: str = ".") -> pipeline.Built:
    """Return the checked tables of everything under ``root``."""
    built = build_tables(quote(read_sources(root)), root)
    show_findings(built.findings)
    return built
