"""Validate: make the tables, follow every cell to its words, and run every check. A blocking finding fails the run."""

from __future__ import annotations

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cbrn_data import pipeline
from flows.ingest import ingest
from flows.reporting import Kept, show_findings, shown_when_refused


@task(name="Build tables and check them", cache_policy=NO_CACHE)
def build_tables(gathered: pipeline.Gathered) -> pipeline.Built:
    """Build and check all tables."""
    with shown_when_refused():
        return pipeline.build(gathered)


@flow(name="validate", validate_parameters=False)
def validate(gathered: Kept[pipeline.Gathered] | None = None, root: str = ".") -> Kept[pipeline.Built]:
    """Return checked tables; without ``gathered`` the sources under ``root`` are ingested first."""
    built = build_tables((gathered or ingest(root)).value)
    show_findings(built.findings)
    return Kept(built)
