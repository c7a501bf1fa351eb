"""The counts in a text: people, countries, and the numbers of statements and of claims about projects.

A count is read with its clause. Words that the tables cannot hold (``up to``, ``40 to 50``, a sum of groups, ``each``,
``have yet to``) give no value, but a doubt with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cbrn_data.normalise.grammar import Part, counted, counts, parts
from cbrn_data.normalise.nouns import group_end, is_people
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.rules import any_of, grammar
from cbrn_data.normalise.text import clean, folded

_BEFORE = {
    name: re.compile(rf"(?:(?<![\w]){any_of(words)}) ?(?:a total of |the )?$", re.IGNORECASE)
    for name, words in grammar()["qualifiers"].items()
}
_OR_SO = re.compile(r" (?:or so|odd)\b")
_DENIED = re.compile(rf"\b{any_of(grammar()['denied'])}\b|n't\b", re.IGNORECASE)
_PLANNED = re.compile(rf"\b{any_of(grammar()['planned'])}\b", re.IGNORECASE)
_EVENT = re.compile(any_of(grammar()["events"]), re.IGNORECASE)
_HANDED_OUT = re.compile(rf"\b{any_of(grammar()['handed out'])}\w*", re.IGNORECASE)
_AROUND = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in grammar()["around numbers"].items()}
_AIM = re.compile(grammar()["around dates"]["aim, after"], re.IGNORECASE)
_FOR = re.compile(
    r"\bfor (?:the |use by (?:the )?)?(?:(?:over|some|about|around|nearly|more than|at least|approximately|almost) )?$", re.I
)
_YEARS = range(1900, 2100)


@dataclass(frozen=True)
class Doubt:
    """Words in ``text[start:end]`` that no cell can hold, and the reason."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True)
class PeopleCount:
    """A counted group of people in ``text``; the pairs are the spans of its parts.

    ``qualifier`` is ``exact``, ``over`` or ``about``; ``qualified`` runs from the qualifying words to the number.
    """

    count: int
    qualifier: str
    group: str
    counted: tuple[int, int]
    qualified: tuple[int, int]
    grouped: tuple[int, int]


@dataclass(frozen=True)
class _Mention:
    """A number of people: the numeral, its group, and the reason why it is not a value, or only a part of one."""

    part: Part
    group: tuple[int, int]
    reason: str = ""
    sets_aside: bool = False  # the doubt concerns this number alone, not the others of the text
    within: bool = False  # a part of a total that is stated before it
    total: bool = False


def people(text: str) -> tuple[PeopleCount | None, list[Doubt]]:
    """Return the count of people in ``text``, and every number of people that is not used, with the reason.

    >>> found, doubts = people("held trainings for over 1,000 specialists on water")
    >>> (found.count, found.qualifier, found.group, doubts)
    (1000, 'over', 'specialists', [])
    """
    mentions = list(_mentions(text))
    doubts = [Doubt(m.part.start, m.group[1], m.reason) for m in mentions if m.reason and not m.within]
    sound = [m for m in mentions if not m.reason and not m.within]
    if any(m.reason and not m.sets_aside and not m.within for m in mentions) or not sound:
        return None, doubts + [Doubt(m.part.start, m.group[1], "is next to it") for m in sound]
    totals = [m for m in sound if m.total]
    if (
        len(sound) == 2
        and totals == sound[1:]
        and _AROUND["running total, before"].search(folded(text)[: totals[0].part.start])
    ):
        doubts.append(Doubt(totals[0].part.start, totals[0].group[1], "a total that counts earlier people too"))
        sound, totals = sound[:1], []
    if len(totals) == 1:
        sound = totals
    if len({m.part.value for m in sound}) > 1 or any(_is_another(text, sound[0], m) for m in sound[1:]):
        reason = f"{len(sound)} groups of people are counted, but the table holds one number"
        return None, [*doubts, Doubt(sound[0].part.start, sound[-1].group[1], reason)]
    return _people_count(text, sound[0]), doubts


def _is_another(text: str, first: _Mention, later: _Mention) -> bool:
    """Return whether the same number counts other people: ``60 nurses and 60 doctors``, not ``the 60 participants``."""
    groups = [text[slice(*mention.group)].lower() for mention in (first, later)]
    again = re.search(r"\b(?:the|these|those|all|same)(?: same)? $", folded(text)[: later.part.start], re.I)
    return groups[0] != groups[1] and not again


