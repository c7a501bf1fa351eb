"""Chains of days, months and years to dates: ``11-12 October and 6-7 November 2023``, ``12.03.2024``, ``Q2 2024``.

``dates`` decides what a chain is the time of. Months are read in English, French and Russian, quarters and halves as their
months, and figures only if they are unambiguous.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FRENCH = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
_FRENCH_SHORT = {"janv": 1, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "dec": 12}
_RUSSIAN = (
    "январ[ьяе] феврал[ьяе] март[ае]? апрел[ьяе] ма[ияе] июн[ьяе] "
    "июл[ьяе] август[ае]? сентябр[ьяе] октябр[ьяе] ноябр[ьяе] декабр[ьяе]"
)
_MONTHS: dict[str, int] = {
    name.lower(): number
    for table in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(table)
    if number
}
_MONTHS |= {name: number for number, name in enumerate(_FRENCH, start=1)} | _FRENCH_SHORT
_RUSSIAN_MONTHS = [re.compile(stem) for stem in _RUSSIAN.split()]
MONTH = rf"(?:{'|'.join([*sorted(_MONTHS, key=len, reverse=True), *_RUSSIAN.split()])})(?![^\W\d_])\.?"
_PARTS = {
    "first": 1, "1st": 1, "premier": 1, "premiere": 1, "перв": 1, "i": 1, "second": 2, "2nd": 2, "deuxieme": 2, "втор": 2,
    "ii": 2, "third": 3, "3rd": 3, "troisieme": 3, "трет": 3, "iii": 3, "fourth": 4, "4th": 4, "quatrieme": 4, "четверт": 4,
    "iv": 4, "last": 0, "final": 0, "dernier": 0,
}  # fmt: skip
"""The quarter or half that a word names; 0 is the last."""

_YEAR = r"(?:19|20)[0-9]{2}(?![\w%]|[.,][0-9]|-[0-9]{2}-[0-9])"
_OF_YEAR = rf"(?=(?:,? (?:of |in |de |du )?(?:the |l'annee )?(?:year |calendar year )?|[ -]?/? ?){_YEAR})"
_NAMED = "|".join(sorted(_PARTS, key=len, reverse=True))
_QUARTER = (
    rf"(?:[QTH][1-4]|[1-4][QTH]|(?:{_NAMED})[а-я]*[ -](?:quarter|halve|half|trimester|semester"
    r"|trimestre|semestre|квартал|полугоди)s?[а-я]*(?:-year)?)"
    rf"(?:{_OF_YEAR}|(?= ?(?:[-/&]|and|to|et) ?[QTH][1-4]))"
)
_TO = (
    r"(?:and(?: (?:ending|ended|finishing|closing)(?: in| on)?| (?:until|till|up to))?|to|until|till|through(?: to)?"
    r"|up to(?: and including)?|et|au|a|по|и|до)"
)
_AFTER_FIGURES = r"(?![\w%]|[-./](?!(?:19|20)[0-9]{2}-[0-9]|(?<=[0-9]{4}-)[0-9]{1,2}/(?:19|20)[0-9]{2})[0-9])"
_FIGURES = (
    rf"(?:19|20)[0-9]{{2}}[-/.](?:1[0-2]|0?[1-9])(?:[-/.](?:3[01]|[12][0-9]|0?[1-9]))?{_AFTER_FIGURES}"
    rf"|(?:[0-9]{{1,2}}(?:\.[0-9]{{1,2}})?(?:\.? ?- ?|\. {_TO} ))?"
    rf"[0-9]{{1,2}}(?:[-/.]| / )[0-9]{{1,2}}(?:[-/.]| / )(?:19|20)[0-9]{{2}}{_AFTER_FIGURES}"
    rf"|(?:0?[1-9]|1[0-2])[/.](?:19|20)[0-9]{{2}}{_AFTER_FIGURES}"
)
_DAY_ALONE = r"[0-9]{1,2}(?: ?(?:st|nd|rd|th|er)|\.)?"
"""A day before words that say that it is one; ``_DAY`` looks at what follows."""
_DAY = (
    rf"[0-9]{{1,2}}(?: ?(?:st|nd|rd|th|er)|\.(?= ?[-/]| (?:to|and|bis|und) [0-9]| ?{MONTH}))?"
    rf"(?=$|{MONTH}|(?![.,][0-9])[^\w%])"
)
_DASHED = rf"[0-9]{{1,2}}[-/]{MONTH}[-/](?:19|20)[0-9]{{2}}(?!\w)"


_KINDS = {"figures": _FIGURES, "dashed": _DASHED, "quarter": _QUARTER, "month": MONTH, "year": _YEAR, "day": _DAY}
_TOKEN = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _KINDS.items())
_ANY = f"(?:{'|'.join(_KINDS.values())})"
WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)(?:[a-z]{0,3}day|r?s|r)?\.?,? )?"
_BIND = rf"(?:,? (?:of (?:the year )?|de |du )?{WEEKDAY}|(?:(?<=[0-9.])|(?<=st|nd|rd|th))(?={MONTH})|(?<=[a-z])(?=[0-9]))"
"""The words between parts of a date, or none: ``6May2024``."""
_WHOLE = rf"(?:(?:{_DAY_ALONE} )?{MONTH} )?{_YEAR}"
_LIST_OF_DAYS = re.compile(rf"(?:, {_WHOLE}){{1,12}},? (?:and|to) {_WHOLE}", re.IGNORECASE)
PART = (
    r"(?:(?:the )?(?:(?:very |whole |each |every |calendar |academic |school |fiscal )?"
    r"(?:early|late|mid|middle|beginning|start|end|course|whole|all|entire"
    r"|years?|quarters?|months?|dates?|period|biennium|triennium|mornings?|nights?|weekends?|afternoons?|evenings?|days?"
    r"|(?:spring|summer|autumn|fall|winter)(?:(?:/|-| and | to )(?:spring|summer|autumn|fall|winter))?(?: term| semester)?"
    r"|(?:first|second|third|fourth|last|latter|former|1st|2nd|3rd|4th) (?:\w+ )?"
    r"(?:half|quarter|weeks?|fortnight|days?|months?))"
    r"(?: of)?[ -](?:the )?){1,3})?"
)
_JOIN = rf" ?[-/&] ?{WEEKDAY}|,? {_TO} (?:(?:the|le) )?{WEEKDAY}{PART}"
_AGAIN = (
    rf"(?<=[a-z.])(?:,? (?:and|as well as)|, then)(?: again| later| then| once)? (?:in|on|from)(?: the)?"
    rf" (?=(?:{_DAY_ALONE}(?: ?- ?| to ))?(?:{_DAY_ALONE} )?{MONTH})"
    rf"|(?<=[0-9]) and again on(?: the)? (?={_DAY_ALONE} {MONTH})"
)
_FIRST = re.compile(rf"(?:(?<![\w/.,-])(?<!\bday )|(?<=\bmid-)){_ANY}", re.IGNORECASE)
_STEP = re.compile(rf"(?P<join>{_AGAIN}|{_JOIN})?(?P<bind>{_BIND})?(?:{_TOKEN})", re.IGNORECASE)


@dataclass
class Date:
    """A date while it is read; missing parts are None."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    end: int = 0
    month_first: bool = False  # "May 12", not "12 May"
    ranged: bool = False  # joined to the next by a word of range, not of listing
    tight: bool = False  # joined to the next by a sign
    last_month: int | None = None  # of a quarter or a half
    whole: bool = False  # in figures: nothing can be added
    ambiguous: bool = False
    first: tuple[int, ...] | None = None  # the first day of "12.-14.03.2024"

    def parts(self) -> tuple[int, ...]:
        """Return the known parts of year, month and day."""
        found = [part for part in (self.year, self.month, self.day) if part is not None]
        return tuple(found)


