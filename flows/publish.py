"""Publish: stage the release, let it pass the gate, and commit it; nothing new publishes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed

from cbrn_data import pipeline
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import shown
from cbrn_data.release.assemble import Draft
from cbrn_data.release.overview import overview
from cbrn_data.settings import Settings, release_date, settings
from cbrn_data.store.folder import Release
from flows.ingest import read_sources
from flows.reporting import quoted, show_findings, show_release, step, tell_release, tells_failure
from flows.validate import build_tables


async def _is_the_store(task: Any, run: TaskRun, state: State) -> bool:
    """Another publisher or a full disk can pass; a release that does not pass its checks never will."""
    try:
        await state.result()
    except ReleaseError:
        return True
    except Exception:
        return False
    return False


@step("Stage, check and commit the release", retries=2, retry_delay_seconds=10, retry_condition_fn=_is_the_store)
def commit_release(built: pipeline.Built, where: Settings, date: str) -> pipeline.Outcome:
    """Publish what was built."""
    return pipeline.publish(built, pipeline.open_store(where), date)


@step("See whether anything is new")
def find_settled(gathered: pipeline.Gathered, where: Settings) -> pipeline.Outcome | None:
    """Return what is published if it was made of these very sources and definitions by this code."""
    return pipeline.settled(gathered, pipeline.open_store(where, gathered.package))


@step("See what would be published")
def plan_release(built: pipeline.Built, where: Settings, date: str) -> Draft:
    """Return what publishing would do; writes nothing."""
    return pipeline.plan(built, pipeline.open_store(where), date=date)


@flow(name="publish")
@tells_failure
def publish(
    root: str = ".", published: str | None = None, base_url: str | None = None, move_address: bool = False
) -> State[str]:
    """Publish everything under ``root`` without looking first whether anything is new; return the newest version.

    ``move_address`` confirms that the catalogue and the pages get another address than they have.
    """
    where = settings(Path(root), Path(published) if published else None, base_url)
    pipeline.check_address(where, move_address=move_address)
    built = build_tables(quoted(read_sources(root)), root)
    return show_outcome(commit_release(quoted(built), where, release_date()), where)


def show_outcome(outcome: pipeline.Outcome, where: Settings) -> State[str]:
    """Put what was done on the run page and into its log, and tell of a new release; return the version with it."""
    version = outcome.release.version
    heading = f"Published {version}" if outcome.is_new else _nothing_new(outcome.release)
    show_findings(outcome.findings)
    for sentence in outcome.repaired:
        get_run_logger().warning("Repaired: %s", sentence)
    base = pipeline.base_url(where)
    page = f"{base}history/{version}.html"
    links = [("the portal", base), ("this release", page), ("its files", f"{base}releases/{version}/datapackage.json")]
    links.append(("what changed", f"{base}releases/{version}/CHANGES.md"))
    show_release(heading, overview(outcome.release), links)
    if outcome.is_new:
        tell_release(outcome.release, page)
    return Completed(message=heading, data=version)


def show_plan(planned: Draft, built: pipeline.Built, moved: tuple[str, str] | None = None) -> State[str]:
    """Put what would be done on the run page; return the version that it would have with it."""
    previous = planned.previous
    heading = f"Would publish {planned.version}" if planned.is_news or previous is None else _nothing_new(previous)
    show_findings(sorted({*built.findings, *planned.findings}))
    lines = [("Brings", planned.summary), *((reason.step, reason.why) for reason in planned.why)] if planned.is_news else []
    if previous and previous.withdrawn:
        lines.append(("Withdrawn", f"{previous.version}, on {previous.withdrawn['date']}: {previous.withdrawn['reason']}"))
    if moved:
        lines.append(("Another address", f"{moved[1]} instead of {moved[0]}; a run refuses that without move_address"))
    show_release(heading, lines)
    return Completed(message=heading, data=planned.version)


def _nothing_new(release: Release) -> str:
    withdrawn = f"; it is withdrawn: {shown(release.withdrawn['reason'], 500)}" if release.withdrawn else ""
    return f"Nothing new: {release.version} has this content already{withdrawn}"