def _people_count(text: str, mention: _Mention) -> PeopleCount:
    number, flat = mention.part, folded(text)
    qualifier, start, end = _qualifier(flat, number)
    assert number.value is not None
    return PeopleCount(
        count=number.value,
        qualifier=_of_people(qualifier),
        group=text[slice(*mention.group)],
        counted=(number.start, number.end),
        qualified=(start, end),
        grouped=mention.group,
    )


def _mentions(text: str) -> Iterator[_Mention]:
    """Yield every number of people with the meaning of its clause."""
    flat = folded(text)
    total = before = None
    within = 0
    for part in parts(text):
        mention = _mention(text, flat, part, before) or _of_shared_noun(text, flat, part)
        if mention is None:
            continue
        if total and before and _is_within(flat, total, before, mention, within):
            mention = replace(mention, within=True)
            within += part.value or 0
        else:
            total, within = mention, 0
        before = mention
        yield mention


_NO_COUNT = {
    "range": "a range, which the table cannot hold",
    "whole": "a part of a whole",
    "strength": "a size of a team",
    "vague": "no number",
    "unread": "not understood",
}


def _mention(text: str, flat: str, part: Part, last: _Mention | None) -> _Mention | None:
    """Return what a number counts of people, or None if it does not count people."""
    if part.kind == "count" and part.value != 0:
        what, start, end = counted(text, part)
        if what == "people":
            reason, aside = _doubt(text, flat, part, end)
            return _Mention(part, (start, end), reason, aside, total=_is_total(flat, part.start, end))
        if what == "unknown" and (noun := _noun_before(flat, part)):
            reason, aside = _doubt(text, flat, part, part.end)
            return _Mention(part, noun, reason, aside)
        if (
            what == "unknown"
            and _AROUND["more of the same people"].match(flat[part.end :])
            and last
            and part.start - last.group[1] < 120
        ):
            return _Mention(part, (part.end, part.end))  # "12 experts from Kenya and 8 from Mali"
        if what == "unknown" and (
            _is_total(flat, part.start, part.end) or _AROUND["part of a total, after"].match(flat[part.end :])
        ):
            return None
    elif part.kind in _NO_COUNT and (end_of := group_end(flat, part.end + (flat[part.end : part.end + 1] == " "))):
        return _Mention(part, (part.end, end_of), _NO_COUNT[part.kind])
    elif part.kind == "strength":
        return _Mention(part, (part.end, part.end), _NO_COUNT[part.kind])
    return None


def _of_shared_noun(text: str, flat: str, part: Part) -> _Mention | None:
    """Return a number whose noun stands after the next one: ``60 male and 40 female officers``."""
    shared = _AROUND["shares its noun"].match(flat, part.end) if part.kind == "count" and part.value else None
    follower = next((each for each in counts(text) if shared and each.start == shared.end()), None)
    if follower is None:
        return None
    what, _, end = counted(text, follower)
    shares = what == "people" or (what == "unknown" and _of_shared_noun(text, flat, follower))
    return _Mention(part, (part.end, end)) if shares else None


def _is_within(flat: str, total: _Mention, before: _Mention, mention: _Mention, within: int) -> bool:
    """Return whether a number is a part of the total before it: ``60 people, of whom 24 women and 36 men``.

    After ``, and`` or ``as well as``, it may be in addition to the total (``60 people, including 24 women, and 30 nurses``).
    There it is a part only if it and the earlier parts, ``within``, make the total.
    """
    between = flat[total.group[1] : mention.part.start]
    if re.search(r"; |\. (?=[A-Z])", between) or mention.total:
        return False
    since = flat[before.group[1] : mention.part.start]
    listed = before.within and _AROUND["part of a total, next"].fullmatch(since)
    if listed and _AROUND["in addition to a total"].match(since) and within + (mention.part.value or 0) != total.part.value:
        return False
    return bool(
        listed
        or _AROUND["part of a total, before"].search(between)
        or _AROUND["part of a total, after"].match(flat[mention.part.end :])
    )


def _is_total(flat: str, start: int, end: int) -> bool:
    return bool(
        _AROUND["total, before"].search(flat[max(0, start - 20) : start])
        or _AROUND["total, after"].match(flat[end : end + 40])
    )


def _noun_before(flat: str, part: Part) -> tuple[int, int] | None:
    """Return the span of a group before its number: ``participants: 60``, ``number of experts - 60``."""
    after = flat[part.end : part.end + 2]
    match = _AROUND["people, before"].search(flat[max(0, part.start - 60) : part.start])
    if not match or not re.match(r"$|[.,;)] ?|\)", after):
        return None
    start = max(0, part.start - 60) + match.start("noun")
    words = list(re.finditer(r"[\w'-]+", match["noun"].lower()))
    if not is_people(words[-1][0], words[-2][0] if len(words) > 1 else ""):
        return None
    first = len(words) - 1
    while first and words[first - 1][0] not in {"of", "the", "total", "for", "with", "and", "trained"}:
        first -= 1
    return start + words[first].start(), start + words[-1].end()


