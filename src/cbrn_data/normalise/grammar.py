"""All numbers of a text, each with one kind: the grammar that all readers of counts share.

The rules are data: ``grammar.yaml``. Each step takes numbers that earlier steps left: projects, names that contain years
(the rules of kind ``name``), dates, the other rules in order, then numerals, which count. Remaining digits are ``unread``.
So a reader of counts never sees the number of a standard, a day of a month or a sum of money.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cbrn_data.normalise.dates import Phrase, phrases
from cbrn_data.normalise.nouns import group_end, thing_end
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.projects import references
from cbrn_data.normalise.rules import any_of, compiled, grammar, names_with_numbers
from cbrn_data.normalise.text import folded


@dataclass(frozen=True)
class Part:
    """A number or a date in ``text[start:end]``: its kind, and its value if it is a whole number.

    Kinds: ``project``, ``date``, those of the rules, ``count`` and ``unread``. ``plus`` is a ``+`` that ends a count;
    ``phrase`` is the phrase of a date.
    """

    kind: str
    start: int
    end: int
    value: int | None = None
    plus: bool = False
    phrase: Phrase | None = None


@lru_cache(maxsize=64)
def parts(text: str) -> tuple[Part, ...]:
    """Return every number and date of ``text``, from left to right, without overlap.

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

    for reference in reversed(references(text)):  # the last of "81-3" has the words of all
        free = "_" not in rest[reference.start : reference.end]
        if free:
            claim(Part("project", reference.start, reference.end, reference.number))

    def claim_free(kind: str, spans: Iterable[tuple[int, int]]) -> None:
        for start, end in spans:
            if "_" not in rest[start:end]:
                claim(Part(kind, start, end))

    claim_free("name", names_with_numbers(flat))
    for phrase in phrases(text):
        claim(Part("date", phrase.chain, phrase.end, phrase=phrase))
    for kind, pattern in compiled():
        if kind != "name":
            claim_free(kind, [match.span(pattern.groups and 1) for match in pattern.finditer(rest)])
    for number in list(numbers(rest)):
        claim(Part("count", number.start, number.end, number.value, number.plus))
    for digits in list(re.finditer(r"[0-9]+(?:[.,/:-][0-9]+)*", rest)):
        claim(Part("unread", *digits.span()))
    return tuple(sorted(found, key=lambda part: part.start))


def counts(text: str) -> list[Part]:
    """Return the numerals of ``text`` that are counts."""
    return [part for part in parts(text) if part.kind == "count"]


_GAP = re.compile(
    rf"\*{{0,3}}(?: \([0-9a-z -]{{1,40}}\))?{any_of(grammar()['qualifiers after'].values())}?(?: more(?! than))? [\"“]?"
)


def counted(text: str, part: Part) -> tuple[str, int, int]:
    """Return what a numeral counts (``people``, ``countries``, ``thing`` or ``unknown``) and the span of its noun."""
    flat = folded(text)
    gap = _GAP.match(flat, part.end)
    if not gap:
        return "unknown", part.end, part.end
    if match := COUNTRIES.match(flat, gap.end() - 1):
        return "countries", gap.end(), match.end()
    if end := group_end(flat, gap.end(), one=part.value == 1):
        quoted = gap[0][-1] != " " and re.search('["”]', flat[gap.end() : end])
        return "people", gap.end() - bool(quoted), end
    if end := thing_end(flat, gap.end()):
        return "thing", gap.end(), end
    return "unknown", gap.end(), gap.end()


COUNTRIES = re.compile(
    r" (?:(?:other|different|participating|partner|beneficiary|member|neighbouring|more|of the|of its|[a-z]+an) ){0,3}"
    r"(?:countries|nations|states|pays|country|стран\w*)\b",
    re.IGNORECASE,
)
