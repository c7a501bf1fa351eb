"""When something happened, as leaflets say it, in reduced-precision ISO 8601 (``2024``, ``2024-03``, ``2024-05-21``).

A phrase of time is a chain of days, months and years with their connectors (``11-12 October and 6-7 November 2023``).
It is the time of what the sentence tells when a word of time leads it (``in``, ``from``, ``since``, ...), when it opens
the text, or when it names a month and nothing marks it as the date of something else. A bare year without a leading word
is a name or a plan's period (``Action Plan 2024-2028``). Years and months said once hold for all that stand before them.
Several phrases in a row run from the first to the last. Months are read in English, French and Russian, quarters and
halves as their months. A date that can be read in two ways (``03/12/2024``) is read in neither.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cbrn_data.findings import shown
from cbrn_data.words.nouns import group_end
from cbrn_data.words.text import clean, folded

_FRENCH = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
_FRENCH_SHORT = {"janv": 1, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "dec": 12}
_RUSSIAN = "январ[ьяе] феврал[ьяе] март[ае]? апрел[ьяе] ма[ияе] июн[ьяе] июл[ьяе] август[ае]? сентябр[ьяе] октябр[ьяе] ноябр[ьяе] декабр[ьяе]"
_MONTHS: dict[str, int] = {
    name.lower(): number
    for table in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(table)
    if number
}
_MONTHS |= {name: number for number, name in enumerate(_FRENCH, start=1)} | _FRENCH_SHORT
_RUSSIAN_MONTHS = [re.compile(stem) for stem in _RUSSIAN.split()]
_MONTH = rf"(?:{'|'.join([*sorted(_MONTHS, key=len, reverse=True), *_RUSSIAN.split()])})(?![^\W\d_])\.?"
_PARTS = {
    "first": 1, "1st": 1, "premier": 1, "premiere": 1, "перв": 1, "i": 1, "second": 2, "2nd": 2, "deuxieme": 2, "втор": 2,
    "ii": 2, "third": 3, "3rd": 3, "troisieme": 3, "трет": 3, "iii": 3, "fourth": 4, "4th": 4, "quatrieme": 4, "четверт": 4,
    "iv": 4, "last": 0, "final": 0, "dernier": 0,
}  # fmt: skip
"""Which quarter or half a word names; 0 is the last."""

_YEAR = r"(?:19|20)[0-9]{2}(?![\w%]|[.,][0-9])"
_OF_YEAR = rf"(?=(?:,? (?:of |in |de |du )?(?:the |l'annee )?(?:year |calendar year )?|[ -]?/? ?){_YEAR})"
_NAMED = "|".join(sorted(_PARTS, key=len, reverse=True))
_QUARTER = (
    rf"(?:[QTH][1-4]|(?:{_NAMED})[а-я]*[ -](?:quarter|halve|half|trimester|semester|trimestre|semestre|квартал|полугоди)s?[а-я]*(?:-year)?)"
    rf"(?:{_OF_YEAR}|(?= ?(?:[-/&]|and|to|et) ?[QTH][1-4]))"
)
_FIGURES = (
    r"(?:19|20)[0-9]{2}(?P<{0}y>[-/.])(?:1[0-2]|0?[1-9])(?:(?P={0}y)(?:3[01]|[12][0-9]|0?[1-9]))?(?![\w%]|[-./][0-9])"
    r"|(?:[0-9]{1,2}(?:\.[0-9]{1,2})?\.? ?- ?)?[0-9]{1,2}(?P<{0}d>[-/.])[0-9]{1,2}(?P={0}d)(?:19|20)[0-9]{2}(?![\w%]|[-./][0-9])"
    r"|(?:0?[1-9]|1[0-2])[/.](?:19|20)[0-9]{2}(?![\w%]|[-./][0-9])"
)
_DAY = r"[0-9]{1,2}(?: ?(?:st|nd|rd|th|er))?(?![\w%]|[.,][0-9])"
_DASHED = rf"[0-9]{{1,2}}[-/]{_MONTH}[-/](?:19|20)[0-9]{{2}}(?!\w)"


def _token(tag: str = "") -> str:
    def group(name: str, pattern: str) -> str:
        return f"(?P<{name}>{pattern})" if tag else f"(?:{pattern})"

    kinds = (
        group("figures", _FIGURES.replace("{0}", tag or "x") if tag else re.sub(r"\(\?P<\{0\}\w>", "(?:", re.sub(r"\(\?P=\{0\}\w\)", "[-/.]", _FIGURES))),
        group("dashed", _DASHED),
        group("quarter", _QUARTER),
        group("month", _MONTH),
        group("year", _YEAR),
        group("day", _DAY),
    )  # fmt: skip
    return f"(?:{'|'.join(kinds)})"


_ANY = _token()
_BIND = r",? (?:of |de |du )?"
_WHOLE = rf"(?:(?:{_DAY} )?{_MONTH} )?{_YEAR}"
_LISTED = re.compile(rf"(?:, {_WHOLE}){{1,12}},? (?:and|to) {_WHOLE}", re.IGNORECASE)
_WEEKDAY = rf"(?:(?:{'|'.join(calendar.day_name)}),? )?"
_PART = (
    r"(?:(?:the )?(?:(?:very |whole |calendar )?(?:early|late|mid|middle|beginning|start|end|course|whole|all|entire|years?|months?"
    r"|period|spring|summer|autumn|fall|winter|weeks? of"
    r"|(?:first|second|third|fourth|last|1st|2nd|3rd|4th) (?:half|quarter|weeks?|days?|months?))(?: of)?[ -](?:the )?){1,3})?"
)
_JOIN = rf" ?[-/&] ?|,? (?:and|to|until|till|through|et|au|a|по|и|до) (?:(?:the|le) )?{_WEEKDAY}{_PART}"
_CHAIN = re.compile(rf"(?:(?<![\w/.,-])|(?<=\bmid-)){_ANY}(?:(?:{_JOIN}|{_BIND}){_ANY})*", re.IGNORECASE)
_STEP = re.compile(rf"(?P<join>{_JOIN})?(?P<bind>{_BIND})?{_token('t')}", re.IGNORECASE)

_LEAD = re.compile(
    r"(?<![\w-])(?P<word>(?:starting|beginning)(?: in| from| on)?|in|on|from|between|throughout|during|over|since"
    r"(?: (?:its|their|the) (?:launch|start|inception|creation|establishment|foundation|beginning|kick-off)(?: in| on)?)?"
    r"|at(?= the (?:beginning|start|end))|towards(?= the end)|en|le|depuis|durant|pendant|courant|entre|a partir de|des"
    rf"|во?|со?|между|начиная с|в течение)(?: both)? (?:{_WEEKDAY}{_PART}|(?P<the>the ){_WEEKDAY})$",
    re.IGNORECASE,
)
_NOT_ITS_TIME = re.compile(
    r"\b(?:dated|until|till|by|before|after|for|prior to|as of|as at|up to|around|about|circa|approximately|not later than"
    r"|(?:its|their|the|of)|avant|apres|jusqu'en|jusqu'au|jusqu'a|d'ici|до|после|к)"
    r"(?: (?:the )?(?:very )?(?:end|beginning|start|middle) of)?(?: late| early| mid)?[ -]$|~ ?$",
    re.IGNORECASE,
)
_BOUND_BEFORE = re.compile(
    r"\b(?:until|till|by|before|after|prior to|as of|as at|up to|avant|apres|d'ici|до|после|к)(?: the)? $", re.IGNORECASE
)
_OF_TIME = re.compile(r"(?:-|\b(?:of|by|after|before|until|till|to|as at|as of|annee|vers)) $|-$", re.IGNORECASE)
_HALF_SAID = re.compile(r"\b(?:first|second|third|1st|2nd|3rd)(?: ?-| and| or| to|,)(?: the)? $", re.IGNORECASE)
_PLANNED = re.compile(r"\b(?:will|shall|to be|planned|scheduled|expected|foreseen|due|upcoming)\b[^.;:]*$", re.IGNORECASE)
_FOUNDED = re.compile(
    r"(?:[,(]| which was| that was| was first) ?(?:first |originally |officially )?(?:launched|established|founded|created|adopted"
    r"|signed|set up|started|begun|opened|approved|published|initiated|built|ratified|endorsed|issued|inaugurated)(?: back)? $"
    r"|\b(?:launched|established|founded|created|adopted|signed|built|published|issued) $",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(r"\b(?:was|were|been|has|have|had|and|is|are)(?: \w+ly)? \w+(?: up)? $", re.IGNORECASE)
_PLAN = r"(?:plans?|strategy|strategies|road ?maps?|frameworks?|agenda|policy|programmes?|programs?)"
_PLAN_PERIOD = re.compile(
    rf"\b{_PLAN}(?: (?:for|covering|spanning|of|running))?(?: the)?(?: period| years)?,? $", re.IGNORECASE
)
_NAME_AFTER = re.compile(rf" (?:edition|(?:[a-z]+ ){{0,3}}{_PLAN}|round|season)\b", re.I)
_CAPITALS_AFTER = re.compile(r" (?:[A-Z]\w+ )*[A-Z]\w+")
_NAME_BEFORE = re.compile(r"(?:\b[A-Z][\w'-]*|[”\"])(?: [A-Z0-9][\w'-]*)*,? ?[\"”]?[ -]$")
_INSTRUMENT = re.compile(
    r"\b(?:project|projects|resolution|regulations?|directive|decision|convention|act|law|treaty|protocol|_)[\w /_-]{0,12} \($",
    re.I,
)
_FOLLOWS = re.compile(r"(?:,|;|\band|\bthen|\bfollowed by|\bet|\bи)(?: again| later)? $", re.IGNORECASE)
_NEXT_OF_ITS_KIND = re.compile(
    r"[,;] (?:(?:and|then) )?(?:a|the) (?:second|third|fourth|fifth)\b|\band (?:a|the) (?:second|third|fourth|fifth)\b", re.I
)
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


@dataclass(frozen=True)
class Phrase:
    """A date named in ``text[start:end]``, the word that leads it, its dates as (year, month, day), and its ``role``.

    ``time``: when the sentence happened. ``bound``: before, after or about when. ``other``: the time of something else,
    or planned. ``name``: part of a name or a plan's period. ``ambiguous``: can be read in two ways. ``yearless``: without
    a year. ``chain`` is where the date itself begins, after the leading word.
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
        """1 where the coarsest date is a year, 2 a month, 3 a day."""
        return min(map(len, self.dates))


