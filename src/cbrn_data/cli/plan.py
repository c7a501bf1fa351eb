"""``cbrn-data plan``: what publishing now would do, on a terminal, as a page and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbrn_data import pipeline
from cbrn_data.cli.pages import check_place, write_page
from cbrn_data.cli.publish import show_nothing_new, show_withdrawn, step_of
from cbrn_data.cli.show import console, show_changes, show_findings, write
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, errors_of, shown
from cbrn_data.refusals import at
from cbrn_data.release.approval import approval_state, find_approval, publisher_of
from cbrn_data.release.guard import read_guard
from cbrn_data.settings import Settings, read_settings, release_date

if TYPE_CHECKING:
    from cbrn_data.release.assemble import Draft


def show_plan(
    root: Path,
    published: Path | None,
    at_least: str,
    as_json: bool,
    html: Path | None = None,
    output: Path | None = None,
    allow: Sequence[str] = (),
    reason: str | None = None,
    approved: bool = False,
    move_address: bool = False,
) -> None:
    """Print what publishing now would do, and write it to ``html`` and ``output``.

    ``move_address`` confirms a new address, which is then not reported. Raises GateError if the plan is blocked, or not
    ``approved`` although it must be.
    """
    settings, step = read_settings(root, published), step_of(at_least)
    for place in filter(None, (html, output)):
        check_place(place, settings.raw, settings.schemas, settings.published)
    try:
        planned, built, moved = make_plan(settings, step, allow, reason)
    except CbrnDataError as error:
        _write_refusal(error, html, output)
        raise
    moved = None if move_address else moved
    findings = pipeline.plan_findings(planned, built)
    _write(planned, findings, moved, html, output)
    if as_json:
        for text in plan_json(planned, findings, moved):
            write(text)
    else:
        _show(planned, findings, moved)
        if planned.is_news and (state := approval_state(settings, planned.digest)):
            console().print(f"Approval: {state}")
    pipeline.permitted(planned, built)
    if approved and planned.is_news:
        find_approval(settings, planned.digest, publisher_of(planned.previous))


def make_plan(
    settings: Settings, step: str, allow: Sequence[str], reason: str | None
) -> tuple[Draft, pipeline.Built, tuple[str, str] | None]:
    """Return the plan of a project, what it is made of, and the old and the new address if they differ."""
    gathered = pipeline.gather(settings)
    guard = read_guard(settings, gathered.package.tables, allow, reason)
    with pipeline.bulk_writer(settings.scheduler) as write:
        built, moved = pipeline.build(gathered, write), pipeline.moved_address(settings, gathered.package)
    return pipeline.plan(built, pipeline.open_store(settings), step, release_date(), guard), built, moved


def _write(
    planned: Draft, findings: Sequence[Finding], moved: tuple[str, str] | None, html: Path | None, output: Path | None
) -> None:
    if html:
        from cbrn_data.review.plan import plan_page

        write_page(html, plan_page(planned, findings, moved))
    if output:
        with at(output), output.open("w", encoding="utf-8") as file:
            file.writelines(plan_json(planned, findings, moved))


def _write_refusal(error: CbrnDataError, html: Path | None, output: Path | None) -> None:
    """Write the page and the JSON of a plan that could not be made, if findings say why."""
    if html and error.findings:
        from cbrn_data.review.plan import refusal_page

        write_page(html, refusal_page(error.findings))
    if output and error.findings:
        found = {
            "blocked": True,
            "news": None,
            "version": None,
            "digest": None,
            "findings": [each.as_dict() for each in error.findings],
        }
        write_page(output, (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode())


def _show(planned: Draft, findings: Sequence[Finding], moved: tuple[str, str] | None) -> None:
    out = console()
    if not errors_of(findings):
        show_findings(findings)
    if moved:
        out.print(
            f"New address: the catalogue and the pages have {shown(moved[0])} and would have {shown(moved[1])}; "
            "publish refuses this without --move-address."
        )
    if not planned.is_news:
        assert planned.previous is not None
        show_nothing_new(planned.previous)
        return
    previous = planned.previous.version if planned.previous else "no release"
    would = "Blocked: would be" if errors_of(findings) else "Would publish"
    out.print(f"{would} {planned.version} (after {previous}): {planned.summary}.")
    if planned.previous:
        show_withdrawn(planned.previous, planned.previous.version)
    for reason in planned.why:
        out.print(f"  {reason.step}: {reason.why}")
    for one in planned.allowed:
        out.print(f"Allowed: {shown(one.message, 400)}. Reason: {shown(one.reason, 400)}")
    out.print(f"Plan: {planned.digest}")
    if planned.previous:
        show_changes([each for each in planned.changes if each.table.role == "data"], "cbrn-data plan")


def plan_json(planned: Draft, findings: Sequence[Finding], moved: tuple[str, str] | None) -> Iterator[str]:
    """Yield the whole plan as JSON, one line for each change, so that it needs little memory."""
    about: dict[str, Any] = {
        "blocked": bool(errors_of(findings)),
        "news": planned.is_news,
        "version": planned.version,
        "digest": planned.digest,
        "previous": planned.previous.version if planned.previous else None,
        "previous_withdrawn": planned.previous.withdrawn if planned.previous else None,
        "summary": planned.summary,
        "why": [{"step": reason.step, "why": reason.why} for reason in planned.why],
        "allowed": [each.as_dict() for each in planned.allowed],
        "move_address": {"from": moved[0], "to": moved[1]} if moved else None,
        "findings": [finding.as_dict() for finding in findings],
    }
    yield json.dumps(about, indent=2, ensure_ascii=False).removesuffix("\n}") + ',\n  "changes": ['
    before = "\n    "
    for row in planned.change_rows():
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n    "
    yield "]\n}\n" if before.startswith("\n") else "\n  ]\n}\n"