Chain = list[re.Match[str]]
"""The tokens of a chain in order, each with its connector."""


def chains(flat: str, start: int, stop: int) -> Iterator[Chain]:
    """Yield each chain in ``flat[start:stop]``."""
    while first := _FIRST.search(flat, start, stop):
        chain: Chain = []
        start = first.start()
        while (step := _STEP.match(flat, start, stop)) and not (chain and step["join"] is None and step["bind"] is None):
            chain.append(step)
            start = step.end()
        yield chain


def dates_of(flat: str, chain: Chain) -> tuple[list[Date], list[Date]]:
    """Read a chain into dates, and parts without a year; a trailing number (``2024, 12 experts``) is cut off."""
    dates: list[Date] = []
    listed_to = 0  # where a list with commas ends: "2022, 2023 and 2024"
    for step in chain:
        if not dates or not _bind(dates[-1], step):
            if listed := _LIST_OF_DAYS.match(flat, step.start(), chain[-1].end()):
                listed_to = listed.end()
            if dates and not step["join"] and dates[-1].year is not None and step.end() > listed_to:
                break
            if dates:
                dates[-1].ranged = bool(step["join"] and "and" not in step["join"].lower())
                dates[-1].tight = (step["join"] or "").strip() in {"-", "/"}
            year, month = _taken_over(flat, dates[-1], step) if dates else (None, None)
            dates.append(Date(year=year))
            if year is None:
                _bind(dates[-1], step)
            if month:
                dates[-1].month, dates[-1].month_first = month, True
        dates[-1].end = step.end()
    rest: list[Date] = []
    while dates and dates[-1].year is None:
        rest.insert(0, dates.pop())
    return _shared(dates), rest


