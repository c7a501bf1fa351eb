"""The time of an event in a leaflet, in reduced-precision ISO 8601 (``2024``, ``2024-03``, ``2024-05-21``).

A phrase of time is a chain of days, months and years with their connectors (``11-12 October and 6-7 November 2023``). It is
the time of its sentence if a word of time leads it (``in``, ``from``, ``since``, ...), if it opens the text, or if it names
a month and nothing marks it as the date of something else. A bare year without a leading word is a name or the period of a
plan (``Action Plan 2024-2028``). A year or month applies to all days before it. Several phrases in a row are a period from
the first to the last. Months are read in English, French and Russian, quarters and halves as their months. An ambiguous date
(``03/12/2024``) is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from cbrn_data.findings import shown
from cbrn_data.normalise.chains import MONTH, PART, WEEKDAY, Date, chains, dates_of, impossible
from cbrn_data.normalise.nouns import group_end
from cbrn_data.normalise.projects import references
from cbrn_data.normalise.rules import grammar, names_with_numbers
from cbrn_data.normalise.text import clean, folded

_LEAD = re.compile(
    r"(?<![\w-])(?P<word>(?:starting|beginning)(?: in| from| on)?|in|on|from|between|throughout|during|within|over|across"
    r"|all through|^year|^(?:early|late|spring|summer|autumn|fall|winter)|since"
    r"(?: (?:its|their|the) (?:launch|start|inception|creation|establishment|foundation|beginning|kick-off)"
    r"(?: of [\w #'-]{1,40})?,?(?: in| on)?)?"
    r"|(?:once|twice) in|at(?= the (?:beginning|start|end|$))|towards(?= the end)"
    r"|for(?= the (?:whole|entire|duration))|^for(?= the (?:period|years))|en|le|depuis|durant|pendant|courant|entre"
    r"|a partir de|des"
    rf"|во?|со?|между|начиная с|в течение)(?: both)? (?:{WEEKDAY}{PART}|(?P<the>the ){WEEKDAY})$",
    re.IGNORECASE,
)
_AROUND = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in grammar()["around dates"].items()}
_CAPITALS_AFTER = re.compile(r" (?!Projects? _)(?:[A-Z]\w+ )*[A-Z]\w+")
_NAME_BEFORE = re.compile(r"(?:\b[A-Z][\w'-]*|[”\"])(?: [A-Z0-9][\w'-]*)*,? ?[\"”]?[ -]$")
_SENTENCE_END = re.compile(
    rf"(?:(?<=[a-z)”\"'])|(?<=[0-9])(?!(?<![0-9]{{3}})\. (?i:{MONTH}) ))[.;] (?=[A-Z“\"(])"  # "6. May" is a day
)


class ImpossibleDate(ValueError):
    """The words name a day that the calendar does not have, such as ``31 June 2024``."""


@dataclass(frozen=True)
class DateRange:
    """First and last partial date (``end`` is None for an open period), their precision, and their span."""

    start: str
    end: str | None
    precision: str
    words: tuple[int, int]


@dataclass(frozen=True)
class Phrase:
    """A date in ``text[start:end]``, its leading word, its dates as (year, month, day), and its ``role``.

    ``time``: the time of the event. ``bound``: before, after or about a time. ``other``: the time of something else, or
    planned. ``name``: part of a name or the period of a plan. ``ambiguous``: two readings. ``yearless``: without a year.
    ``chain`` is the start of the date itself, after the leading word.
    """

    start: int
    end: int
    chain: int
    lead: str
    dates: tuple[tuple[int, ...], ...]
    role: str
    error: str = ""

    @property
    def width(self) -> int:
        """1 if the coarsest date is a year, 2 a month, 3 a day."""
        return min(map(len, self.dates))


_OPEN = ("since", "from", "starting", "beginning", "depuis", "a partir", "с", "начиная")
_PRECISION = {1: "year", 2: "month", 3: "day"}


def find_dates(text: str) -> DateRange | None:
    """Return the time of the event in ``text``, or None.

    Raises ImpossibleDate.

    >>> found = find_dates("On 11-12 October and 6-7 November 2023 experts met")
    >>> (found.start, found.end, found.precision)
    ('2023-10-11', '2023-11-07', 'day')
    """
    row = time_of(text, phrases(text))
    if not row:
        return None
    width = min(phrase.width for phrase in row)
    in_time = sorted(row, key=lambda phrase: phrase.dates[0][:width])
    start, end = in_time[0].dates[0][:width], max(phrase.dates[-1][:width] for phrase in row)
    is_open = in_time[-1].lead.startswith(_OPEN) and len(in_time[-1].dates) == 1
    return DateRange(_iso(start), None if is_open else _iso(end), _PRECISION[width], (row[0].start, row[-1].end))


@lru_cache(maxsize=64)
def phrases(text: str) -> tuple[Phrase, ...]:
    """Return every date in ``text``, in order, with its role."""
    flat = whole = folded(text)
    for named in references(text):  # "Project 87, May 2024" has no day 87
        digits = re.search(r"[0-9]+$", flat[named.start : named.end])
        if digits and named.end < len(flat):
            flat = flat[: named.end - len(digits[0])] + "_" * len(digits[0]) + flat[named.end :]
    for first, last in names_with_numbers(whole):  # "Decree No. 2024-12" has no month
        flat = flat[:first] + "_" * (last - first) + flat[last:]
    found: list[Phrase] = []
    start = 0
    for stop in [*(match.end() for match in _SENTENCE_END.finditer(flat)), len(flat)]:
        found += _phrases(flat, start, stop)
        start = stop
    return tuple(found)


def _phrases(flat: str, start: int, stop: int) -> Iterator[Phrase]:
    for chain in chains(flat, start, stop):
        dates, rest = dates_of(flat, chain)
        first = chain[0].start()
        if dates and not _counts_something(flat, first, dates):
            yield _phrase(flat, start, first, dates)
        elif rest and not dates and (phrase := _yearless(flat, start, first, rest)):
            yield phrase


def _counts_something(flat: str, chain: int, dates: list[Date]) -> bool:
    """Return whether a bare year may be a number: ``trained 2000 nurses``."""
    end = dates[-1].end
    if len(dates) > 1 or end - chain != 4 or _AROUND["of time"].search(flat[max(0, chain - 20) : chain]):
        return False
    if _lead_before(flat, chain).lower() not in {"", "over "}:
        return False
    return flat[end : end + 1] == " " and group_end(flat, end + 1) is not None


def _lead_before(flat: str, chain: int) -> str:
    """Return the leading words of a date, or nothing."""
    lead = _LEAD.search(flat[max(0, chain - 80) : chain])
    return lead[0] if lead else ""


def time_of(text: str, found: Iterable[Phrase]) -> list[Phrase]:
    """Return the phrases that together give the time of the event; empty if there are several answers.

    Raises ImpossibleDate.
    """
    flat = folded(text)
    times = [phrase for phrase in found if phrase.role in {"time", "ambiguous"}]
    if not times:
        return []
    cuts = [0, *(match.end() for match in _SENTENCE_END.finditer(flat))]
    sentence = max(cut for cut in cuts if cut <= times[0].start)
    after = min((cut for cut in cuts if cut > times[0].start), default=len(flat))
    own = [phrase for phrase in times if phrase.start < after]
    for phrase in own:
        if phrase.error:
            raise ImpossibleDate(phrase.error)
    if any(phrase.role == "ambiguous" for phrase in own) or _other_day(flat, found, times[0]):
        return []
    row, others = _row(flat, own)
    opens = not flat[sentence : row[0].start].strip()
    return row if opens or not (others or len(own) < len(times)) else []


def _other_day(flat: str, found: Iterable[Phrase], first: Phrase) -> bool:
    """Return whether a day or month without its year begins the dates: ``on 3 May in Osh and 5 May 2022 in Almaty``."""
    before = [phrase for phrase in found if phrase.role == "yearless" and phrase.lead and phrase.end < first.start]
    return any(_AROUND["joins another day"].fullmatch(flat, phrase.end, first.start) for phrase in before)


def _phrase(flat: str, sentence: int, chain: int, dates: list[Date]) -> Phrase:
    """Return a chain of days, months and years with its role in the sentence."""
    end = dates[-1].end
    lead = _LEAD.search(flat[max(sentence, chain - 80) : chain])
    word = lead["word"].lower() if lead else ""
    start = chain - (len(lead[0]) if lead else 0)
    before = flat[max(sentence, start - 200) : start]
    names_month = any(date.month for date in dates)
    if still := _AROUND["still, after"].match(flat, end):  # "2021 - present"
        word, end = "since", still.end()
    role = _role(before, word, flat[end : end + 60], names_month, bool(lead and lead["the"]))
    if role == "time" and _AROUND["compared"].search(flat[max(sentence, chain - 80) : chain]):
        role = "other"
    if role == "time" and _AROUND["aim, after"].match(flat, end):
        role = "other"
    if role == "time" and _AROUND["bound, after"].match(flat, end):
        role = "bound"
    words = shown(flat[chain:end], 80)
    error, parts = "", []
    for date in dates:
        if date.first:
            parts.append(date.first)
        parts.append(date.parts())
        if date.last_month and date.year:
            parts.append((date.year, date.last_month))
    for part in parts:
        error = error or impossible(part, words)
    backwards = any(first.ranged and first.parts() > last.parts() for first, last in pairwise(dates))
    doubtful = backwards or any(date.ambiguous for date in dates) or _AROUND["corrected, after"].match(flat, end)
    if doubtful and role == "time":
        role = "ambiguous"
    return Phrase(start, end, chain, word, tuple(parts), role, error)


def _role(before: str, lead: str, after: str, names_month: bool, the: bool) -> str:
    if _AROUND["half said"].search(f"{before}{lead} " if lead else before):
        return "bound"
    if _AROUND["planned"].search(before):
        return "other"
    if span := _AROUND["its own span"].search(before):
        bare = span[0].endswith("(") and not lead and not names_month  # "Project 87 (2021-2024)"
        return "name" if bare else "other"
    founded = _AROUND["founded"].search(before)
    if founded and not _AROUND["auxiliary"].search(before) and lead in {"in", "on", "", "en"}:
        return "other"
    if not lead:
        if _AROUND["project, alone before"].search(before) and re.match(r"\)?(?:[.;]|$)", after):
            return "time"  # "(Project 88, 2023)"
        opens = not before.strip(" ([*") and (names_month or re.match(r" ?[:,)-]|\]|$", after) is not None)
        if opens or (names_month and not _AROUND["not its time"].search(before[-40:])):
            return "time"
        if _AROUND["bound"].search(before[-40:]) or (names_month and not _AROUND["name, after"].match(after)):
            return "bound"
        if _AROUND["name of a time"].search(before):
            return "bound"
        if (
            _AROUND["instrument"].search(before)
            or _NAME_BEFORE.search(before)
            or _AROUND["plan, before"].search(before[-80:])
        ):
            return "name"
        named = _AROUND["name, after"].match(after) or _CAPITALS_AFTER.match(after)
        return "name" if named else "bound" if _AROUND["not its time"].search(before[-40:]) else "other"
    if names_month:
        return "bound" if _AROUND["bound"].search(before[-40:]) else "time"
    if the or _AROUND["name, after"].match(after):
        return "name" if _AROUND["name, after"].match(after) or _CAPITALS_AFTER.match(after) else "other"
    if lead == "on":
        return "other"
    return "name" if lead in {"from", "between", "over"} and _AROUND["plan, before"].search(before[-80:]) else "time"


def _yearless(flat: str, sentence: int, chain: int, dates: list[Date]) -> Phrase | None:
    """Return the phrase of a month without a year, if it is one: ``On 21 May``, ``in October``, not ``may``."""
    lead = _LEAD.search(flat[max(sentence, chain - 80) : chain])
    with_day = any(date.month and date.day and 1 <= date.day <= 31 for date in dates)
    capital = flat[chain : dates[0].end].lstrip("0123456789 stndrh")[:1].isupper()
    if not any(date.month for date in dates) or not (with_day or (lead and capital)):
        return None
    end = max(date.end for date in dates if date.day is None or date.day <= 31)
    if not with_day:
        end = chain + len((re.match(MONTH, flat[chain:], re.I) or [""])[0]) or end
    start = chain - (len(lead[0]) if lead else 0)
    return Phrase(start, end, chain, lead["word"].lower() if lead else "", (), "yearless")


def _row(flat: str, own: list[Phrase]) -> tuple[list[Phrase], list[Phrase]]:
    """Return the phrases that continue the first one (``..., and on 6 November 2023``), and the others."""
    row, others = [own[0]], []
    for phrase in own[1:]:
        gap = flat[row[-1].end : phrase.start]
        follows = _AROUND["follows"].search(gap[-40:])
        alone = follows is not None and not gap[-40:][: follows.start()].strip(" ,")
        again = follows is not None or _AROUND["next of its kind"].search(gap)
        inner = len(own) == 2 and re.search(r"\w $", flat[: row[0].start])  # "after a pause in 2022, in 2023 experts met"
        apart = gap.strip() == "," and (inner or row[0].width < phrase.width)
        if not apart and (alone or (again and phrase.width == row[0].width)):
            row.append(phrase)
        else:
            others.append(phrase)
    return row, others


def _iso(parts: tuple[int, ...]) -> str:
    return "-".join([f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:])])


@lru_cache(maxsize=64)
def read_dates(quote: str) -> DateRange | None:
    """Return the time in a quote; a quote that is only a date needs no leading word."""
    return find_dates(clean(quote))
