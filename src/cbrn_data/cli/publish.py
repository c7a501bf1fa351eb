"""``cbrn-data plan`` and ``cbrn-data publish``: what would be published, and doing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cbrn_data import pipeline
from cbrn_data.cli.show import console, show_changes, show_findings, show_json, show_lines
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.release.code import code_version
from cbrn_data.release.overview import overview
from cbrn_data.release.version import STEPS
from cbrn_data.settings import release_date, settings
from cbrn_data.store.folder import Release

if TYPE_CHECKING:
    from cbrn_data.release.assemble import Draft


def show_plan(root: Path, published: Path | None, at_least: str, as_json: bool) -> None:
    """Print what publishing now would do; writes nothing."""
    where = settings(root, published)
    gathered = pipeline.gather(where)
    built, moved = pipeline.build(gathered), pipeline.moved_address(where, gathered.package)
    planned = pipeline.plan(built, pipeline.open_store(where), _step(at_least), release_date())
    findings = sorted({*built.findings, *planned.findings})
    if as_json:
        address = {"from": moved[0], "to": moved[1]} if moved else None
        show_json(_as_dict(planned) | {"move_address": address, "findings": [finding.as_dict() for finding in findings]})
        return
    show_findings(findings)
    if moved:
        console().print(
            f"Another address: the catalogue and the pages are for {shown(moved[0])} and would be for {shown(moved[1])}; "
            "publish refuses that without --move-address."
        )
    if not planned.is_news:
        assert planned.previous is not None
        _show_nothing_new(planned.previous)
        return
    previous = planned.previous.version if planned.previous else "no release"
    console().print(f"Would publish {planned.version} (after {previous}): {planned.summary}.")
    if planned.previous:
        _show_withdrawn(planned.previous, planned.previous.version)
    for reason in planned.why:
        console().print(f"  {reason.step}: {reason.why}")
    if planned.previous is None:
        return
    data = {table.name for table in planned.content.package.with_role("data")}
    of_records = [change for each in planned.records for change in each.first]
    show_changes([*(change for change in planned.changes if change["table_name"] in data), *of_records])


def publish_now(
    root: Path,
    published: Path | None,
    at_least: str,
    as_json: bool,
    runner: str = "local",
    scheduler: str | None = None,
    move_address: bool = False,
) -> None:
    """Run the whole pipeline and print what it did."""
    if runner not in ("local", "dask") or (runner == "dask") != (scheduler is not None):
        raise CbrnDataError("--runner is local, or dask together with --scheduler tcp://host:8786")
    where = settings(root, published)
    step, gathered = _step(at_least), pipeline.gather(where)
    pipeline.check_address(where, gathered.package, move_address)
    store = pipeline.open_store(where, gathered.package)
    outcome, key = pipeline.settled(gathered, store), None
    if outcome is None:
        key = pipeline.own_key(where)
        outcome = pipeline.publish(_build(gathered, scheduler), store, release_date(), step, key)
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
        _show_nothing_new(outcome.release)
    if key and outcome.is_new and key.is_local:
        console().print(f"Signed with the local key {key.fingerprint[:16]}…, which nobody has pinned.")
    show_lines(overview(outcome.release))


def _build(gathered: pipeline.Gathered, scheduler: str | None) -> pipeline.Built:
    """Build here, or with the tables of records made by the workers of a scheduler."""
    if scheduler is None:
        return pipeline.build(gathered)
    from cbrn_data.tables.cluster import Cluster

    cluster = Cluster(scheduler, code_version)
    try:
        return pipeline.build(gathered, cluster.write)
    finally:
        cluster.close()


def _show_nothing_new(release: Release) -> None:
    console().print(f"Nothing new: {release.version} has this content already.")
    _show_withdrawn(release, "It")


def _show_withdrawn(release: Release, name: str) -> None:
    if release.withdrawn:
        console().print(f"{name} is withdrawn: {shown(release.withdrawn['reason'], 500)}")


def _step(at_least: str) -> str:
    if at_least not in STEPS:
        raise CbrnDataError(f"--at-least is {at_least[:40]!r}; it can be minor or major")
    return at_least


def _as_dict(planned: Draft) -> dict[str, object]:
    return {
        "news": planned.is_news,
        "version": planned.version,
        "previous": planned.previous.version if planned.previous else None,
        "previous_withdrawn": planned.previous.withdrawn if planned.previous else None,
        "summary": planned.summary,
        "why": [{"step": reason.step, "why": reason.why} for reason in planned.why],
        "changes": planned.changes,
    }
