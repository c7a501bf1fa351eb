"""The page of a plan, or of the difference of two releases: one HTML file, without requests and scripts.

Findings come first, then the changes by table and row, each old value beside the new one with their words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cbrn_data.findings import Finding, catalogue, errors_of
from cbrn_data.pages import ALONE_POLICY, inline_style
from cbrn_data.portal.render import render
from cbrn_data.release.changes import find_changes
from cbrn_data.release.version import Reason, reasons
from cbrn_data.review.changed import ChangedTable, changed_tables
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import Row, Tables, released_tables

if TYPE_CHECKING:
    from cbrn_data.release.assemble import Draft
    from cbrn_data.store.folder import Release

OPEN = 12
"""The most rows of a kind that are shown unfolded."""
CLOSED = ("sources", "evidence")
"""Tables whose changes are folded however few they are."""


def plan_page(planned: Draft, findings: Sequence[Finding], moved: tuple[str, str] | None = None) -> bytes:
    """Return the page of a plan; ``findings`` are all of it, ``moved`` the old and the new address."""
    previous = planned.previous
    before = f"{previous.version} of {previous.date}, digest {previous.digest}" if previous else "none"
    facts = [("Release before", before), ("Changes", planned.summary)] if planned.is_news else []
    facts += _why(planned.why)
    facts += [("Allowed", f"{one.message}. Reason: {one.reason}") for one in planned.allowed]
    facts += [("Plan", planned.digest)] if planned.is_news else []
    if previous and previous.withdrawn:
        facts.append(("Withdrawn", f"{previous.version}, {previous.withdrawn['date']}: {previous.withdrawn['reason']}"))
    if moved:
        facts.append(("New address", f"{moved[1]} instead of {moved[0]}"))
    return changes_page("Plan", plan_verdict(planned, findings), facts, findings, _planned_changes(planned), "plan")


def plan_verdict(planned: Draft, findings: Sequence[Finding]) -> str:
    """Return in one sentence what publishing would do."""
    if errors_of(findings):
        return f"Blocked: {planned.version} would not be published" if planned.is_news else "Blocked"
    if planned.is_news or planned.previous is None:
        return f"Would publish {planned.version}"
    return f"Nothing new: {planned.version} already has this content"


def refusal_page(findings: Sequence[Finding]) -> bytes:
    """Return the page of a plan that could not be made, because of errors in sources, definitions or tables."""
    return changes_page("Plan", "Blocked: nothing would be published", [], findings, None, "")


def diff_page(before: Release, after: Release, findings: Sequence[Finding]) -> bytes:
    """Return the page of the changes between two releases; ``findings`` are those published with the second."""
    old_package, package = (read_package(release.folder / "schemas") for release in (before, after))
    old, new = released_tables(before.folder, old_package), released_tables(after.folder, package)
    rows: list[Row] = []
    changes = find_changes(old, new, package, lambda block: rows.extend(block.to_pylist()))
    facts = [(release.version, f"{release.date}, digest {release.digest}") for release in (before, after)]
    if before.content_digest != after.content_digest:
        facts += _why(reasons(changes, old_package, package))
    title = f"Changes from {before.version} to {after.version}"
    verdict = title if rows else f"{before.version} and {after.version} have the same rows"
    return changes_page(title, verdict, facts, findings, changed_tables(old, new, rows), "diff")


def _why(found: Sequence[Reason]) -> list[tuple[str, str]]:
    """Return the reasons for a version as one fact, so that the findings are near the top."""
    return [("Why this version", "; ".join(f"{reason.step}: {reason.why}" for reason in found))] if found else []


def _planned_changes(planned: Draft) -> list[ChangedTable]:
    """Return the changes of a plan; before a first release, every table is new."""
    if not planned.is_news:
        return []
    new, old = planned.content.tables, planned_before(planned)
    if planned.previous:
        return changed_tables(old, new, planned.change_rows())
    rows: list[Row] = []
    find_changes({}, new, planned.content.package, lambda block: rows.extend(block.to_pylist()))
    return changed_tables({}, new, rows)


def planned_before(planned: Draft) -> Tables:
    """Return the tables of the release before a plan, none before the first."""
    folder = planned.previous.folder if planned.previous else None
    return released_tables(folder, read_package(folder / "schemas")) if folder else {}


def changes_page(
    title: str,
    verdict: str,
    facts: Iterable[tuple[str, str]],
    findings: Sequence[Finding] | None,
    tables: list[ChangedTable] | None,
    command: str,
) -> bytes:
    """Return a page of changes by table; it has no part for findings if they are None."""
    entries = [{"finding": each, "fix": catalogue()[each.code].fix} for each in sorted(findings or ())]
    return render(
        "plan",
        "",
        page_policy=ALONE_POLICY,
        style=inline_style(),
        title=title,
        verdict=verdict,
        is_blocked=bool(errors_of(findings or ())),
        facts=list(facts),
        findings=None if findings is None else entries,
        tables=tables or [],
        has_changes=tables is not None,
        open_at_most=OPEN,
        closed=CLOSED,
        all_in=f"cbrn-data {command} --output FILE writes all" if command else "",
    )
