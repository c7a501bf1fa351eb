"""When something happened, as leaflets say it, in reduced-precision ISO 8601 (``2024``, ``2024-03``, ``2024-05-21``).

A phrase of time is a chain of days, months and years with their connectors (``11-12 October and 6-7 November 2023``).
It counts when a word of time leads it (``in``, ``on``, ``from``, ``between``, ``throughout``, ``since``, ...), when it
opens the text, or when it names a month and nothing marks it as the date of something else. A bare year without a
leading word is a name or a plan's period (``Action Plan 2024-2028``), not a time. Years and months said once hold for
all that stand before them. Several phrases in a row run from the first to the last.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass

from cbrn_data.findings import shown
from cbrn_data.words.text import clean, folded

_MONTHS = {
    name.lower(): number
    for table in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(table)
    if number
} | {"sept": 9}
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})(?![a-z])\.?"
_YEAR = r"(?:19|20)[0-9]{2}(?![\w%]|[.,][0-9])"
_ISO = r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?![\w-])"
_DAY = r"[0-9]{1,2}(?: ?(?:st|nd|rd|th))?(?![\w%]|[.,][0-9])"
_TOKEN = rf"(?:(?P<iso>{_ISO})|(?P<month>{_MONTH})|(?P<year>{_YEAR})|(?P<day>{_DAY}))"
_ANY = re.sub(r"\?P<\w+>", "?:", _TOKEN)
_BIND = r",? (?:of )?"
_WHOLE = rf"(?:(?:{_DAY} )?{_MONTH} )?{_YEAR}"
_LISTED = re.compile(rf"(?:, {_WHOLE}){{1,12}},? (?:and|to) {_WHOLE}", re.IGNORECASE)
_WEEKDAY = rf"(?:(?:{'|'.join(calendar.day_name)}),? )?"
_PART = (
    r"(?:(?:the )?(?:(?:early|late|mid|middle|beginning|start|end|course|years?|months?|period"
    r"|spring|summer|autumn|fall|winter|q[1-4]"
    r"|(?:first|second|third|fourth|last|1st|2nd|3rd|4th) (?:half|quarter))(?: of)?[ -](?:the )?){1,3})?"
)
_JOIN = rf" ?[-/] ?|,? (?:and|to|until|till|through) (?:the )?{_WEEKDAY}{_PART}"
_CHAIN = re.compile(rf"(?:(?<![\w/.,-])|(?<=\bmid-)){_ANY}(?:(?:{_JOIN}|{_BIND}){_ANY})*", re.IGNORECASE)
_STEP = re.compile(rf"(?P<join>{_JOIN})?(?P<bind>{_BIND})?{_TOKEN}", re.IGNORECASE)

_LEAD = re.compile(
    r"(?<![\w-])(?P<word>(?:starting|beginning)(?: in| from| on)?|in|on|from|between|throughout|during|over|since"
    rf"|at(?= the (?:beginning|start|end)))(?: both)? (?:{_WEEKDAY}{_PART}|(?P<the>the ){_WEEKDAY})$",
    re.IGNORECASE,
)
_NOT_ITS_TIME = re.compile(r"\b(?:dated|until|till|by|before|after|for|prior to|its|their|the|of) $", re.IGNORECASE)
_PLANNED = re.compile(r"\b(?:will|shall|to be|planned|scheduled|expected|foreseen|due|upcoming)\b[^.;:]*$", re.IGNORECASE)
_PLAN_PERIOD = re.compile(
    r"\b(?:plans?|strategy|strategies|road ?maps?|frameworks?|agenda|policy|programmes?|programs?)"
    r"(?: (?:for|covering|spanning|of|running))?(?: the)?(?: period| years)?,? $",
    re.IGNORECASE,
)
_NAME_AFTER = re.compile(
    r" (?:edition|(?:action |national |regional )*(?:plan|strategy|agenda|framework)|round|season)\b", re.I
)
_FOLLOWS = re.compile(r"(?:,|;|\band|\bthen|\bfollowed by)(?: again| later)? $", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)”\"'])[.;] (?=[A-Z“\"(])")


class ImpossibleDate(ValueError):
    """Words that name a day which no calendar has, such as ``31 June 2024``."""


@dataclass(frozen=True)
class DateRange:
    """First and last partial date (``end`` is None when the time is open), their precision, and where it is said."""

    start: str
    end: str | None
    precision: str
    words: tuple[int, int]


@dataclass
class _Date:
    year: int | None = None
    month: int | None = None
    day: int | None = None
    end: int = 0
    month_first: bool = False  # "May 12", not "12 May"
    ranged: bool = False  # joined to the next by a word of range, not of listing

    def parts(self) -> tuple[int, ...]:
        found = [part for part in (self.year, self.month, self.day) if part is not None]
        return tuple(found)


@dataclass(frozen=True)
class _Phrase:
    start: int
    end: int
    lead: str
    dates: tuple[tuple[int, ...], ...]

    @property
    def width(self) -> int:
        return min(map(len, self.dates))


_OPEN = ("since", "from", "starting", "beginning")
_PRECISION = {1: "year", 2: "month", 3: "day"}


def find_dates(text: str) -> DateRange | None:
    """Return the time that ``text`` gives for what it tells, or None.

    Raises ImpossibleDate.

    >>> found = find_dates("On 11-12 October and 6-7 November 2023 experts met")
    >>> (found.start, found.end, found.precision)
    ('2023-10-11', '2023-11-07', 'day')
    """
    flat = folded(text)
    start = 0
    for stop in [*(match.end() for match in _SENTENCE_END.finditer(flat)), len(flat)]:
        chains = _CHAIN.finditer(flat, start, stop)
        phrases = [phrase for chain in chains if (phrase := _phrase(flat, start, chain)) is not None]
        if phrases:
            return _range(_row(flat, start, phrases))
        start = stop
    return None


def _phrase(flat: str, sentence: int, chain: re.Match[str]) -> _Phrase | None:
    """Judge whether a chain of days, months and years is the time of what the sentence tells."""
    dates = _dates(flat, chain.start(), chain.end())
    if not dates:
        return None
    end = dates[-1].end
    lead = _LEAD.search(flat[max(sentence, chain.start() - 80) : chain.start()])
    word = lead["word"].lower() if lead else ""
    start = chain.start() - (len(lead[0]) if lead else 0)
    before = flat[max(sentence, start - 200) : start]
    names_month = any(date.month for date in dates)
    if lead and lead["the"] and not names_month:
        return None  # "in the 2024 edition"
    if not _is_its_time(before, word, flat[end : end + 40], names_month):
        return None
    words = shown(flat[chain.start() : end], 80)
    return _Phrase(start, end, word, tuple(_valid(date, words) for date in dates))


def _is_its_time(before: str, lead: str, after: str, names_month: bool) -> bool:
    if _PLANNED.search(before):
        return False
    if not lead:
        opens = not before.strip() and (names_month or re.match(r" ?[:,-]|$", after) is not None)
        return opens or (names_month and not _NOT_ITS_TIME.search(before[-40:]))
    if names_month:
        return True
    if lead == "on" or _NAME_AFTER.match(after):
        return False
    return not (lead in {"from", "between", "over"} and _PLAN_PERIOD.search(before[-80:]))


def _dates(flat: str, start: int, stop: int) -> list[_Date]:
    """Read a chain into dates; what hangs on without a year (``2024, 12 experts``) is cut off."""
    dates: list[_Date] = []
    place, listed_to = start, 0  # where a list with commas ends: "2022, 2023 and 2024"
    while place < stop and (step := _STEP.match(flat, place, stop)):
        if not dates or not _bind(dates[-1], step):
            if listed := _LISTED.match(flat, place, stop):
                listed_to = listed.end()
            if dates and not step["join"] and dates[-1].year is not None and step.end() > listed_to:
                break
            if dates:
                dates[-1].ranged = bool(step["join"] and "and" not in step["join"].lower())
            year, month = _taken_over(flat, dates[-1], step) if dates else (None, None)
            dates.append(_Date(year=year))
            if year is None:
                _bind(dates[-1], step)
            if month:
                dates[-1].month, dates[-1].month_first = month, True
        dates[-1].end = place = step.end()
    while dates and dates[-1].year is None:
        dates.pop()
    return _shared(dates)


def _bind(date: _Date, step: re.Match[str]) -> bool:
    """Add a token to the date before it where the two belong together: ``21 May``, ``May 2024``, ``May 12, 2024``."""
    fresh = date.parts() == ()
    if step["join"] and not fresh:
        return False
    if step["iso"] and fresh:
        date.year, date.month, date.day = map(int, step["iso"].split("-"))
    elif step["year"] and date.year is None and (fresh or date.month is not None):
        date.year = int(step["year"])
    elif step["month"] and date.month is None and date.year is None and "," not in (step["bind"] or ""):
        date.month, date.month_first = _MONTHS[step["month"].rstrip(".").lower()], fresh
    elif step["day"] and (fresh or (date.month is not None and date.day is None and date.year is None)):
        date.day = int(re.sub(r"\D", "", step["day"]))
    else:
        return False
    return True


def _taken_over(flat: str, before: _Date, step: re.Match[str]) -> tuple[int | None, int | None]:
    """Return the year that ``24`` is in ``2023-24``, or the month of ``2`` in ``June 1 and 2, 2024``."""
    follows = _STEP.match(flat, step.end())
    if not step["day"] or (follows and follows["month"]):
        return None, None
    if before.year is None:
        return None, before.month if before.month_first and before.day is not None else None
    year = before.year - before.year % 100 + int(re.sub(r"\D", "", step["day"]))
    short = not before.month and (step["join"] or "").strip() in {"-", "/"} and year > before.year
    return (year if short else None), None


def _shared(dates: list[_Date]) -> list[_Date]:
    """Give each date the year and month said once for all, after it; ``30 December to 2 January 2024`` starts in 2023."""
    for place in range(len(dates) - 2, -1, -1):
        date, after = dates[place], dates[place + 1]
        if date.day is not None and date.month is None:
            date.month = after.month
            if after.month is None:
                return dates[place + 1 :]
        if date.year is None:
            date.year = after.year
            if date.ranged and date.parts() > after.parts() and date.month != after.month and date.year is not None:
                date.year -= 1
    return dates


def _valid(date: _Date, words: str) -> tuple[int, ...]:
    year, month, day = date.year or 0, date.month, date.day
    if day is not None and not (month and 1 <= day <= calendar.monthrange(year, month)[1]):
        raise ImpossibleDate(f"{words!r}: no calendar has day {day} of {calendar.month_name[month or 0]} {year}")
    return date.parts()


def _row(flat: str, sentence: int, phrases: list[_Phrase]) -> list[_Phrase]:
    """Choose the phrase that dates the sentence, and those that continue it (``..., and on 6 November 2023``)."""
    opening = not flat[sentence : phrases[0].start].strip()
    finest = max(phrase.width for phrase in phrases)
    first = 0 if opening else next(place for place, phrase in enumerate(phrases) if phrase.width == finest)
    row = [phrases[first]]
    for phrase in phrases[first + 1 :]:
        gap = flat[max(row[-1].end, phrase.start - 40) : phrase.start]
        follows = _FOLLOWS.search(gap)
        if follows and (phrase.width == row[0].width or not gap[: follows.start()].strip(" ,")):
            row.append(phrase)
    return row


def _range(row: list[_Phrase]) -> DateRange:
    width = min(phrase.width for phrase in row)
    in_time = sorted(row, key=lambda phrase: phrase.dates[0][:width])
    start, end = in_time[0].dates[0][:width], max(phrase.dates[-1][:width] for phrase in row)
    is_open = any(phrase.lead.startswith(_OPEN) and len(phrase.dates) == 1 for phrase in in_time[-1:])
    return DateRange(_iso(start), None if is_open else _iso(end), _PRECISION[width], (row[0].start, row[-1].end))


def _iso(parts: tuple[int, ...]) -> str:
    return "-".join([f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:])])


def read_dates(quote: str) -> DateRange | None:
    """Return the time that a quote gives; a quote that holds nothing but a date needs no leading word."""
    return find_dates(clean(quote))
