"""Verify that every source arrived: what is left out of the tables is exactly what the report names, with its reason.

A report of the older form does not name what is left out. Then the reasons of cells, which follow from sources and tables,
are checked all the same; the lines of leaflets that give no value are "not checked". A release that follows one of the newer
form must have it too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from cbrn_data.checks.left_out import COMPLETE, LEFT_OUT, LeftOut, of_report, unexplained
from cbrn_data.checks.released import Released, arrival
from cbrn_data.findings import shown
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.results import NOT_CHECKED, PASSED, Result, checked

UNNAMED = f"{REPORT} has the older form, which does not name the lines of leaflets that give no value"


def complete_results(
    folder: Path, subject: str, released: Released, previous: Path | None, erased: Collection[str] = ()
) -> Iterator[Result]:
    """Yield the results of the check; ``previous`` is the folder of the release before, or None if it is not available.

    Sources that were ``erased``, by id, cannot be compared.
    """
    reasons: Counter[str] = Counter()
    is_older = False

    def run() -> Iterator[str]:
        nonlocal is_older
        came, named = arrival(folder, released), _named(folder)
        cells, lines = ([each for each in found if each.source_id not in erased] for found in (came.cells(), came.lines()))
        yield from (f"{finding.place}: {finding.message}" for finding in unexplained(cells))
        if is_older := named is None:
            reasons.update(each.reason for each in cells)
            if previous and _named(previous) is not None:
                yield f"{REPORT} does not name what is left out, as that of {previous.name} does"
            return
        said = {each.place: each.reason for each in named if each.source_id not in erased}
        for each in [*(each for each in cells if each.reason), *lines]:
            reason = said.pop(each.place, "")
            reasons[reason] += 1
            if not reason or each.reason not in ("", reason):
                yield f"{_shown(each.place)} is in no table, and {REPORT} does not name it with its reason"
        yield from (f"{REPORT} names {_shown(place)} as left out, but it is not" for place in sorted(said))

    for result in checked(subject, COMPLETE, run, ""):
        counts = ", ".join(f"{number:,} {reason}" for reason, number in sorted(reasons.items())) or "nothing"
        what = "row and cell" if is_older else "row, cell and line"
        good = f"every {what} of the sources is in the tables or left out for a reason: {counts}"
        yield replace(result, detail=shown(good, 300)) if result.result == PASSED else result
    if is_older:
        yield Result(subject, COMPLETE, NOT_CHECKED, UNNAMED)


def _named(folder: Path) -> list[LeftOut] | None:
    """Return what the report of a release names as left out, None if it has the older form."""
    report = parse_object(folder / REPORT, disk.read(folder / REPORT))
    return of_report(report[LEFT_OUT]) if LEFT_OUT in report else None


def _shown(place: tuple[str, int, str]) -> str:
    return ":".join(map(str, place)).rstrip(":")
