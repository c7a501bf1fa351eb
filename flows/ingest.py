"""Ingest: read every source under ``raw/`` and every definition, and refuse what its sidecar does not know."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cbrn_data import pipeline
from cbrn_data.settings import settings
from flows.reporting import Kept, shown_when_refused


@task(name="Read sources and definitions", cache_policy=NO_CACHE)
def read_sources(root: str) -> pipeline.Gathered:
    """Read and verify everything that is not ours to make."""
    with shown_when_refused():
        return pipeline.gather(settings(Path(root)))


@flow(name="ingest")
def ingest(root: str = ".") -> Kept[pipeline.Gathered]:
    """Return verified sources and definitions."""
    return Kept(read_sources(root))