def _doubt(text: str, flat: str, part: Part, end: int) -> tuple[str, bool]:
    """Return why a number of people is not used, or nothing; and whether other numbers remain valid."""
    before, after = flat[max(0, part.start - 200) : part.start], flat[end : end + 120]
    if part.value is None:
        return "no whole number", False
    if any(_BEFORE[name].search(before[-40:]) for name in ("up_to", "under")):
        return "an upper bound is not a count", False
    qualified = any(_BEFORE[name].search(before[-40:]) for name in ("over", "nearly", "about")) or part.plus
    if _may_be_year(flat, part) and not qualified:
        return "may be a year", True
    if _AROUND["label, before"].search(before[-40:]):
        return "may be the number of a label", True
    if _AROUND["project, before"].search(before):
        return "may be the number of a project", True
    if flat[part.start : part.end] == "1540":
        return "may be Resolution 1540", True
    if _AROUND["qualified after"].match(after):
        return "qualified after its noun", False
    if _AROUND["difference"].match(after) or _AROUND["difference, before"].search(before[-60:]):
        return "a difference, not a count", True
    clause = before[max((match.end() for match in _AROUND["clause start"].finditer(before)), default=0) :]
    stop = _AROUND["clause end"].search(after)
    rest = after[: stop.start()] if stop else after
    if _DENIED.search(clause) or _DENIED.search(rest):
        return "the clause denies it", True
    if _PLANNED.search(clause) or _PLANNED.search(rest) or _AIM.match(flat, end):
        return "planned, or not yet so", True
    if _AROUND["for each, after"].match(after) or _AROUND["for each, before"].search(before[-60:]):
        return "a number for each of several groups", False
    if (match := _FOR.search(before)) and not _serves_event(text, flat, part, before[: match.start()]):
        return "people for whom things are meant; the text does not say that they took part", True
    return "", False


def _may_be_year(flat: str, part: Part) -> bool:
    """Return whether bare digits look like a year, or are a year that the text names elsewhere."""
    digits = flat[part.start : part.end]
    if not re.fullmatch(r"[0-9]{4}", digits) or int(digits) not in _YEARS:
        return False
    return digits[2:] != "00" or digits in flat[: part.start] + flat[part.end :]


def _serves_event(text: str, flat: str, part: Part, before: str) -> bool:
    """Return whether ``for 25 officers`` names the people of a course, not those for whom things were bought."""
    sentence = before[max((match.end() for match in re.finditer(r"[.;] ", before)), default=0) :]
    event = max((match.end() for match in _EVENT.finditer(sentence)), default=-1)
    offset = part.start - len(flat[max(0, part.start - 200) : part.start])
    things = [
        end
        for other in counts(text)
        if other.end <= part.start
        for what, _, end in [counted(text, other)]
        if what in {"thing", "unknown"} and not _EVENT.search(flat[other.end : end + 20])
    ]
    things += [offset + len(before) - len(sentence) + match.end() for match in _HANDED_OUT.finditer(sentence)]
    return event > max(things, default=-1) - offset - (len(before) - len(sentence)) or not things


def _qualifier(flat: str, number: Part) -> tuple[str, int, int]:
    """Return how a number is qualified, and the span of the qualifying words, including the number."""
    before = flat[max(0, number.start - 40) : number.start]
    for qualifier in ("up_to", "over", "nearly", "about"):
        if match := _BEFORE[qualifier].search(before):
            return qualifier, number.start - len(match[0]), number.end
    if match := _OR_SO.match(flat, number.end):
        return "about", number.start, match.end()
    return ("over" if number.plus else "exact"), number.start, number.end


def read_number(quote: str) -> int | None:
    """Return the first count in the quote, or None; a quote that is only a numeral is always a count.

    >>> read_number("Six National Teams"), read_number("2,024")
    (6, 2024)
    """
    text = clean(quote)
    bare = next(numbers(text), None)
    if bare and (bare.start, bare.end) == (0, len(text)):
        return bare.value
    return next((part.value for part in counts(text) if part.value is not None), None)