def _bind(date: Date, step: re.Match[str]) -> bool:
    """Add a token to the date before it if they belong together: ``21 May``, ``May 2024``, ``May 12, 2024``."""
    fresh = date.parts() == ()
    of_its_year = (
        step["year"] and date.month and date.year is None and (step["join"] or "").strip() in {"-", "/"}
    )  # "Q1/2024"
    if (step["join"] and not fresh and not of_its_year) or date.whole:
        return False
    if step["figures"] or step["dashed"]:
        if fresh:
            _in_figures(date, step["figures"] or step["dashed"])
        return fresh
    if step["year"] and date.year is None and (fresh or date.month is not None):
        date.year = int(step["year"])
    elif (step["quarter"] and fresh) or (step["quarter"] and date.month is None and date.day is None):
        date.month, date.last_month = _quarter(step["quarter"].lower())
    elif step["month"] and date.month is None and date.year is None and (fresh or "," not in (step["bind"] or "")):
        date.month, date.month_first = _month(step["month"]), fresh
    elif step["day"] and (
        fresh or (date.month is not None and date.day is None and date.year is None and not date.last_month)
    ):
        date.day = int(re.sub(r"\D", "", step["day"]))
    else:
        return False
    return True


def _month(word: str) -> int:
    word = word.rstrip(".").lower()
    russian = (number for number, stem in enumerate(_RUSSIAN_MONTHS, start=1) if stem.fullmatch(word))
    return _MONTHS.get(word) or next(russian)


def _quarter(words: str) -> tuple[int, int]:
    """Return the first and the last month of a quarter or a half."""
    halves = re.search("^[1-4]?h|half|seme|полу", words) is not None
    size = 6 if halves else 3
    if number := re.fullmatch(r"[qth]?([1-4])[qth]?", words):
        which = int(number[1])
    else:
        which = next(
            value for word, value in sorted(_PARTS.items(), key=lambda item: -len(item[0])) if words.startswith(word)
        )
    which = min(which or 12 // size, 12 // size)
    return (which - 1) * size + 1, which * size


def _in_figures(date: Date, words: str) -> None:
    """Read ``2024-03-12``, ``2024-03``, ``12.03.2024``, ``12.-14.03.2024``, ``03/2024``, ``12-Mar-2024``.

    With dots, the day is first; with other marks, only a day above 12 shows the order.
    """
    date.whole = True
    pieces = [int(piece) if piece.isdigit() else _month(piece) for piece in re.findall(rf"[0-9]+|{MONTH}", words, re.I)]
    if pieces[0] > 31:
        date.year, date.month = pieces[0], pieces[1]
        date.day = pieces[2] if len(pieces) > 2 else None
        if len(pieces) == 2:  # "2011-12" is two years or a month, "2019-20" two years
            date.ambiguous = len(re.split(r"\D", words)[1]) == 2 and pieces[1] > pieces[0] % 100
        return
    date.year = pieces[-1]
    if len(pieces) == 2:
        date.month = pieces[0]
        return
    first, second = pieces[-3], pieces[-2]
    swapped = not re.search(r"\.[0-9]{4}|[^\W\d_]", words) and first <= 12 < second
    date.day, date.month = (second, first) if swapped else (first, second)
    date.ambiguous = not swapped and not re.search(r"\.[0-9]{4}|[^\W\d_]", words) and first <= 12 and first != second
    if len(pieces) > 3:
        date.first = (date.year, pieces[1] if len(pieces) > 4 else date.month, pieces[0])


def _taken_over(flat: str, before: Date, step: re.Match[str]) -> tuple[int | None, int | None]:
    """Return the year that ``24`` is in ``2023-24``, or the month of ``2`` in ``June 1 and 2, 2024``."""
    follows = _STEP.match(flat, step.end())
    if not step["day"] or (follows and follows["month"]):
        return None, None
    if before.year is None:
        return None, before.month if before.month_first and before.day is not None else None
    year = before.year - before.year % 100 + int(re.sub(r"\D", "", step["day"]))
    short = not before.month and (step["join"] or "").strip() in {"-", "/"} and year > before.year
    return (year if short else None), None


def _shared(dates: list[Date]) -> list[Date]:
    """Give each date the year and month that follow a list; ``30 December to 2 January 2024`` starts in 2023."""
    for place in range(len(dates) - 2, -1, -1):
        date, after = dates[place], dates[place + 1]
        if date.day is not None and date.month is None:
            date.month = after.month
            if after.month is None:
                after.ambiguous = date.tight  # "10 /05/2024" is not a year alone
                return dates[place + 1 :]
        if date.year is None:
            date.year = after.year
            if date.ranged and date.parts() > after.parts() and date.month != after.month and date.year is not None:
                date.year -= 1
    return dates


def impossible(parts: tuple[int, ...], words: str) -> str:
    """Return why the calendar does not have a date, or nothing."""
    year, month, day = (*parts, 0, 0)[:3]
    if len(parts) > 1 and not 1 <= month <= 12:
        return f"{words!r}: the calendar does not have day {day} of month {month} of {year}"
    if len(parts) > 2 and not 1 <= day <= calendar.monthrange(year, month)[1]:
        return f"{words!r}: the calendar does not have day {day} of {calendar.month_name[month]} {year}"
    return ""
