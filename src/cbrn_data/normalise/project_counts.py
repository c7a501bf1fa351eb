"""The counts in the sentence above the list of projects: the total, its first year, and the on-going projects.

Each number belongs to its clause: ``18 projects: 14 closed and 4 active in 2025`` has a total, a part that no table holds,
and the on-going projects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cbrn_data.normalise.grammar import Part, counted, parts
from cbrn_data.normalise.inexact import Doubt, inexact
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.text import folded

ONGOING = (
    r"\b(?:on-?going|active|running|currently implemented|being implemented"
    r"|under implementation|in progress|under ?way|still open|continue|continuing)\b"
)
"""The words for on-going, as a pattern."""

_ONGOING = re.compile(ONGOING, re.I)
_OTHER = re.compile(
    r"\b(?:completed|closed|finished|ended|concluded|finali[sz]ed|terminated|past|starts?|starting|begins?|launched|will|planned|new"
    r"|upcoming|approved|proposed|pipeline|suspended|cancelled|funded by|coordinated|led)\b", re.I
)  # fmt: skip
_OVER = re.compile(
    r"projects? (?:\w+ly )?(?:(?:were|was|are|is|have|has|had) (?:been |now |all )?)?"
    r"(?:completed|closed|finished|ended|concluded|finali[sz]ed|terminated)\b(?! or\b)", re.I
)  # fmt: skip
_ENDED = re.compile(r"\b(?:completed|closed|finished|concluded|finali[sz]ed|terminated) $", re.I)
_PROJECTS = re.compile(r"\bprojects?\b", re.I)
_TOTAL = re.compile(r"\b(?:total|in all|altogether|overall|of which|of whom)\b", re.I)
_SINCE = re.compile(r"\b(?:since|depuis)(?: (?:the )?(?:\w+ ){0,6}(?:in )?)?(?P<year>(?:19|20)[0-9]{2})\b", re.I)
_UNDATED = re.compile(
    r"\b(?:years|decades?) (?:after|since|ago|of existence)\b"
    r"|^(?:in|over|for|during) (?:the )?(?:\w+ ){0,2}(?:years|decades?)\b"
    r"|\bsince (?:its|their|the) (?:very )?(?:launch|start|inception|creation|establishment|foundation|beginning)\b", re.I
)  # fmt: skip
_FROM = re.compile(
    r"\b(?:from|between|over|during)(?: the (?:years|period))? (?P<year>(?:19|20)[0-9]{2})"
    r"(?= ?- ?[0-9]|,? (?:to|until|till|through|onwards?|on|and)\b|, (?!(?:19|20)[0-9]{2}))", re.I
)  # fmt: skip
_IN_YEAR = re.compile(r"(?:\b(?:in|as of|as at|status|during|for)(?: \w+)?? |\()(?P<year>(?:19|20)[0-9]{2})\b(?! ?-)", re.I)
_YEAR_IN_BRACKETS = re.compile(r" \((?:in |as of )?(?:19|20)[0-9]{2}\)")
_WITHIN = re.compile(r"(?P<year>(?<![\w-])(?<!since )(?:19|20)[0-9]{2})\b(?! ?-)")
_BOUND = re.compile(r"\b(?:by|until|till|before|after|closed in|ended in|completed in) (?:the end of )?$", re.I)
_CUT = re.compile(r"[;:.(](?= |$|(?<=\())|, (?:and|while|with|(?:[a-z]+ ){0,3}of which)\b|,? and (?=_)|, (?=_)|\)", re.I)

_NEXT = re.compile(r"[.;:,(] |, |\band\b|\(", re.I)


@dataclass(frozen=True)
class Figure:
    """A number, and the span of the words that give it and what it counts."""

    value: int
    start: int
    end: int


@dataclass(frozen=True)
class ProjectCounts:
    """The counts; ``since`` and ``year`` are years, ``doubts`` the numbers that no figure uses."""

    total: Figure | None
    ongoing: Figure | None
    since: Figure | None
    year: Figure | None
    doubts: tuple[Doubt, ...]


def project_counts(text: str) -> ProjectCounts | None:
    """Return the counts of projects in a sentence, or None if it has none.

    >>> found = project_counts("Since 2013, 18 projects were implemented, of which 4 are on-going in 2025")
    >>> found.total.value, found.since.value, found.ongoing.value, found.year.value
    (18, 2013, 4, 2025)
    """
    flat = folded(text)
    if not _PROJECTS.search(flat) and not _ONGOING.search(flat):
        return None
    found = [part for part in parts(text) if part.kind in {"count", "range", "whole", "vague", "share", "unread"}]
    flat, found = _without_repeats(flat, found)
    totals, ongoing, doubts = list[Figure](), list[Figure](), list[Doubt]()
    for place, part in enumerate(found):
        before = found[place - 1].end if place else 0
        later = found[place + 1 :]
        if later and later[0].kind == "whole" and part.kind == "count":
            later = later[1:]  # "4 of the 18 projects are on-going"
        after = later[0].start if later else len(flat)
        if part.kind == "whole" and (named := _PROJECTS.match(flat, part.end + 1)):
            number = next(numbers(text[part.start : part.end]))
            totals += [Figure(number.value, part.start + number.start, named.end())] if number.value else []
            continue
        what, figure = _status(text, flat, part, before, after)
        if what == "none":
            continue
        cut = max((match.end() for match in _NEXT.finditer(flat, before, part.start)), default=before)
        end = min((match.start() for match in _NEXT.finditer(flat, part.end, after)), default=after)
        exact = part.kind == "count"
        reason = inexact(flat, part, part.end, (cut, end), held=what == "total") if exact else "not a number for the table"
        if reason or figure is None:
            doubts.append(Doubt(part.start, part.end, reason or "it is not clear which projects it counts"))
            if what == "ongoing":
                ongoing.append(Figure(-1, part.start, part.end))
            else:
                totals.append(Figure(-1, part.start, part.end))
        else:
            (ongoing if what == "ongoing" else totals).append(figure)
    if not totals and not ongoing:
        return None
    return _counts(flat, totals, ongoing, doubts)


def _without_repeats(flat: str, found: list[Part]) -> tuple[str, list[Part]]:
    """Return the text and its numbers without figures that repeat a numeral in words: ``eighteen (18) projects``."""
    kept = found[:1]
    for part in found[1:]:
        last, end = kept[-1], part.end + 1
        if flat[last.end : part.start] == " (" and flat[part.end : end] == ")" and last.value == part.value:
            flat = flat[: last.end] + " " * (end - last.end) + flat[end:]
        else:
            kept.append(part)
    return flat, kept


def _counts(flat: str, totals: list[Figure], ongoing: list[Figure], doubts: list[Doubt]) -> ProjectCounts:
    chosen = []
    for figures, what in ((totals, "totals"), (ongoing, "numbers of on-going projects")):
        several = len({figure.value for figure in figures}) > 1
        if several and not any(figure.value < 0 for figure in figures):
            reason = f"{len(figures)} {what} are stated, but the table holds one"
            doubts.append(Doubt(figures[0].start, figures[-1].end, reason))
        chosen.append(figures[0] if figures and not several and figures[0].value >= 0 else None)
    total, current = chosen
    since = _SINCE.search(flat)
    if totals and not since:
        since = _FROM.search(flat, 0, max([totals[0].start, *(figure.start for figure in ongoing[:1])]))
    if totals and not since and (undated := _UNDATED.search(flat)):
        doubts.append(Doubt(*undated.span(), "does not name the first year"))
    year = None
    if ongoing:
        clause = max((match.end() for match in re.finditer(r"[.;] ", flat[: ongoing[0].start])), default=0)
        own = _IN_YEAR.search(flat, clause, ongoing[0].start)
        label = _WITHIN.search(flat, ongoing[0].start, ongoing[0].end)  # "On-going in 2025: 4"
        year = label or _IN_YEAR.search(flat, ongoing[0].end) or own or _IN_YEAR.search(flat, ongoing[0].start)
        other = next((match for match in _WITHIN.finditer(flat) if not since or match["year"] != since["year"]), None)
        if not year and current and other and not _BOUND.search(flat[: other.start()]):
            doubts.append(Doubt(*other.span(), "may be the year of the on-going projects"))
    return ProjectCounts(total, current, _year(since), _year(year) if current else None, tuple(doubts))


def _year(match: re.Match[str] | None) -> Figure | None:
    return Figure(int(match["year"]), *match.span("year")) if match else None


def _status(text: str, flat: str, part: Part, before: int, after: int) -> tuple[str, Figure | None]:
    """Return whether a number counts all projects, on-going ones or neither, and the words that show it."""
    if part.kind == "count" and counted(text, part)[0] in {"people", "countries"}:
        return "none", None
    masked = flat[part.end : after] + ("_" if after < len(flat) else "")
    cut = _CUT.search(masked)
    own = masked[: cut.start()] if cut else masked.rstrip("_")
    ahead_of = _YEAR_IN_BRACKETS.sub(lambda match: " " * len(match[0]), flat[before : part.start])
    lead = re.split(r"[;.,|·] |\) ?", ahead_of)[-1]
    if (match := _ONGOING.search(own)) and not re.match(r"[^.;]{0,12}[:=] ?_", masked[match.end() :]):
        return "ongoing", _figure(part, part.start, part.end + match.end())
    if (match := _ONGOING.search(lead)) and re.search(r":|\bare\b|\bis\b|=|-", lead[match.end() :]):
        return "ongoing", _figure(part, part.start - len(lead) + match.start(), part.end)
    named = _PROJECTS.search(own)
    if (other := _OTHER.search(own)) and not (
        named and named.start() < other.start() and not re.search(r"\bstart|\bwill|\bnew", other[0], re.I)
    ):
        return "none", None
    if named:
        if _OVER.match(own, named.start()) or _ENDED.search(lead):
            return "total", None  # those that are over are not all
        return "total", _figure(part, part.start, part.end + named.end())
    if (match := _PROJECTS.search(flat[before : part.start])) and (
        _TOTAL.search(own) or re.search(r"[:=-] ?(?:_*|\d*) ?$|total", lead, re.I)
    ):
        return "total", _figure(part, before + match.start(), part.end)
    if re.match(r" (?:\w[\w-]* ){0,2}(?:\w[\w-]*)?$", own) and re.match(r",? (?:and|&|plus) |, ", masked[len(own) :]):
        ahead = flat[after:]
        return ("ongoing" if _ONGOING.search(ahead) and not _PROJECTS.search(ahead) else "total"), None
    return "none", None


def _figure(part: Part, start: int, end: int) -> Figure | None:
    return Figure(part.value, start, end) if part.value is not None else None
