"""Counts of people: ``over 1,000 specialists``, ``twelve experts``, ``some 60 communication officers``.

The group is the noun phrase right after the number, and counts as people when its last noun stands in ``people.txt``:
laboratories, countries, months and ordinals are none. The words before the number qualify it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cbrn_data.words.numbers import Number, numbers
from cbrn_data.words.text import clean, folded

_OVER = re.compile(
    r"\b(?:over|more than|above|in excess of|at least|(?:no|not) (?:fewer|less) than) (?:a total of )?$", re.IGNORECASE
)
_ABOUT = re.compile(
    r"\b(?:some|about|around|nearly|almost|approximately|approx\.|roughly|circa|close to) (?:a total of )?$", re.IGNORECASE
)
_GAP = re.compile(r"(?: \([0-9a-z -]{1,40}\))? ")
_STEP = re.compile(r"(?P<word>[^\W\d_][\w'-]*)(?P<then>, and |, | and | & | )?")
_NOT_IN_A_GROUP = frozenset(
    """a about after along also among an are as at attended be before between by can could did during each either for from
    gave had has have held her his if in including into is its joined met more most near no not of off on onto or our out
    over per received than that the their them then these they this those through throughout to took under until up
    upon was were when where which while who whose will with within without

    countries country days hours laboratories labs meetings ministries months nations regions agencies cities
    institutions modules organisations organizations projects provinces seminars sessions states teams territories
    trainings universities weeks workshops years centres centers courses exercises hospitals""".split()
)


@dataclass(frozen=True)
class PeopleCount:
    """A counted group of people in ``text``; the pairs are where its parts stand.

    ``qualifier`` is ``exact``, ``over`` or ``about``; ``qualified`` runs from the qualifying words to the number.
    """

    count: int
    qualifier: str
    group: str
    counted: tuple[int, int]
    qualified: tuple[int, int]
    grouped: tuple[int, int]


@cache
def _nouns() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the nouns of people, and those that may end a longer word (``schoolteachers``)."""
    text = files("cbrn_data.words").joinpath("people.txt").read_text(encoding="utf-8")
    nouns = frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
    return nouns, tuple(sorted(noun for noun in nouns if len(noun) > 6 and " " not in noun))


def _group_end(flat: str, start: int) -> int | None:
    """Return where the group of people that begins at ``start`` ends, or None where no noun of people ends it.

    Up to six words may stand before the noun, and three after each ``and`` or comma that lists another.
    """
    nouns, endings = _nouns()
    end: int | None = None
    before, listed, waiting, limit = "", "", 0, 6
    while step := _STEP.match(flat, start):
        word = step["word"].lower()
        if word in _NOT_IN_A_GROUP:
            break
        if word in nouns or f"{before} {word}" in nouns or (word.endswith(endings) and word.isalpha()):
            end, waiting, limit = step.end("word"), 0, 3
        elif (end is not None and listed == " ") or waiting == limit:
            break
        else:
            waiting += 1
        before, listed, start = word, step["then"], step.end()
        if not listed:
            break
    return end


def find_people(text: str) -> PeopleCount | None:
    """Return the first count of people in ``text``, or None.

    >>> found = find_people("held trainings for over 1,000 specialists on water")
    >>> (found.count, found.qualifier, found.group)
    (1000, 'over', 'specialists')
    """
    flat = folded(text)
    for number in numbers(text):
        gap = _GAP.match(flat, number.end)
        end = _group_end(flat, gap.end()) if gap else None
        if gap and end and number.value:
            qualifier, start = _qualifier(flat, number)
            grouped = (gap.end(), end)
            return PeopleCount(
                count=number.value,
                qualifier=qualifier,
                group=text[slice(*grouped)],
                counted=(number.start, number.end),
                qualified=(start, number.end),
                grouped=grouped,
            )
    return None


def _qualifier(flat: str, number: Number) -> tuple[str, int]:
    before = flat[max(0, number.start - 40) : number.start]
    for qualifier, pattern in (("over", _OVER), ("about", _ABOUT)):
        if match := pattern.search(before):
            return qualifier, number.start - len(match[0])
    return ("over" if number.plus else "exact"), number.start


def read_qualifier(quote: str) -> str | None:
    """Return how the number that ends a quote is qualified: ``over``, ``about`` or ``exact``."""
    text = clean(quote)
    found = list(numbers(text))  # "no fewer than 40": the last is the one
    return _qualifier(folded(text), found[-1])[0] if found else None


_COUNTRIES = re.compile(
    r" (?:(?:other|different|participating|partner|beneficiary|member|neighbouring|[a-z]+an) ){0,3}"
    r"(?:countries|nations|states)\b",
    re.IGNORECASE,
)


def find_country_count(text: str) -> tuple[int, tuple[int, int]] | None:
    """Return how many countries the text says without naming them (``six countries``), and where.

    >>> find_country_count("officers from six countries")
    (6, (14, 27))
    """
    flat = folded(text)
    for number in numbers(text):
        if match := _COUNTRIES.match(flat, number.end):
            return number.value, (number.start, match.end())
    return None
