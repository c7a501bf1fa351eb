"""What a run page shows: findings as a table, the release with its links, how far long work is, and what is told as events.

A run is one page: the tasks of the chain stand in the run itself and not in runs below it, whose logs and artifacts
somebody who looks at a failed run at night would first have to find. Whatever comes from sources is escaped; no text of
theirs is shown but what a finding quotes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import Task, get_run_logger, runtime, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event
from prefect.logging import get_logger
from prefect.states import Failed
from prefect.utilities.annotations import quote

from cbrn_data.cli.show import totals
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, blocking, catalogue, shown
from cbrn_data.refusals import refusal
from cbrn_data.release.notes import escaped
from cbrn_data.store.folder import Release
from cbrn_data.verify.results import FAILED, Result

Given = ParamSpec("Given")
Value = TypeVar("Value")
LISTED = 200
"""How many findings the table of a run page has; the others are counted."""
TOLD = 5
"""How many findings the state of a failed run and its event have: they become a message to a person."""
STEPS = 20
"""In how many steps a progress bar moves."""


def step(name: str, **more: Any) -> Callable[[Callable[Given, Value]], Task[Given, Value]]:
    """Return the decorator of a task that people know as ``name``.

    Prefect caches none: its keys would hash what a task is given, which are whole tables. What need not be made again
    is found by digests, by the library. For the same reason tasks are given their values as ``quoted``.
    """
    return task(**{"name": name, "task_run_name": name, "cache_policy": NO_CACHE, **more})


def quoted(value: Value) -> Value:
    """Return a value for a task that Prefect does not look into. The task gets the value itself, hence the type."""
    return cast(Value, quote(value))


def tells_failure(body: Callable[Given, Value]) -> Callable[Given, Value]:
    """Let the body of a flow end in a failure that people can act on, and tell it as an event.

    Where the library refuses to go on, the first reasons are the message of the failed run, and all of them stand on its
    page. Called from Python, the flow raises the error as it was: no caller sees the failed state, so no type names it.
    """

    @wraps(body)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Value:
        try:
            return body(*args, **kwargs)
        except Exception as error:
            known = refusal(error)
            message = _tell_failure(known or error)
            if known is None:
                raise
            if known.findings:
                show_findings(known.findings)
            return cast(Value, Failed(message=message, data=known))

    return run


def _tell_failure(error: Exception) -> str:
    """Tell as an event that a run failed, of the run itself; return why, in a line and one for each of the first reasons."""
    summary = [shown(line, 600) for line in str(error).splitlines()]
    if not isinstance(error, CbrnDataError):
        summary = [f"a fault of the code: {type(error).__name__}: {' '.join(summary)}"]
    found = blocking(error.findings) if isinstance(error, CbrnDataError) else []
    first = [f"{shown(finding.place)}: {finding.code}: {shown(finding.message)}" for finding in found[:TOLD]]
    more = [f"and {len(found) - TOLD} more"] if len(found) > TOLD else []
    if first:
        summary[-1] += ":"
    message = "\n".join([*summary, *first, *more])
    emit_event("cbrn-data.failed", _this_run(), payload={"message": message, "findings": len(found)})
    return message


def _this_run() -> dict[str, str]:
    """The resource that an event is about: the run, so that automations know its flow, deployment and pool."""
    return {
        "prefect.resource.id": f"prefect.flow-run.{runtime.flow_run.id}",
        "prefect.resource.name": str(runtime.flow_run.name),
    }


class _Refusals(logging.Filter):
    """Keeps a refusal short: it is no fault of the code, and tracebacks of sixty lines would hide what was found."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info or not isinstance(record.exc_info[1], CbrnDataError | OSError):
            return True
        record.exc_info = None
        return "unexpected exception" not in record.msg


for name in ("task_runs", "flow_runs", "engine"):
    get_logger(name).addFilter(_Refusals())


def show_findings(findings: Sequence[Finding]) -> None:
    """Put findings on the run page and into its log."""
    logger = get_run_logger()
    for finding in sorted(findings)[:LISTED]:
        say = logger.error if finding.blocks else logger.warning
        say("%s: %s: %s", shown(finding.place), finding.code, shown(finding.message))
    rows = [
        {
            "severity": finding.severity,
            "place": escaped(shown(finding.place)),
            "code": finding.code,
            "what": escaped(shown(finding.message)),
            "fix": catalogue()[finding.code].fix,
        }
        for finding in sorted(findings)[:LISTED]
    ]
    more = f"; the first {LISTED} are listed" if len(findings) > LISTED else ""
    create_table_artifact(table=rows, key="findings", description=f"Findings: {totals(findings)}{more}")


def show_results(verdict: str, results: Sequence[Result]) -> None:
    """Put what a verification said on the run page and into its log, what failed first."""
    logger = get_run_logger()
    logger.info(verdict)
    ordered = sorted(results, key=lambda result: result.result != FAILED)
    for result in ordered:
        if result.result == FAILED:
            logger.error("%s: %s: %s", result.subject, result.check, shown(result.detail))
    rows = [
        {
            "of": escaped(result.subject),
            "check": result.check,
            "result": result.result,
            "detail": escaped(shown(result.detail)),
        }
        for result in ordered[:LISTED]
    ]
    create_table_artifact(table=rows, key="audit", description=verdict)


def show_release(heading: str, lines: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]] = ()) -> None:
    """Put a release on the run page; ``links`` are pairs of a name and an address that was checked."""
    rows = [f"| {name} | {escaped(shown(sentence, 600))} |" for name, sentence in lines]
    listed = [f"- [{name}]({address})" for name, address in links]
    text = "\n".join([f"# {heading}", "", *listed, "", "| | |", "| --- | --- |", *rows])
    create_markdown_artifact(markdown=text, key="release", description=heading)


def tell_release(release: Release, address: str) -> None:
    """Tell as an event that a release was published, and where."""
    about = {"version": release.version, "date": release.date, "digest": release.digest, "address": address}
    about["summary"] = shown(str(release.info["summary"]), 600)
    emit_event("cbrn-data.published", _this_run(), payload=about)


class Progress:
    """How far long work is, on the run page: a bar that moves by whole steps, so that it costs little."""

    def __init__(self, what: str) -> None:
        self._shown = 0
        key = f"progress-{what.replace('_', '-')}"
        bar = create_progress_artifact(progress=0.0, key=key, description=f"Rows of {what}")
        self._bar = cast(UUID, bar)

    def show(self, name: str, share: float) -> None:
        """Move the bar to ``share``, from 0 to 1."""
        if (step := int(share * STEPS)) > self._shown:
            self._shown = step
            update_progress_artifact(self._bar, step * 100 / STEPS)
