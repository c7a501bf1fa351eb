"""What a run page shows: findings as a table, the release with its links, how far long work is, and what is told as events.

Whatever comes from sources is escaped; no text of theirs is shown but what a finding quotes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from prefect import get_run_logger
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.events import emit_event

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, blocking, catalogue, shown
from cbrn_data.release.notes import escaped
from cbrn_data.store.folder import Release
from cbrn_data.verify.results import FAILED, Result

Value = TypeVar("Value")
LISTED = 200
"""How many findings the table of a run page has; the others are counted."""
TOLD = 5
"""How many findings an event has: it becomes a message to a person."""
STEPS = 20
"""In how many steps a progress bar moves."""


class Kept(Generic[Value]):
    """A value that one flow hands to the next; Prefect records it by name only, so that no source text is stored."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


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
    more = f", {len(findings) - LISTED} of them not listed" if len(findings) > LISTED else ""
    create_table_artifact(table=rows, key="findings", description=f"{len(findings)} findings{more}")


@contextmanager
def shown_when_refused() -> Iterator[None]:
    """Show the findings that a step refuses to go on with; the run then fails with their error."""
    try:
        yield
    except CbrnDataError as error:
        if error.findings:
            show_findings(error.findings)
        raise


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


@contextmanager
def told_when_refused() -> Iterator[None]:
    """Tell as an event that nothing was published, and the first reasons, once for a whole run."""
    try:
        yield
    except CbrnDataError as error:
        found = sorted(blocking(error.findings))
        first = [f"{shown(finding.place)}: {finding.code}: {shown(finding.message)}" for finding in found[:TOLD]]
        about = {"summary": shown(str(error)), "findings": len(found), "first": "\n".join(first)}
        emit_event("cbrn-data.refused", {"prefect.resource.id": "cbrn-data.publication"}, payload=about)
        raise


def show_release(heading: str, lines: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]] = ()) -> None:
    """Put a release on the run page; ``links`` are pairs of a name and an address that was checked."""
    rows = [f"| {name} | {escaped(shown(sentence, 600))} |" for name, sentence in lines]
    listed = [f"- [{name}]({address})" for name, address in links]
    text = "\n".join([f"# {heading}", "", *listed, "", "| | |", "| --- | --- |", *rows])
    create_markdown_artifact(markdown=text, key="release")


def tell_release(release: Release, address: str) -> None:
    """Tell as an event that a release was published, and where."""
    about = {"version": release.version, "date": release.date, "digest": release.digest, "address": address}
    about["summary"] = shown(str(release.info["summary"]), 600)
    emit_event("cbrn-data.published", {"prefect.resource.id": "cbrn-data.publication"}, payload=about)


class Progress:
    """How far long work is, on the run page: a bar that moves by whole steps, so that it costs little."""

    def __init__(self, what: str) -> None:
        self._shown = 0
        key = f"progress-{what.replace('_', '-')}"
        self._bar = create_progress_artifact(progress=0.0, key=key, description=f"Rows of {what}")

    def show(self, name: str, share: float) -> None:
        """Move the bar to ``share``, from 0 to 1."""
        if (step := int(share * STEPS)) > self._shown:
            self._shown = step
            update_progress_artifact(self._bar, step * 100 / STEPS)
