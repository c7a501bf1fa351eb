"""References to projects: ``Project 87``, ``Projects 84, 87 and 99``, ``Projects 81–87``, ``P81``, ``Project No. 65``.

After the plural every number of the list counts, to the ``and`` that ends it, and a range names all between; after the
singular ``Project 87 and 12 experts`` names one project. French and Russian forms (``projet 87``, ``проекта 87``) count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cbrn_data.words.nouns import group_end
from cbrn_data.words.text import clean, folded

_NUMBER = r"(?:P-?)?0{0,2}[1-9][0-9]{0,2}(?![0-9A-Za-z]|[.,][0-9])"
_AND = r",? (?:[Aa][Nn][Dd]|&|or|to|through|et|a|и|по|as well as) "
_TO = r" ?- ?| (?:to|through|a|по) "
_JOINED = rf" ?[/-] ?{_NUMBER}"
_LIST = rf"(?:, {_NUMBER}|{_JOINED})*{_AND}{_NUMBER}(?:{_JOINED})*|(?:{_JOINED})+|(?:, {_NUMBER}|{_JOINED})+(?! \w)"
_NO = r"(?: ?(?:[Nn](?:o|umber|r|um)?s?[.°o]?s?(?![a-z])|[Nn]umeros?|№))?[ #]*"
_REFERENCE = re.compile(
    rf"\b(?:[Pp]ro(?:ject|jet)|PROJECT|[Пп]роект(?:а|у|е|ом)?)(?P<plural>s|S|ы|ов|ам|ами|ах)?{_NO}"
    rf"(?P<first>{_NUMBER})(?P<more>(?(plural)(?:{_LIST})?|(?:[/-]{_NUMBER}|{_AND}{_NUMBER}(?=[.;:)]|$))*))"
    rf"|\b(?:P-?|Pr?j?\.[ ]?|PR |Prj? )(?P<short>0{{0,2}}[1-9][0-9]{{0,2}})(?![0-9A-Za-z-]|[.,][0-9])"
    rf"(?! (?:laborator|lab\b|labs\b|facilit|level|containment))"
)
_WIDEST_RANGE = 30
"""How many projects a range may name: a wider one is a mistake or something else."""


@dataclass(frozen=True)
class Reference:
    """One project named in a text: its number, and the words that name it in ``text[start:end]``."""

    number: int
    start: int
    end: int


def references(text: str) -> list[Reference]:
    """Return every mention of a project in ``text``, in order; those within a range have the words of the range.

    >>> [reference.number for reference in references("Projects 84 and 099 with P81, then Projects 1–3")]
    [84, 99, 81, 1, 2, 3]
    """
    found: list[Reference] = []
    flat = folded(text)
    for match in _REFERENCE.finditer(flat):
        if match["short"]:
            found.append(Reference(int(match["short"]), match.start(), match.end()))
            continue
        found.append(Reference(_number(match["first"]), match.start(), match.end("first")))
        for more in re.finditer(_NUMBER, match["more"]):
            start, end = match.start("more") + more.start(), match.start("more") + more.end()
            several = match["plural"] is None or found[-1].start > match.start()
            if several and flat[start - 1] == " " and group_end(flat, end + 1):
                break  # "Projects 84, 87 and 12 experts"
            if re.fullmatch(_TO, flat[found[-1].end : start]):
                found += _between(found[-1], _number(more[0]), start, end)
            found.append(Reference(_number(more[0]), start, end))
    return found


def _between(first: Reference, last: int, start: int, end: int) -> list[Reference]:
    """Return the projects that a range names without saying their numbers."""
    if not first.number < last <= first.number + _WIDEST_RANGE:
        return []
    return [Reference(number, first.start, end) for number in range(first.number + 1, last)]


def _number(words: str) -> int:
    return int(re.sub(r"\D", "", words))


_LABEL = re.compile(
    r"(?:project(?: n(?:o|r|umber)?[.°o]?)?|p) ?#?0{0,2}(?P<number>[1-9][0-9]{0,2})(?![0-9A-Za-z])"
    r"(?: ?(?::|[.–—-](?= |$)))?",
    re.IGNORECASE,
)


def label(text: str) -> re.Match[str] | None:
    """Match a project's label at the start of ``text``: group ``number``, and the end of the label as the end."""
    return _LABEL.match(text)


def read_project_number(quote: str) -> int | None:
    """Return the number of the project that the quote names; a bare number counts, as in ``84 and 99``."""
    match = re.search(r"(?<!0)0*([1-9][0-9]{0,2})", clean(quote))
    return int(match[1]) if match else None
