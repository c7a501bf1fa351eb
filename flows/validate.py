"""Validate: build the tables and their evidence, and run every check. An error fails the run.

Each bulk table is a separate task. It shows its progress, and a finished table is kept, so the run after a killed one
does not build it again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prefect import flow, get_run_logger

from cbrn_data import pipeline
from cbrn_data.settings import read_settings
from flows.ingest import read_sources
from flows.killed import end_tasks
from flows.reporting import dated, quoted, report_failure, show_findings, step

if TYPE_CHECKING:
    from cbrn_data.schema.model import Package
    from cbrn_data.schema.table import Tables
    from cbrn_data.sources.source import Source
    from cbrn_data.tables.bulk import BulkTable


@step("Write a bulk table", task_run_name="Write {what}")
def write_table(what: str, make: Callable[[], tuple[BulkTable, bool]]) -> BulkTable:
    """Write a bulk table, or reuse it if an earlier run finished it."""
    bulk, was_kept = make()
    words = "reused from an earlier run with the same source, definitions and code" if was_kept else "written"
    get_run_logger().info("%s: %s rows, %s", what, f"{bulk.table.count:,}", words)
    return bulk


@step("Build and check tables")
def build_tables(gathered: pipeline.Gathered, root: str) -> pipeline.Built:
    """Build and check all tables; the cluster of the settings builds those that are large enough."""
    settings = read_settings(Path(root))
    kept = pipeline.table_cache(settings)
    with pipeline.bulk_writer(settings.scheduler) as make:

        def write(source: Source, package: Package, tables: Tables, folder: Path) -> BulkTable:
            table = str(source.metadata["table"])
            return write_table(table, quoted(partial(kept.write, source, package, tables, folder, make)))

        return pipeline.build(gathered, write)


@flow(name="validate", flow_run_name=dated("validate"), on_crashed=[end_tasks])
@report_failure
def validate(root: str = ".") -> pipeline.Built:
    """Return the checked tables of everything under ``root``."""
    built = build_tables(quoted(read_sources(root)), root)
    show_findings(built.findings)
    return built
