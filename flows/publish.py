"""Publish: stage the release, validate it at the gate, and commit it. Without changes, nothing is published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed

from cbrn_data import pipeline
from cbrn_data.errors import PushError, ReleaseError
from cbrn_data.findings import errors_of, shown
from cbrn_data.release.approval import approval_state
from cbrn_data.release.assemble import Draft
from cbrn_data.release.guard import Guard, read_guard
from cbrn_data.release.kept import NOT_KEPT
from cbrn_data.release.overview import overview
from cbrn_data.review.plan import diff_page, plan_page, plan_verdict
from cbrn_data.settings import Settings, read_settings, release_date
from cbrn_data.store.folder import Release
from cbrn_data.store.remembered import FILE as DIGESTS
from cbrn_data.store.remembered import remembering
from flows.ingest import read_sources
from flows.killed import end_tasks
from flows.reporting import dated, emit_release_event, quoted, report_failure, show_findings, show_release, step
from flows.validate import build_tables


async def _is_the_store(task: Any, run: TaskRun, state: State) -> bool:
    """Retry after another publisher or a full disk, which are temporary; a release that fails its checks always fails."""
    try:
        await state.result()
    except ReleaseError:
        return True
    except Exception:
        return False
    return False


@step("Stage, check and commit the release", retries=2, retry_delay_seconds=10, retry_condition_fn=_is_the_store)
def commit_release(built: pipeline.Built, settings: Settings, date: str, guard: Guard) -> pipeline.Outcome:
    """Publish what was built."""
    with pipeline.bulk_writer(settings.scheduler):
        return pipeline.publish(built, pipeline.open_store(settings), date, key=pipeline.own_key(settings), guard=guard)


@step("Check whether anything is new")
def find_up_to_date(gathered: pipeline.Gathered, settings: Settings) -> pipeline.Outcome | None:
    """Return the newest release if this code made it from the same sources and definitions."""
    return pipeline.up_to_date(gathered, pipeline.open_store(settings, gathered.package))


@step("Plan the release")
def plan_release(built: pipeline.Built, settings: Settings, date: str, guard: Guard) -> Draft:
    """Return what publishing would do; writes nothing."""
    return pipeline.plan(built, pipeline.open_store(settings), date=date, guard=guard)


@flow(name="publish", flow_run_name=dated("publish"), on_crashed=[end_tasks])
@report_failure
def publish(
    root: str = ".",
    published: str | None = None,
    base_url: str | None = None,
    move_address: bool = False,
    allow: Sequence[str] = (),
    reason: str | None = None,
) -> State[str]:
    """Publish everything under ``root`` without first checking whether anything is new; return the newest version.

    ``move_address`` confirms that the address of the catalogue and the pages changes. ``allow`` and ``reason`` are those of
    ``pipeline``.
    """
    settings = read_settings(Path(root), Path(published) if published else None, base_url)
    pipeline.check_address(settings, move_address=move_address)
    gathered = read_sources(root)
    guard = read_guard(settings, gathered.package.tables, allow, reason)
    built = build_tables(quoted(gathered), root)
    outcome = commit_release(quoted(built), settings, release_date(), guard)
    return push_release(show_outcome(outcome, settings), settings)


@step("Push to the target")
def copy_store(published: Path, target: str, digests: Path) -> str:
    """Push, as ``cbrn-data push`` does, with remembered ``digests``; return the result as a sentence."""
    from cbrn_data.push.push import push

    with remembering(digests):
        summary = push(published, target).summary
    get_run_logger().info(summary)
    return summary


def push_release(published: State[str], settings: Settings) -> State[str]:
    """Copy the store to the target of the settings, if there is one; return the state of the run.

    ``published`` is the state of a run that does not push. Raises PushError; the release stays published.
    """
    if settings.push_target is None:
        return published
    try:
        pushed = copy_store(settings.published, settings.push_target, settings.cache / DIGESTS)
    except PushError as error:
        raise PushError(f"{published.message}, but it was not pushed: {error}") from error
    return Completed(message=f"{published.message}; {pushed}", data=published.data)


def show_outcome(outcome: pipeline.Outcome, settings: Settings) -> State[str]:
    """Show the outcome on the run page and in its log, and emit an event for a new release; return its version."""
    version = outcome.release.version
    heading = f"Published {version}" if outcome.is_new else _nothing_new(outcome.release)
    show_findings(outcome.findings)
    for sentence in outcome.repaired:
        get_run_logger().warning("Repaired: %s", sentence)
    if not outcome.is_kept:
        get_run_logger().warning("Take care! %s", NOT_KEPT)
    base = pipeline.base_url(settings)
    page = f"{base}history/{version}.html"
    links = [("the portal", base), ("this release", page), ("its files", f"{base}releases/{version}/datapackage.json")]
    links.append(("what changed", f"{base}releases/{version}/CHANGES.md"))
    lines = overview(outcome.release)
    if outcome.before:
        changes = pipeline.plan_page_file(settings, version)
        changes.write_bytes(diff_page(outcome.before, outcome.release, outcome.findings))
        lines = [*lines, _all_changes(changes)]
    show_release(heading, lines, links)
    if outcome.is_new:
        emit_release_event(outcome.release, page)
    return Completed(message=heading, data=version)


def show_plan(planned: Draft, built: pipeline.Built, settings: Settings, moved: tuple[str, str] | None = None) -> State[str]:
    """Show the plan on the run page, and write its page for people; return the version that it would have.

    Raises GateError if the plan is blocked.
    """
    previous, findings = planned.previous, pipeline.plan_findings(planned, built)
    heading = plan_verdict(planned, findings) if planned.is_news or previous is None else _nothing_new(previous)
    if not errors_of(findings):  # a failed run shows them in any case
        show_findings(findings)
    lines = [("Changes", planned.summary), *((reason.step, reason.why) for reason in planned.why)] if planned.is_news else []
    if previous and previous.withdrawn:
        lines.append(("Withdrawn", f"{previous.version}, on {previous.withdrawn['date']}: {previous.withdrawn['reason']}"))
    if moved:
        lines.append(("New address", f"{moved[1]} instead of {moved[0]}; a run refuses this without move_address"))
    lines += [("Allowed", f"{one.message}. Reason: {one.reason}") for one in planned.allowed]
    if planned.is_news:
        page = pipeline.plan_page_file(settings)
        page.write_bytes(plan_page(planned, findings, moved))
        lines += [_all_changes(page), ("Plan", planned.digest)]
        if state := approval_state(settings, planned.digest):
            lines.append(("Approval", state))
    show_release(heading, lines)
    pipeline.permitted(planned, built)
    return Completed(message=heading, data=planned.version)


def _all_changes(page: Path) -> tuple[str, str]:
    return "All changes", f"{page}, on the machine of the worker"


def _nothing_new(release: Release) -> str:
    withdrawn = f"; it is withdrawn: {shown(release.withdrawn['reason'], 500)}" if release.withdrawn else ""
    return f"Nothing new: {release.version} already has this content{withdrawn}"
