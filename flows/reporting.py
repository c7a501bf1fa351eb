"""What a run reports: its name, its artifacts, its final state, and its events.

All tasks belong to one run, not to subflows, so one page has all logs and artifacts of a failed run. Text from sources is
escaped; only quotes in findings are shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, get_run_logger, runtime, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event
from prefect.logging import get_logger
from prefect.states import Failed
from prefect.utilities.annotations import quote

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, errors_of, shown
from cbrn_data.progress import observed
from cbrn_data.refusals import refusal
from cbrn_data.release.notes import escaped
from cbrn_data.settings import read_settings, release_date
from cbrn_data.store.folder import Release
from cbrn_data.verify.results import FAILED, Result, notices
from flows.killed import end_tasks
from flows.page import LISTED, audit_rows, findings_text, headline, release_text
from flows.progress import PageProgress

Given = ParamSpec("Given")
Value = TypeVar("Value")
FIRST = 5
"""Number of findings in the state of a failed run and in its event, which become a message to a person."""


def dated(name: str) -> Callable[[], str]:
    """Return the function that names a run, such as ``publish 2026-11-28``; a dry run of ``publish`` is a ``plan``."""

    def run_name() -> str:
        is_dry = bool(runtime.flow_run.parameters.get("dry_run"))
        return f"{'plan' if is_dry else name} {release_date()}"

    return run_name


def step(name: str, **more: Any) -> Callable[[Callable[Given, Value]], Task[Given, Value]]:
    """Return the decorator of a task with the display name ``name``, whose progress is shown on the run page.

    Prefect does not cache tasks: its keys would hash the arguments, which are whole tables. The library decides by digests
    what it can reuse. For the same reason, arguments are passed as ``quoted``.
    """

    def decorate(body: Callable[Given, Value]) -> Task[Given, Value]:
        @wraps(body)
        def run(*args: Given.args, **kwargs: Given.kwargs) -> Value:
            with observed(PageProgress()):
                return body(*args, **kwargs)

        return task(**{"name": name, "task_run_name": name, "cache_policy": NO_CACHE, **more})(run)

    return decorate


def quoted(value: Value) -> Value:
    """Return a value that Prefect does not inspect. The task gets the value itself, hence the type."""
    return cast(Value, quote(value))


def report_failure(body: Callable[Given, Value]) -> Callable[Given, Value]:
    """Turn an error in the body of a flow into a failed state with a useful message, and emit an event.

    If the library refuses to continue, the message of the failed run has the first findings, and its page has all of them.
    Called from Python, the flow raises the original error: no caller sees the failed state, so no type names it.
    """

    @wraps(body)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Value:
        with suppress(Exception):  # a busy server; the next run ends them
            end_tasks()
        try:
            return body(*args, **kwargs)
        except Exception as error:
            known = refusal(error)
            message = _emit_failure(known or error)
            if known is None:
                show_findings([], message)
                raise
            show_findings(known.findings, str(known))
            return cast(Value, Failed(message=message, data=known))

    return run


def _emit_failure(error: Exception) -> str:
    """Emit the event of a failed run; return the reason in one line, with a line for each of the first findings."""
    summary = [shown(line, 600) for line in str(error).splitlines()]
    if not isinstance(error, CbrnDataError):
        summary = [f"internal error: {type(error).__name__}: {' '.join(summary)}"]
    found = errors_of(error.findings) if isinstance(error, CbrnDataError) else []
    first = [f"{shown(finding.place)}: {finding.code}: {shown(finding.message)}" for finding in found[:FIRST]]
    more = [f"and {len(found) - FIRST} more"] if len(found) > FIRST else []
    if first:
        summary[-1] += ":"
    message = "\n".join([*summary, *first, *more])
    emit_event("cbrn-data.failed", _this_run(), payload={"message": message, "findings": len(found)})
    return message


def _this_run() -> dict[str, str]:
    """Return the resource of an event: the run, so that automations know its flow, deployment and pool."""
    return {
        "prefect.resource.id": f"prefect.flow-run.{runtime.flow_run.id}",
        "prefect.resource.name": str(runtime.flow_run.name),
    }


class _Refusals(logging.Filter):
    """Remove the traceback of a refusal: it is not an internal error, and sixty lines would hide the findings."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info or not isinstance(record.exc_info[1], CbrnDataError | OSError):
            return True
        record.exc_info = None
        return "unexpected exception" not in record.msg


for name in ("task_runs", "flow_runs", "engine"):
    get_logger(name).addFilter(_Refusals())


def show_findings(findings: Sequence[Finding], reason: str = "") -> None:
    """Show findings, and the reason of a failed run, on the run page and in its log."""
    logger = get_run_logger()
    for finding in sorted(findings)[:LISTED]:
        say = logger.error if finding.is_error else logger.warning
        say("%s: %s: %s", shown(finding.place), finding.code, shown(finding.message))
    text = findings_text(findings, _docs(), reason)
    create_markdown_artifact(markdown=text, key="findings", description=escaped(headline(findings, reason)))


def _docs() -> str | None:
    """Return the address of the documentation, if the settings of the run have one that can be read."""
    try:
        return read_settings(Path(str(runtime.flow_run.parameters.get("root") or "."))).docs_url
    except (CbrnDataError, OSError):
        return None


def show_results(verdict: str, results: Sequence[Result]) -> None:
    """Show results of a verification on the run page and in its log: every release, failures and notices first.

    A change of key is a notice, or a failure if it happened since the last audit.
    """
    logger = get_run_logger()
    logger.info(verdict)
    rows = audit_rows(results)
    for row in rows:
        if row["result"] == FAILED:
            logger.error("%s: %s: %s", row["of"], row["check"], row["detail"])
    for notice in notices(results):
        logger.warning("Take care! %s", notice)
    table = [row | {"of": escaped(row["of"]), "detail": escaped(row["detail"])} for row in rows]
    create_table_artifact(table=table, key="audit", description=verdict)


def show_release(heading: str, lines: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]] = ()) -> None:
    """Show a release on the run page; ``links`` are pairs of a name and a checked address."""
    create_markdown_artifact(markdown=release_text(heading, lines, links), key="release", description=heading)


def emit_release_event(release: Release, address: str) -> None:
    """Emit the event of a new release, with its address."""
    about = {"version": release.version, "date": release.date, "digest": release.digest, "address": address}
    about["summary"] = shown(str(release.info["summary"]), 600)
    emit_event("cbrn-data.published", _this_run(), payload=about)
