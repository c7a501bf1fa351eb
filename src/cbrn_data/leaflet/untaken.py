"""Findings for numbers, dates and countries of a sentence that no cell holds, so that a null never hides one.

Labels, sums of money, shares, durations and measures are not reported: they are understood, but no cell is for them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.countries import misspelt_in, named_in
from cbrn_data.normalise.dates import DateRange
from cbrn_data.normalise.grammar import Part, counted, parts
from cbrn_data.normalise.inexact import Doubt, figure_qualifier
from cbrn_data.normalise.text import Plain, folded

_SMALLEST_IN_WORDS = 10
_AROUND = 16
_ROLES = {
    "time": "is a date, but the cell holds another one",
    "bound": "gives only a time before, after or about a date",
    "other": "is the date of something else or of a plan",
    "ambiguous": "can be read in two ways",
    "yearless": "has no year",
}
_FRENCH = re.compile(r"\b(?:le|la|les|des|du|dans|avec|une|sur|et|aux|ont|par|pour le|projet)\b", re.IGNORECASE)
_CYRILLIC = re.compile(r"[\u0400-\u04ff]{3}")


def doubted(leaflet: Leaflet, plain: Plain, table: str, field: str, doubts: Iterable[Doubt]) -> Iterator[Finding]:
    """Yield a finding for each number that may belong in a cell but is not used."""
    for doubt in doubts:
        words = _quoted(plain.text, doubt.start, doubt.end)
        yield _finding("count-unclear", f"{words!r}: {doubt.reason}", leaflet, plain, doubt.start, table, field)


def qualified(leaflet: Leaflet, plain: Plain, value: int, start: int) -> Iterator[Finding]:
    """Yield a finding for a number of a statement that a word or a sign qualifies as not exact."""
    qualifier = figure_qualifier(plain.text, value)
    if qualifier != "exact":
        message = f"{value} is given as {qualifier!r}, not as an exact number"
        yield _finding("number-qualified", message, leaflet, plain, start, "figures", "value_qualifier")


def untaken(
    leaflet: Leaflet, plain: Plain, taken: DateRange | None, doubts: Iterable[Doubt], within: Container[int] = ()
) -> Iterator[Finding]:
    """Yield a finding for each date, number and country of an achievement that no cell holds.

    ``within`` are the starts of numbers that are a part of one that a cell holds.
    """
    spans = [(doubt.start, doubt.end) for doubt in doubts]
    found = parts(plain.text)
    known = {part.value for part in found if part.kind == "count" and counted(plain.text, part)[0] != "unknown"}
    for part in found:
        if part.phrase:
            yield from _date(leaflet, plain, part, taken)
        elif part.value in known - {None} or part.start in within:
            continue  # "60 (sixty) experts"
        elif not any(start <= part.start < end for start, end in spans) and _is_unread(plain.text, part):
            words = _quoted(plain.text, part.start, part.end)
            message = f"this number is not used: {words!r}"
            yield _finding("number-unread", message, leaflet, plain, part.start, "achievements", "people_count")
    for named in (*named_in(plain.text), *misspelt_in(plain.text)):
        if named.left_out:
            message = f"{plain.text[named.start : named.end]!r} is not used: {named.left_out}"
            yield _finding("country-left-out", message, leaflet, plain, named.start, "achievements", "text")
    if language := _language(plain.text):
        message = f"the words seem to be {language}: names of countries and of groups may be missed"
        yield _finding("language-unread", message, leaflet, plain, 0, "achievements", "text")


def _date(leaflet: Leaflet, plain: Plain, part: Part, taken: DateRange | None) -> Iterator[Finding]:
    assert part.phrase is not None
    within = taken is not None and taken.words[0] <= part.start < taken.words[1]
    role = part.phrase.role
    if within or part.phrase.error or role == "name" or (taken and role in {"bound", "other"}):
        return
    reason = _ROLES[role] if taken or role != "time" else "is one of several dates, or the date of something unclear"
    message = f"{_quoted(plain.text, part.phrase.start, part.end)!r} {reason}"
    yield _finding("date-unread", message, leaflet, plain, part.start, "achievements", "date_start")


def _is_unread(text: str, part: Part) -> bool:
    """Whether the meaning of a number is unknown: its noun is not in a list, or its form is not known."""
    if part.kind == "unread":
        return True
    if part.kind in {"range", "whole"}:
        return counted(text, part)[0] == "unknown"
    if part.kind != "count" or counted(text, part)[0] != "unknown":
        return False
    return text[part.start].isdigit() or (part.value or 0) >= _SMALLEST_IN_WORDS


def _quoted(text: str, start: int, end: int) -> str:
    """Return words with a few others before and after, which show why they are unclear."""
    first = text.rfind(" ", 0, max(0, start - _AROUND)) + 1 if start > _AROUND else 0
    last = text.find(" ", min(len(text), end + _AROUND))
    return shown(f"{'… ' * (first > 0)}{text[first:last] if last > 0 else text[first:]}{' …' * (last > 0)}", 160)


def _language(text: str) -> str:
    if _CYRILLIC.search(text):
        return "Russian"
    return "French" if len(_FRENCH.findall(folded(text))) > 2 else ""


def _finding(code: str, message: str, leaflet: Leaflet, plain: Plain, place: int, table: str, field: str) -> Finding:
    return leaflet.finding(code, message, leaflet.document.line(plain.at[place]), table=table, field=field)