@dataclass
class _Date:
    year: int | None = None
    month: int | None = None
    day: int | None = None
    end: int = 0
    month_first: bool = False  # "May 12", not "12 May"
    ranged: bool = False  # joined to the next by a word of range, not of listing
    last_month: int | None = None  # of a quarter or a half
    whole: bool = False  # in figures: nothing can be added
    ambiguous: bool = False
    first: tuple[int, ...] | None = None  # the first day of "12.-14.03.2024"

    def parts(self) -> tuple[int, ...]:
        found = [part for part in (self.year, self.month, self.day) if part is not None]
        return tuple(found)


_OPEN = ("since", "from", "starting", "beginning", "depuis", "a partir", "с", "начиная")
_PRECISION = {1: "year", 2: "month", 3: "day"}


def find_dates(text: str) -> DateRange | None:
    """Return the time that ``text`` gives for what it tells, or None.

    Raises ImpossibleDate.

    >>> found = find_dates("On 11-12 October and 6-7 November 2023 experts met")
    >>> (found.start, found.end, found.precision)
    ('2023-10-11', '2023-11-07', 'day')
    """
    row = time_of(text, phrases(text))
    return _range(row) if row else None


def phrases(text: str) -> list[Phrase]:
    """Return every date that ``text`` names, in order, each with its role."""
    flat = folded(text)
    found: list[Phrase] = []
    start = 0
    for stop in [*(match.end() for match in _SENTENCE_END.finditer(flat)), len(flat)]:
        found += _phrases(flat, start, stop)
        start = stop
    return found


