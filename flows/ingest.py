"""Ingest: read every source under ``raw/`` and every definition, and refuse what its sidecar does not know."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger

from cbrn_data import pipeline
from cbrn_data.settings import settings
from flows.reporting import LISTED, step, tells_failure


@step("Read sources and definitions")
def read_sources(root: str) -> pipeline.Gathered:
    """Read and verify everything that is not ours to make."""
    gathered = pipeline.gather(settings(Path(root)))
    logger = get_run_logger()
    for source in [*gathered.lists, *gathered.sources][:LISTED]:
        logger.info("Read %s: %s bytes, sha256 %s", source.place, source.about["bytes"], source.about["sha256"])
    return gathered


@flow(name="ingest")
@tells_failure
def ingest(root: str = ".") -> pipeline.Gathered:
    """Return verified sources and definitions."""
    return read_sources(root)
