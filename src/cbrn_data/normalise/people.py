"""The people that a text counts: their number, how it is qualified, and the group.

A number is read with its clause. What the table cannot hold (``up to``, ``40 to 50``, a sum of groups, ``each``) gives no
value, but a doubt with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cbrn_data.normalise.grammar import Part, counted, counts, parts
from cbrn_data.normalise.inexact import Doubt, may_be_year, not_so, of_people, qualifier_of
from cbrn_data.normalise.nouns import group_end, is_people
from cbrn_data.normalise.rules import any_of, grammar
from cbrn_data.normalise.text import folded

_EVENT = re.compile(any_of(grammar()["events"]), re.IGNORECASE)
_HANDED_OUT = re.compile(rf"\b{any_of(grammar()['handed out'])}\w*", re.IGNORECASE)
_AROUND = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in grammar()["around numbers"].items()}
_AIM = re.compile(grammar()["around dates"]["aim, after"], re.IGNORECASE)
_WHOSE = re.compile(
    r"\b(?!consists|staff|personnel|crews?|visitors|people|women|men|delegates|members\b)(\w+) of (?:the |all |these )*$",
    re.I,
)
"""People of others that are counted: ``heads of the six National Focal Points``."""
_THOSE = re.compile(r"those (?=who\b|present\b|[a-z]+(?:ed|ing)\b)", re.I)
_PLAYED = re.compile(r"\b(?:victims|casualties)$", re.I)
_FOR = re.compile(
    r"\bfor (?:the |use by (?:the )?)?(?:(?:over|some|about|around|nearly|more than|at least|approximately|almost) )?$", re.I
)


@dataclass(frozen=True)
class PeopleCount:
    """A counted group of people in ``text``; the pairs are the spans of its parts.

    ``qualifier`` is ``exact``, ``over`` or ``about``; ``qualified`` runs from the qualifying words to the number.
    ``within`` are the starts of numbers that count a part of the group.
    """

    count: int
    qualifier: str
    group: str
    counted: tuple[int, int]
    qualified: tuple[int, int]
    grouped: tuple[int, int]
    within: tuple[int, ...] = ()


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
    mentions = list(_mentions(text)) or list(_one_person(folded(text)))
    doubts = [Doubt(m.part.start, m.group[1], m.reason) for m in mentions if m.reason and not m.within]
    sound = [m for m in mentions if not m.reason and not m.within]
    alone = not sound or sound[0].group[0] == sound[0].group[1]  # of people whose first number is set aside
    if any(m.reason and not m.sets_aside and not m.within for m in mentions) or alone:
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
    return _people_count(text, sound[0], tuple(m.part.start for m in mentions if m.within)), doubts


def _one_person(flat: str) -> Iterator[_Mention]:
    """Yield a single person of a text that counts nobody: ``an expert of Project 87 visited``."""
    for article in re.finditer(r"\b[Aa]n? (?=[A-Za-z])", flat):
        end = group_end(flat, article.end(), one=True)
        if end and not group_end(flat, article.end()) and _AROUND["after one person"].match(flat, end):
            yield _Mention(Part("vague", *article.span()), (article.end(), end), "one person, not counted in the text")


def _is_another(text: str, first: _Mention, later: _Mention) -> bool:
    """Return whether the same number counts other people: ``60 nurses and 60 doctors``, not ``the 60 participants``."""
    groups = [text[slice(*mention.group)].lower() for mention in (first, later)]
    again = re.search(r"\b(?:the|these|those|all|same)(?: same)? $", folded(text)[: later.part.start], re.I)
    return groups[0] != groups[1] and not again


def _people_count(text: str, mention: _Mention, within: tuple[int, ...]) -> PeopleCount:
    number, flat = mention.part, folded(text)
    qualifier, start, end = qualifier_of(flat, number, mention.group[1])
    assert number.value is not None
    return PeopleCount(
        count=number.value,
        qualifier=of_people(qualifier),
        group=text[slice(*mention.group)],
        counted=(number.start, number.end),
        qualified=(start, end),
        grouped=mention.group,
        within=within,
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
    "share": "a share, which the table cannot hold",
    "zero": "nobody is counted",
    "ordinal": "the last of a row, not a count",
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
        if _PLAYED.search(flat[start:end]):
            return _Mention(part, (start, end), "victims, who are played", True)
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
        if what == "unknown" and last and _AROUND["more of the same people, before"].search(flat[: part.start][-40:]):
            return _Mention(part, (part.end, part.end))  # "24 nurses, and in June a further 30"
        return None
    return _not_a_count(flat, part)


def _not_a_count(flat: str, part: Part) -> _Mention | None:
    """Return a number before people that does not count them: a range, a share, ``its 1000th officer``."""
    words = flat[part.start : part.end].lower()
    kind = "zero" if part.value == 0 and words not in {"no", "none"} else part.kind
    if kind not in _NO_COUNT or (kind == "ordinal" and not re.match("[0-9]{2}", words)):
        return None
    gap = re.compile(r" of (?:the |its |all |these )?" if kind == "share" else " ?").match(flat, part.end)
    end = group_end(flat, gap.end(), one=kind == "ordinal") if gap else None
    if gap and kind == "share" and (those := _THOSE.match(flat, gap.end())):
        end = those.end()
    if end is None and kind != "strength":
        return None
    return _Mention(part, (part.end, end or part.end), _NO_COUNT[kind], kind in {"share", "zero", "ordinal"})


def _of_shared_noun(text: str, flat: str, part: Part) -> _Mention | None:
    """Return a number whose noun comes after the next one: ``60 male and 40 female officers``."""
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
    if re.search(r"^\)|; |\. (?=[A-Z])", between) or mention.total:
        return False
    if between.endswith(": ") and flat[: total.part.start].endswith(": "):  # "Kenya: 24 officers, Mali: 20 officers"
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
    qualifier, start, _ = qualifier_of(flat, part)
    if qualifier in {"up_to", "under"}:
        return "an upper bound is not a count", False
    if may_be_year(flat, part) and qualifier == "exact":
        return "may be a year", True
    if _AROUND["label, before"].search(before[-40:]):
        return "may be the number of a label", True
    if _AROUND["project, before"].search(before):
        return "may be the number of a project", True
    if flat[part.start : part.end] == "1540":
        return "may be Resolution 1540", True
    if _AROUND["not real"].search(before) or re.search(r"\bsimulated\b", flat[part.end : end]):
        return "played or assumed, not real", True
    if _AROUND["size of a place, before"].search(before):
        return "the size of a place, not those who took part", True
    if _AROUND["selected, before"].search(before) and _AROUND["selected, after"].match(after):
        return "a whole of which a part was selected", False
    if (whose := _WHOSE.search(before)) and is_people(whose[1].lower()):
        return f"those whose {whose[1].lower()} are meant", True
    if _AROUND["average, before"].search(before[-40:]):
        return "an average, not a count", False
    if _AROUND["qualified after"].match(after):
        return "qualified after its noun", False
    if _AROUND["difference"].match(after) or _AROUND["difference, before"].search(before[-60:]):
        return "a difference, not a count", True
    stop = _AROUND["clause end"].search(after)
    if reason := not_so(flat[max(0, part.start - 200) : start], after[: stop.start()] if stop else after):
        return reason, True
    if _AIM.match(flat, end) or _AROUND["planned, after"].match(after):
        return "planned, or not yet so", True
    if _AROUND["for each, after"].match(after) or _AROUND["for each, before"].search(before[-60:]):
        return "a number for each of several groups", False
    if (match := _FOR.search(before)) and not _serves_event(text, flat, part, before[: match.start()]):
        return "people for whom things are meant; the text does not say that they took part", True
    return "", False


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
