"""Links: check that every page that rows name still exists. Publishing does not depend on it."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from cbrn_data.errors import SourceError
from cbrn_data.findings import errors_of
from cbrn_data.links.check import MISSING_PAGES, Checked, check_links
from cbrn_data.pipeline import Gathered
from flows.ingest import read_sources
from flows.killed import end_tasks
from flows.reporting import dated, quoted, report_failure, show_findings, step


@step("Check every page that rows name")
def check_pages(gathered: Gathered) -> Checked:
    """Return every page with its result."""
    checked = check_links([*gathered.lists, *gathered.sources], gathered.package)
    get_run_logger().info(checked.summary)
    return checked


@flow(name="links", flow_run_name=dated("links"), on_crashed=[end_tasks])
@report_failure
def links(root: str = ".") -> State[str]:
    """Check every page; fail if a row needs another address. Return the number of pages by result, as a sentence."""
    checked = check_pages(quoted(read_sources(root)))
    if errors_of(checked.findings):
        raise SourceError(MISSING_PAGES, checked.findings)
    show_findings(checked.findings)
    return Completed(message=checked.summary, data=checked.summary)
