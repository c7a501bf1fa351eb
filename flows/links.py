"""Links: ask every page that rows name whether it is still there. No publication waits for it."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from cbrn_data.errors import SourceError
from cbrn_data.findings import blocking
from cbrn_data.links.check import Checked, check_links
from cbrn_data.pipeline import Gathered
from flows.ingest import read_sources
from flows.reporting import quoted, show_findings, step, tells_failure


@step("Ask every page that rows name")
def ask_pages(gathered: Gathered) -> Checked:
    """Return every page with its answer."""
    checked = check_links([*gathered.lists, *gathered.sources], gathered.package)
    get_run_logger().info(checked.summary)
    return checked


@flow(name="links")
@tells_failure
def links(root: str = ".") -> State[str]:
    """Ask every page; fail where a row needs another address. Return how many pages there are of each result, in words."""
    checked = ask_pages(quoted(read_sources(root)))
    if blocking(checked.findings):
        raise SourceError("rows name pages that are not there", checked.findings)
    show_findings(checked.findings)
    return Completed(message=checked.summary, data=checked.summary)
