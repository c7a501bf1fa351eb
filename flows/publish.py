"""Publish: stage the release, let it pass the gate, and commit it; nothing new publishes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from cbrn_data import pipeline
from cbrn_data.errors import ReleaseError
from cbrn_data.release.overview import overview
from cbrn_data.settings import Settings, release_date, settings
from flows.reporting import Kept, show_findings, show_release, shown_when_refused, tell_release
from flows.validate import validate


async def _is_the_store(task: Any, run: TaskRun, state: State) -> bool:
    """Another publisher or a full disk can pass; a release that does not pass its checks never will."""
    try:
        await state.result()
    except ReleaseError:
        return True
    except Exception:
        return False
    return False


@task(
    name="Stage, check and commit the release",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=10,
    retry_condition_fn=_is_the_store,
)
def commit_release(built: pipeline.Built, where: Settings, date: str) -> pipeline.Outcome:
    """Publish what was built."""
    with shown_when_refused():
        return pipeline.publish(built, pipeline.open_store(where), date)


@task(name="See whether anything is new", cache_policy=NO_CACHE)
def find_settled(gathered: pipeline.Gathered, where: Settings) -> pipeline.Outcome | None:
    """Return what is published if it was made of these very sources and definitions by this code."""
    return pipeline.settled(gathered, pipeline.open_store(where, gathered.package))


@task(name="See what would be published", cache_policy=NO_CACHE)
def plan_release(built: pipeline.Built, where: Settings, date: str) -> str:
    """Show what publishing would do, and return the version it would have; writes nothing."""
    with shown_when_refused():
        planned = pipeline.plan(built, pipeline.open_store(where), date=date)
    show_findings(sorted({*built.findings, *planned.findings}))
    if not planned.is_news:
        show_release(f"Nothing new: {planned.version} has this content already", [])
        return planned.version
    lines = [("Brings", planned.summary), *((reason.step, reason.why) for reason in planned.why)]
    show_release(f"Would publish {planned.version}", lines)
    return planned.version


@flow(name="publish", validate_parameters=False)
def publish(
    built: Kept[pipeline.Built] | None = None, root: str = ".", published: str | None = None, base_url: str | None = None
) -> str:
    """Publish and return the newest version; without ``built`` everything under ``root`` is ingested and validated first."""
    where = settings(Path(root), Path(published) if published else None, base_url)
    checked = (built or validate(root=root)).value
    return show_outcome(commit_release(checked, where, release_date()), where)


def show_outcome(outcome: pipeline.Outcome, where: Settings) -> str:
    """Put what was done on the run page and into its log, and tell of a new release; return the version."""
    version = outcome.release.version
    heading = f"Published {version}" if outcome.is_new else f"Nothing new: {version} has this content already"
    logger = get_run_logger()
    for sentence in outcome.repaired:
        logger.warning("Repaired: %s", sentence)
    logger.info(heading)
    base = pipeline.base_url(where)
    links = [("the portal", base), ("this release", f"{base}releases/{version}/datapackage.json")]
    links.append(("what changed", f"{base}releases/{version}/CHANGES.md"))
    show_release(heading, overview(outcome.release), links)
    if outcome.is_new:
        tell_release(outcome.release, links[1][1])
    return version
