"""Ingest: read every source under ``raw/`` and every definition; refuse sources that do not match their sidecar."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger

from cbrn_data import pipeline
from cbrn_data.settings import read_settings
from flows.killed import end_tasks
from flows.page import LISTED
from flows.reporting import dated, report_failure, step


@step("Read sources and definitions")
def read_sources(root: str) -> pipeline.Gathered:
    """Read and verify all inputs."""
    gathered = pipeline.gather(read_settings(Path(root)))
    logger = get_run_logger()
    for source in [*gathered.lists, *gathered.sources][:LISTED]:
        logger.info("Read %s: %s bytes, sha256 %s", source.place, source.metadata["bytes"], source.metadata["sha256"])
    return gathered


@flow(name="ingest", flow_run_name=dated("ingest"), on_crashed=[end_tasks])
@report_failure
def ingest(root: str = ".") -> pipeline.Gathered:
    """Return verified sources and definitions."""
    return read_sources(root)
