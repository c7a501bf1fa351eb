"""``cbrn-data publish``. The imports here need no table library, so a run without changes loads none."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from cbrn_data import beside
from cbrn_data.cli.show import console, show_findings, show_json, show_lines
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.hidden import pyarrow_without_pandas, signers_without_boto3
from cbrn_data.release.unchanged import Unchanged, inputs, recall, remember
from cbrn_data.settings import FILE, Settings, read_settings, release_date
from cbrn_data.store.folder import Release

if TYPE_CHECKING:
    from cbrn_data import pipeline
    from cbrn_data.signing.keys import SigningKey


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
    """Run the whole pipeline, unless the last run shows that it would change nothing, and print the result."""
    settings = read_settings(root, published)
    is_plain = (at_least, runner, scheduler, move_address, allow, reason) == ("patch", None, None, False, (), None)
    given = inputs(settings) if is_plain else None
    if given and (known := recall(settings, given)):
        _show(known, as_json)
        return
    signers_without_boto3()
    from cbrn_data import pipeline
    from cbrn_data.release.guard import read_guard
    from cbrn_data.release.overview import overview
    from cbrn_data.trust.sign import due_on

    scheduler = _scheduler(runner, scheduler, settings)
    step = step_of(at_least)
    with beside.helper() if "frictionless" not in sys.modules else nullcontext(), pipeline.bulk_writer(scheduler) as write:
        gathered = pipeline.gather(settings)
        guard = read_guard(settings, gathered.package.tables, allow, reason)
        pipeline.check_address(settings, gathered.package, move_address)
        store = pipeline.open_store(settings, gathered.package)
        outcome, key = pipeline.up_to_date(gathered, store), None
        if outcome is None:
            key = pipeline.own_key(settings)
            is_far = bool(scheduler and gathered.package.parted)  # a worker runs frictionless
            beside.begin(_prepare, is_far)
            outcome = pipeline.publish(pipeline.build(gathered, write), store, release_date(), step, key, guard)
    found = Unchanged(outcome.release, outcome.findings, overview(outcome.release))
    if not outcome.is_new and not outcome.repaired:
        read = {source.name: str(source.metadata["sha256"]) for source in [*gathered.sources, *gathered.lists]}
        remember(settings, given, found, due_on(settings.published), read)
    _show(found, as_json, outcome, key)


def _prepare(is_far: bool) -> None:
    """Import modules in the second process while this one makes the tables; without frictionless if a worker runs it."""
    pyarrow_without_pandas()
    if not is_far:
        from cbrn_data.checks import second

        second.prepare()
    from cbrn_data.catalogue import dcat  # noqa: F401
    from cbrn_data.portal import site  # noqa: F401


def _show(found: Unchanged, as_json: bool, outcome: pipeline.Outcome | None = None, key: SigningKey | None = None) -> None:
    """Show a run; ``outcome`` is what it did, None if it did nothing, and ``key`` signed."""
    release, is_new = found.release, outcome is not None and outcome.is_new
    if as_json:
        about = {name: release.info[name] for name in ("version", "date", "sequence", "content_digest", "summary")}
        about |= {"digest": release.digest, "withdrawn": release.withdrawn}
        show_json({"published": is_new, **about, "findings": [finding.as_dict() for finding in found.findings]})
        return
    show_findings(found.findings)
    for sentence in outcome.repaired if outcome else ():
        console().print(f"Repaired: {sentence}.")
    if is_new:
        console().print(f"Published {release.version}.")
    else:
        show_nothing_new(release)
    if outcome and not outcome.is_kept:
        from cbrn_data.release.kept import NOT_KEPT

        console().print(f"Take care! {NOT_KEPT}.")
    if is_new and key and key.is_local:
        console().print(f"Signed with the local key {key.fingerprint[:16]}…, which is not pinned.")
    show_lines(found.overview)


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
    from cbrn_data.release.version import STEPS

    if at_least not in STEPS:
        raise CbrnDataError(f"--at-least is {at_least[:40]!r}; it must be minor or major")
    return at_least
