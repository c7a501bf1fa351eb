"""``cbrn-data publish``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cbrn_data import pipeline
from cbrn_data.cli.show import console, show_findings, show_json, show_lines
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.release.guard import read_guard
from cbrn_data.release.kept import NOT_KEPT
from cbrn_data.release.overview import overview
from cbrn_data.release.version import STEPS
from cbrn_data.settings import FILE, Settings, read_settings, release_date
from cbrn_data.store.folder import Release


def publish_now(
    root: Path,
    published: Path | None,
    at_least: str,
    as_json: bool,
    runner: str | None = None,
    scheduler: str | None = None,
    move_address: bool = False,
    allow: Sequence[str] = (),
    reason: str | None = None,
) -> None:
    """Run the whole pipeline and print what it did."""
    settings = read_settings(root, published)
    scheduler = _scheduler(runner, scheduler, settings)
    step, gathered = step_of(at_least), pipeline.gather(settings)
    guard = read_guard(settings, gathered.package.tables, allow, reason)
    pipeline.check_address(settings, gathered.package, move_address)
    store = pipeline.open_store(settings, gathered.package)
    outcome, key = pipeline.up_to_date(gathered, store), None
    if outcome is None:
        key = pipeline.own_key(settings)
        outcome = pipeline.publish(build_with(gathered, scheduler), store, release_date(), step, key, guard)
    if as_json:
        findings = [finding.as_dict() for finding in outcome.findings]
        release = {key: outcome.release.info[key] for key in ("version", "date", "sequence", "content_digest", "summary")}
        release |= {"digest": outcome.release.digest, "withdrawn": outcome.release.withdrawn}
        show_json({"published": outcome.is_new, **release, "findings": findings})
        return
    show_findings(outcome.findings)
    for sentence in outcome.repaired:
        console().print(f"Repaired: {sentence}.")
    if outcome.is_new:
        console().print(f"Published {outcome.release.version}.")
    else:
        show_nothing_new(outcome.release)
    if not outcome.is_kept:
        console().print(f"Take care! {NOT_KEPT}.")
    if key and outcome.is_new and key.is_local:
        console().print(f"Signed with the local key {key.fingerprint[:16]}…, which is not pinned.")
    show_lines(overview(outcome.release))


def build_with(gathered: pipeline.Gathered, scheduler: str | None) -> pipeline.Built:
    """Build all tables; if a scheduler is given, its workers build the bulk tables."""
    with pipeline.bulk_writer(scheduler) as write:
        return pipeline.build(gathered, write)


def _scheduler(runner: str | None, given: str | None, settings: Settings) -> str | None:
    """Return the scheduler of the cluster that builds bulk tables, None for this process."""
    if runner not in (None, "local", "dask"):
        raise CbrnDataError(f"--runner is {shown(runner, 40)!r}; it must be local or dask")
    if runner == "local" and given:
        raise CbrnDataError("--runner local uses no scheduler; leave out --scheduler, or --runner")
    scheduler = None if runner == "local" else given or settings.scheduler
    if runner == "dask" and scheduler is None:
        raise CbrnDataError(
            f"--runner dask needs a scheduler; give --scheduler tcp://host:8786, or set cluster.scheduler in {FILE}"
        )
    return scheduler


def show_nothing_new(release: Release) -> None:
    """Print that a release already has the content."""
    console().print(f"Nothing new: {release.version} already has this content.")
    show_withdrawn(release, "It")


def show_withdrawn(release: Release, name: str) -> None:
    """Print that a release is withdrawn, if it is; ``name`` begins the sentence."""
    if release.withdrawn:
        console().print(f"{name} is withdrawn: {shown(release.withdrawn['reason'], 500)}")


def step_of(at_least: str) -> str:
    """Return the step that ``--at-least`` names. Raises CbrnDataError."""
    if at_least not in STEPS:
        raise CbrnDataError(f"--at-least is {at_least[:40]!r}; it must be minor or major")
    return at_least