def _phrases(flat: str, start: int, stop: int) -> Iterator[Phrase]:
    for chain in _CHAIN.finditer(flat, start, stop):
        dates, rest = _dates(flat, chain.start(), chain.end())
        if dates and not _counts_something(flat, chain.start(), dates):
            yield _phrase(flat, start, chain.start(), dates)
        elif rest and not dates:
            if phrase := _yearless(flat, start, chain.start(), rest):
                yield phrase


def _counts_something(flat: str, chain: int, dates: list[_Date]) -> bool:
    """Whether a bare year may be a number: ``trained 2000 nurses``."""
    end = dates[-1].end
    if len(dates) > 1 or end - chain != 4 or _OF_TIME.search(flat[max(0, chain - 20) : chain]):
        return False
    if _lead_before(flat, chain).lower() not in {"", "over "}:
        return False
    return flat[end : end + 1] == " " and group_end(flat, end + 1) is not None


def _lead_before(flat: str, chain: int) -> str:
    """Return the words that lead a date, or nothing."""
    lead = _LEAD.search(flat[max(0, chain - 80) : chain])
    return lead[0] if lead else ""


def time_of(text: str, found: list[Phrase]) -> list[Phrase]:
    """Return the phrases that together say when it happened; none where there are several answers.

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
    if any(phrase.role == "ambiguous" for phrase in own):
        return []
    row, others = _row(flat, own)
    opens = not flat[sentence : row[0].start].strip()
    return row if opens or not (others or len(own) < len(times)) else []


def _phrase(flat: str, sentence: int, chain: int, dates: list[_Date]) -> Phrase:
    """Judge whether a chain of days, months and years is the time of what the sentence tells."""
    end = dates[-1].end
    lead = _LEAD.search(flat[max(sentence, chain - 80) : chain])
    word = lead["word"].lower() if lead else ""
    start = chain - (len(lead[0]) if lead else 0)
    before = flat[max(sentence, start - 200) : start]
    names_month = any(date.month for date in dates)
    role = _role(before, word, flat[end : end + 60], names_month, bool(lead and lead["the"]))
    words = shown(flat[chain:end], 80)
    error, parts = "", []
    for date in dates:
        if date.first:
            parts.append(date.first)
        parts.append(date.parts())
        if date.last_month and date.year:
            parts.append((date.year, date.last_month))
    for part in parts:
        error = error or _impossible(part, words)
    if any(date.ambiguous for date in dates) and role == "time":
        role = "ambiguous"
    return Phrase(start, end, chain, word, tuple(parts), role, error)


def _role(before: str, lead: str, after: str, names_month: bool, the: bool) -> str:
    if _HALF_SAID.search(before):
        return "bound"
    if _PLANNED.search(before):
        return "other"
    founded = _FOUNDED.search(before)
    if founded and not _AUXILIARY.search(before) and lead in {"in", "on", "", "en"}:
        return "other"
    if not lead:
        opens = not before.strip() and (names_month or re.match(r" ?[:,-]|$", after) is not None)
        if opens or (names_month and not _NOT_ITS_TIME.search(before[-40:])):
            return "time"
        if _BOUND_BEFORE.search(before[-40:]) or (names_month and not _NAME_AFTER.match(after)):
            return "bound"
        if _INSTRUMENT.search(before) or _NAME_BEFORE.search(before) or _PLAN_PERIOD.search(before[-80:]):
            return "name"
        named = _NAME_AFTER.match(after) or _CAPITALS_AFTER.match(after)
        return "name" if named else "bound" if _NOT_ITS_TIME.search(before[-40:]) else "other"
    if names_month:
        return "bound" if _BOUND_BEFORE.search(before[-40:]) else "time"
    if the or _NAME_AFTER.match(after):
        return "name" if _NAME_AFTER.match(after) or _CAPITALS_AFTER.match(after) else "other"
    if lead == "on":
        return "other"
    return "name" if lead in {"from", "between", "over"} and _PLAN_PERIOD.search(before[-80:]) else "time"


def _yearless(flat: str, sentence: int, chain: int, dates: list[_Date]) -> Phrase | None:
    """Return the phrase of a month without a year, where it is one: ``On 21 May``, ``in October``, not ``may``."""
    lead = _LEAD.search(flat[max(sentence, chain - 80) : chain])
    with_day = any(date.month and date.day and 1 <= date.day <= 31 for date in dates)
    capital = flat[chain : dates[0].end].lstrip("0123456789 stndrh")[:1].isupper()
    if not any(date.month for date in dates) or not (with_day or (lead and capital)):
        return None
    end = max(date.end for date in dates if date.day is None or date.day <= 31)
    if not with_day:
        end = chain + len((re.match(_MONTH, flat[chain:], re.I) or [""])[0]) or end
    start = chain - (len(lead[0]) if lead else 0)
    return Phrase(start, end, chain, lead["word"].lower() if lead else "", (), "yearless")


def _dates(flat: str, start: int, stop: int) -> tuple[list[_Date], list[_Date]]:
    """Read a chain into dates, and what has no year; what hangs on without one (``2024, 12 experts``) is cut off."""
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
    rest: list[_Date] = []
    while dates and dates[-1].year is None:
        rest.insert(0, dates.pop())
    return _shared(dates), rest


def _bind(date: _Date, step: re.Match[str]) -> bool:
    """Add a token to the date before it where the two belong together: ``21 May``, ``May 2024``, ``May 12, 2024``."""
    fresh = date.parts() == ()
    if (step["join"] and not fresh) or date.whole:
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
    halves = words.startswith("h") or re.search("half|seme|полу", words) is not None
    size = 6 if halves else 3
    if number := re.fullmatch(r"[qth]([1-4])", words):
        which = int(number[1])
    else:
        which = next(
            value for word, value in sorted(_PARTS.items(), key=lambda item: -len(item[0])) if words.startswith(word)
        )
    which = min(which or 12 // size, 12 // size)
    return (which - 1) * size + 1, which * size


def _in_figures(date: _Date, words: str) -> None:
    """Read ``2024-03-12``, ``2024-03``, ``12.03.2024``, ``12.-14.03.2024``, ``03/2024``, ``12-Mar-2024``.

    Dots put the day first; with other marks a day above 12 shows the order, and else nobody knows it.
    """
    date.whole = True
    pieces = [int(piece) if piece.isdigit() else _month(piece) for piece in re.findall(r"[0-9]+|[^\W\d_]+", words)]
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


def _impossible(parts: tuple[int, ...], words: str) -> str:
    """Return why no calendar has a date, or nothing."""
    year, month, day = (*parts, 0, 0)[:3]
    if len(parts) > 1 and not 1 <= month <= 12:
        return f"{words!r}: no calendar has day {day} of month {month} of {year}"
    if len(parts) > 2 and not 1 <= day <= calendar.monthrange(year, month)[1]:
        return f"{words!r}: no calendar has day {day} of {calendar.month_name[month]} {year}"
    return ""


def _row(flat: str, own: list[Phrase]) -> tuple[list[Phrase], list[Phrase]]:
    """Return the phrases that continue the first one (``..., and on 6 November 2023``), and the others."""
    row, others = [own[0]], []
    for phrase in own[1:]:
        gap = flat[row[-1].end : phrase.start]
        follows = _FOLLOWS.search(gap[-40:])
        alone = follows is not None and not gap[-40:][: follows.start()].strip(" ,")
        again = follows is not None or _NEXT_OF_ITS_KIND.search(gap)
        if alone or (again and phrase.width == row[0].width):
            row.append(phrase)
        else:
            others.append(phrase)
    return row, others


def _range(row: list[Phrase]) -> DateRange:
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
