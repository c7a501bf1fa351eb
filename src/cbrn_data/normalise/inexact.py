"""What makes a number inexact, or no number for a table: a qualifier, a bound, a year, a denial, a plan.

A table with a qualifier holds ``over 60`` and ``about 60``; no table holds ``up to 60``, ``have yet to`` or ``will``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cbrn_data.normalise.grammar import Part, parts
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.rules import any_of, grammar
from cbrn_data.normalise.text import clean, folded

_BEFORE = {
    name: re.compile(rf"(?:(?<![\w]){any_of(words)})\)? ?(?:a total of |the )?$", re.IGNORECASE)
    for name, words in grammar()["qualifiers"].items()
}
_AFTER = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in grammar()["qualifiers after"].items()}
_DENIED = re.compile(rf"\b{any_of(grammar()['denied'])}\b|n't\b", re.IGNORECASE)
_PLANNED = re.compile(rf"\b{any_of(grammar()['planned'])}\b", re.IGNORECASE)
_CLAUSE_START = re.compile(grammar()["around numbers"]["clause start"], re.IGNORECASE)
_ASIDE = re.compile(r" \([^()]*\)| - [^-.;:]* -(?= )")
_INSTEAD = re.compile(r"\b(?:instead of|rather than)\b.*")
"""Words that deny only what follows them: ``45 participants instead of 30``."""
_YEARS = range(1900, 2100)


@dataclass(frozen=True)
class Doubt:
    """Words in ``text[start:end]`` that no cell can hold, and the reason."""

    start: int
    end: int
    reason: str


def qualifier_of(flat: str, number: Part, noun_end: int = 0) -> tuple[str, int, int]:
    """Return how a number is qualified, and the span of the qualifying words, including the number.

    The words are before it, after it, or after its noun: ``60 officers or more``.
    """
    before = flat[max(0, number.start - 40) : number.start]
    for qualifier, words in _BEFORE.items():
        if match := words.search(before):
            return qualifier, number.start - len(match[0]), number.end
    for qualifier, words in _AFTER.items():
        if match := words.match(flat, number.end) or words.match(flat, noun_end or len(flat)):
            return qualifier, number.start, match.end()
    return ("over" if number.plus else "exact"), number.start, number.end


def of_people(qualifier: str) -> str:
    """Return a qualifier as the table of achievements has it."""
    return "about" if qualifier == "nearly" else qualifier


def read_qualifier(quote: str) -> str | None:
    """Return the qualifier of the number of people at the end of a quote: ``over``, ``about`` (or ``nearly``), ``exact``."""
    text = clean(quote)
    found = list(numbers(text))  # "no fewer than 40": the last is the one
    if not found:
        return None
    last = found[-1]
    noun_end = next(
        (match.start() for words in _AFTER.values() for match in words.finditer(text) if match.end() == len(text)), 0
    )
    return of_people(qualifier_of(folded(text), Part("count", last.start, last.end, last.value, last.plus), noun_end)[0])


def figure_qualifier(text: str, value: int) -> str:
    """Return how a statement qualifies its number ``value``: ``exact`` if no word does.

    >>> figure_qualifier("over 1,000 specialists in up to 6 countries", 1000), figure_qualifier("18 projects", 18)
    ('over', 'exact')
    """
    flat = folded(text)
    return next((qualifier_of(flat, part)[0] for part in parts(text) if part.value == value), "exact")


def may_be_year(flat: str, part: Part) -> bool:
    """Return whether bare digits look like a year, or are a year that the text names elsewhere."""
    digits = flat[part.start : part.end]
    if not re.fullmatch(r"[0-9]{4}", digits) or int(digits) not in _YEARS:
        return False
    return digits[2:] != "00" or digits in flat[: part.start] + flat[part.end :]


def inexact(flat: str, part: Part, end: int, clause: tuple[int, int] | None = None, held: bool = False) -> str:
    """Return why a number is not used, or nothing; ``clause`` is the end of its clause.

    ``held``: its table also has a qualifier (exceeded, nearly reached, approximate, an upper bound).
    """
    first, last = clause or (max(0, part.start - 200), end + 120)
    qualifier, start, _ = qualifier_of(flat, part)
    if qualifier != "exact" and not held:
        return "the table holds only an exact number"
    if qualifier == "under":
        return "a bound that is not reached is not a count"
    if part.value is None:
        return "no whole number"
    if may_be_year(flat, part) and qualifier == "exact":
        return "may be a year"
    return not_so(flat[first:start], re.split(r"[.;:]", _ASIDE.sub("", flat[end:last]), maxsplit=1)[0])


def not_so(before: str, rest: str) -> str:
    """Return why a number between ``before`` and the ``rest`` of its clause is not a fact, or nothing."""
    before = _ASIDE.sub("", before)
    lead = before[max((match.end() for match in _CLAUSE_START.finditer(before)), default=0) :]
    if _DENIED.search(lead) or _DENIED.search(_INSTEAD.sub("", rest)):
        return "the clause denies it, or makes an exception"
    if _PLANNED.search(lead) or _PLANNED.search(rest):
        return "planned, or not yet so"
    return ""
