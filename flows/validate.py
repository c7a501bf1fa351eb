"""Validate: make the tables, follow every cell to its words, and run every check. A blocking finding fails the run.

A table of records is a task of its own: it shows how far it is, and is kept when it is finished, so that a run that was
killed goes on behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prefect import flow, get_run_logger

from cbrn_data import pipeline
from cbrn_data.settings import settings
from flows.ingest import read_sources
from flows.reporting import Progress, quoted, show_findings, step, tells_failure

if TYPE_CHECKING:
    from cbrn_data.schema.model import Package
    from cbrn_data.sources.source import Source
    from cbrn_data.tables.kept import Kept
    from cbrn_data.tables.records import Records, Tell
    from cbrn_data.tables.resolve import Row


@step("Write a table of records", task_run_name="Write {what}")
def write_table(what: str, make: Callable[[Tell], tuple[Records, bool]]) -> Records:
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

    def write(source: Source, package: Package, rows: Mapping[str, list[Row]], folder: Path) -> Records:
        return write_table(str(source.about["table"]), quoted(partial(_written, kept, source, package, rows, folder)))

    return pipeline.build(gathered, write)


def _written(
    kept: Kept, source: Source, package: Package, rows: Mapping[str, list[Row]], folder: Path, tell: Tell
) -> tuple[Records, bool]:
    from cbrn_data.tables.records import write_records

    return kept.write(source, package, rows, folder, partial(write_records, tell=tell))


@flow(name="validate")
@tells_failure
def validate(root: str = ".") -> pipeline.Built:
    """Return the checked tables of everything under ``root``."""
    built = build_tables(quoted(read_sources(root)), root)
    show_findings(built.findings)
    return built