def read_qualifier(quote: str) -> str | None:
    """Return the qualifier of the number of people at the end of a quote: ``over``, ``about`` (or ``nearly``), ``exact``."""
    text = clean(quote)
    found = list(numbers(text))  # "no fewer than 40": the last is the one
    if not found:
        return None
    last = found[-1]
    return _of_people(_qualifier(folded(text), Part("count", last.start, last.end, last.value, last.plus))[0])


def _of_people(qualifier: str) -> str:
    return "about" if qualifier == "nearly" else qualifier


def figure_qualifier(text: str, value: int) -> str:
    """Return how a statement qualifies its number ``value``: ``exact`` if no word does.

    >>> figure_qualifier("over 1,000 specialists in up to 6 countries", 1000), figure_qualifier("18 projects", 18)
    ('over', 'exact')
    """
    flat = folded(text)
    return next((_qualifier(flat, part)[0] for part in parts(text) if part.value == value), "exact")


def countries_counted(text: str) -> tuple[tuple[int, tuple[int, int]] | None, list[Doubt]]:
    """Return the number of countries in a text that does not name them (``six countries``) and its span, and doubts.

    >>> countries_counted("officers from six countries")
    ((6, (14, 27)), [])
    """
    flat, doubts = folded(text), []
    found: tuple[int, tuple[int, int]] | None = None
    for part in counts(text):
        what, _, end = counted(text, part)
        if what != "countries" or not part.value:
            continue
        if reason := inexact(flat, part, end):
            doubts.append(Doubt(part.start, end, reason))
        elif found is None:
            found = part.value, (part.start, end)
        elif found[0] != part.value:
            doubts.append(Doubt(part.start, end, "another number of countries comes before it"))
    return (found if not doubts else None), doubts


def inexact(flat: str, part: Part, end: int, clause: tuple[int, int] | None = None, held: bool = False) -> str:
    """Return why a number is not used, or nothing; ``clause`` is the end of its clause.

    ``held``: its table also has a qualifier (exceeded, nearly reached, approximate, an upper bound).
    """
    first, last = clause or (max(0, part.start - 200), end + 120)
    before, after = flat[first : part.start], flat[end:last]
    qualified = any(pattern.search(flat[max(0, part.start - 40) : part.start]) for pattern in _BEFORE.values())
    qualified = qualified or part.plus or bool(_OR_SO.match(flat, part.end))
    if qualified and not held:
        return "the table holds only an exact number"
    if _BEFORE["under"].search(flat[max(0, part.start - 40) : part.start]):
        return "a bound that is not reached is not a count"
    if part.value is None:
        return "no whole number"
    if _may_be_year(flat, part) and not qualified:
        return "may be a year"
    lead = before[max((match.end() for match in _AROUND["clause start"].finditer(before)), default=0) :]
    rest = re.split(r"[.;:]", after, maxsplit=1)[0]
    if _DENIED.search(lead) or _DENIED.search(rest):
        return "the clause denies it, or makes an exception"
    if _PLANNED.search(lead) or _PLANNED.search(rest):
        return "planned, or not yet so"
    return ""


def statement(text: str) -> tuple[Part | None, list[Doubt]]:
    """Return the number of a statement, or the reason why it has none.

    >>> statement("5 out of 6 partner countries have appointed")[0].value, statement("3 have adopted and 2 prepare")[0]
    (5, None)
    """
    flat, doubts, sound = folded(text), [], list[Part]()
    for part in parts(text):
        if part.kind == "share" and sound and flat[part.start - 1] == "(":
            continue  # "5 partner countries (83 %)"
        if part.kind in {"range", "vague", "share", "unread"}:
            doubts.append(Doubt(part.start, part.end, "not a number for the table"))
        if part.kind != "count" or (part.value == 0 and flat[part.start : part.end].lower() in {"no", "none"}):
            doubts += [Doubt(part.start, part.end, "the clause denies it")] if part.kind == "count" else []
            continue
        what, _, end = counted(text, part)
        if (
            what == "countries"
            and sound
            and re.search(r"\b(?:in|across|from|of|by|for) (?:all |the |its )*$", flat[: part.start])
        ):
            continue  # "12 National Teams in 6 countries"
        if what == "countries" and re.match(r",? (?:and|plus|as well as|with) (?:the )?[A-Z]", flat[end:]):
            doubts.append(Doubt(part.start, end, "more countries are named after it"))
        elif reason := inexact(flat, part, end, held=True):
            doubts.append(Doubt(part.start, end, reason))
        else:
            sound.append(part)
    if len({part.value for part in sound}) > 1:
        doubts.append(Doubt(sound[0].start, sound[-1].end, f"{len(sound)} numbers are stated, but the table holds one"))
    return (sound[0] if sound and not doubts else None), doubts
