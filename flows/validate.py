"""Validate: make the tables, follow every cell to its words, and run every check. A blocking finding fails the run.

A table of records is a task of its own: it shows how far it is, and is kept when it is finished, so that a run that was
killed goes on behind it. What Prefect caches is nothing: what is kept is found by the digests of what it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from cbrn_data import pipeline
from cbrn_data.settings import settings
from flows.ingest import ingest
from flows.reporting import Kept, Progress, show_findings, shown_when_refused


@task(name="Write a table of records", task_run_name="Write {what}", cache_policy=NO_CACHE)
def write_table(what: str, make: Kept[Callable[..., tuple[Any, bool]]]) -> Kept[Any]:
    """Make a table of records, or take it as an earlier run has finished it."""
    progress = Progress(what)
    records, was_kept = make.value(progress.show)
    progress.show(what, 1.0)
    words = "taken from an earlier run, which made it of the same source, definitions and code" if was_kept else "made"
    get_run_logger().info("%s: %s rows, %s", what, f"{records.rows:,}", words)
    return Kept(records)


@task(name="Build tables and check them", cache_policy=NO_CACHE)
def build_tables(gathered: pipeline.Gathered, root: str) -> pipeline.Built:
    """Build and check all tables."""
    kept = pipeline.kept_tables(settings(Path(root)))

    def write(source: Any, package: Any, rows: Mapping[str, Any], folder: Path) -> Any:
        make = partial(_written, kept, source, package, rows, folder)
        return write_table(str(source.about["table"]), Kept(make)).value

    with shown_when_refused():
        return pipeline.build(gathered, write)


def _written(kept: Any, source: Any, package: Any, rows: Any, folder: Path, tell: Any) -> tuple[Any, bool]:
    from cbrn_data.tables.records import write_records

    return kept.write(source, package, rows, folder, partial(write_records, tell=tell))


@flow(name="validate", validate_parameters=False)
def validate(gathered: Kept[pipeline.Gathered] | None = None, root: str = ".") -> Kept[pipeline.Built]:
    """Return checked tables; without ``gathered`` the sources under ``root`` are ingested first."""
    built = build_tables((gathered or ingest(root)).value, root)
    show_findings(built.findings)
    return Kept(built)
