"""Every number of a text, claimed once by what it is: the one grammar that all readers of counts share.

The rules are data: ``grammar.yaml``. Claims are made in this order, each from what is left: projects, names that hold years
(the rules of kind ``name``), dates, the other rules from the first to the last, then numerals, which count. Digits that
nothing claims are ``unread``. A reader of counts never sees the number of a standard, a day of a month or a sum of money,
because those were claimed before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cbrn_data.words.dates import Phrase, phrases
from cbrn_data.words.nouns import group_end, thing_end
from cbrn_data.words.numbers import numbers
from cbrn_data.words.projects import references
from cbrn_data.words.rules import compiled
from cbrn_data.words.text import folded


@dataclass(frozen=True)
class Part:
    """A number or a date in ``text[start:end]``: its kind, and its value where it is a whole number.

    Kinds: ``project``, ``date``, those of the rules, ``count`` and ``unread``. ``plus`` is a ``+`` that ends a count;
    ``phrase`` is what a date says.
    """

    kind: str
    start: int
    end: int
    value: int | None = None
    plus: bool = False
    phrase: Phrase | None = None


@lru_cache(maxsize=64)
def parts(text: str) -> tuple[Part, ...]:
    """Return every number and date of ``text``, from left to right; no two share a character.

    >>> [(part.kind, part.value) for part in parts("In 2024 Project 87 trained 60 ISO 17025 auditors")]
    [('date', None), ('project', 87), ('count', 60), ('name', None)]
    """
    flat = folded(text)
    found: list[Part] = []
    rest = flat

    def claim(part: Part) -> None:
        nonlocal rest
        found.append(part)
        rest = rest[: part.start] + "_" * (part.end - part.start) + rest[part.end :]

    for reference in references(text):
        free = "_" not in rest[reference.start : reference.end]
        if free:
            claim(Part("project", reference.start, reference.end, reference.number))

    def claim_rules(early: bool) -> None:
        for kind, pattern in compiled():
            for match in list(pattern.finditer(rest)) if (kind == "name") == early else []:
                start, end = match.span(pattern.groups and 1)
                if "_" not in rest[start:end]:
                    claim(Part(kind, start, end))

    claim_rules(early=True)
    for phrase in phrases(rest):
        claim(Part("date", phrase.chain, phrase.end, phrase=phrase))
    claim_rules(early=False)
    for number in list(numbers(rest)):
        claim(Part("count", number.start, number.end, number.value, number.plus))
    for digits in list(re.finditer(r"[0-9]+(?:[.,/:-][0-9]+)*", rest)):
        claim(Part("unread", *digits.span()))
    return tuple(sorted(found, key=lambda part: part.start))


def counts(text: str) -> list[Part]:
    """Return the numerals of ``text`` that count something."""
    return [part for part in parts(text) if part.kind == "count"]


_GAP = re.compile(r"(?: \([0-9a-z -]{1,40}\))?(?: or so| odd)? ")


def counted(text: str, part: Part) -> tuple[str, int, int]:
    """Return what a numeral counts (``people``, ``countries``, ``thing`` or ``unknown``) and where its noun stands."""
    flat = folded(text)
    gap = _GAP.match(flat, part.end)
    if not gap:
        return "unknown", part.end, part.end
    if match := COUNTRIES.match(flat, gap.end() - 1):
        return "countries", gap.end(), match.end()
    if end := group_end(flat, gap.end(), one=part.value == 1):
        return "people", gap.end(), end
    if end := thing_end(flat, gap.end()):
        return "thing", gap.end(), end
    return "unknown", gap.end(), gap.end()


COUNTRIES = re.compile(
    r" (?:(?:other|different|participating|partner|beneficiary|member|neighbouring|more|of the|of its|[a-z]+an) ){0,3}"
    r"(?:countries|nations|states|pays|country|стран\w*)\b",
    re.IGNORECASE,
)
