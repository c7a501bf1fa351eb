"""Ingest: read every source under ``raw/`` and every definition, and refuse what its sidecar does not know."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from cbrn_data import pipeline
from cbrn_data.settings import settings
from flows.reporting import LISTED, Kept, shown_when_refused


@task(name="Read sources and definitions", cache_policy=NO_CACHE)
def read_sources(root: str) -> pipeline.Gathered:
    """Read and verify everything that is not ours to make."""
    with shown_when_refused():
        gathered = pipeline.gather(settings(Path(root)))
    logger = get_run_logger()
    for source in gathered.sources[:LISTED]:
        logger.info("Read %s: %s bytes, sha256 %s", source.place, source.about["bytes"], source.about["sha256"])
    return gathered


@flow(name="ingest")
def ingest(root: str = ".") -> Kept[pipeline.Gathered]:
    """Return verified sources and definitions."""
    return Kept(read_sources(root))
