"""What a run page shows: findings as a table, the release as a few lines, and what runs hand to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, catalogue, shown
from cbrn_data.release.notes import escaped

Value = TypeVar("Value")
LISTED = 200
"""How many findings the table of a run page has; the others are counted."""


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


def show_release(heading: str, lines: Sequence[tuple[str, str]]) -> None:
    """Put a release on the run page."""
    rows = [f"| {name} | {escaped(shown(sentence, 600))} |" for name, sentence in lines]
    create_markdown_artifact(markdown="\n".join([f"# {heading}", "", "| | |", "| --- | --- |", *rows]), key="release")
