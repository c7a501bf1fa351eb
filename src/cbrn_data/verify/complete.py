"""Verify that every source arrived: what is left out of the tables is exactly what the report names, with its reason.

A report of the older form does not name what is left out. Then the reasons of cells, which follow from sources and tables,
are still checked; the lines of leaflets that give no value are "not checked". The next form does not name words within
lines. A release must not have an older form than the release before.

Whether words that are left out name a country or a project depends on the lists of names in our code. So this is a fault
only in a release that the same code made; for other releases, only a rebuild can check it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from cbrn_data.checks.complete import Arrival
from cbrn_data.checks.left_out import COMPLETE, LEFT_OUT, LeftOut, of_report, unexplained
from cbrn_data.checks.mentions import named, nameless, unmentioned
from cbrn_data.checks.released import Released, arrival
from cbrn_data.findings import catalogue, shown
from cbrn_data.release.code import is_of_this_code
from cbrn_data.store import disk
from cbrn_data.store.folder import INFO, REPORT
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.results import NOT_CHECKED, PASSED, Result, checked

UNNAMED = f"{REPORT} has the older form, which does not name the lines of leaflets that give no value"
WORDLESS = f"{REPORT} has the older form, which does not name words within lines of leaflets that give no value"


@dataclass(frozen=True)
class _Said:
    """What a report says: the reasons by place, None if it has the older form, and its findings of lines of files."""

    reasons: Mapping[tuple[str, int, str, str], str] | None
    findings: Collection[tuple[str, int, str]]

    @property
    def names_words(self) -> bool:
        """Whether it names words within lines."""
        return any(words for *_, words in self.reasons or ())


def complete_results(
    folder: Path, subject: str, released: Released, previous: Path | None, erased: Collection[str] = ()
) -> Iterator[Result]:
    """Yield the results of the check; ``previous`` is the folder of the release before, or None if it is not available.

    Sources that were ``erased``, by id, cannot be compared.
    """
    reasons: Counter[str] = Counter()
    open_questions: list[str] = []
    is_older = False

    def run() -> Iterator[str]:
        nonlocal is_older
        came, said = arrival(folder, released), _said(folder)
        cells, lines = ([each for each in found if each.source_id not in erased] for found in (came.cells(), came.lines()))
        yield from (f"{finding.place}: {finding.message}" for finding in unexplained(cells))
        if is_older := said.reasons is None:
            reasons.update(each.reason for each in cells)
            open_questions.append(UNNAMED)
            if previous and _said(previous).reasons is not None:
                yield f"{REPORT} does not name what is left out, as that of {previous.name} does"
            return
        is_own = is_of_this_code(parse_object(folder / INFO, disk.read(folder / INFO)))
        if not said.names_words and any(each.words for each in lines) and not is_own:
            open_questions.append(WORDLESS)
            if previous and _said(previous).names_words:
                yield f"{REPORT} does not name words within lines, as that of {previous.name} does"
        rest = dict(said.reasons or {})
        for each in [*(each for each in cells if each.reason), *lines]:
            if each.words and not said.names_words and not is_own:
                continue
            reason = rest.pop(each.place, "")
            reasons[reason] += 1
            if not reason or not (each.reason == reason or (not each.reason and _is_found(came, each, reason, said))):
                yield f"{_shown(each.place)} is in no table, and {REPORT} does not name it with its reason"
        yield from (
            f"{REPORT} names {_shown(place)} as left out, but it is not" for place in sorted(rest) if place[0] not in erased
        )
        nameable = [each for each in lines if nameless((said.reasons or {}).get(each.place, ""))]
        strange = [f"{_shown(each.place)} names {', '.join(names)}" for each in nameable if (names := named(came, each))]
        strange += [
            f"{_shown(each.place[:2])} names {each.words}" for each in unmentioned(came) if each.source_id not in erased
        ]
        if is_own:
            yield from (f"{each}, which is in no table" for each in strange)
        elif strange:
            open_questions.append(
                f"other code made this release; --rebuild shows whether {'; '.join(strange)} without a row"
            )

    for result in checked(subject, COMPLETE, run, ""):
        counts = ", ".join(f"{number:,} {reason}" for reason, number in sorted(reasons.items())) or "nothing"
        what = "row and cell" if is_older else "row, cell and line"
        good = f"every {what} of the sources is in the tables or left out for a reason: {counts}"
        yield replace(result, detail=shown(good, 300)) if result.result == PASSED else result
    for detail in open_questions:
        yield Result(subject, COMPLETE, NOT_CHECKED, shown(detail, 300))


def _is_found(came: Arrival, left: LeftOut, reason: str, said: _Said) -> bool:
    """Return whether a reason that is the code of a finding is one of this line."""
    document = came.documents.get(left.source_id)
    return (
        reason not in catalogue() or document is None or (PurePath(document.place).name, left.line, reason) in said.findings
    )


def _said(folder: Path) -> _Said:
    report = parse_object(folder / REPORT, disk.read(folder / REPORT))
    listed = report["findings"]["listed"] if LEFT_OUT in report else []
    findings = {(PurePath(str(each["source"])).name, int(each["line"] or 0), str(each["code"])) for each in listed}
    return _Said({each.place: each.reason for each in of_report(report[LEFT_OUT])} if LEFT_OUT in report else None, findings)


def _shown(place: Iterable[object]) -> str:
    return ":".join(map(str, place)).rstrip(":")
